//! Files of test cases: requests, and what shall become of them.

use super::{Outcome, Request, Running, Said, Setup, message};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A file of cases.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its path.
    pub path: PathBuf,
    /// The configuration's files.
    pub config: Vec<PathBuf>,
    /// Its cases in order.
    pub cases: Vec<Case>,
}

/// A request, and what shall become of it.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// What it is called.
    pub name: String,
    request: String,
    headers: Vec<String>,
    cookies: Vec<String>,
    body: Option<String>,
    src: Option<SocketAddr>,
    frontend: Option<String>,
    servers: Vec<(String, Said)>,
    files: BTreeMap<String, Vec<u8>>,
    response: Option<String>,
    repeat: u32,
    expect: Vec<(Key, Wanted)>,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Frontend,
    Backend,
    Server,
    Status,
    Location,
    State,
    RequestLine,
    RequestHeader(String),
    ResponseHeader(String),
    RequestBody,
    ResponseBody,
    Variable(String),
    Matched(u32),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Frontend => f.write_str("frontend"),
            Key::Backend => f.write_str("backend"),
            Key::Server => f.write_str("server"),
            Key::Status => f.write_str("status"),
            Key::Location => f.write_str("location"),
            Key::State => f.write_str("state"),
            Key::RequestLine => f.write_str("request_line"),
            Key::RequestHeader(name) => write!(f, "request header {name}"),
            Key::ResponseHeader(name) => write!(f, "response header {name}"),
            Key::RequestBody => f.write_str("request_body"),
            Key::ResponseBody => f.write_str("response_body"),
            Key::Variable(name) => write!(f, "variable {name}"),
            Key::Matched(line) => write!(f, "rule of line {line}"),
        }
    }
}

/// What it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// Absent.
    Nothing,
    /// Present.
    Something,
    /// One of these.
    OneOf(Vec<String>),
}

/// What was not as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was looked at.
    pub what: String,
    /// What it shall be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Keys that a case may have, beside `name`, `request` and `expect`; `defaults` may have them too.
const KEYS: &[&str] = &[
    "headers", "cookies", "body", "src", "frontend", "servers", "files", "response", "repeat",
];

impl Suite {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong in it.
    pub fn read(path: &Path) -> Result<Suite, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        Suite::parse(path, &text)
    }

    /// Reads a text; paths in it are relative to the file's directory.
    ///
    /// # Errors
    /// What is wrong in it.
    pub fn parse(path: &Path, text: &str) -> Result<Suite, String> {
        let table: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        known(&table, &["config", "defaults", "case"], "the file")?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let config = match table.get("config") {
            None => vec![path.with_extension("cfg")],
            Some(value) => strings(value, "config")?
                .iter()
                .map(|name| directory.join(name))
                .collect(),
        };
        let mut defaults = Case::default();
        if let Some(value) = table.get("defaults") {
            let table = value.as_table().ok_or("`defaults` is no table")?;
            known(table, KEYS, "`defaults`")?;
            defaults.read(table)?;
        }
        let list = match table.get("case") {
            None => Vec::new(),
            Some(value) => value
                .as_array()
                .ok_or("`case` is no array of tables")?
                .clone(),
        };
        let mut cases = Vec::new();
        for (n, value) in list.iter().enumerate() {
            let table = value.as_table().ok_or("`case` is no array of tables")?;
            let mut case = defaults.clone();
            let request = table.get("request").and_then(Value::as_str);
            case.request = request.unwrap_or_default().to_owned();
            let name = table.get("name").and_then(Value::as_str);
            case.name = name.map_or_else(|| case.request.clone(), str::to_owned);
            let within = |e: String| format!("case {} ({}): {e}", n + 1, case.name);
            if request.is_none() {
                return Err(within("there is no `request`".to_owned()));
            }
            let mut keys = KEYS.to_vec();
            keys.extend(["name", "request", "expect"]);
            known(table, &keys, "a case").map_err(within)?;
            let name = case.name.clone();
            let within = |e: String| format!("case {} ({name}): {e}", n + 1);
            case.read(table).map_err(within)?;
            let expect = table.get("expect").and_then(Value::as_table);
            let expect = expect.ok_or_else(|| within("there is no `expect`".to_owned()))?;
            case.expect = expectations(expect).map_err(within)?;
            cases.push(case);
        }
        Ok(Suite {
            path: path.to_owned(),
            config,
            cases,
        })
    }
}

/// Whether a table has only known keys.
fn known(table: &Table, keys: &[&str], of: &str) -> Result<(), String> {
    match table.keys().find(|k| !keys.contains(&k.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!(
            "{of} knows no `{key}`; it may have {}",
            keys.join(", ")
        )),
    }
}

/// A value as a text.
fn scalar(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(_) | Value::Array(_) | Value::Table(_) => return None,
        Value::Float(number) => number.to_string(),
        Value::Datetime(_) => return None,
    })
}

/// One text or several.
fn strings(value: &Value, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{key}` is neither a text nor a list of texts");
    match value {
        Value::Array(list) => list.iter().map(|v| scalar(v).ok_or_else(wrong)).collect(),
        value => Ok(vec![scalar(value).ok_or_else(wrong)?]),
    }
}

/// `{ name = "value" }`, or texts with the name in front.
fn pairs(value: &Value, key: &str, between: &str) -> Result<Vec<String>, String> {
    let Some(table) = value.as_table() else {
        return strings(value, key);
    };
    let mut list = Vec::new();
    for (name, value) in table {
        for value in strings(value, key)? {
            list.push(format!("{name}{between}{value}"));
        }
    }
    Ok(list)
}

impl Case {
    fn read(&mut self, table: &Table) -> Result<(), String> {
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(value) => match scalar(value) {
                Some(text) => Ok(Some(text)),
                None => Err(format!("`{key}` is no text")),
            },
        };
        if let Some(value) = table.get("headers") {
            self.headers.extend(pairs(value, "headers", ": ")?);
        }
        if let Some(value) = table.get("cookies") {
            self.cookies.extend(pairs(value, "cookies", "=")?);
        }
        self.body = text("body")?.or(self.body.take());
        self.frontend = text("frontend")?.or(self.frontend.take());
        self.response = text("response")?.or(self.response.take());
        if let Some(src) = text("src")? {
            let port = |ip: IpAddr| SocketAddr::new(ip, 50_000);
            let found = src.parse().or_else(|_| src.parse().map(port));
            self.src = Some(found.map_err(|_| format!("`{src}` is no IP address"))?);
        }
        if let Some(repeat) = text("repeat")? {
            let number = repeat.parse().ok().filter(|n| (1..=100_000).contains(n));
            self.repeat = number.ok_or("`repeat` is no number from 1 to 100000")?;
        }
        if let Some(value) = table.get("servers") {
            for pair in pairs(value, "servers", "=")? {
                let said = pair
                    .rsplit_once('=')
                    .and_then(|(path, state)| Some((path.to_owned(), Said::named(state)?)));
                let said = said.ok_or_else(|| {
                    format!("`{pair}` is not BACKEND/SERVER = up, down, drain or maint")
                })?;
                self.servers.push(said);
            }
        }
        if let Some(value) = table.get("files") {
            let files = value
                .as_table()
                .ok_or("`files` is no table of paths and texts")?;
            for (path, content) in files {
                let content = content
                    .as_str()
                    .ok_or("`files` is no table of paths and texts")?;
                self.files.insert(path.clone(), content.as_bytes().to_vec());
            }
        }
        Ok(())
    }
}

/// What a value says about something: `false` absent, `true` present, texts: one of these.
fn wanted(value: &Value, key: &str) -> Result<Wanted, String> {
    match value {
        Value::Boolean(false) => Ok(Wanted::Nothing),
        Value::Boolean(true) => Ok(Wanted::Something),
        value => Ok(Wanted::OneOf(strings(value, key)?)),
    }
}

fn expectations(table: &Table) -> Result<Vec<(Key, Wanted)>, String> {
    let mut list = Vec::new();
    for (key, value) in table {
        let single = match key.as_str() {
            "frontend" => Some(Key::Frontend),
            "backend" => Some(Key::Backend),
            "server" => Some(Key::Server),
            "status" => Some(Key::Status),
            "location" => Some(Key::Location),
            "state" => Some(Key::State),
            "request_line" => Some(Key::RequestLine),
            "request_body" => Some(Key::RequestBody),
            "response_body" => Some(Key::ResponseBody),
            _ => None,
        };
        if let Some(single) = single {
            list.push((single, wanted(value, key)?));
            continue;
        }
        let lines = |yes: Wanted| -> Result<Vec<(Key, Wanted)>, String> {
            let lines = strings(value, key)?;
            let number = |l: &String| l.parse().map_err(|_| format!("`{l}` is no line"));
            lines
                .iter()
                .map(|l| Ok((Key::Matched(number(l)?), yes.clone())))
                .collect()
        };
        let make: fn(String) -> Key = match key.as_str() {
            "matched" => {
                list.extend(lines(Wanted::Something)?);
                continue;
            }
            "not_matched" => {
                list.extend(lines(Wanted::Nothing)?);
                continue;
            }
            "request_headers" => Key::RequestHeader,
            "response_headers" => Key::ResponseHeader,
            "variables" => Key::Variable,
            _ => {
                return Err(format!(
                    "`expect` knows no `{key}`; it may have frontend, backend, server, status, \
                     location, state, request_line, request_headers, request_body, \
                     response_headers, response_body, variables, matched, not_matched"
                ));
            }
        };
        let table = value
            .as_table()
            .ok_or_else(|| format!("`{key}` is no table"))?;
        for (name, value) in table {
            list.push((make(name.clone()), wanted(value, name)?));
        }
    }
    Ok(list)
}

impl Case {
    /// Contents of files in the place of what is on the disk.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.clone()
    }

    /// Sends its request (again, as often as it says) through a configuration; the last outcome
    /// counts.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub fn ask(&self, setup: &Setup, running: &Running) -> Result<(Request, Outcome), String> {
        let body = self.body.as_deref();
        let asked = message::request(&self.request, &self.headers, &self.cookies, body)?;
        let target = setup.target(self.frontend.as_deref(), asked.port, asked.tls)?;
        for (path, said) in &self.servers {
            running.set_server(path, *said)?;
        }
        let answer = self.response.as_deref().unwrap_or("HTTP/1.1 200 OK");
        let anybody = SocketAddr::new(IpAddr::from([192, 0, 2, 1]), 50_000);
        let request = Request {
            text: asked.text,
            frontend: target.frontend,
            src: self.src.unwrap_or(anybody),
            dst: target.dst,
            tls: asked.tls.unwrap_or(target.tls).then_some(asked.host),
            response: message::response(answer),
        };
        let mut outcome = running.ask(&request)?;
        for _ in 1..self.repeat {
            outcome = running.ask(&request)?;
        }
        Ok((request, outcome))
    }

    /// What is not as it shall be.
    pub fn mismatches(&self, request: &Request, outcome: &Outcome) -> Vec<Mismatch> {
        let mut list = Vec::new();
        for (key, wanted) in &self.expect {
            let found = found(key, request, outcome);
            let fits = match wanted {
                Wanted::Nothing => found.is_empty(),
                Wanted::Something => !found.is_empty(),
                Wanted::OneOf(texts) => found.iter().any(|f| {
                    texts.iter().any(|t| match key {
                        Key::RequestBody | Key::ResponseBody => f.contains(t.as_str()),
                        _ => f == t,
                    })
                }),
            };
            if !fits {
                list.push(Mismatch {
                    what: key.to_string(),
                    expected: match wanted {
                        Wanted::Nothing => "nothing".to_owned(),
                        Wanted::Something => "something".to_owned(),
                        Wanted::OneOf(texts) => texts.join(" or "),
                    },
                    found: match found.is_empty() {
                        true => "nothing".to_owned(),
                        false => found.join(", "),
                    },
                });
            }
        }
        list
    }
}

/// What there is of something: no text, one, or several.
fn found(key: &Key, request: &Request, outcome: &Outcome) -> Vec<String> {
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let of = |message: &[u8], name: &str| -> Vec<String> {
        let name = name.as_bytes();
        message::headers(message)
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| text(v))
            .collect()
    };
    let one = |t: Option<&String>| t.cloned().into_iter().collect();
    let sent = outcome.to_server.as_deref().unwrap_or_default();
    let got = &outcome.to_client;
    match key {
        Key::Frontend => vec![request.frontend.clone()],
        Key::Backend => one(outcome.backend.as_ref()),
        Key::Server => one(outcome.server.as_ref()),
        Key::Status => match message::status(got) {
            0 => Vec::new(),
            status => vec![status.to_string()],
        },
        Key::Location => of(got, "location"),
        Key::State => outcome.state.iter().map(|s| text(s)).collect(),
        Key::RequestLine if sent.is_empty() => Vec::new(),
        Key::RequestLine => vec![text(message::first_line(sent))],
        Key::RequestHeader(name) => of(sent, name),
        Key::ResponseHeader(name) => of(got, name),
        Key::RequestBody => Some(message::body(sent))
            .filter(|b| !b.is_empty())
            .map(text)
            .into_iter()
            .collect(),
        Key::ResponseBody => Some(message::body(got))
            .filter(|b| !b.is_empty())
            .map(text)
            .into_iter()
            .collect(),
        Key::Variable(name) => one(outcome.variables.get(name)),
        Key::Matched(line) => {
            let events = outcome.events.iter().filter_map(|e| e.span);
            let on = events.filter(|s| s.file.0 == 0 && s.line == *line);
            on.map(|s| s.line.to_string()).take(1).collect()
        }
    }
}
