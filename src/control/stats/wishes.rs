//! What the words behind the page's address ask for (management guide 9.1).

/// The words of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// In which form the numbers come.
    pub form: Form,
    /// `;up`
    pub up: bool,
    /// `;no-maint`
    pub no_maint: bool,
    /// `;norefresh`
    pub no_refresh: bool,
    /// `scope=NAME`: a part of the proxies' names, in any case
    pub scope: String,
    /// `;st=WORD`: how a form that was sent went
    pub told: Option<String>,
}

/// A form in which the numbers come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A page for people.
    #[default]
    Html,
    /// Comma-separated values under a line of headings.
    Csv,
    /// JSON.
    Json,
    /// No numbers, but what the JSON consists of.
    JsonSchema,
    /// One value per line, with its type.
    Typed,
}

impl Form {
    /// `content-type` of an answer in this form.
    pub fn content_type(self) -> &'static str {
        match self {
            Form::Html => "text/html",
            Form::Csv | Form::Typed => "text/plain",
            Form::Json | Form::JsonSchema => "application/json",
        }
    }
}

/// A longer text cannot be typed into the page's own form.
const LONGEST_SCOPE: usize = 20;

impl Wishes {
    /// Of what follows the address.
    pub fn of(rest: &[u8]) -> Wishes {
        let text = String::from_utf8_lossy(rest);
        let has = |word: &str| text.contains(word);
        let value = |word: &str| {
            let (_, rest) = text.split_once(word)?;
            let end = rest.find(['&', ';', '?', '#']).unwrap_or(rest.len());
            rest.get(..end)
        };
        let form = if has(";json-schema") {
            Form::JsonSchema
        } else if has(";json") {
            Form::Json
        } else if has(";csv") {
            Form::Csv
        } else if has(";typed") {
            Form::Typed
        } else {
            Form::Html
        };
        // what no name consists of, and a single character, name nothing (observed)
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let scope = value("scope=").filter(|s| s.len() > 1 && s.chars().all(plain));
        Wishes {
            form,
            up: has(";up"),
            no_maint: has(";no-maint"),
            no_refresh: has(";norefresh"),
            scope: scope
                .unwrap_or_default()
                .chars()
                .take(LONGEST_SCOPE)
                .collect(),
            told: value(";st=").map(str::to_owned),
        }
    }

    /// The words again, as they stand behind an address on the page; `change` tells how they
    /// differ.
    pub fn link(&self, change: impl FnOnce(&mut Wishes)) -> String {
        let mut wishes = self.clone();
        change(&mut wishes);
        let mut out = String::new();
        out.push_str(match wishes.form {
            Form::Html => "",
            Form::Csv => ";csv",
            Form::Json => ";json",
            Form::JsonSchema => ";json-schema",
            Form::Typed => ";typed",
        });
        for (set, word) in [
            (wishes.up, ";up"),
            (wishes.no_maint, ";no-maint"),
            (wishes.no_refresh, ";norefresh"),
        ] {
            if set {
                out.push_str(word);
            }
        }
        if !wishes.scope.is_empty() {
            out.push_str("?scope=");
            out.push_str(&wishes.scope);
        }
        out
    }

    /// Where a browser is sent after a form: to the page, which tells how it went. `refreshes`:
    /// the page does so unless `;norefresh` says otherwise.
    pub fn after_form(&self, word: &str, refreshes: bool) -> String {
        let mut back = format!(";st={word}");
        if self.up {
            back.push_str(";up");
        }
        if self.no_refresh && refreshes {
            back.push_str(";norefresh");
        }
        if !self.scope.is_empty() {
            back.push_str("?scope=");
            back.push_str(&self.scope);
        }
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_the_address() {
        let w = Wishes::of(b";csv;norefresh?scope=web");
        assert!(w.form == Form::Csv && w.no_refresh && !w.up);
        assert_eq!(w.scope, "web");
        let w = Wishes::of(b";up");
        assert_eq!(w.link(|w| w.no_refresh = true), ";up;norefresh");
        assert_eq!(Wishes::of(b";st=DENY;up").told.as_deref(), Some("DENY"));
        assert_eq!(Wishes::of(b"X/y"), Wishes::default());
    }

    #[test]
    fn scopes_are_names() {
        let scope = |words: &str| Wishes::of(words.as_bytes()).scope;
        assert_eq!(scope("?scope=ab&x"), "ab");
        assert_eq!(
            scope(";scope=abcdefghijklmnopqrstuv"),
            "abcdefghijklmnopqrst"
        );
        for none in ["?scope=a", "?scope=a<b", "?scope=a%41", "?scope="] {
            assert_eq!(scope(none), "", "{none}");
        }
    }

    #[test]
    fn one_form_at_a_time() {
        for (words, form) in [
            (";csv;json", Form::Json),
            (";json;csv", Form::Json),
            (";json-schema", Form::JsonSchema),
            (";typed", Form::Typed),
            (";CSV", Form::Html),
            ("?csv", Form::Html),
            ("?;csv", Form::Csv),
        ] {
            assert_eq!(Wishes::of(words.as_bytes()).form, form, "{words}");
        }
    }

    #[test]
    fn the_way_back_from_a_form() {
        let back =
            |words: &str, refreshes| Wishes::of(words.as_bytes()).after_form("DONE", refreshes);
        assert_eq!(back(";csv;st=NONE", true), ";st=DONE");
        assert_eq!(
            back(";norefresh;up?scope=be", false),
            ";st=DONE;up?scope=be"
        );
        assert_eq!(back(";norefresh;no-maint", true), ";st=DONE;norefresh");
    }
}
