//! HAProxy's own command line (management guide 3): read by hand, since an option may hold its
//! value in the same word (`-dMx`), take several words (`-sf 1 2`), or end the options (`--`).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `-v`, `-vv`, `-vq`, `-vqs`, `-vqb`
    Version(VersionForm),
    /// `-dMhelp`
    MemoryHelp,
    /// `-dthelp`
    TraceHelp,
    /// `-cc CONDITION`
    Condition(Vec<u8>),
    /// Everything else: check or run.
    Run(Box<Options>),
}

/// How much `-v` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionForm {
    /// `-v`
    Plain,
    /// `-vv`
    Full,
    /// `-vq`: the version alone
    Version,
    /// `-vqs`: the version without its suffix
    Short,
    /// `-vqb`: the branch
    Branch,
}

/// Why a command line is refused; exit status 1 in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The usage text is shown, an `[ALERT]` before it when a message is given.
    Usage(Option<String>),
    /// An `[ALERT]` alone.
    Alert(String),
}

/// The options of a run or a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `-f` and what follows `--`: files and directories, in order.
    pub files: Vec<PathBuf>,
    /// `-c`
    pub check: bool,
    /// `-V`
    pub verbose: bool,
    /// `-q`
    pub quiet: bool,
    /// `-d`
    pub debug: bool,
    /// `-db`
    pub foreground: bool,
    /// `-D`
    pub daemon: bool,
    /// `-W`, `-Ws`
    pub master_worker: bool,
    /// `-Ws`
    pub notify: bool,
    /// `-S`
    pub master_cli: Option<OsString>,
    /// `-p`
    pub pidfile: Option<PathBuf>,
    /// `-C`
    pub directory: Option<PathBuf>,
    /// `-L`
    pub local_peer: Option<String>,
    /// `-n`; `None` also for 0 and for what is no number
    pub maxconn: Option<u32>,
    /// `-N`
    pub proxy_maxconn: Option<u32>,
    /// `-m`, MiB
    pub memory_limit: Option<u32>,
    /// `-4`
    pub ipv4_only: bool,
    /// `-dW`
    pub zero_warning: bool,
    /// `-dD`
    pub diagnostics: bool,
    /// `-dR`
    pub no_reuse_port: bool,
    /// `-dr`
    pub ignore_resolution: bool,
    /// `-dK`: the classes asked for
    pub keywords: Vec<String>,
    /// `-dC`
    pub dump_configuration: Option<super::dump::Style>,
    /// `-sf`, `-st`: (processes, whether they are stopped at once)
    pub old_pids: Vec<i32>,
    /// `-st` rather than `-sf`
    pub terminate_old: bool,
    /// `-x`
    pub sockets_from: Option<PathBuf>,
}

/// Reads the words after the program's name.
///
/// # Errors
/// What [`Refusal`] says, as HAProxy refuses: unknown options, words that are no option, options
/// without their value, no file at all.
pub fn parse(words: &[OsString]) -> Result<Command, Refusal> {
    let mut options = Options::default();
    let mut condition = None;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(flag) = word.as_bytes().strip_prefix(b"-") else {
            return Err(Refusal::Usage(None));
        };
        let mut value = || {
            rest.next().map(OsString::as_os_str).ok_or_else(|| {
                Refusal::Alert(format!("option '{}' needs a value.", word.display()))
            })
        };
        match flag {
            b"-" => {
                options.files.extend(rest.by_ref().map(PathBuf::from));
            }
            b"vq" => return Ok(Command::Version(VersionForm::Version)),
            b"vqs" => return Ok(Command::Version(VersionForm::Short)),
            b"vqb" => return Ok(Command::Version(VersionForm::Branch)),
            [b'v', b'v', ..] => return Ok(Command::Version(VersionForm::Full)),
            [b'v', ..] => return Ok(Command::Version(VersionForm::Plain)),
            b"cc" => match rest.next() {
                Some(text) => condition = Some(text.as_bytes().to_vec()),
                None => return Err(Refusal::Usage(None)),
            },
            [b'c', ..] => options.check = true,
            [b'V', ..] => options.verbose = true,
            [b'q', ..] => options.quiet = true,
            [b'D', ..] => options.daemon = true,
            b"Ws" => {
                options.master_worker = true;
                options.notify = true;
            }
            [b'W', ..] => options.master_worker = true,
            b"4" => options.ipv4_only = true,
            b"sf" | b"st" => {
                options.terminate_old = flag == b"st";
                pids(word, &mut rest, &mut options.old_pids)?;
            }
            b"x" => match rest.next() {
                Some(path) => options.sockets_from = Some(PathBuf::from(path)),
                None => {
                    let text = "-x needs the path of a unix socket";
                    return Err(Refusal::Usage(Some(text.to_string())));
                }
            },
            b"f" => options.files.push(PathBuf::from(value()?)),
            b"p" => options.pidfile = Some(PathBuf::from(value()?)),
            b"C" => options.directory = Some(PathBuf::from(value()?)),
            b"L" => options.local_peer = Some(value()?.to_string_lossy().into_owned()),
            b"S" => options.master_cli = Some(value()?.to_os_string()),
            b"n" => options.maxconn = number(value()?),
            b"N" => options.proxy_maxconn = number(value()?),
            b"m" => options.memory_limit = number(value()?),
            [b'd', debug @ ..] => {
                if let Some(command) = switch(debug, &mut options)? {
                    return Ok(command);
                }
            }
            _ => return Err(Refusal::Usage(None)),
        }
    }
    if let Some(condition) = condition {
        return Ok(Command::Condition(condition));
    }
    if options.files.is_empty() {
        return Err(Refusal::Usage(None));
    }
    Ok(Command::Run(Box::new(options)))
}

/// The `-d` family. Those that turn off a feature of HAProxy's own machinery (`-de`, `-dS`, ...)
/// are taken without effect: there is nothing of the kind to turn off.
fn switch(flag: &[u8], options: &mut Options) -> Result<Option<Command>, Refusal> {
    match flag {
        b"Mhelp" => return Ok(Some(Command::MemoryHelp)),
        b"thelp" | b"t?" => return Ok(Some(Command::TraceHelp)),
        b"h" | b"u" => return Err(Refusal::Usage(None)),
        b"A" => {
            let text = "-dA: missing output file name";
            return Err(Refusal::Alert(text.to_string()));
        }
        b"b" => options.foreground = true,
        b"W" => options.zero_warning = true,
        b"D" => options.diagnostics = true,
        b"R" => options.no_reuse_port = true,
        b"r" => options.ignore_resolution = true,
        [b'C', style @ ..] => {
            let style = String::from_utf8_lossy(style);
            options.dump_configuration = Some(super::dump::Style::of(&style));
        }
        [b'K', classes @ ..] => options.keywords.extend(
            String::from_utf8_lossy(classes)
                .split(',')
                .filter(|c| !c.is_empty())
                .map(str::to_string),
        ),
        [b'M' | b't' | b'A', ..] => {}
        [b'e' | b'p' | b'S' | b'G' | b'L' | b'c' | b'V' | b'F' | b'I' | b'Z' | b'T'] => {}
        // `-d`, and whatever HAProxy does not know either
        _ => options.debug = true,
    }
    Ok(None)
}

/// The words of a command line that a master executes anew: without the processes to replace and
/// the socket to take descriptors from, which are others each time.
pub fn without_predecessors(words: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_bytes() {
            b"-sf" | b"-st" => {
                let _ = pids(word, &mut rest, &mut Vec::new());
            }
            b"-x" => {
                let _ = rest.next();
            }
            b"--" => {
                kept.push(word.clone());
                kept.extend(rest.by_ref().cloned());
            }
            // options whose value is the next word
            b"-f" | b"-p" | b"-C" | b"-L" | b"-S" | b"-n" | b"-N" | b"-m" => {
                kept.push(word.clone());
                kept.extend(rest.next().cloned());
            }
            _ => kept.push(word.clone()),
        }
    }
    kept
}

/// The process numbers after `-sf` and `-st`, up to the next option.
fn pids<'a>(
    option: &OsStr,
    rest: &mut (impl Iterator<Item = &'a OsString> + Clone),
    into: &mut Vec<i32>,
) -> Result<(), Refusal> {
    while let Some(word) = rest
        .clone()
        .next()
        .filter(|w| !w.as_bytes().starts_with(b"-"))
    {
        let _ = rest.next();
        match word.to_str().and_then(|w| w.parse::<i32>().ok()) {
            Some(pid) if pid > 0 => into.push(pid),
            _ => {
                return Err(Refusal::Alert(format!(
                    "{} option: '{}' is no process number",
                    option.display(),
                    word.display()
                )));
            }
        }
    }
    Ok(())
}

/// A count; 0 and what is no number mean "not given".
fn number(word: &OsStr) -> Option<u32> {
    let text = word.to_str()?;
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .map_or(text, |end| &text[..end]);
    digits.parse().ok().filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::super::dump::Style;
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn run(line: &str) -> Options {
        match parse(&words(line)) {
            Ok(Command::Run(options)) => *options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn files_come_from_f_and_from_after_the_dashes_in_order() {
        let options = run("-f a.cfg -c -f dir -- b.cfg -c");
        let files: Vec<_> = options.files.iter().map(|f| f.to_str().unwrap()).collect();
        assert_eq!(files, ["a.cfg", "dir", "b.cfg", "-c"]);
        assert!(options.check);
    }

    #[test]
    fn every_switch_sets_its_field_and_no_other() {
        type Set = fn(&mut Options);
        let table: &[(&str, Set)] = &[
            ("-c", |o| o.check = true),
            ("-cq", |o| o.check = true),
            ("-V", |o| o.verbose = true),
            ("-q", |o| o.quiet = true),
            ("-d", |o| o.debug = true),
            ("-dXX", |o| o.debug = true),
            ("-db", |o| o.foreground = true),
            ("-D", |o| o.daemon = true),
            ("-W", |o| o.master_worker = true),
            ("-Ws", |o| {
                o.master_worker = true;
                o.notify = true;
            }),
            ("-S /s", |o| o.master_cli = Some("/s".into())),
            ("-p /p", |o| o.pidfile = Some("/p".into())),
            ("-C /d", |o| o.directory = Some("/d".into())),
            ("-L me", |o| o.local_peer = Some("me".into())),
            ("-n 5", |o| o.maxconn = Some(5)),
            ("-n abc", |_| {}),
            ("-n 12x", |o| o.maxconn = Some(12)),
            ("-N 6", |o| o.proxy_maxconn = Some(6)),
            ("-m 7", |o| o.memory_limit = Some(7)),
            ("-4", |o| o.ipv4_only = true),
            ("-dW", |o| o.zero_warning = true),
            ("-dD", |o| o.diagnostics = true),
            ("-dR", |o| o.no_reuse_port = true),
            ("-dr", |o| o.ignore_resolution = true),
            ("-dC", |o| o.dump_configuration = Some(Style::default())),
            ("-dCkey,line", |o| {
                o.dump_configuration = Some(Style {
                    bare: true,
                    numbered: true,
                })
            }),
            ("-dKall", |o| o.keywords = vec!["all".into()]),
            ("-dKcfg,cnv", |o| {
                o.keywords = vec!["cfg".into(), "cnv".into()]
            }),
            ("-x /x", |o| o.sockets_from = Some("/x".into())),
            ("-sf 1 22", |o| o.old_pids = vec![1, 22]),
            ("-sf", |_| {}),
            ("-st 3", |o| {
                o.old_pids = vec![3];
                o.terminate_old = true;
            }),
            (
                "-dM -dM0 -dMno-cache -dI -de -dp -dS -dG -dt -dtall -dZ -dL -dF -dAx -dV -dT -dc",
                |_| {},
            ),
        ];
        for (line, set) in table {
            let mut expected = Options {
                files: vec!["a".into()],
                ..Options::default()
            };
            set(&mut expected);
            assert_eq!(run(&format!("{line} -f a")), expected, "{line}");
        }
    }

    #[test]
    fn a_master_is_executed_anew_without_its_predecessors() {
        let table = [
            ("-W -f a -sf 1 2 -x s -p b", "-W -f a -p b"),
            (
                "-sf 7 -x sockpair@4 -Ws -S -x,level,user -- -sf",
                "-Ws -S -x,level,user -- -sf",
            ),
            ("-st -W -f -x", "-W -f -x"),
        ];
        for (line, kept) in table {
            assert_eq!(without_predecessors(&words(line)), words(kept), "{line}");
        }
    }

    #[test]
    fn version_and_condition_win_over_a_run() {
        let table = [
            ("-v", VersionForm::Plain),
            ("-vx", VersionForm::Plain),
            ("-dM -dI -dW -vv", VersionForm::Full),
            ("-vq", VersionForm::Version),
            ("-vqs", VersionForm::Short),
            ("-f a -vqb", VersionForm::Branch),
        ];
        for (line, form) in table {
            assert_eq!(parse(&words(line)), Ok(Command::Version(form)), "{line}");
        }
        assert_eq!(
            parse(&words("-cc feature(THREAD) -V")),
            Ok(Command::Condition(b"feature(THREAD)".to_vec()))
        );
        assert_eq!(
            parse(&words("-cc -V")),
            Ok(Command::Condition(b"-V".to_vec()))
        );
    }

    #[test]
    fn what_haproxy_refuses_is_refused() {
        let usage = [
            "", "-c", "-?", "-h", "--help", "-k", "-6", "-c a.cfg", "-s", "-sx", "-cc", "-dh",
            "-du", "-",
        ];
        for line in usage {
            assert_eq!(parse(&words(line)), Err(Refusal::Usage(None)), "{line}");
        }
        assert!(matches!(parse(&words("-x")), Err(Refusal::Usage(Some(_)))));
        for line in [
            "-f",
            "-C",
            "-p",
            "-L",
            "-n",
            "-m",
            "-N",
            "-S",
            "-dA",
            "-sf 1 foo -f a",
        ] {
            assert!(
                matches!(parse(&words(line)), Err(Refusal::Alert(_))),
                "{line}"
            );
        }
    }
}
