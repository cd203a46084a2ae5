//! A visitor who looks whether the demo does what it promises (`demo --once`).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer as the visitor sees it.
struct Answer {
    head: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
    /// The value of a cookie that the answer sets.
    fn cookie(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (header, value) = line.split_once(':')?;
            let pair = value.trim().split(';').next()?;
            let (found, value) = pair.split_once('=')?;
            (header.eq_ignore_ascii_case("set-cookie") && found == name).then_some(value)
        })
    }
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("-")
    }
}

fn get(site: SocketAddr, path: &str, cookie: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(site)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let cookie = match cookie {
        "" => String::new(),
        some => format!("Cookie: {some}\r\n"),
    };
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {site}\r\n{cookie}\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    Ok(Answer {
        head: head.to_string(),
    })
}

/// Visits the site, tells what happens line by line, and whether all of it was right.
///
/// # Errors
/// When the site does not answer.
pub fn visit(site: SocketAddr, say: &mut dyn FnMut(&str)) -> io::Result<bool> {
    let mut right = true;
    let mut first = Vec::new();
    for _ in 0..2 {
        let answer = get(site, "/", "")?;
        let server = answer.header("x-backend").unwrap_or("none").to_string();
        let cookie = answer.cookie("serverid").unwrap_or("none").to_string();
        say(&format!(
            "GET /       without cookies   {} {server}, serverid={cookie}",
            answer.status()
        ));
        right &= answer.status() == "200" && cookie != "none";
        first.push((server, cookie));
    }
    right &= matches!(first.as_slice(), [(a, _), (b, _)] if a != b);
    for (server, cookie) in &first {
        let answer = get(site, "/", &format!("serverid={cookie}"))?;
        let found = answer.header("x-backend").unwrap_or("none");
        say(&format!(
            "GET /       serverid={cookie}    {} {found}",
            answer.status()
        ));
        right &= found == server;
    }
    let answer = get(site, "/login", "")?;
    let server = answer.header("x-backend").unwrap_or("none").to_string();
    let login = answer.cookie("__ac").unwrap_or_default().to_string();
    say(&format!(
        "GET /login  without cookies   {} {server}, __ac={login}",
        answer.status()
    ));
    for _ in 0..2 {
        let answer = get(site, "/", &format!("__ac={login}"))?;
        let found = answer.header("x-backend").unwrap_or("none");
        say(&format!(
            "GET /       with that __ac    {} {found}",
            answer.status()
        ));
        right &= !login.is_empty() && found == server;
    }
    let answer = get(site, "/haproxy-ping", "")?;
    say(&format!(
        "GET /haproxy-ping             {}",
        answer.status()
    ));
    right &= answer.status() == "200";
    Ok(right)
}
