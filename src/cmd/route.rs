//! `hapax route`: the way of one request through a configuration, without running it.

use super::load;
use crate::base::diag::Diagnostic;
use crate::base::render::{self, Human, json_string as string};
use crate::base::span::{Sources, Span};
use crate::config::read;
use crate::dryrun::{Inputs, Outcome, Request, Said, Setup, message};
use crate::sample::view::Stuck;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Shows the way of a request: the front end, every rule that applied, the back end and its
/// servers, what the server gets and what the client gets.
///
/// The engine itself runs it, but nothing is connected to: servers answer as --response says, and
/// neither certificates, users, DNS nor root are needed.
///
/// Exit status: 0 there was an answer (whatever it was), 1 the configuration is refused, 2 the
/// command line is wrong or no front end is meant.
#[derive(Clone, Debug, clap::Args)]
pub struct Route {
    /// Configuration file or directory; several are read in order
    #[arg(short, long = "file", required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// METHOD and URL (or path), such as 'GET https://shop.example/cart'
    #[arg(long, value_name = "REQUEST")]
    pub request: String,
    /// A header of the request
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// A cookie of the request
    #[arg(long = "cookie", value_name = "NAME=VALUE")]
    pub cookies: Vec<String>,
    /// The body of the request
    #[arg(long, value_name = "TEXT")]
    pub body: Option<String>,
    /// Where the request comes from
    #[arg(long, value_name = "ADDRESS", default_value = "192.0.2.1", value_parser = source)]
    pub src: SocketAddr,
    /// The front end; else the one that listens on the URL's port
    #[arg(long, value_name = "NAME")]
    pub frontend: Option<String>,
    /// How a server is: BACKEND/SERVER=up|down|drain|maint
    #[arg(long = "server", value_name = "SERVER=STATE")]
    pub servers: Vec<String>,
    /// What the server answers: status line and headers, an empty line, body
    #[arg(long, value_name = "TEXT", default_value = ANSWER)]
    pub response: String,
    /// How the way is shown
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = ["human", "json"])]
    pub format: String,
}

/// What a server answers if nothing is said.
pub const ANSWER: &str = "HTTP/1.1 200 OK";

/// Where a request comes from: an address, or an address and a port.
pub fn source(text: &str) -> Result<SocketAddr, String> {
    let with_port = |ip: IpAddr| SocketAddr::new(ip, 50_000);
    let found = text.parse().or_else(|_| text.parse().map(with_port));
    found.map_err(|_| format!("`{text}` is no IP address"))
}

/// Runs it.
pub fn run(route: &Route) -> ExitCode {
    let asked = message::request(
        &route.request,
        &route.headers,
        &route.cookies,
        route.body.as_deref(),
    );
    let asked = match asked {
        Ok(asked) => asked,
        Err(text) => return wrong(&text),
    };
    let setup = match setup(&route.files, BTreeMap::new()) {
        Ok(setup) => setup,
        Err(text) => return wrong(text.trim_end()),
    };
    if setup.is_fatal() {
        return refused(&setup.findings, &setup.sources);
    }
    let target = match setup.target(route.frontend.as_deref(), asked.port, asked.tls) {
        Ok(target) => target,
        Err(text) => return wrong(&text),
    };
    let running = match setup.start() {
        Ok(running) => running,
        Err(findings) => return refused(&findings, &setup.sources),
    };
    for server in &route.servers {
        let parts = server.rsplit_once('=');
        let said = parts.and_then(|(path, state)| Some((path, Said::named(state)?)));
        let Some((path, said)) = said else {
            return wrong(&format!(
                "`{server}` is not BACKEND/SERVER=up|down|drain|maint"
            ));
        };
        if let Err(text) = running.set_server(path, said) {
            return wrong(&text);
        }
    }
    let tls = asked.tls.unwrap_or(target.tls);
    let request = Request {
        text: asked.text,
        frontend: target.frontend,
        src: route.src,
        dst: target.dst,
        tls: tls.then_some(asked.host),
        response: message::response(&route.response),
    };
    let outcome = match running.ask(&request) {
        Ok(outcome) => outcome,
        Err(text) => return wrong(&text),
    };
    let missing = setup.missing();
    let text = match route.format.as_str() {
        "json" => json(&request, &outcome, &setup.sources, &missing),
        _ => human(&request, &outcome, &setup.sources, &missing),
    };
    super::print(&text);
    ExitCode::SUCCESS
}

fn wrong(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(2)
}

fn refused(findings: &[Diagnostic], sources: &Sources) -> ExitCode {
    let human = Human::new(render::colour(std::io::stderr().is_terminal()));
    for finding in findings.iter().filter(|f| f.fatal) {
        let text = human.render(finding, sources);
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    ExitCode::from(1)
}

/// A configuration made ready, with contents of files in the place of what is on the disk.
///
/// # Errors
/// Which files cannot be read.
pub fn setup(
    files: &[impl AsRef<Path>],
    overrides: BTreeMap<String, Vec<u8>>,
) -> Result<Setup, String> {
    let paths: Vec<&Path> = files.iter().map(AsRef::as_ref).collect();
    let (inputs, findings) = read::open(&paths);
    if !findings.is_empty() || inputs.is_empty() {
        let human = Human::new(false);
        let texts = findings
            .iter()
            .map(|f| human.render(f, &Sources::default()));
        let text: String = texts.collect();
        return Err(match text.is_empty() {
            true => "there is no configuration file (*.cfg) in there".to_owned(),
            false => text,
        });
    }
    Ok(prepared(inputs, overrides))
}

/// The same for texts that were read already.
pub fn prepared(files: Vec<read::Input>, overrides: BTreeMap<String, Vec<u8>>) -> Setup {
    let env = load::environment(None, &files);
    Setup::new(Inputs {
        files,
        env,
        facts: load::facts(true),
        overrides,
    })
}

/// `file:line` and the line's text.
fn place(span: Option<Span>, sources: &Sources) -> Option<(String, String)> {
    let span = span.filter(|s| s.line > 0)?;
    let source = sources.file(span.file)?;
    let line = source.line(span.line)?;
    let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    Some((format!("{}:{}", source.name, span.line), text))
}

/// What a message's head says, a line each.
fn lines(message: &[u8]) -> Vec<String> {
    let head = message::head(message);
    let lines = head.split(|b| *b == b'\n').map(|l| l.trim_ascii_end());
    let mut lines: Vec<String> = lines
        .map(|l| String::from_utf8_lossy(l).into_owned())
        .collect();
    let body = message::body(message);
    if !body.is_empty() {
        lines.push(String::new());
        let text = String::from_utf8_lossy(body);
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}

/// How the server was found, in words.
fn persistence(outcome: &Outcome) -> String {
    let why = match outcome.stuck {
        Stuck::Session => "the application's session (appsession) chose the server",
        Stuck::Table => "an entry of a stick table chose the server",
        Stuck::Otherwise => "a use-server rule chose the server",
        Stuck::No => match outcome.state.map(|s| s[2]) {
            Some(b'V') => "the cookie chose the server",
            Some(b'N') => "no cookie came: balance chose",
            Some(b'I') => "the cookie names no server: balance chose",
            Some(b'D') => "the cookie's server is down: balance chose",
            Some(b'E') => "the cookie has expired: balance chose",
            Some(b'O') => "the cookie is too old: balance chose",
            _ => "none: balance chose",
        },
    };
    let set = match outcome.state.map(|s| s[3]) {
        Some(b'I') => "; a cookie is inserted",
        Some(b'U') => "; the cookie is renewed",
        Some(b'R') => "; the application's cookie is rewritten",
        Some(b'D') => "; the application's cookie is deleted",
        Some(b'P') => "; the application's cookie stays",
        _ => "",
    };
    format!("{why}{set}")
}

fn state(outcome: &Outcome) -> String {
    let state = outcome.state.unwrap_or(*b"----");
    String::from_utf8_lossy(&state).into_owned()
}

fn human(request: &Request, outcome: &Outcome, sources: &Sources, missing: &[String]) -> String {
    let mut out = String::new();
    let mut put = |label: &str, text: &str| {
        let line = format!("{label:<13}{text}");
        out.push_str(line.trim_end());
        out.push('\n');
    };
    let tls = match &request.tls {
        Some(Some(name)) => format!(", TLS for {name}"),
        Some(None) => ", TLS".to_owned(),
        None => String::new(),
    };
    let first = String::from_utf8_lossy(message::first_line(&request.text)).into_owned();
    put("request", &first);
    put("from", &format!("{} to {}{tls}", request.src, request.dst));
    put("front end", &request.frontend);
    for event in &outcome.events {
        let (at, text) = place(event.span, sources)
            .unwrap_or_else(|| (event.proxy.clone(), event.kind.to_owned()));
        put("", &format!("{at}: {text}"));
        for effect in &event.effects {
            put("", &format!("    {effect}"));
        }
    }
    if !outcome.variables.is_empty() {
        let mut label = "variables";
        for (name, value) in &outcome.variables {
            put(std::mem::take(&mut label), &format!("{name} = {value}"));
        }
    }
    if let Some(backend) = &outcome.backend {
        put("back end", backend);
        let mut label = "servers";
        for server in &outcome.candidates {
            let chosen = outcome.server.as_ref() == Some(&server.name);
            let backup = if server.backup { ", backup" } else { "" };
            put(
                std::mem::take(&mut label),
                &format!(
                    "{} {} ({}, weight {}{backup})",
                    if chosen { '*' } else { ' ' },
                    server.name,
                    server.state,
                    server.weight
                ),
            );
        }
        if outcome.to_server.is_some() {
            put("persistence", &persistence(outcome));
        }
    }
    if let Some(text) = &outcome.to_server {
        let mut label = "to server";
        for line in lines(text) {
            put(std::mem::take(&mut label), &line);
        }
    }
    put("log state", &state(outcome));
    let mut label = "to client";
    match outcome.to_client.is_empty() {
        true => put(label, "nothing: the connection ends"),
        false => {
            for line in lines(&outcome.to_client) {
                put(std::mem::take(&mut label), &line);
            }
        }
    }
    for path in missing {
        put("note", &format!("{path} is missing and counted as empty"));
    }
    out
}

fn json(request: &Request, outcome: &Outcome, sources: &Sources, missing: &[String]) -> String {
    let text = |b: &[u8]| string(&String::from_utf8_lossy(b));
    let maybe = |t: Option<&String>| t.map_or_else(|| "null".to_owned(), |t| string(t));
    let list = |items: Vec<String>| format!("[{}]", items.join(","));
    let headers = |message: &[u8]| {
        let headers = message::headers(message);
        list(
            headers
                .map(|(n, v)| format!("[{},{}]", text(n), text(v)))
                .collect(),
        )
    };
    let events = outcome.events.iter().map(|event| {
        let (at, line) = place(event.span, sources).unzip();
        let effects = event.effects.iter().map(|e| string(e)).collect();
        format!(
            "{{\"kind\":{},\"proxy\":{},\"place\":{},\"text\":{},\"effects\":{}}}",
            string(event.kind),
            string(&event.proxy),
            maybe(at.as_ref()),
            maybe(line.as_ref()),
            list(effects)
        )
    });
    let servers = outcome.candidates.iter().map(|s| {
        format!(
            "{{\"name\":{},\"weight\":{},\"state\":{},\"backup\":{}}}",
            string(&s.name),
            s.weight,
            string(s.state),
            s.backup
        )
    });
    let variables = outcome.variables.iter();
    let variables: Vec<String> = variables
        .map(|(name, value)| format!("{}:{}", string(name), string(value)))
        .collect();
    let to_server = outcome.to_server.as_ref().map_or_else(
        || "null".to_owned(),
        |m| {
            format!(
                "{{\"line\":{},\"headers\":{},\"body\":{}}}",
                text(message::first_line(m)),
                headers(m),
                text(message::body(m))
            )
        },
    );
    let answer = &outcome.to_client;
    let to_client = format!(
        "{{\"status\":{},\"headers\":{},\"body\":{}}}",
        message::status(answer),
        headers(answer),
        text(message::body(answer))
    );
    format!(
        "{{\"frontend\":{},\"rules\":{},\"variables\":{{{}}},\"backend\":{},\"servers\":{},\
         \"server\":{},\"persistence\":{},\"state\":{},\"request\":{to_server},\
         \"response\":{to_client},\"missing\":{}}}\n",
        string(&request.frontend),
        list(events.collect()),
        variables.join(","),
        maybe(outcome.backend.as_ref()),
        list(servers.collect()),
        maybe(outcome.server.as_ref()),
        string(&persistence(outcome)),
        string(&state(outcome)),
        list(missing.iter().map(|m| string(m)).collect())
    )
}
