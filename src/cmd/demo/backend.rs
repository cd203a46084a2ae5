//! A back end that answers like a small Zope: it names itself, logs people in, and can be slow.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long `/slow` takes.
const SLOW: Duration = Duration::from_secs(3);

/// Starts a back end on a free port of the loopback interface; it serves until the process ends.
///
/// # Errors
/// When there is no port or no thread to be had.
pub fn start(name: &'static str) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let visits = Arc::new(AtomicU64::new(0));
    std::thread::Builder::new()
        .name(name.to_string())
        .spawn(move || {
            for client in listener.incoming().flatten() {
                let visits = Arc::clone(&visits);
                let _ = std::thread::Builder::new()
                    .name(name.to_string())
                    .stack_size(128 * 1024)
                    .spawn(move || serve(client, name, &visits));
            }
        })?;
    Ok(address)
}

/// What a request asks for.
struct Request {
    path: String,
    head_only: bool,
    /// The value of the cookie `__ac`.
    user: Option<String>,
    close: bool,
}

fn serve(client: TcpStream, name: &str, visits: &AtomicU64) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(60)));
    let Ok(mut out) = client.try_clone() else {
        return;
    };
    let mut input = BufReader::new(client);
    while let Ok(Some(request)) = read(&mut input) {
        let answer = answer(&request, name, visits);
        if out.write_all(&answer).is_err() || request.close {
            return;
        }
    }
}

/// Reads a head, and past the body that it announces.
fn read(input: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_string();
    let path = words.next().unwrap_or("/").to_string();
    let mut request = Request {
        head_only: method == "HEAD",
        close: words.next() != Some("HTTP/1.1"),
        path,
        user: None,
    };
    let mut body = 0u64;
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => body = value.parse().unwrap_or(0),
            "connection" => request.close |= value.eq_ignore_ascii_case("close"),
            "cookie" => {
                request.user = value
                    .split(';')
                    .filter_map(|pair| pair.trim().strip_prefix("__ac="))
                    .map(str::to_string)
                    .next_back();
            }
            _ => {}
        }
    }
    io::copy(&mut io::Read::take(input, body), &mut io::sink())?;
    Ok(Some(request))
}

fn answer(request: &Request, name: &str, visits: &AtomicU64) -> Vec<u8> {
    let visit = visits.fetch_add(1, Ordering::Relaxed) + 1;
    let path = request.path.split('?').next().unwrap_or("/");
    let mut cookie = String::new();
    let text = match path {
        "/login" => {
            let now = crate::base::clock::unix_time().as_nanos();
            cookie = format!("Set-Cookie: __ac={name}-{now:x}-{visit}; Path=/; HttpOnly\r\n");
            format!("You are logged in at {name}: from now on you come here.")
        }
        "/slow" => {
            std::thread::sleep(SLOW);
            format!("{name} took {} seconds.", SLOW.as_secs())
        }
        _ => format!("This is {name}."),
    };
    let user = match &request.user {
        Some(_) => "You sent your __ac cookie.",
        None => "You are not logged in.",
    };
    let body = format!(
        "<!DOCTYPE html><html><head><title>{name}</title></head><body>\n<h1>{text}</h1>\n<p>{user}</p>\n\
         <p><a href=\"/\">home</a> <a href=\"/login\">log in</a> <a href=\"/slow\">slow page</a> \
         <a href=\"/haproxy-ping\">ping</a></p>\n</body></html>\n"
    );
    let connection = if request.close { "close" } else { "keep-alive" };
    let mut out = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         X-Backend: {name}\r\n{cookie}Connection: {connection}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    if !request.head_only {
        out.extend_from_slice(body.as_bytes());
    }
    out
}
