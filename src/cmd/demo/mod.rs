//! `hapax demo`: the shipped Zope configuration of 2010 with two small back ends, on free ports.

mod backend;
mod tour;

use super::haproxy::args::Options;
use super::haproxy::console::Console;
use super::load::{self, Names};
use super::print;
use super::serve;
use crate::config::read::Input;
use crate::engine::Hub;
use crate::lower;
use crate::plan::{Files, RealFiles};
use socket2::{Domain, Socket, Type};
use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The configuration that is shipped.
const ZOPE: &str = include_str!("../../../fixtures/config/ok/zope.cfg");

/// Runs the shipped Zope configuration with two back ends, until Ctrl-C.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Demo {
    /// Visit the site once, tell what happened, and end (status 1 if something was wrong)
    #[arg(long)]
    pub once: bool,
    /// End after this many seconds
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// Print the configuration that is run, and end
    #[arg(long)]
    pub print: bool,
}

/// A free port of the loopback interface, held until the value is dropped: the socket is bound but
/// does not listen, so only listeners of this user that share ports can take it.
fn reserve() -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    let address = socket.local_addr()?.as_socket();
    let address = address.ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
    Ok((socket, address))
}

/// The configuration with other ports. Without the right to change users, or without these users,
/// it is run as whoever started it.
fn configuration(site: SocketAddr, servers: [SocketAddr; 2]) -> String {
    let may_change = nix::unistd::Uid::effective().is_root()
        && RealFiles.user("nobody").is_some()
        && RealFiles.group("nogroup").is_some();
    let mut text = String::new();
    for line in ZOPE.lines() {
        let first = line.split_whitespace().next();
        if !may_change && matches!(first, Some("user" | "group")) {
            continue;
        }
        let [one, two] = servers;
        let line = line
            .replace("127.0.0.1:8080", &site.to_string())
            .replace("127.0.0.1:8081", &one.to_string())
            .replace("127.0.0.1:8082", &two.to_string());
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Runs it.
pub fn run(program: &OsStr, demo: &Demo) -> ExitCode {
    match start(program, demo) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hapax demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(program: &OsStr, demo: &Demo) -> io::Result<ExitCode> {
    let servers = [backend::start("plone0101")?, backend::start("plone0102")?];
    let (_reserved, site) = reserve()?;
    let text = configuration(site, servers);
    if demo.print {
        print(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let inputs = vec![Input {
        name: "zope.cfg".to_string(),
        text: text.into_bytes(),
    }];
    let mut console = Console::new(program, false, false);
    let mut environment = load::environment(None, &inputs);
    let hub = Hub::new();
    let wake: Arc<dyn crate::balance::queue::Wake> = hub.clone();
    let options = lower::Options::default();
    let facts = load::facts(true);
    let loaded = load::load(
        inputs,
        &mut environment,
        &facts,
        &options,
        &RealFiles,
        &wake,
        Names::MustResolve,
    );
    let fatal = console.findings(&loaded.findings, &loaded.document.sources);
    let Some(plan) = loaded.plan.filter(|_| !fatal) else {
        return Ok(ExitCode::FAILURE);
    };
    let options = Options {
        foreground: true,
        ..Options::default()
    };
    let demo = *demo;
    Ok(serve::serve(
        serve::Start {
            options: &options,
            plan: Arc::new(plan),
            hub,
            sources: &loaded.document.sources,
            environment,
            advise: false,
            master: None,
            ready: Box::new(move || ready(site, servers, demo)),
        },
        &mut console,
    ))
}

/// Says what to open; ends the process when the demo is to end by itself.
fn ready(site: SocketAddr, servers: [SocketAddr; 2], demo: Demo) {
    let [one, two] = servers;
    print(&format!(
        "\nThe Zope configuration runs. Open:\n  \
         http://{site}/               a page; reload it and see the server stay the same\n  \
         http://{site}/login          log in: the __ac cookie is learnt by appsession\n  \
         http://{site}/slow           takes 3 s: two at a time per server, the others queue\n  \
         http://{site}/haproxy-ping   what a monitor asks (monitor-uri)\n\
         The back ends without hapax: http://{one}/ (plone0101), http://{two}/ (plone0102).\n\
         Ctrl-C ends it.\n"
    ));
    if demo.once {
        std::thread::spawn(move || {
            let right = tour::visit(site, &mut |line| print(&format!("{line}\n")));
            match right {
                Ok(true) => print("All as it should be.\n"),
                Ok(false) => print("Something is wrong.\n"),
                Err(ref error) => print(&format!("The site does not answer: {error}\n")),
            }
            std::process::exit(i32::from(!matches!(right, Ok(true))));
        });
    } else if let Some(seconds) = demo.seconds {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(seconds));
            std::process::exit(0);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_the_shipped_file_is_replaced() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let text = configuration(address(1001), [address(1002), address(1003)]);
        assert!(text.contains("bind 127.0.0.1:1001\n"));
        assert!(text.contains("plone0101 127.0.0.1:1002 "));
        assert!(text.contains("plone0102 127.0.0.1:1003 "));
        assert!(!text.contains(":808"));
    }

    #[test]
    fn a_reserved_port_can_be_listened_on_and_is_not_given_twice() {
        let (_held, first) = reserve().unwrap();
        let (_other, second) = reserve().unwrap();
        assert_ne!(first, second);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&first.into()).unwrap();
        socket.listen(1).unwrap();
        std::net::TcpStream::connect(first).unwrap();
    }
}
