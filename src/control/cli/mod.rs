//! The runtime API ("stats socket", management guide 9.3): commands in, text out. No socket here.
//!
//! [`Session::feed`] takes bytes as they come and appends answers; [`COMMANDS`] is the language.
//! One command is one file and one line below.

mod absent;
mod add_server;
mod backend;
mod clear_counters;
mod debug_dev;
mod echo;
mod expert_mode;
mod frontend;
mod health;
mod help;
mod level;
mod maps;
mod named;
mod profiling;
mod prompt;
mod quit;
pub mod server;
mod session;
mod set_maxconn;
mod set_rate_limit;
mod set_server;
mod set_server_addr;
mod set_severity_output;
mod set_timeout;
mod show_activity;
mod show_cli;
mod show_env;
mod show_errors;
mod show_events;
mod show_info;
mod show_libs;
mod show_resolvers;
mod show_schema;
mod show_servers;
mod show_sess;
mod show_ssl;
mod show_startup_logs;
mod show_stat;
mod show_threads;
mod show_version;
mod ssl;
mod ssl_jwt;
mod table;
mod var;
mod wait;
mod weight;

pub use echo::ECHO;
pub use expert_mode::{EXPERIMENTAL, EXPERT};
pub use help::COMMAND as HELP;
pub use level::{OPERATOR, USER};
pub use prompt::COMMAND as PROMPT;
pub use quit::COMMAND as QUIT;
pub use session::{Flow, Prompt, Session, Terms, payload_mark, uptime};
pub use show_cli::{LEVEL, SOCKETS};
pub use show_env::COMMAND as ENVIRONMENT;
pub use show_info::info_fields;
pub use show_startup_logs::COMMAND as STARTUP_LOGS;
pub use show_version::COMMAND as VERSION;

use super::world::World;
use crate::ir::bind::{CliLevel, Severity};
use bstr::ByteSlice;

/// Every command, in the order that `help` lists them.
pub const COMMANDS: &[&Command] = &[
    &ssl::ABORT_CA_FILE,
    &ssl::ABORT_CERT,
    &ssl::ABORT_CRL_FILE,
    &maps::ADD_ACL,
    &backend::ADD,
    &maps::ADD_MAP,
    &add_server::ADD,
    &ssl_jwt::ADD,
    &ssl::ADD_CA_FILE,
    &ssl::ADD_CRT_LIST,
    &maps::CLEAR_ACL,
    &clear_counters::COMMAND,
    &maps::CLEAR_MAP,
    &table::CLEAR,
    &maps::COMMIT_ACL,
    &maps::COMMIT_MAP,
    &debug_dev::DELAY,
    &debug_dev::EXIT,
    &debug_dev::HASH,
    &debug_dev::LOG,
    &debug_dev::LOOP,
    &ssl::COMMIT_CA_FILE,
    &ssl::COMMIT_CERT,
    &ssl::COMMIT_CRL_FILE,
    &maps::DEL_ACL,
    &backend::DEL,
    &maps::DEL_MAP,
    &add_server::DEL,
    &ssl_jwt::DEL,
    &ssl::DEL_CA_FILE,
    &ssl::DEL_CERT,
    &ssl::DEL_CRL_FILE,
    &ssl::DEL_CRT_LIST,
    &health::DISABLE_AGENT,
    &frontend::DISABLE,
    &health::DISABLE,
    &set_server::DISABLE,
    &ssl::DUMP_CERT,
    &echo::ECHO,
    &health::ENABLE_AGENT,
    &frontend::ENABLE,
    &health::ENABLE,
    &set_server::ENABLE,
    &expert_mode::EXPERIMENTAL,
    &expert_mode::EXPERT,
    &maps::GET_ACL,
    &maps::GET_MAP,
    &var::GET,
    &weight::GET,
    &ssl::NEW_CA_FILE,
    &ssl::NEW_CERT,
    &ssl::NEW_CRL_FILE,
    &level::OPERATOR,
    &maps::PREPARE_ACL,
    &maps::PREPARE_MAP,
    &backend::PUBLISH,
    &absent::ANON_OFF,
    &maps::SET_MAP,
    &set_maxconn::FRONTEND,
    &set_maxconn::GLOBAL,
    &set_maxconn::SERVER,
    &profiling::SET,
    &set_rate_limit::COMMAND,
    &set_server::SET,
    &set_severity_output::COMMAND,
    &ssl::SET_CA_FILE,
    &ssl::SET_CERT,
    &ssl::SET_CRL_FILE,
    &ssl::SET_OCSP_RESPONSE,
    &ssl::SET_TLS_KEY,
    &table::SET,
    &set_timeout::COMMAND,
    &var::SET,
    &weight::SET,
    &maps::SHOW_ACL,
    &show_activity::COMMAND,
    &absent::ANON,
    &backend::SHOW,
    &absent::CACHE,
    &show_cli::LEVEL,
    &show_cli::SOCKETS,
    &show_env::COMMAND,
    &show_errors::COMMAND,
    &show_events::COMMAND,
    &show_libs::FD,
    &show_info::COMMAND,
    &show_libs::LIBS,
    &maps::SHOW_MAP,
    &absent::PEERS,
    &absent::POOLS,
    &profiling::SHOW,
    &show_resolvers::COMMAND,
    &show_schema::COMMAND,
    &show_servers::CONN,
    &show_servers::STATE,
    &show_sess::SHOW,
    &show_ssl::CA_FILE,
    &show_ssl::CERTIFICATES,
    &show_ssl::CRL_FILE,
    &show_ssl::CRT_LIST,
    &ssl_jwt::SHOW,
    &show_ssl::OCSP_RESPONSE,
    &show_ssl::SNI,
    &show_startup_logs::COMMAND,
    &show_stat::COMMAND,
    &table::SHOW,
    &show_threads::TASKS,
    &show_threads::THREADS,
    &show_ssl::TLS_KEYS,
    &absent::SHOW_TRACE,
    &show_version::COMMAND,
    &frontend::SHUTDOWN,
    &show_sess::SHUTDOWN,
    &show_sess::SHUTDOWN_SERVER,
    &absent::TRACE,
    &backend::UNPUBLISH,
    &level::USER,
    &wait::COMMAND,
    &help::COMMAND,
    &prompt::COMMAND,
    &quit::COMMAND,
];

/// One command.
#[derive(Debug)]
pub struct Command {
    /// The words that it begins with.
    pub words: &'static [&'static str],
    /// How it is called, for `help`; empty for one that `help` leaves out.
    pub usage: &'static str,
    /// What it does, for `help`.
    pub meaning: &'static str,
    /// Who may call it.
    pub level: CliLevel,
    /// Does it.
    pub run: fn(&mut Call<'_>) -> Flow,
}

impl Command {
    /// A command of a family: one line each in the family's file.
    const fn new(
        words: &'static [&'static str],
        usage: &'static str,
        meaning: &'static str,
        level: CliLevel,
        run: fn(&mut Call<'_>) -> Flow,
    ) -> Command {
        Command {
            words,
            usage,
            meaning,
            level,
            run,
        }
    }
    /// Its name as tables have it.
    pub fn name(&self) -> String {
        match self.words {
            // what is no command of its own but says whom a line is for
            ["@"] => self.usage.to_owned(),
            words => words.join(" "),
        }
    }
}

/// One call of a command.
pub struct Call<'a> {
    /// The words after those of the command.
    pub args: &'a [&'a [u8]],
    /// What followed `<<`.
    pub payload: Option<&'a [u8]>,
    /// Who calls.
    pub session: &'a mut Session,
    /// What is asked and changed.
    pub world: &'a dyn World,
    /// Where the answer goes.
    pub out: &'a mut Vec<u8>,
    /// Sends what `out` holds; false: nobody is there any more.
    pub send: &'a mut dyn FnMut(&mut Vec<u8>) -> bool,
}

/// How weighty a message is, as syslog counts (`set severity-output`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Refused or failed.
    Error = 3,
    /// Told.
    Info = 6,
}

impl Call<'_> {
    /// Sends what there is of a long answer when it has become much; false: nobody wants the rest.
    pub fn flush(&mut self) -> bool {
        self.out.len() < session::MUCH || (self.send)(self.out)
    }

    /// An argument, empty when there are fewer.
    pub fn arg(&self, index: usize) -> &[u8] {
        self.args.get(index).copied().unwrap_or_default()
    }

    /// Answers with a message, which carries its weight if the session wants that.
    pub fn say(&mut self, weight: Weight, text: &str) -> Flow {
        self.say_bytes(weight, text.as_bytes())
    }

    /// The same, whatever the bytes.
    pub fn say_bytes(&mut self, weight: Weight, text: &[u8]) -> Flow {
        let prefix = match (self.session.severity, weight) {
            (Severity::None, _) => "",
            (Severity::Number, Weight::Error) => "[3]: ",
            (Severity::Number, Weight::Info) => "[6]: ",
            (Severity::String, Weight::Error) => "[err]: ",
            (Severity::String, Weight::Info) => "[info]: ",
        };
        self.out.extend_from_slice(prefix.as_bytes());
        self.out.extend_from_slice(text);
        self.out.push(b'\n');
        Flow::More
    }

    /// Answers that it could not be done.
    pub fn error(&mut self, text: &str) -> Flow {
        self.say(Weight::Error, text)
    }

    /// Answers with a text.
    pub fn info(&mut self, text: &str) -> Flow {
        self.say(Weight::Info, text)
    }

    /// Appends a line of a dump.
    pub fn line(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
    }
}

/// The command of a line: the longest of a language that its words begin with.
fn find<'c>(language: &'c [&'c Command], words: &[&[u8]]) -> Option<&'c Command> {
    let fits = |c: &&&Command| {
        c.words.len() <= words.len() && c.words.iter().zip(words).all(|(a, b)| a.as_bytes() == *b)
    };
    language
        .iter()
        .filter(fits)
        .max_by_key(|c| c.words.len())
        .copied()
}

/// Splits a command at its blanks. A backslash takes the next byte as it is; quotes mean nothing.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => words.extend(word.take()),
            b'\\' => {
                if let Some(next) = bytes.next() {
                    word.get_or_insert_default().push(*next);
                }
            }
            other => word.get_or_insert_default().push(*other),
        }
    }
    words.extend(word);
    words
}

/// Splits a line at its semicolons, but for those behind a backslash.
pub fn commands(line: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b';' => {
                parts.push(line.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(line.get(start..).unwrap_or_default());
    parts
}

/// Most words of a command.
const MOST_WORDS: usize = 64;

/// Runs one command of a line and ends its answer with an empty line.
pub fn execute(
    command: &[u8],
    payload: Option<&[u8]>,
    session: &mut Session,
    world: &dyn World,
    out: &mut Vec<u8>,
    send: &mut dyn FnMut(&mut Vec<u8>) -> bool,
) -> Flow {
    let owned = words(command);
    let words: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
    let mut call = Call {
        args: &words,
        payload,
        session,
        world,
        out,
        send,
    };
    let Some(first) = words.first() else {
        call.out.push(b'\n');
        return Flow::More;
    };
    let flow = match find(call.session.language, &words) {
        _ if words.len() > MOST_WORDS => call.error(&format!(
            "Too many arguments. Commands must have at most {MOST_WORDS} arguments."
        )),
        None => help::unknown(&mut call, first),
        Some(c) if call.session.level < c.level => call.error("Permission denied"),
        Some(c) => {
            call.args = words.get(c.words.len()..).unwrap_or_default();
            let flow = (c.run)(&mut call);
            if let Some(shared) = world.shared() {
                shared.followed();
            }
            flow
        }
    };
    if flow == Flow::More {
        call.out.push(b'\n');
    }
    flow
}

/// A word for a message, whatever its bytes.
fn shown(word: &[u8]) -> String {
    word.to_str_lossy()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
