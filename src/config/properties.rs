//! What must hold for any input at all.

use super::address::{self, Address, Kind};
use super::condition::{self, Facts};
use super::directive::Word;
use super::environment::Environment;
use super::lex::{self, Place};
use super::print;
use super::read::{Input, read};
use crate::base::render::{HaProxy, Human, short};
use crate::base::span::{FileId, Span};
use crate::base::units::{self, ShowSize, ShowTime, TimeUnit};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn place() -> Place<'static> {
    Place {
        file: FileId(0),
        name: "t.cfg",
        line: 1,
        section: b"s",
    }
}

fn environment() -> Environment {
    [("A", "aa"), ("B", " b1  b2 "), ("E", "")]
        .into_iter()
        .collect()
}

fn facts() -> Facts {
    Facts {
        version: "3.4.0".to_owned(),
        ..Facts::default()
    }
}

fn word(text: &[u8]) -> Word {
    Word {
        text: text.into(),
        span: Span {
            file: FileId(0),
            line: 1,
            start: 0,
            end: u32::try_from(text.len()).unwrap_or_default(),
        },
    }
}

/// Bytes that mean something to the lexer far more often than chance would have it.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec(any::<u8>(), 1..4),
        proptest::sample::select(vec![
            "global\n",
            "frontend f\n",
            " bind :80\n",
            "\n",
            "\r\n",
            " ",
            "\t",
            "\"",
            "'",
            "\\",
            "\\x",
            "\\x41",
            "#",
            "$",
            "$A",
            "${",
            "${A}",
            "${A-",
            "\"${B[*]}\"",
            "\"${U[*]-x y}\"",
            "}",
            "[*]",
            ".if ",
            ".elif ",
            ".else\n",
            ".endif\n",
            ".notice ",
            "(",
            ")",
            "!",
            "&&",
            "||",
            "streq(",
            "defined(",
            ",",
            "1",
            "0",
            "no ",
            "setenv ",
            "resetenv ",
            "\0",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The same inputs in every run; `PROPTEST_CASES` asks for more of them.
fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(34),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_file_is_read_and_its_findings_rendered(text in lines()) {
        let input = Input { name: "t.cfg".to_owned(), text };
        let (document, findings) = read(vec![input], &mut environment(), &facts());
        let mut haproxy = HaProxy::new(1, "3.4.0", "haproxy");
        haproxy.diag = true;
        for finding in &findings {
            prop_assert!(finding.span.is_some());
            prop_assert!(haproxy.render(finding, &document.sources).ends_with('\n'));
            prop_assert!(Human::new(false).render(finding, &document.sources).ends_with('\n'));
            prop_assert_eq!(short(finding, &document.sources).lines().count(), 1);
        }
        for section in &document.sections {
            for line in std::iter::once(&section.head).chain(&section.lines) {
                prop_assert!(!line.words.is_empty() && line.words.len() <= lex::MAX_WORDS);
                for word in &line.words {
                    let source = document.sources.file(word.span.file);
                    let text = source.and_then(|s| s.line(word.span.line)).unwrap_or_default();
                    prop_assert!(word.span.start < word.span.end);
                    prop_assert!(word.span.end as usize <= text.len());
                    prop_assert!(!word.text.is_empty());
                }
            }
        }
    }

    #[test]
    fn printed_words_are_read_again(words in vec(vec(1u8.., 0..12), 1..20)) {
        let words: Vec<Word> = words.iter().map(|w| word(w)).collect();
        let text = print::words(&words);
        prop_assert!(!text.contains(&b'\n') && !text.contains(&b'\r'));
        let again = lex::line(&text, place(), &environment());
        let again = again.map_err(|f| TestCaseError::fail(f.message))?;
        let texts = |list: &[Word]| list.iter().map(|w| w.text.clone()).collect::<Vec<_>>();
        prop_assert_eq!(texts(&words), texts(&again));
    }

    #[test]
    fn a_lexed_line_printed_is_the_same_line(text in lines()) {
        if let Ok(words) = lex::line(&text, place(), &environment()) {
            let printed = print::words(&words);
            let again = lex::line(&printed, place(), &Environment::default());
            let again = again.map_err(|f| TestCaseError::fail(f.message))?;
            let texts = |list: &[Word]| list.iter().map(|w| w.text.clone()).collect::<Vec<_>>();
            prop_assert_eq!(texts(&words), texts(&again));
        }
    }

    #[test]
    fn any_condition_is_answered_or_refused(text in lines()) {
        if let Err(fault) = condition::evaluate(&text, &environment(), &facts()) {
            prop_assert!(fault.at <= text.len());
        }
    }

    #[test]
    fn a_shown_address_is_read_again(
        text in "((stream|dgram|quic)\\+)?((tcp|udp|ipv|quic|mptcp)[46]?@|unix@|abnsz?@|fd@|sockpair@|rhttp@)?\
                 (\\*|[0-9a-f:.\\[\\]]{0,9}|[a-z/]{1,5})(:[-+]?[0-9]{0,6}(-[0-9]{0,5})?)?"
    ) {
        let kind = Kind { datagram: true, offset: true, port_required: false, ..Kind::BIND };
        if let Ok(address) = address::parse(&word(text.as_bytes()), kind) {
            let again = address::parse(&word(address.to_string().as_bytes()), kind);
            let again = again.map_err(|f| TestCaseError::fail(f.message))?;
            prop_assert_eq!(Address { span: address.span, ..again }, address);
        }
    }

    #[test]
    fn any_bytes_are_an_address_or_refused(text in vec(any::<u8>(), 0..40)) {
        let _ = address::list(&word(&text), Kind::BIND);
        let _ = address::list(&word(&text), Kind::SERVER);
    }

    #[test]
    fn shown_times_and_sizes_are_read_again(value in 0..=units::TIME_MAX, size in any::<u32>()) {
        let shown = ShowTime { value: u64::from(value), unit: TimeUnit::Millisecond }.to_string();
        let again = units::time(shown.as_bytes(), TimeUnit::Millisecond);
        prop_assert_eq!(again.map(|t| t.value), Ok(value));
        prop_assert_eq!(units::size(ShowSize(u64::from(size)).to_string().as_bytes()), Ok(size));
    }
}
