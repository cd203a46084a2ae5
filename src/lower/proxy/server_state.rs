//! `load-server-state-from-file`, `server-state-file-name` (configuration manual 4.2).

use crate::config::args::Args;
use crate::ir::proxy::StateFile;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `load-server-state-from-file global|local|none`
pub const LOAD: KeywordHandler =
    KeywordHandler::new(&["load-server-state-from-file"], Sections::ANY_PROXY, load);
/// `server-state-file-name [use-backend-name|FILE]`
pub const NAME: KeywordHandler =
    KeywordHandler::new(&["server-state-file-name"], Sections::ANY_PROXY, name);

fn load(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "load-server-state-from-file") {
        return;
    }
    let here = args.here();
    let word = args.next_word();
    let from = match word.map(|w| w.bytes()) {
        Some(b"global") => StateFile::Global,
        Some(b"local") => StateFile::Local,
        Some(b"none") => StateFile::None,
        other => {
            let got = String::from_utf8_lossy(other.unwrap_or_default());
            let message = format!(
                "'load-server-state-from-file' expects 'global', 'local' or 'none'. Got '{got}'"
            );
            args.alert("HX0162", here, message);
            return;
        }
    };
    cx.set(|s| s.load_server_state = from);
}

fn name(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "server-state-file-name") {
        return;
    }
    let word = args.next_word().filter(|w| !w.is("use-backend-name"));
    let name = word.map(|w| w.display().to_string());
    args.end("server-state-file-name");
    cx.set(|s| s.server_state_file_name = name);
}
