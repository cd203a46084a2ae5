//! `expose-fd`, `level`, `severity-output` of a `stats socket` (a `bind` line takes them too, without use).

use super::{BindOption, Fault};
use crate::config::args::Args;
use crate::ir::Bind;
use crate::ir::bind::{CliLevel, Severity};

/// `expose-fd listeners`
pub const EXPOSE_FD: BindOption = BindOption {
    name: "expose-fd",
    lower: expose_fd,
};
/// `level user|operator|admin`
pub const LEVEL: BindOption = BindOption {
    name: "level",
    lower: level,
};
/// `severity-output none|number|string`
pub const SEVERITY_OUTPUT: BindOption = BindOption {
    name: "severity-output",
    lower: severity_output,
};

fn expose_fd(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.here();
    let text = match args.next_word() {
        Some(word) if &word.text[..] == b"listeners" => {
            bind.cli.expose_fd_listeners = true;
            return Ok(());
        }
        Some(word) => format!(
            "'expose-fd' only supports 'listeners' (got '{}')",
            word.display()
        ),
        None => "'expose-fd' : missing fd type".to_string(),
    };
    Err(Fault { text, span: here })
}

fn level(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.here();
    let Some(word) = args.next_word() else {
        return Err(Fault::about("level", here, "missing level"));
    };
    bind.cli.level = match &word.text[..] {
        b"user" => CliLevel::User,
        b"operator" => CliLevel::Operator,
        b"admin" => CliLevel::Admin,
        _ => {
            return Err(Fault {
                text: format!(
                    "'level' only supports 'user', 'operator', and 'admin' (got '{}')",
                    word.display()
                ),
                span: word.span,
            });
        }
    };
    Ok(())
}

fn severity_output(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.here();
    let word = args.next_word();
    bind.cli.severity_output = match word.map(|w| &w.text[..]) {
        Some(b"none") => Severity::None,
        Some(b"number") => Severity::Number,
        Some(b"string") => Severity::String,
        other => {
            let got = String::from_utf8_lossy(other.unwrap_or_default());
            return Err(Fault {
                text: format!(
                    "'severity-output' only supports 'none', 'number', and 'string' (got '{got}')"
                ),
                span: here,
            });
        }
    };
    Ok(())
}
