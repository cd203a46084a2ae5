//! `-W`, `-Ws`, `master-worker`: what the command line and the configuration ask of a master.

use super::args::{self, Options};
use super::console::Console;
use crate::base::diag::Severity;
use crate::base::span::Sources;
use crate::cmd::load;
use crate::config::read::{self, Input};
use crate::control::handover::Inheritance;
use crate::control::listeners::{self, Binding, Bound, BoundListener};
use crate::control::master::{self, Journal, Role, Settings, Voice};
use crate::engine::Hub;
use crate::ir::global::Global;
use crate::lower;
use crate::plan::{self, Plan, RealFiles};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What the `global` sections say, faults and all other sections left aside: the worker reads
/// everything, and tells what is wrong.
fn global(inputs: &[Input], options: &Options) -> Global {
    let mut env = load::environment(options.local_peer.as_deref(), inputs);
    env.set("HAPROXY_MWORKER", "1");
    let facts = load::facts(!options.no_reuse_port);
    let (mut document, _) = read::read(inputs.to_vec(), &mut env, &facts);
    document
        .sections
        .retain(|s| s.kind().text[..] == *b"global");
    lower::lower(&document, &lower::Options::default()).0.global
}

/// Whether a file may ask for a master.
fn mentions(inputs: &[Input]) -> bool {
    let word = b"master-worker";
    let has = |text: &[u8]| text.windows(word.len()).any(|part| part == word);
    inputs.iter().any(|input| has(&input.text))
}

/// Splits off the worker if a master is wanted. `None`: none is, and the process goes on as it is.
pub fn start(
    program: &OsStr,
    words: &[OsString],
    options: &Options,
    inputs: &[Input],
    directory: Option<PathBuf>,
    console: &mut Console,
) -> Option<Role> {
    if options.check || !(options.master_worker || mentions(inputs)) {
        return None;
    }
    let global = global(inputs, options);
    if !(options.master_worker || global.master_worker) {
        return None;
    }
    let listener = match options.master_cli.as_deref().map(listen).transpose() {
        Ok(listener) => listener,
        Err(texts) => {
            for text in texts {
                console.alert(&text);
            }
            return Some(Role::Master(ExitCode::FAILURE));
        }
    };
    let mut environment = load::environment(None, inputs);
    environment.unset(b"HAPROXY_LOCALPEER");
    environment.set_constants(crate::base::version::HAPROXY);
    environment.set("HAPROXY_MWORKER", "1");
    if let Some(listener) = &listener {
        environment.set("HAPROXY_MASTER_CLI", listeners::name(&listener.listener));
    }
    let settings = Settings {
        program: program.to_os_string(),
        arguments: args::without_predecessors(words),
        directory,
        old: options.old_pids.clone(),
        terminate_old: options.terminate_old,
        background: (options.daemon || global.daemon) && !options.debug && !options.foreground,
        notify: options.notify,
        pidfile: options
            .pidfile
            .clone()
            .or_else(|| global.pidfile.as_ref().map(PathBuf::from)),
        stays_on_failure: global.master_no_exit_on_failure,
        max_reloads: global.master_max_reloads,
        listener,
        environment,
    };
    Some(master::start(settings, console))
}

/// `-S ADDRESS[,WORD[,WORD...]]`: a `stats socket` of the master's own.
fn listen(value: &OsStr) -> Result<BoundListener, Vec<String>> {
    let mut text = b"global\n stats socket ".to_vec();
    text.extend(
        value
            .as_bytes()
            .iter()
            .map(|b| if *b == b',' { b' ' } else { *b }),
    );
    text.push(b'\n');
    if !value
        .as_bytes()
        .split(|b| *b == b',')
        .any(|word| word == b"level")
    {
        text.pop();
        text.extend_from_slice(b" level admin\n");
    }
    let inputs = vec![Input {
        name: "-S".to_string(),
        text,
    }];
    let mut env = load::environment(None, &inputs);
    let (document, mut findings) = read::read(inputs, &mut env, &load::facts(true));
    let (config, more) = lower::lower(&document, &lower::Options::default());
    findings.extend(more);
    let wake: Arc<dyn crate::balance::queue::Wake> = Hub::new();
    let (plan, more) = plan::build(&config, &RealFiles, &wake);
    findings.extend(more);
    let faults: Vec<String> = findings
        .iter()
        .filter(|f| f.severity == Severity::Alert)
        .map(|f| format!("-S : {}", f.message))
        .collect();
    match plan {
        Some(plan) if faults.is_empty() => bind(&plan, &document.sources),
        _ => Err(faults),
    }
}

fn bind(plan: &Plan, sources: &Sources) -> Result<BoundListener, Vec<String>> {
    let how = Binding {
        threads: 1,
        groups: 1,
        reuse_port: true,
        backlog: 10,
    };
    let mut bound = Bound::new();
    let faults = listeners::bind_all(plan, &how, &mut Inheritance::default(), &mut bound);
    let place = |f: &listeners::Fault| sources.name(f.listener.settings.span.file).to_string();
    let texts = faults.iter().map(|f| f.text(&place(f))).collect();
    bound.into_values().next().ok_or(texts)
}

impl Voice for Console {
    fn say(&mut self, severity: Severity, text: &str) {
        Console::say(self, severity, text);
    }
    fn keep(&mut self, journal: Option<Journal>) {
        Console::keep(self, journal);
    }
    fn renew(&mut self) {
        Console::renew(self);
    }
    fn silence(&mut self) {
        Console::silence(self);
    }
}
