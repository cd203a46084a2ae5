//! `set-map(file)`, `del-map(file)`, `add-acl(file)`, `del-acl(file)`: lists of patterns edited by
//! requests and responses.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use crate::sample::reference::{Reference, References};
use std::sync::{Arc, OnceLock};

#[derive(Clone, Copy, Debug)]
enum Edit {
    SetMap,
    DelMap,
    AddAcl,
    DelAcl,
}

#[derive(Debug)]
struct EditList {
    edit: Edit,
    name: String,
    /// A later line may be the first to name the list.
    all: References,
    list: OnceLock<Option<Arc<Reference>>>,
    key: LogFormat,
    value: Option<LogFormat>,
}

impl Act for EditList {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let list = self.list.get_or_init(|| self.all.find(&self.name));
        let Some(list) = list else {
            return Flow::Continue;
        };
        let mut key = run.scratch.take_text();
        let mut value = run.scratch.take_text();
        self.key.render(&run.eval(), &mut key);
        if let Some(format) = &self.value {
            format.render(&run.eval(), &mut value);
        }
        // What cannot be a key or a value changes nothing.
        match self.edit {
            Edit::SetMap => {
                let _ = list.set_or_add(&key, &value);
            }
            Edit::AddAcl => {
                let _ = list.add_new(&key);
            }
            Edit::DelMap | Edit::DelAcl => {
                list.delete(&key);
            }
        }
        run.scratch.give_text(key);
        run.scratch.give_text(value);
        Flow::Continue
    }
}

fn compile(line: &mut Line<'_, '_, '_>, edit: Edit) -> Result<Arc<dyn Act>, Fault> {
    let wanted = match edit {
        Edit::SetMap => 2,
        _ => 1,
    };
    let missing = format!("expects exactly {wanted} arguments");
    let verb = line.verb.bytes();
    let open = memchr::memchr(b'(', verb).ok_or_else(|| missing.clone())?;
    let inner = verb.get(open + 1..).unwrap_or_default();
    let name = inner.strip_suffix(b")").ok_or_else(|| missing.clone())?;
    let name = bstr::BStr::new(name).to_string();
    let key = line.format(&missing)?;
    let value = match edit {
        Edit::SetMap => Some(line.format(&missing)?),
        _ => None,
    };
    Ok(Arc::new(EditList {
        edit,
        name,
        all: line.cx.references.clone(),
        list: OnceLock::new(),
        key,
        value,
    }))
}

macro_rules! keyword {
    ($name:literal, $edit:ident, $sets:expr, $doc:literal, $line:literal) => {
        Keyword {
            name: $name,
            prefix: true,
            sets: $sets,
            compile: |line| compile(line, Edit::$edit),
            doc: $doc,
            examples: &[Example {
                line: $line,
                result: "",
            }],
        }
    };
}

pub(super) static KEYWORDS: &[Keyword] = &[
    keyword!(
        "set-map",
        SetMap,
        RuleSets::HTTP,
        "Gives a key of a map a value.",
        "http-request set-map(none) %[src] %[path]"
    ),
    keyword!(
        "del-map",
        DelMap,
        RuleSets::HTTP,
        "Takes a key out of a map.",
        "http-request del-map(none) %[src]"
    ),
    keyword!(
        "add-acl",
        AddAcl,
        RuleSets::REQUEST.union(RuleSets::RESPONSE),
        "Adds a pattern to an ACL's file, in memory.",
        "http-request add-acl(none) %[src]"
    ),
    keyword!(
        "del-acl",
        DelAcl,
        RuleSets::HTTP,
        "Takes a pattern out of an ACL's file, in memory.",
        "http-request del-acl(none) %[src]"
    ),
];
