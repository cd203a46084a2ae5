//! Which back ends a front end leads to, and expressions inside other words.

use super::matcher::Expr;
use super::{Kind, Model, Scope};
use crate::config::directive::Word;

/// The back ends of a front end.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// Places in [`Model::scopes`].
    pub backends: Vec<usize>,
    /// A name is made from the request, so any back end may be meant.
    pub dynamic: bool,
}

impl<'d> Model<'d> {
    /// Where requests of a front end go.
    pub fn routes(&self, front: &Scope<'d>) -> Routes {
        let mut routes = Routes::default();
        if front.kind == Kind::Listen {
            routes.backends.push(front.index);
        }
        let default = self.setting(front, &["default_backend"]);
        let names = front.set("use_backend").filter_map(|s| s.args.first());
        for name in names.chain(default.and_then(|l| l.word(1))) {
            if memchr::memmem::find(name.bytes(), b"%[").is_some() || self.has_variable(name) {
                routes.dynamic = true;
            } else if let Some(scope) = self.backend_named(name.bytes()) {
                routes.backends.push(scope.index);
            }
        }
        routes
    }

    /// The front ends that lead to a back end, itself included where it is a `listen`.
    pub fn frontends_of<'a>(&'a self, back: &'a Scope<'d>) -> Vec<&'a Scope<'d>> {
        let leads = |f: &&Scope<'d>| {
            let routes = self.routes(f);
            routes.dynamic || routes.backends.contains(&back.index)
        };
        self.frontends().filter(leads).collect()
    }
}

/// The expressions of a log format: what stands in `%[...]` of a word.
pub fn expressions(word: &Word) -> Vec<Expr<'_>> {
    let Some(text) = word.as_str() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("%[") {
        let inside = rest.get(at + 2..).unwrap_or_default();
        let mut depth = 0;
        let end = inside.char_indices().find(|(_, c)| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth -= 1;
                false
            }
            ']' => depth <= 0,
            _ => false,
        });
        let Some((end, _)) = end else {
            break;
        };
        out.extend(inside.get(..end).and_then(Expr::parse));
        rest = inside.get(end + 1..).unwrap_or_default();
    }
    out
}
