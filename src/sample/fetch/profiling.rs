//! What HAProxy tells of its own work on a stream (manual 7.3.2). hapax keeps no such record:
//! times are those of a HAProxy that does not measure them, and nothing is said to wait.

use super::{Example, Fetch, INTERNAL};
use crate::sample::value::{Sample, Type};

macro_rules! constant {
    ($name:literal, $value:literal, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Sint,
            source: &INTERNAL,
            check: None,
            eval: |_, _, _| Some(Sample::Int($value)),
            doc: $doc,
            examples: &[],
        }
    };
}

macro_rules! nothing {
    ($name:literal, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Str,
            source: &INTERNAL,
            check: None,
            eval: |_, _, _| None,
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    constant!(
        "cpu_calls",
        1,
        "How often HAProxy's task of the stream was called; here always 1."
    ),
    constant!("cpu_ns_avg", 0, "Nanoseconds of a call; not measured."),
    constant!("cpu_ns_tot", 0, "Nanoseconds of all calls; not measured."),
    constant!(
        "lat_ns_avg",
        0,
        "Nanoseconds that a call waited; not measured."
    ),
    constant!(
        "lat_ns_tot",
        0,
        "Nanoseconds that all calls waited; not measured."
    ),
    Fetch {
        name: "last_entity",
        args: &[],
        required: 0,
        out: Type::Str,
        source: &INTERNAL,
        check: None,
        eval: |_, e, _| {
            let (file, line) = e.view.last_rule()?;
            let place = format!("{file}:{line}");
            Some(Sample::Str(e.scratch.copy(place.as_bytes())))
        },
        doc: "File and line of the last rule that was final and ran.",
        examples: &[Example::none("last_entity")],
    },
    nothing!(
        "waiting_entity",
        "What waited when an error or a timeout came; not recorded."
    ),
    nothing!("term_events", "How both sides' layers ended; not recorded."),
];
