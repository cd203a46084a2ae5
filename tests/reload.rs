//! A new process takes over from an old one: `-sf`, `-st`, `-x` and the master's reload, as seen
//! from clients.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(
    clippy::disallowed_methods,
    reason = "patience with a real process is real time"
)]

mod process;

use process::{Dir, answers, ask, command, config, free_port, is_alive, signal, wait_for};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// A process in the background that answers `word`.
fn serving(name: &str) -> (Dir, u16) {
    let dir = Dir::new(name);
    let port = free_port();
    dir.write("c.cfg", &config(port, "one"));
    assert!(dir.run("-D -f c.cfg -p pid").success());
    answers(port, "one");
    (dir, port)
}

fn gone(pid: i32) {
    wait_for("the old process's end", || (!is_alive(pid)).then_some(()));
}

#[test]
fn sf_lets_the_old_process_finish_and_st_does_not() {
    let (dir, port) = serving("sf");
    let first = dir.pids()[0];
    let mut busy = TcpStream::connect(("127.0.0.1", port)).unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    dir.write("c.cfg", &config(port, "two"));
    // a number that is no process's any more is no fault
    assert!(
        dir.run(&format!("-D -f c.cfg -p pid -sf {first} 4194303"))
            .success()
    );
    let second = dir.pids()[0];
    assert_ne!(first, second);
    answers(port, "two");
    assert!(is_alive(first), "it has a request to answer");
    std::thread::sleep(Duration::from_millis(100));
    busy.write_all(b" h\r\n\r\n").unwrap();
    let mut text = String::new();
    busy.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("connection: close") && text.ends_with("one"),
        "{text}"
    );
    gone(first);
    let mut idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    dir.write("c.cfg", &config(port, "three"));
    assert!(
        dir.run(&format!("-D -f c.cfg -p pid -st {second}"))
            .success()
    );
    answers(port, "three");
    gone(second);
    assert_eq!(idle.read(&mut [0; 16]).unwrap_or(0), 0, "cut off");
}

#[test]
fn without_reuseport_the_old_process_makes_room_and_comes_back_when_the_new_one_fails() {
    let (dir, port) = serving("pause");
    let first = dir.pids()[0];
    let exclusive =
        |port: u16, word: &str| config(port, word).replace("global\n", "global\n  noreuseport\n");
    // alone on its address from now on
    dir.write("c.cfg", &exclusive(port, "two"));
    assert!(
        dir.run(&format!("-D -f c.cfg -p pid -st {first}"))
            .success()
    );
    answers(port, "two");
    let second = dir.pids()[0];
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().port();
    let both = exclusive(port, "bad") + &format!("  bind 127.0.0.1:{taken}\n");
    dir.write("bad.cfg", &both);
    assert!(
        !dir.run(&format!("-D -f bad.cfg -p pid2 -sf {second}"))
            .success()
    );
    answers(port, "two");
    dir.write("c.cfg", &exclusive(port, "three"));
    assert!(
        dir.run(&format!("-D -f c.cfg -p pid -sf {second}"))
            .success()
    );
    answers(port, "three");
    gone(second);
    signal(dir.pids()[0], "TTOU");
    wait_for("the pause", || ask(port).is_err().then_some(()));
    signal(dir.pids()[0], "TTIN");
    answers(port, "three");
}

#[test]
fn x_takes_over_connections_that_nobody_accepted_yet() {
    let dir = Dir::new("x");
    let port = free_port();
    let one_at_a_time =
        |word: &str| config(port, word).replace("frontend f\n", "frontend f\n  maxconn 1\n");
    dir.write("c.cfg", &one_at_a_time("one"));
    assert!(dir.run("-D -f c.cfg -p pid").success());
    answers(port, "one");
    let first = dir.pids()[0];
    let mut busy = TcpStream::connect(("127.0.0.1", port)).unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let waiting: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(move || ask(port).unwrap()))
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    dir.write("c.cfg", &one_at_a_time("two"));
    assert!(
        dir.run(&format!("-D -f c.cfg -p pid -x ./api -sf {first}"))
            .success()
    );
    for client in waiting {
        let text = client.join().unwrap();
        assert!(text.ends_with("two") || text.ends_with("one"), "{text}");
    }
    busy.write_all(b" h\r\n\r\n").unwrap();
    let mut text = String::new();
    busy.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("one"), "{text}");
    gone(first);
    let second = dir.pids()[0];
    let info = command(&dir.path("api"), "show info").unwrap();
    assert!(info.contains(&format!("Pid: {second}\n")), "{info}");
    // whoever has no socket to take from does not start
    assert!(!dir.run("-D -f c.cfg -p pid2 -x ./nothing").success());
    assert!(
        dir.read("log")
            .contains("Failed to get the sockets from the old process!")
    );
}

#[test]
fn a_stats_socket_without_expose_fd_gives_no_sockets() {
    let dir = Dir::new("no-x");
    let port = free_port();
    dir.write(
        "c.cfg",
        &config(port, "one").replace(" expose-fd listeners", ""),
    );
    assert!(dir.run("-D -f c.cfg -p pid").success());
    answers(port, "one");
    assert!(!dir.run("-D -f c.cfg -p pid2 -x ./api").success());
    answers(port, "one");
}

/// Clients that ask all the time, one with a connection per request and one that keeps it.
struct Load {
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicU32>,
    served: Arc<AtomicU32>,
    clients: Vec<std::thread::JoinHandle<()>>,
}

/// One request on a connection that may be used again; whether it stays open. `Err(true)`: the
/// connection had ended before anything of the answer came.
fn once(stream: &mut TcpStream) -> Result<bool, bool> {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .map_err(|_| true)?;
    let mut text = Vec::new();
    let mut part = [0; 1024];
    while !text.ends_with(b"end") {
        match stream.read(&mut part) {
            Ok(length) if length > 0 => text.extend_from_slice(&part[..length]),
            _ => return Err(text.is_empty()),
        }
    }
    Ok(!String::from_utf8_lossy(&text).contains("connection: close"))
}

impl Load {
    fn on(port: u16) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let (lost, served) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let clients = [false, false, true, true].map(|keeps| {
            let (stop, lost, served) = (stop.clone(), lost.clone(), served.clone());
            std::thread::spawn(move || {
                let mut kept: Option<TcpStream> = None;
                while !stop.load(Ordering::SeqCst) {
                    let fresh = kept.is_none();
                    let stream = kept
                        .take()
                        .map_or_else(|| TcpStream::connect(("127.0.0.1", port)), Ok);
                    let outcome = stream.map_err(|_| false).and_then(|mut stream| {
                        stream.set_read_timeout(Some(process::PATIENCE)).unwrap();
                        once(&mut stream).map(|stays| (stays, stream))
                    });
                    match outcome {
                        Ok((stays, stream)) => {
                            served.fetch_add(1, Ordering::SeqCst);
                            kept = (keeps && stays).then_some(stream);
                        }
                        // a kept connection may end between two requests: clients ask again
                        Err(true) if !fresh => {}
                        Err(_) => {
                            lost.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
            })
        });
        Load {
            stop,
            lost,
            served,
            clients: clients.into(),
        }
    }

    /// Waits for so many more answers.
    fn run(&self, number: u32) {
        let target = self.served.load(Ordering::SeqCst) + number;
        wait_for("answers under load", || {
            (self.served.load(Ordering::SeqCst) >= target).then_some(())
        });
    }

    /// How many requests were lost.
    fn end(self) -> u32 {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().unwrap();
        }
        self.lost.load(Ordering::SeqCst)
    }
}

#[test]
fn under_load_x_and_the_master_lose_nothing() {
    let dir = Dir::new("load-x");
    let port = free_port();
    dir.write("c.cfg", &config(port, "end"));
    assert!(dir.run("-D -f c.cfg -p pid").success());
    answers(port, "end");
    let load = Load::on(port);
    for _ in 0..5 {
        load.run(100);
        let old = dir.pids()[0];
        assert!(
            dir.run(&format!("-D -f c.cfg -p pid -x ./api -sf {old}"))
                .success()
        );
    }
    load.run(100);
    assert_eq!(load.end(), 0);

    let dir = Dir::new("load-master");
    let port = free_port();
    dir.write("c.cfg", &config(port, "end"));
    let mut master = dir.start("-W -f c.cfg -S unix@master");
    answers(port, "end");
    let load = Load::on(port);
    for reload in 1..=5 {
        load.run(100);
        master.signal("USR2");
        let done = format!("{reload} [failed: 0]");
        wait_for("the reload", || {
            let table = command(&dir.path("master"), "show proc").ok()?;
            (table.contains(&done) && !table.contains("# workers\n#")).then_some(())
        });
    }
    load.run(100);
    assert_eq!(load.end(), 0);
    master.signal("TERM");
    assert_eq!(master.end(), 0);
}
