//! What a request for the metrics asks for.

use crate::control::stats::Kind;

/// The query of such a request.
#[derive(Debug)]
pub struct Asked {
    /// Metrics of the process.
    pub global: bool,
    /// Of which other things.
    pub kinds: Vec<Kind>,
    /// Servers in maintenance are left out.
    pub no_maint: bool,
    /// With the counters of modules.
    pub extra: bool,
    /// Descriptions stand among the labels.
    pub desc_labels: bool,
    only: Vec<String>,
    without: Vec<String>,
}

/// All kinds.
const ALL: [Kind; 4] = [Kind::Frontend, Kind::Listener, Kind::Backend, Kind::Server];

impl Asked {
    /// Of a request's path and query; `None` when the query makes no sense.
    pub fn of(target: &[u8]) -> Option<Asked> {
        let mut asked = Asked {
            global: true,
            kinds: ALL.to_vec(),
            no_maint: false,
            extra: false,
            desc_labels: false,
            only: Vec::new(),
            without: Vec::new(),
        };
        let query = target.splitn(2, |b| *b == b'?').nth(1).unwrap_or_default();
        let query = query.split(|b| *b == b'#').next().unwrap_or_default();
        let mut scoped = false;
        for part in query.split(|b| *b == b'&') {
            let mut halves = part.splitn(2, |b| *b == b'=');
            let key = decoded(halves.next().unwrap_or_default());
            let value = halves.next().map(decoded);
            match key.as_str() {
                "scope" => {
                    if !std::mem::replace(&mut scoped, true) {
                        asked.global = false;
                        asked.kinds.clear();
                    }
                    asked.scope(&value?)?;
                }
                "metrics" => asked.metrics(&value?),
                "no-maint" => asked.no_maint = true,
                "extra-counters" => asked.extra = true,
                "desc-labels" => asked.desc_labels = true,
                _ => {}
            }
        }
        Some(asked)
    }

    fn scope(&mut self, name: &str) -> Option<()> {
        match name {
            "" => {
                self.global = false;
                self.kinds.clear();
            }
            "*" => {
                self.global = true;
                self.kinds = ALL.to_vec();
            }
            "global" => self.global = true,
            "frontend" => self.kinds.push(Kind::Frontend),
            "listener" => self.kinds.push(Kind::Listener),
            "backend" => self.kinds.push(Kind::Backend),
            "server" => self.kinds.push(Kind::Server),
            // known, and nothing there
            "sticktable" | "resolver" => {}
            _ => return None,
        }
        Some(())
    }

    fn metrics(&mut self, list: &str) {
        for name in list.split(',') {
            match name.strip_prefix('-') {
                Some("") => {}
                Some(name) => self.without.push(name.to_owned()),
                None if name.is_empty() => {}
                None => self.only.push(name.to_owned()),
            }
        }
    }

    /// Whether a metric is asked for.
    pub fn wants(&self, name: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|n| n == name))
            && !self.without.iter().any(|n| n == name)
    }
}

/// Text of a query with its escapes resolved.
fn decoded(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(b) = rest.next() {
        let hex = |b: Option<&u8>| char::from(*b?).to_digit(16);
        let mut ahead = rest.clone();
        match (b, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = ahead;
            }
            _ => out.push(*b),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        let of = |query: &str| {
            let asked = Asked::of(format!("/metrics{query}").as_bytes())?;
            Some((asked.global, asked.kinds.len()))
        };
        assert_eq!(of(""), Some((true, 4)));
        assert_eq!(of("?scope=server&scope=frontend"), Some((false, 2)));
        assert_eq!(of("?scope=global&scope="), Some((false, 0)));
        assert_eq!(of("?scope=%73erver"), Some((false, 1)));
        assert_eq!(of("?scope=*"), Some((true, 4)));
        assert_eq!(of("?scope"), None);
        assert_eq!(of("?scope=foo"), None);
        assert_eq!(of("?metrics"), None);
        assert_eq!(of("?filter"), Some((true, 4)));
    }

    #[test]
    fn names() {
        let wants = |query: &str, name| Asked::of(query.as_bytes()).unwrap().wants(name);
        assert!(wants("?metrics=a,b", "a"));
        assert!(!wants("?metrics=a,b", "c"));
        assert!(!wants("?metrics=-a", "a"));
        assert!(wants("?metrics=-a", "b"));
        assert!(wants("?metrics=-", "b"));
    }
}
