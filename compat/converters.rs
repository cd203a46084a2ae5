//! Converters on many inputs: every line of `fixtures/converters/forms.tsv` is played on a
//! thousand inputs of its class (`inputs.rs`), and the digest of what came of them is compared
//! with the one that was recorded from real HAProxy.
//!
//! Many forms share one request: its body is the input, and the answer has one line per form, with
//! a hash of the value's bytes and one of its text, or nothing where there was no value.

use crate::inputs;
use crate::process::{Binary, Proxy, Started};
use crate::{hapax, oracles, root};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Inputs of each form.
const COUNT: usize = 1000;
/// Forms that share one request.
const TOGETHER: usize = 50;

const FILES: [(&str, &str); 11] = [
    ("subs", "a 1\nab two\nx y z\n"),
    ("subs2", "ab two\nx y z\n"),
    (
        "map",
        "a 1\nab two\nx y z\nexample.com dom\n/dir d\nB big\nc 3\n",
    ),
    ("ints", "a 1\nab -2\nb 99999999999\nc 0\n"),
    ("ips", "a 1.2.3.4\nab ::1\n"),
    ("regs", "^[a-c] low\n[0-9]$ digit\n(x)(y) both\n"),
    ("regms", "^(.)(.*)$ \\2-\\1\n"),
    ("ranges", "0 zero\n1:10 few\n100: many\n:-100 less\n"),
    ("ranges2", "0 5\n1:10 6\n100: 7\n"),
    (
        "nets",
        "10.0.0.0/8 ten\n1.2.3.4 one\n::/0 six\n0.0.0.0/1 low\n2001:db8::/32 doc\n",
    ),
    ("netints", "10.0.0.0/8 10\n0.0.0.0/1 1\n::/1 6\n"),
];

/// One line of the list.
struct Form {
    expr: String,
    class: String,
    /// Why hapax makes something else of some inputs.
    known: Option<String>,
}

fn forms(words: &[String]) -> Result<Vec<Form>, String> {
    let path = root().join("fixtures/converters/forms.tsv");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    let all = lines.filter_map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        Some(Form {
            expr: columns.next()?,
            class: columns.next()?,
            known: columns.next(),
        })
    });
    let named = |form: &Form| words.is_empty() || words.iter().any(|w| form.expr.contains(w));
    Ok(all.filter(named).collect())
}

fn golden_path() -> PathBuf {
    root().join("fixtures/converters/golden.tsv")
}

/// Plays what the words name (everything without words), or records it. Passed and failed.
pub fn run(words: &[String], rerecord: bool) -> (usize, usize) {
    match play_all(words, rerecord) {
        Ok(result) => result,
        Err(fault) => {
            println!("converters: {fault}");
            (0, 1)
        }
    }
}

fn play_all(words: &[String], rerecord: bool) -> Result<(usize, usize), String> {
    let forms = forms(words)?;
    let text = std::fs::read_to_string(golden_path()).unwrap_or_default();
    let rows = text.lines().filter(|l| !l.starts_with('#'));
    let mut golden: BTreeMap<(String, String), String> = rows
        .filter_map(|row| {
            let mut columns = row.split('\t').map(str::to_owned);
            Some(((columns.next()?, columns.next()?), columns.next()?))
        })
        .collect();
    let oracle = oracles().into_iter().find(|o| o.version == "3.4.0");
    if rerecord {
        let oracle = oracle.ok_or("HAPROXY_ORACLE names no 3.4.0")?;
        let results = play(&oracle, &forms)?;
        for (form, values) in forms.iter().zip(&results) {
            golden.insert((form.expr.clone(), form.class.clone()), digest(values));
        }
        let mut out =
            String::from("# HAProxy 3.4.0: digests of what converters make of their inputs.\n");
        for ((expr, class), digest) in &golden {
            out.push_str(&format!("{expr}\t{class}\t{digest}\n"));
        }
        std::fs::write(golden_path(), out).map_err(|e| e.to_string())?;
        return Ok((forms.len(), 0));
    }
    let ours = play(&hapax(), &forms)?;
    let agrees = |i: usize| {
        let key = (forms[i].expr.clone(), forms[i].class.clone());
        golden.get(&key) == Some(&digest(&ours[i]))
    };
    let wrong: Vec<usize> = (0..forms.len())
        .filter(|&i| agrees(i) == forms[i].known.is_some())
        .collect();
    if !wrong.is_empty() {
        let theirs = match &oracle {
            Some(oracle) => Some(play(oracle, &forms)?),
            None => None,
        };
        for &i in &wrong {
            println!("\nFAILED converter {} on {}", forms[i].expr, forms[i].class);
            if forms[i].known.is_some() {
                println!("  it agrees now: its reason in forms.tsv is stale");
            }
            if let Some(theirs) = &theirs {
                explain(&forms[i], &ours[i], &theirs[i], oracle.as_ref());
            }
        }
    }
    Ok((forms.len() - wrong.len(), wrong.len()))
}

fn digest(values: &[String]) -> String {
    format!(
        "{:016x}",
        xxhash_rust::xxh64::xxh64(values.join("\n").as_bytes(), 0)
    )
}

/// Shows the first input on which two programs differ, and what both make of it.
fn explain(form: &Form, ours: &[String], theirs: &[String], oracle: Option<&Binary>) {
    let differs = |i: &usize| ours[*i] != theirs[*i];
    let count = (0..ours.len()).filter(differs).count();
    let Some(at) = (0..ours.len()).find(differs) else {
        println!("  agrees with the program at hand: the golden is stale");
        return;
    };
    let Ok(all) = inputs::inputs(&form.class, COUNT) else {
        return;
    };
    let input = &all[at];
    let shown = input.get(..200).unwrap_or(input);
    println!(
        "  {count} of {}; the first is input {at}, {} bytes: \"{}\"",
        ours.len(),
        input.len(),
        shown.escape_ascii()
    );
    for (name, binary) in [("hapax", Some(hapax())), ("3.4.0", oracle.cloned())] {
        let Some(binary) = binary else { continue };
        let value = show(&binary, form, input).unwrap_or_else(|e| e);
        let value: String = value.chars().take(300).collect();
        println!("  {name}: {value}");
    }
}

/// A directory with the maps that forms name, and the configuration.
struct Place(PathBuf);

impl Place {
    fn new(config: &dyn Fn(&Path, u16) -> String) -> Result<(Place, u16), String> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("hapax-converters-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let fault = |e: std::io::Error| e.to_string();
        std::fs::create_dir_all(&dir).map_err(fault)?;
        for (name, text) in FILES {
            std::fs::write(dir.join(name), text).map_err(fault)?;
        }
        let listener = TcpListener::bind("127.0.0.1:0").map_err(fault)?;
        let port = listener.local_addr().map_err(fault)?.port();
        drop(listener);
        std::fs::write(dir.join("main.cfg"), config(&dir, port)).map_err(fault)?;
        Ok((Place(dir), port))
    }

    fn start(&self, binary: &Binary, port: u16) -> Result<Proxy, String> {
        let config = self.0.join("main.cfg");
        let mut proxy =
            Proxy::start(binary, &[config], &[], &[], None).map_err(|e| e.to_string())?;
        match proxy.await_ports(&[port]) {
            Started::Ready => Ok(proxy),
            Started::Exited | Started::Late => {
                proxy.finish();
                Err(format!(
                    "{} does not start:\n{}",
                    binary.version,
                    proxy.output()
                ))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const HEAD: &str = "global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 5s
backend t
    stick-table type string size 1k expire 1m store gpc0,conn_cnt,http_req_rate(1s),server_id
frontend f
    declare capture request len 20
    http-request wait-for-body time 5s
    http-request set-var(txn.v) str(abc)
    http-request set-var(txn.n) int(2)
    http-request set-var(txn.b) str(a2V5)
";

/// What each form makes of each input.
fn play(binary: &Binary, forms: &[Form]) -> Result<Vec<Vec<String>>, String> {
    let mut classes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, form) in forms.iter().enumerate() {
        classes.entry(&form.class).or_default().push(i);
    }
    let groups: Vec<(&str, &[usize])> = classes
        .iter()
        .flat_map(|(class, all)| all.chunks(TOGETHER).map(|chunk| (*class, chunk)))
        .collect();
    let config = |dir: &Path, port: u16| {
        let mut text = format!("{HEAD}    bind 127.0.0.1:{port}\n");
        for (number, (_, group)) in groups.iter().enumerate() {
            let mut answer = String::new();
            for (i, form) in group.iter().enumerate() {
                let expr = forms[*form]
                    .expr
                    .replace("${dir}", &dir.display().to_string());
                text.push_str(&line(i, &expr, number));
                answer.push_str(&format!(
                    "%[var(txn.o{i}),xxh64]:%[var(txn.o{i}),concat(x),xxh64]|"
                ));
            }
            text.push_str(&format!(
                "    http-request return status 200 content-type text/plain lf-string \"{answer}\" if {{ path /{number} }}\n"
            ));
        }
        text
    };
    let (place, port) = Place::new(&config)?;
    let mut proxy = place.start(binary, port)?;
    let mut client = Client::new(port)?;
    let mut results = vec![Vec::new(); forms.len()];
    for (number, (class, group)) in groups.iter().enumerate() {
        for input in inputs::inputs(class, COUNT)? {
            let answer = client.ask(&format!("/{number}"), &input)?;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            let mut values = answer.split('|');
            for form in *group {
                results[*form].push(values.next().unwrap_or("nothing").to_owned());
            }
        }
    }
    proxy.finish();
    Ok(results)
}

/// The rule that evaluates a form; quotes that the expression brings along stand around the whole.
fn line(i: usize, expr: &str, number: usize) -> String {
    let whole = match expr.strip_prefix('\'').and_then(|e| e.strip_suffix('\'')) {
        Some(inner) => format!("'req.body,{inner}'"),
        None => format!(
            "\"req.body,{}\"",
            expr.replace('\\', "\\\\").replace('$', "\\$")
        ),
    };
    format!("    http-request set-var(txn.o{i}) {whole} if {{ path /{number} }}\n")
}

/// What a form makes of one input, shown whole.
fn show(binary: &Binary, form: &Form, input: &[u8]) -> Result<String, String> {
    let config = |dir: &Path, port: u16| {
        let expr = form.expr.replace("${dir}", &dir.display().to_string());
        format!(
            "{HEAD}    bind 127.0.0.1:{port}\n{}    http-request return status 200 content-type text/plain lf-string \"[%[var(txn.o0)]] %[var(txn.o0),hex]\"\n",
            line(0, &expr, 0)
        )
    };
    let (place, port) = Place::new(&config)?;
    let mut proxy = place.start(binary, port)?;
    let answer = Client::new(port)?.ask("/0", input);
    proxy.finish();
    Ok(answer?.escape_ascii().to_string())
}

/// One connection that is kept.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn new(port: u16) -> Result<Client, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
        Ok(Client {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends an input, gives the answer's body.
    fn ask(&mut self, path: &str, input: &[u8]) -> Result<Vec<u8>, String> {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
            input.len()
        )
        .into_bytes();
        request.extend_from_slice(input);
        self.stream.write_all(&request).map_err(|e| e.to_string())?;
        loop {
            if let Some(length) = crate::wire::message_length(&self.buffer, true, false, false) {
                let rest = self.buffer.split_off(length);
                let answer = std::mem::replace(&mut self.buffer, rest);
                let head = crate::wire::head_length(&answer).unwrap_or(0);
                return Ok(answer[head..].to_vec());
            }
            let mut chunk = [0u8; 65536];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(format!("{path}: closed")),
                Ok(n) => self.buffer.extend_from_slice(&chunk[..n]),
                Err(e) => return Err(format!("{path}: {e}")),
            }
        }
    }
}
