//! Plays a scenario against one program and writes the transcript.

use crate::clock::{Deadline, Watch};
use crate::facts;
use crate::process::{Binary, Proxy, Started};
use crate::scenario::{Scenario, Until, What};
use crate::server::Running;
use crate::transcript::Transcript;
use crate::wire::{self, End, Wire};
use socket2::{Domain, Socket, Type};
use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait of one step.
const PATIENCE: Duration = Duration::from_secs(3);

/// How to run it.
pub struct Setting<'a> {
    pub binary: &'a Binary,
    /// `nbthread`, put in front of the configuration unless that says it itself.
    pub threads: Option<u32>,
    pub env: Vec<(String, String)>,
    /// Lines wanted: playing stops at the first difference.
    pub golden: Option<&'a [String]>,
    /// Where the files of this run go.
    pub dir: PathBuf,
}

/// What came of it.
pub struct Outcome {
    pub lines: Vec<String>,
    /// What the program printed.
    pub output: String,
}

/// Plays it; `Err` is a fault of this machine or of the scenario itself.
pub fn play(scenario: &Scenario, setting: &Setting) -> Result<Outcome, String> {
    let mut last = String::new();
    for _ in 0..3 {
        let outcome = once(scenario, setting).map_err(|e| format!("{}: {e}", scenario.name))?;
        if !outcome
            .output
            .to_lowercase()
            .contains("address already in use")
            && !outcome.output.contains("cannot bind socket")
        {
            return Ok(outcome);
        }
        last = outcome.output;
    }
    Err(format!("{}: no free port: {last}", scenario.name))
}

/// Ports of the two ends of a connection, this process's and the proxy's.
pub struct Place {
    pub here: u16,
    pub there: u16,
}

struct Stage {
    servers: Vec<Running>,
    held: Vec<Socket>,
    wires: HashMap<String, Wire>,
    memory: crate::tls::Memory,
    ports: HashMap<String, u16>,
    transcript: Transcript,
    watch: Watch,
}

/// A port that the kernel gives to nobody else while the socket lives. The socket does not listen,
/// so the proxy, which sets `SO_REUSEADDR` as this one does, can bind and listen there.
pub fn hold_port() -> io::Result<(Socket, u16)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let port = socket.local_addr()?.as_socket().map_or(0, |a| a.port());
    Ok((socket, port))
}

/// Names in `${port:NAME}`.
fn port_names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in text.split("${port:").skip(1) {
        let name = part.split('}').next().unwrap_or_default().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Replaces `${port:NAME}` and `${dir}`.
fn filled(text: &[u8], ports: &HashMap<String, u16>, dir: &Path) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(text) else {
        return text.to_vec();
    };
    let mut text = text.replace("${dir}", &dir.to_string_lossy());
    if text.contains("${port:") {
        for (name, port) in ports {
            text = text.replace(&format!("${{port:{name}}}"), &port.to_string());
        }
    }
    text.into_bytes()
}

fn prepare(scenario: &Scenario, setting: &Setting) -> io::Result<(Stage, Vec<PathBuf>, Vec<u16>)> {
    let _ = fs::remove_dir_all(&setting.dir);
    fs::create_dir_all(&setting.dir)?;
    let mut stage = Stage {
        servers: Vec::new(),
        held: Vec::new(),
        wires: HashMap::new(),
        memory: HashMap::new(),
        ports: HashMap::new(),
        transcript: Transcript {
            masks: scenario.masks.clone(),
            fold: scenario.golden.starts_with("1."),
            ..Transcript::default()
        },
        watch: Watch::start(),
    };
    for server in &scenario.servers {
        let mut server = server.clone();
        for reply in &mut server.replies {
            reply.bytes = filled(&reply.bytes, &stage.ports, &setting.dir);
        }
        let running = Running::start(&server)?;
        stage.ports.insert(running.name.clone(), running.port);
        stage.servers.push(running);
    }
    let mut listening = Vec::new();
    for name in port_names(&scenario.config) {
        if !stage.ports.contains_key(&name) {
            let (socket, port) = hold_port()?;
            stage.held.push(socket);
            listening.push(port);
            stage.ports.insert(name, port);
        }
    }
    for (name, port) in &stage.ports {
        stage
            .transcript
            .ports
            .push((port.to_string(), format!("${{{name}}}")));
    }
    for (name, bytes) in &scenario.files {
        fs::write(
            setting.dir.join(name),
            filled(bytes, &stage.ports, &setting.dir),
        )?;
    }
    let mut configs = Vec::new();
    let says_threads = scenario.config.contains("nbthread") || scenario.config.contains("nbproc");
    let old = setting.binary.version.starts_with("1.");
    if let Some(threads) = setting.threads.filter(|_| !says_threads && !old) {
        let path = setting.dir.join("threads.cfg");
        fs::write(&path, format!("global\n    nbthread {threads}\n"))?;
        configs.push(path);
    }
    let path = setting.dir.join("main.cfg");
    fs::write(
        &path,
        filled(scenario.config.as_bytes(), &stage.ports, &setting.dir),
    )?;
    configs.push(path);
    Ok((stage, configs, listening))
}

fn once(scenario: &Scenario, setting: &Setting) -> Result<Outcome, String> {
    let (mut stage, configs, listening) = prepare(scenario, setting).map_err(|e| e.to_string())?;
    let pidfile = scenario.background.then(|| setting.dir.join("pid"));
    let mut proxy = Proxy::start(
        setting.binary,
        &configs,
        &scenario.args,
        &setting.env,
        pidfile,
    )
    .map_err(|e| format!("cannot start {}: {e}", setting.binary.path.display()))?;
    let ready = match proxy.await_ports(&listening) {
        Started::Ready => true,
        Started::Exited => {
            let how = proxy.await_exit(Duration::ZERO);
            stage.transcript.say("proxy", &how);
            false
        }
        Started::Late => {
            stage.transcript.say("proxy", "does not listen");
            false
        }
    };
    let mut differs = false;
    // of a process that did not start only what it printed can be asked
    if ready || scenario.steps.iter().all(|s| s.what.needs_no_process()) {
        stage.watch = Watch::start();
        for step in &scenario.steps {
            stage.act(&step.who, &step.what, &mut proxy, &setting.dir);
            let lines = &stage.transcript.lines;
            differs = setting
                .golden
                .is_some_and(|golden| !golden.starts_with(lines));
            if differs {
                break;
            }
        }
    }
    if !differs {
        stage.wires.clear();
    }
    let state = proxy.finish();
    if ready
        && state != "running"
        && !scenario.background
        && !scenario.steps.iter().any(|s| matches!(s.what, What::Exit))
    {
        stage.transcript.say("proxy", &state);
    }
    for server in &mut stage.servers {
        if let Some(seen) = server.finish() {
            let who = server.name.clone();
            let mut connection = 0;
            for (number, bytes) in seen {
                if number != connection {
                    stage.transcript.say(&who, &format!("connection {number}"));
                    connection = number;
                }
                stage
                    .transcript
                    .bytes(&who, &bytes, &crate::scenario::Show::All);
            }
        }
    }
    let output = proxy.output();
    Ok(Outcome {
        lines: stage.transcript.lines,
        output,
    })
}

impl Stage {
    fn server(&self, name: &str) -> Option<&Running> {
        self.servers.iter().find(|s| s.name == name)
    }

    /// The address of the other end of a connection, and whether its port is a client's.
    fn peer(&self, who: &str) -> String {
        let Some((_, Some(peer))) = self.wires.get(who).map(Wire::ends) else {
            return "peer unknown".to_owned();
        };
        let own = |w: &Wire| w.ends().0 == Some(peer);
        let whose = match self.wires.values().any(own) {
            true => "a client's port",
            false => "a port of the proxy's",
        };
        format!("peer {}, {whose}", peer.ip())
    }

    fn act(&mut self, who: &str, what: &What, proxy: &mut Proxy, dir: &Path) {
        match what {
            What::Wait(time) => std::thread::sleep(*time),
            What::Clock => self.watch = Watch::start(),
            What::Elapsed(low, high) => {
                let took = self.watch.elapsed();
                let (low_ms, high_ms) = (low.as_millis(), high.as_millis());
                if took >= *low && took <= *high {
                    self.transcript
                        .say("elapsed", &format!("{low_ms} to {high_ms} ms"));
                } else {
                    let took = took.as_millis();
                    self.transcript.say(
                        "elapsed",
                        &format!("{took} ms, not {low_ms} to {high_ms} ms"),
                    );
                }
            }
            What::Socket(names) => {
                let fact = match self.wires.get(who) {
                    Some(wire) => facts::of_connection(proxy.pid(), &wire.place(), names),
                    None => "absent".to_owned(),
                };
                self.transcript.say(who, &fact);
            }
            What::Peer => {
                let peer = self.peer(who);
                self.transcript.say(who, &peer);
            }
            What::Listener { port, names } => {
                let number = self.ports.get(port).copied().unwrap_or(0);
                let fact = facts::of_listener(&proxy.pids(), number, names);
                self.transcript.say("listener", &format!("{port} {fact}"));
            }
            What::Process(names) => {
                let fact = facts::of_process(proxy.pid(), names);
                self.transcript.say("process", &fact);
            }
            What::Stat(name) => {
                let fact = facts::of_file(&dir.join(name));
                self.transcript.say(name, &fact);
            }
            What::Printed(text) => {
                let printed = proxy.output().contains(text.as_str());
                self.transcript
                    .say("printed", &format!("{text}: {printed}"));
            }
            What::Names(text) => {
                if let Some(server) = self.server(who) {
                    server.zone.lock().set(text);
                }
            }
            What::Asked => {
                let asked = self.server(who).map(|s| s.zone.lock().take_asked());
                for question in asked.unwrap_or_default() {
                    self.transcript.say(who, &format!("asked {question}"));
                }
            }
            What::Signal(name) if name == "STOP" => proxy.stop(),
            What::Signal(name) => proxy.signal(name),
            What::Exit => {
                let how = proxy.await_exit(PATIENCE);
                self.transcript.say("proxy", &how);
            }
            What::Until {
                port,
                request,
                wanted,
                within,
            } => {
                let port = self.ports.get(port).copied().unwrap_or(0);
                let deadline = Deadline::after(*within);
                while !knock(port, request).contains(wanted.as_str()) {
                    if deadline.passed() {
                        self.transcript.say("until", &format!("{wanted}: never"));
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                self.transcript.say("until", wanted);
            }
            What::Connect {
                port,
                from,
                within,
                tls,
            } => {
                let port = self.ports.get(port).copied().unwrap_or(0);
                match connect(port, *from, within.unwrap_or(PATIENCE)) {
                    Ok(stream) => {
                        if let Ok(local) = stream.local_addr() {
                            let local = (local.port().to_string(), format!("${{{who}}}"));
                            self.transcript.ports.push(local);
                        }
                        let mut wire = Wire::new(stream);
                        if let Some(wish) = tls {
                            let shown = wish.with.as_ref().map(|file| dir.join(file));
                            let shown = shown.and_then(|path| fs::read(path).ok());
                            if let Err(e) = wire.start_tls(wish, shown.as_deref(), &mut self.memory)
                            {
                                self.transcript.say(who, &format!("no tls: {e}"));
                            }
                        }
                        self.wires.insert(who.to_owned(), wire);
                    }
                    Err(e) => {
                        self.wires.remove(who);
                        self.transcript
                            .say(who, &format!("not connected: {:?}", e.kind()));
                    }
                }
            }
            What::Accept { connection } => {
                match self.server(who).and_then(|s| s.accept(PATIENCE)) {
                    Some(stream) => {
                        self.wires.insert(connection.clone(), Wire::new(stream));
                    }
                    None => {
                        self.wires.remove(connection);
                        self.transcript.say(connection, "not accepted");
                    }
                }
            }
            What::Intervals(count) => {
                let server = self.server(who);
                let fact = server.map(|s| intervals(s, *count));
                self.transcript.say(who, fact.unwrap_or("no such server"));
            }
            What::Unaccepted(time) => {
                if self.server(who).and_then(|s| s.accept(*time)).is_some() {
                    self.transcript.say(who, "accepted");
                } else {
                    self.transcript.say(who, "unaccepted");
                }
            }
            What::Stop => {
                if let Some(server) = self.server(who) {
                    server.stop_listening();
                }
            }
            What::Listen => {
                if let Some(server) = self.server(who) {
                    server.listen();
                }
            }
            What::Log { whole, timed } => match self.server(who).and_then(Running::datagram) {
                Some(datagram) => self.transcript.log(who, &datagram, *whole, *timed),
                None => self.transcript.say(who, "no log"),
            },
            _ => self.on_wire(who, what, dir),
        }
    }

    fn on_wire(&mut self, who: &str, what: &What, dir: &Path) {
        let Some(wire) = self.wires.get_mut(who) else {
            self.transcript.say(who, "absent");
            return;
        };
        match what {
            What::Send(bytes) => {
                let bytes = filled(bytes, &self.ports, dir);
                wire.head = bytes.starts_with(b"HEAD ");
                if let Err(why) = wire.send(&bytes) {
                    self.transcript.say(who, &format!("could not send: {why}"));
                }
            }
            What::H2(step) => {
                for line in crate::h2::act(wire, step, PATIENCE) {
                    self.transcript.say(who, &line);
                }
            }
            What::Fact(name) => {
                let fact = wire.fact(name);
                self.transcript.say(who, &fact);
            }
            What::Shutdown => wire.shutdown(),
            What::Close => wire.close(),
            What::Reset => wire.reset(),
            What::Quiet(time) => match wire.take(&Deadline::after(*time), |_, _| None) {
                Err((bytes, End::Open)) if bytes.is_empty() => self.transcript.say(who, "quiet"),
                Err((bytes, end)) => {
                    self.transcript
                        .bytes(who, &bytes, &crate::scenario::Show::All);
                    self.transcript.say(who, &format!("not quiet: {end:?}"));
                }
                Ok(_) => {}
            },
            What::Recv(until, show) => {
                let bodiless = wire.head;
                let end = matches!(until, Until::Eof | Until::Closed);
                let taken = wire.take(&Deadline::after(PATIENCE), |bytes, ended| match until {
                    Until::Head => wire::head_length(bytes),
                    Until::Response => wire::message_length(bytes, true, bodiless, ended),
                    Until::Request => wire::message_length(bytes, false, false, ended),
                    Until::Bytes(n) => (bytes.len() >= *n).then_some(*n),
                    Until::Text(text) => bytes
                        .windows(text.len())
                        .position(|w| w == text)
                        .map(|at| at + text.len()),
                    Until::Eof | Until::Closed => ended.then_some(bytes.len()),
                });
                let closed = *until == Until::Closed;
                match taken {
                    Ok(bytes) => {
                        self.transcript.bytes(who, &bytes, show);
                        if end {
                            let reset = wire.end() == End::Reset;
                            self.transcript.say(
                                who,
                                if closed {
                                    "closed"
                                } else if reset {
                                    "reset"
                                } else {
                                    "eof"
                                },
                            );
                        }
                    }
                    Err((bytes, how)) => {
                        self.transcript.bytes(who, &bytes, show);
                        self.transcript.say(
                            who,
                            match how {
                                End::Open => "timeout",
                                End::Eof => "unexpected eof",
                                End::Reset => "unexpected reset",
                            },
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether the next `count` connections come at equal intervals: none half as long again as
/// another.
fn intervals(server: &Running, count: usize) -> &'static str {
    let mut times = Vec::new();
    let watch = Watch::start();
    for _ in 0..=count {
        match server.accept(PATIENCE) {
            Some(_) => times.push(watch.elapsed()),
            None => return "not accepted",
        }
    }
    let gaps = times.windows(2).map(|w| w[1].saturating_sub(w[0]));
    let longest = gaps.clone().max().unwrap_or_default();
    let shortest = gaps.min().unwrap_or_default();
    if shortest * 3 > longest * 2 {
        "equal intervals"
    } else {
        "unequal intervals"
    }
}

fn connect(port: u16, from: Option<std::net::IpAddr>, time: Duration) -> io::Result<TcpStream> {
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Some(from) = from else {
        return TcpStream::connect_timeout(&to, time);
    };
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // so that the proxy may use the same address and port towards another one
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

/// One request on a connection of its own; whatever came back.
fn knock(port: u16, request: &[u8]) -> String {
    let mut answer = Vec::new();
    if let Ok(mut stream) = connect(port, None, PATIENCE) {
        let _ = stream.set_read_timeout(Some(Duration::from_millis(1500)));
        let _ = stream.write_all(request);
        let _ = stream.read_to_end(&mut answer);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
