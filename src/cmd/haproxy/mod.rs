//! HAProxy's own command line: what each option does.

pub mod args;
mod classes;
pub mod console;
mod dump;
pub mod features;
mod master;
pub mod version;

use super::load::{self, Loaded, Names};
use super::print;
use super::serve;
use crate::config::condition;
use crate::config::read;
use crate::control::master::Role;
use crate::engine::Hub;
use crate::lower;
use crate::plan::files::Family;
use crate::plan::{Files, RealFiles};
use args::{Command, Options, Refusal};
use console::Console;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the program as HAProxy. Exit statuses are HAProxy's: 0 fine, 1 refused, 2 nothing to
/// listen on (under `-c`) or a condition that is no condition (under `-cc`).
pub fn main(program: &OsStr, words: &[OsString]) -> ExitCode {
    match args::parse(words) {
        Ok(Command::Version(form)) => {
            print(&version::text(form));
            ExitCode::SUCCESS
        }
        Ok(Command::MemoryHelp) => {
            print(
                "-dM is taken for compatibility: hapax has no memory pools to poison or debug.\n",
            );
            ExitCode::SUCCESS
        }
        Ok(Command::TraceHelp) => {
            print("-dt is taken for compatibility: there are no trace sources yet.\n");
            ExitCode::SUCCESS
        }
        Ok(Command::Condition(text)) => condition(program, &text),
        Ok(Command::Run(options)) => run(program, words, &options),
        Err(Refusal::Alert(text)) => {
            Console::new(program, false, false).alert(&text);
            ExitCode::FAILURE
        }
        Err(Refusal::Usage(text)) => {
            if let Some(text) = text {
                Console::new(program, false, false).alert(&text);
            }
            usage(program)
        }
    }
}

fn usage(program: &OsStr) -> ExitCode {
    print(&version::head());
    let name = std::path::Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_string_lossy();
    let _ = std::io::stderr().write_all(version::usage(&name).as_bytes());
    ExitCode::FAILURE
}

/// `-cc`
fn condition(program: &OsStr, text: &[u8]) -> ExitCode {
    let env = load::environment(None, &[]);
    match condition::command_line(text, &env, &load::facts(true)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            let mut console = Console::new(program, false, false);
            console.alert(&fault);
            ExitCode::from(2)
        }
    }
}

fn run(program: &OsStr, words: &[OsString], options: &Options) -> ExitCode {
    let directory = std::env::current_dir().ok();
    let mut console = Console::new(program, options.quiet, options.diagnostics);
    if let Some(directory) = &options.directory
        && let Err(error) = nix::unistd::chdir(directory)
    {
        console.alert(&format!(
            "Could not change to directory {} : {}",
            directory.display(),
            error.desc()
        ));
        return ExitCode::FAILURE;
    }
    let (inputs, findings) = read::open(&options.files);
    if let Some(first) = findings.first() {
        console.findings_before_reading(std::slice::from_ref(first));
        return ExitCode::FAILURE;
    }
    if inputs.is_empty() {
        return usage(program);
    }
    let mut worker_of = None;
    match master::start(program, words, options, &inputs, directory, &mut console) {
        Some(Role::Master(code)) => return code,
        Some(Role::Worker(link)) => worker_of = Some(link),
        None => {}
    }
    let mut env = load::environment(options.local_peer.as_deref(), &inputs);
    if worker_of.is_some() {
        env.set("HAPROXY_MWORKER", "1");
    }
    let facts = load::facts(!options.no_reuse_port);
    let how = lower::Options {
        maxconn: options.maxconn,
        proxy_maxconn: options.proxy_maxconn,
        whole: options.dump_configuration.is_some(),
        ..lower::Options::default()
    };
    let hub = Hub::new();
    let wake: Arc<dyn crate::balance::queue::Wake> = hub.clone();
    let files: &dyn Files = match options.ipv4_only {
        true => &Ipv4Only,
        false => &RealFiles,
    };
    let names = match options.ignore_resolution {
        true => Names::MayFail,
        false => Names::MustResolve,
    };
    let loaded = load::load(inputs, &mut env, &facts, &how, files, &wake, names);
    let global = &loaded.config.global;
    // the line counts for all that is said, and -d and -db undo it (observed on HAProxy 3.4)
    if global.quiet && !options.debug && !options.foreground {
        console.silence();
    }
    if let Some(style) = options.dump_configuration {
        let text = dump::text(&loaded.document, &env, style);
        print(&text);
        print(&text);
    }
    let fatal = console.findings(&loaded.findings, &loaded.document.sources);
    let Loaded {
        document,
        config,
        plan: Some(plan),
        ..
    } = loaded
    else {
        return ExitCode::FAILURE;
    };
    if fatal {
        return ExitCode::FAILURE;
    }
    if console.warnings() > 0 && (options.zero_warning || config.global.zero_warning) {
        console.alert("Some warnings were found and 'zero-warning' is set. Aborting.");
        return ExitCode::FAILURE;
    }
    if !options.keywords.is_empty() {
        print(&classes::text(&options.keywords));
    }
    let listens = !plan.listeners.is_empty() || !plan.global.stats_sockets.is_empty();
    if options.check {
        return checked(options, &console, listens);
    }
    if !listens {
        console.alert(&format!(
            "[{}.main()] No enabled listener found (check for 'bind' directives) ! Exiting.",
            program.display()
        ));
        return ExitCode::FAILURE;
    }
    if !plan.global.stats_sockets.is_empty() || worker_of.is_some() {
        plan.growth.keep(config, &document, hub.clone());
    }
    serve::serve(
        serve::Start {
            options,
            plan: Arc::new(plan),
            hub,
            sources: &document.sources,
            environment: env,
            advise: !options.debug,
            master: worker_of,
            ready: Box::new(|| {}),
        },
        &mut console,
    )
}

/// `-4`: the machine we run on, whose names have IPv4 addresses only.
struct Ipv4Only;

impl Files for Ipv4Only {
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        RealFiles.read(path)
    }
    fn resolve(&self, host: &str, family: Family) -> Vec<IpAddr> {
        let family = match family {
            Family::Any => Family::V4,
            fixed => fixed,
        };
        RealFiles.resolve(host, family)
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        RealFiles.user(name)
    }
    fn group(&self, name: &str) -> Option<u32> {
        RealFiles.group(name)
    }
    fn socket(&self, fd: i32) -> Result<(), &'static str> {
        RealFiles.socket(fd)
    }
}

/// The end of a check.
fn checked(options: &Options, console: &Console, listens: bool) -> ExitCode {
    if !listens {
        print("Configuration file has no error but will not start (no listener) => exit(2).\n");
        return ExitCode::from(2);
    }
    if console.warnings() > 0 && !options.quiet {
        print("Warnings were found.\n");
    }
    if options.verbose {
        print("Configuration file is valid\n");
    }
    ExitCode::SUCCESS
}
