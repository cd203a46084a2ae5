//! From a plan to a serving process, in HAProxy's order: limits, sockets, pid file, chroot,
//! rights, the background, and only then threads.

use super::haproxy::args::Options;
use super::haproxy::console::Console;
use crate::base::span::Sources;
use crate::config::environment::Environment;
use crate::control::cli;
use crate::control::handover::{self, Inheritance};
use crate::control::listeners::{self, Binding, Bound, BoundListener, Doors};
use crate::control::master::Link;
use crate::control::process::{self, Demand, Limits, Rights};
use crate::control::signals;
use crate::control::stats::StatusPage;
use crate::control::watch::{Shown, Watch};
use crate::control::world::{Birth, Process};
use crate::engine::{self, Hub};
use crate::ir::bind::CliLevel;
use crate::plan::Plan;
use nix::sys::signal::Signal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What is to be served.
pub struct Start<'a> {
    /// The command line.
    pub options: &'a Options,
    /// What to execute.
    pub plan: Arc<Plan>,
    /// What the plan's queues wake requests by.
    pub hub: Arc<Hub>,
    /// The files, for messages about listeners.
    pub sources: &'a Sources,
    /// The environment as the configuration left it.
    pub environment: Environment,
    /// Whether to warn of a process that keeps root's rights.
    pub advise: bool,
    /// The master that this process works for.
    pub master: Option<Link>,
    /// Called once everything runs.
    pub ready: Box<dyn FnOnce()>,
}

/// Serves until the process is told to end.
pub fn serve(start: Start<'_>, console: &mut Console) -> ExitCode {
    let Start {
        options,
        plan,
        hub,
        sources,
        mut environment,
        advise,
        master,
        ready,
    } = start;
    let settings = plan.global.settings.clone();
    let threads = threads(&plan);
    let (limits, messages) = process::settle_limits(&demand(&plan, options, threads));
    if console.messages(&messages) {
        return ExitCode::FAILURE;
    }
    if options.verbose || options.debug {
        super::print("Using epoll() as the polling mechanism.\n");
    }
    if options.memory_limit.is_some() {
        console.notice("-m has no effect: memory follows the number of connections.");
    }
    let how = Binding {
        threads,
        groups: settings.thread_groups.unwrap_or(1),
        reuse_port: !options.no_reuse_port && !settings.noreuseport,
        backlog: limits.maxconn,
    };
    // Before anybody can connect, and before there are threads: no signal meets its
    // default action.
    let signals = match signals::Signals::take() {
        Ok(signals) => signals,
        Err(error) => {
            console.alert(&format!("[haproxy.main()] Cannot take signals: {error}."));
            return ExitCode::FAILURE;
        }
    };
    let mut old = match inherit(options, console) {
        Ok(old) => old,
        Err(code) => return code,
    };
    let mut pause = Pause::of(&options.old_pids);
    let bound = match bind(&plan, &how, options, sources, &mut old, &mut pause, console) {
        Ok(bound) => bound,
        Err(code) => return code,
    };
    drop(old);
    // a master went there before, and writes the pid file
    let in_background = (options.daemon || settings.daemon)
        && !options.debug
        && !options.foreground
        && master.is_none();
    let wanted = options
        .pidfile
        .clone()
        .or_else(|| settings.pidfile.as_ref().map(PathBuf::from))
        .filter(|_| in_background);
    let mut pidfile = match wanted.as_deref().map(process::open_pidfile).transpose() {
        Ok(file) => file,
        Err(message) => {
            console.messages(&[message]);
            return ExitCode::FAILURE;
        }
    };
    let rights = Rights {
        chroot: settings.chroot.as_ref().map(PathBuf::from),
        uid: plan.global.uid,
        gid: plan.global.gid,
    };
    let program = console.program().to_string();
    if advise {
        console.messages(&process::advice(&rights, &program));
    }
    if console.messages(&process::confine(&rights, &program)) {
        return ExitCode::FAILURE;
    }
    let needed = plan
        .backends
        .iter()
        .flat_map(|be| &be.servers)
        .any(|server| {
            let settings = &server.settings;
            settings.usesrc.is_some() || settings.interface.is_some()
        });
    if let Some(message) = process::full_rights(needed, &program) {
        console.messages(&[message]);
        return ExitCode::FAILURE;
    }
    if in_background {
        if let Err(error) = process::daemonize(pidfile.take()) {
            console.alert(&format!("[{program}.main()] Cannot fork: {error}."));
            return ExitCode::FAILURE;
        }
        console.silence();
    }
    let sockets = cli_sockets(&bound);
    let names: Vec<&str> = sockets.iter().map(|(name, _)| name.as_str()).collect();
    environment.set("HAPROXY_CLI", names.join(";"));
    let birth = Birth {
        limits: Some(limits),
        environment,
        sockets,
        warnings: console.warnings(),
        threads: u32::try_from(threads).unwrap_or(u32::MAX),
        startup_logs: console.history().to_string(),
    };
    run(
        Running {
            plan,
            hub,
            bound,
            threads,
            limits,
            // a master tells them itself
            old: match master {
                Some(_) => &[],
                None => &options.old_pids,
            },
            pause,
            terminate_old: options.terminate_old,
            master,
            birth,
            signals,
            ready,
        },
        console,
    )
}

struct Running<'a> {
    plan: Arc<Plan>,
    hub: Arc<Hub>,
    bound: Vec<BoundListener>,
    threads: usize,
    limits: Limits,
    old: &'a [i32],
    pause: Pause<'a>,
    terminate_old: bool,
    master: Option<Link>,
    birth: Birth,
    signals: signals::Signals,
    ready: Box<dyn FnOnce()>,
}

/// Starts the threads and waits for the end.
fn run(running: Running<'_>, console: &mut Console) -> ExitCode {
    let Running {
        plan,
        hub,
        bound,
        threads,
        limits,
        old,
        pause,
        terminate_old,
        master,
        birth,
        signals,
        ready,
    } = running;
    let frontends = bound.iter().filter(|b| b.listener.frontend.is_some());
    let listening = frontends
        .map(|b| engine::Listening {
            listener: b.listener.id.0 as usize,
            sockets: &b.sockets,
        })
        .collect();
    let config = engine::Config {
        services: Vec::new(),
        plan,
        hub,
        listening,
        threads,
        maxconn: limits.maxconn,
        descriptors: limits.maxsock,
    };
    let settings = cli_settings(&config.plan);
    let engine = match engine::start(config) {
        Ok(engine) => engine,
        Err(error) => {
            console.alert(&format!("[haproxy.main()] Cannot start threads: {error}."));
            return ExitCode::FAILURE;
        }
    };
    let doors = Doors::new(bound).and_then(|doors| Ok((doors.of_the_cli()?, Arc::new(doors))));
    let (of_the_cli, doors) = match doors {
        Ok(doors) => doors,
        Err(error) => {
            console.alert(&format!("[haproxy.main()] Cannot copy sockets: {error}."));
            return ExitCode::FAILURE;
        }
    };
    let watch = Watch::new(console.renderer());
    engine
        .shared
        .events
        .add(Box::new(Shown(Arc::clone(&watch))));
    let process = Arc::new(Process::new(Arc::clone(&engine.shared), watch, birth));
    let page = StatusPage::new(Arc::clone(&engine.shared), process.clone());
    let _ = engine.shared.stats.set(Box::new(page));
    let (reported, pair) = match master.map(Link::report).transpose() {
        Ok(reported) => reported.unzip(),
        Err(error) => {
            console.alert(&format!("[haproxy.main()] The master is gone: {error}."));
            return ExitCode::FAILURE;
        }
    };
    let service = cli::server::Service {
        bound: of_the_cli,
        master: pair,
        process,
        doors: Arc::clone(&doors),
        settings,
    };
    if let Err(error) = cli::server::start(service) {
        console.alert(&format!("[haproxy.main()] Cannot start threads: {error}."));
        return ExitCode::FAILURE;
    }
    drop(reported);
    pause.end();
    let signal = match terminate_old {
        true => Signal::SIGTERM,
        false => Signal::SIGUSR1,
    };
    signals::tell(old, signal);
    ready();
    console.keep(None);
    signals.wait(&engine, &doors, &mut |severity, text| {
        console.say(severity, text);
    })
}

/// What HAProxy 3.4 grants the runtime API unless the configuration says otherwise.
fn cli_settings(plan: &Plan) -> cli::server::Settings {
    let settings = &plan.global.settings;
    cli::server::Settings {
        maxconn: settings.stats_maxconn.unwrap_or(10),
        timeout_ms: settings.stats_timeout.unwrap_or(10_000),
        bufsize: settings.tune.bufsize as usize,
        max_payload: settings.tune.cli_max_payload_size as usize,
    }
}

/// `nbthread`, else one per CPU that the process may use.
fn threads(plan: &Plan) -> usize {
    let wanted = plan.global.nbthread.and_then(|n| usize::try_from(n).ok());
    let number = wanted
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
        .max(1);
    let limit = plan.global.settings.thread_hard_limit;
    match limit.and_then(|n| usize::try_from(n).ok()) {
        Some(limit) => number.min(limit.max(1)),
        None => number,
    }
}

/// Descriptors besides those of connections.
fn demand(plan: &Plan, options: &Options, threads: usize) -> Demand {
    let settings = &plan.global.settings;
    let checks = plan
        .backends
        .iter()
        .flat_map(|b| b.servers.iter())
        .filter(|s| s.check_address.is_some())
        .count();
    let sockets = plan.listeners.len().saturating_mul(threads) + plan.global.stats_sockets.len();
    // who accepts has a copy
    let listeners = sockets.saturating_mul(2);
    // standard streams, signals, logs; per thread its epoll instance and its inbox
    let fixed = 8 + 2 * threads + listeners + checks;
    Demand {
        maxconn: options.maxconn.or(settings.maxconn),
        ulimit_n: settings.ulimit_n,
        hard_limit: settings.fd_hard_limit,
        strict: settings.strict_limits == Some(true),
        fixed: u32::try_from(fixed).unwrap_or(u32::MAX),
    }
}

/// Old processes that may have been asked to listen no more. A start that fails asks them to listen
/// again.
struct Pause<'a> {
    processes: &'a [i32],
    begun: bool,
}

impl<'a> Pause<'a> {
    fn of(processes: &'a [i32]) -> Pause<'a> {
        Pause {
            processes,
            begun: false,
        }
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            signals::tell(self.processes, Signal::SIGTTOU);
        }
    }

    /// They are not needed any more.
    fn end(mut self) {
        self.begun = false;
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        if self.begun {
            signals::tell(self.processes, Signal::SIGTTIN);
        }
    }
}

/// Binds everything. While old processes (`-sf`) hold an address they are asked to let go, for two
/// seconds at most.
fn bind(
    plan: &Plan,
    how: &Binding,
    options: &Options,
    sources: &Sources,
    old: &mut Inheritance,
    pause: &mut Pause<'_>,
    console: &mut Console,
) -> Result<Vec<BoundListener>, ExitCode> {
    let mut attempts = if options.old_pids.is_empty() { 1 } else { 200 };
    let mut bound = Bound::new();
    loop {
        let faults = listeners::bind_all(plan, how, old, &mut bound);
        attempts -= 1;
        let may_help = |faults: &[listeners::Fault]| {
            let fatal = || faults.iter().filter(|f| f.fatal);
            fatal().all(|f| f.in_use) && fatal().next().is_some()
        };
        if attempts > 0 && may_help(&faults) {
            pause.begin();
            std::thread::sleep(std::time::Duration::from_millis(10));
            continue;
        }
        for fault in &faults {
            let span = fault.listener.settings.span;
            let place = format!("{}:{}", sources.name(span.file), span.line);
            let severity = if fault.fatal {
                crate::base::diag::Severity::Alert
            } else {
                crate::base::diag::Severity::Warning
            };
            console.say(severity, &fault.text(&place));
        }
        if faults.iter().any(|f| f.fatal) {
            console
                .alert("[haproxy.main()] Some protocols failed to start their listeners! Exiting.");
            return Err(ExitCode::FAILURE);
        }
        return Ok(bound.into_values().collect());
    }
}

/// `-x`: the sockets of the old process.
fn inherit(options: &Options, console: &mut Console) -> Result<Inheritance, ExitCode> {
    let Some(source) = &options.sockets_from else {
        return Ok(Inheritance::default());
    };
    handover::ask(source).map_err(|error| {
        let source = source.display();
        let what = format!("Failed to connect to the old process socket '{source}' ({error})");
        console.say(crate::base::diag::Severity::Warning, &what);
        console.alert("Failed to get the sockets from the old process!");
        ExitCode::FAILURE
    })
}

/// The `stats socket` addresses with the rights that they give.
fn cli_sockets(bound: &[BoundListener]) -> Vec<(String, CliLevel)> {
    let of_the_cli = bound.iter().filter(|b| b.listener.frontend.is_none());
    of_the_cli
        .map(|b| (listeners::name(&b.listener), b.listener.settings.cli.level))
        .collect()
}
