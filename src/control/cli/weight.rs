//! `get weight`, `set weight`, and `set server ... weight`

use super::named::{self, Named};
use super::{Call, Command, Flow};
use crate::control::change;
use crate::ir::bind::CliLevel;

/// `get weight <backend>/<server>`
pub const GET: Command = Command {
    words: &["get", "weight"],
    usage: "get weight <bk>/<srv>",
    meaning: "shows a server's weight and the one it started with",
    level: CliLevel::User,
    run: |call| {
        let word = call.arg(0).to_vec();
        match named::server(call, &word) {
            Ok(found) => {
                let (now, first) = (found.state.weight(), found.server.settings.weight);
                call.info(&format!("{now} (initial {first})"))
            }
            Err(flow) => flow,
        }
    },
};

/// `set weight <backend>/<server> <weight>[%]`
pub const SET: Command = Command {
    words: &["set", "weight"],
    usage: "set weight <bk>/<srv>  (DEPRECATED)",
    meaning: "changes a server's weight (as 'set server' does)",
    level: CliLevel::Admin,
    run: |call| {
        let word = call.arg(0).to_vec();
        match named::server(call, &word) {
            Ok(found) => set(call, &found, 1),
            Err(flow) => flow,
        }
    },
};

/// The largest weight.
const MOST: u32 = 256;

/// Sets the weight that an argument gives: absolute, or percent of the one it started with.
pub fn set(call: &mut Call<'_>, found: &Named<'_>, argument: usize) -> Flow {
    let word = call.arg(argument);
    if word.is_empty() {
        return call.error("Require <weight> or <weight%>.");
    }
    let initial = found.server.settings.weight;
    match weight(word, initial) {
        Ok(weight) => {
            change::weight(call.world, found, weight);
            Flow::More
        }
        Err(text) => call.error(text),
    }
}

fn weight(word: &[u8], initial: u32) -> Result<u32, &'static str> {
    const RANGE: &str = "Absolute weight can only be between 0 and 256 inclusive.";
    let (negative, digits) = match word.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix(b"+").unwrap_or(word)),
    };
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 {
        return Err("Empty weight string empty or preceded by garbage");
    }
    let (number, rest) = digits.split_at(length);
    let number = number.iter().fold(0u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    match rest {
        b"" if negative && number > 0 => Err(RANGE),
        b"" => u32::try_from(number)
            .ok()
            .filter(|n| *n <= MOST)
            .ok_or(RANGE),
        b"%" if negative => Err("Relative weight must be positive."),
        b"%" => {
            let scaled = u64::from(initial).saturating_mul(number) / 100;
            Ok(u32::try_from(scaled).unwrap_or(MOST).min(MOST))
        }
        _ => Err("Trailing garbage in weight string"),
    }
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn weights_are_absolute_or_percent_of_the_initial_one() {
        assert_eq!(weight(b"50%", 20), Ok(10));
        assert_eq!(weight(b"200%", 20), Ok(40));
        assert_eq!(weight(b"9999%", 20), Ok(256));
        assert_eq!(weight(b"50%", 1), Ok(0));
        assert_eq!(weight(b"0", 20), Ok(0));
        assert_eq!(weight(b"256", 20), Ok(256));
        for bad in [&b"257"[..], b"-3", b"99999999999999999999"] {
            assert!(weight(bad, 20).unwrap_err().starts_with("Absolute weight"));
        }
        assert_eq!(weight(b"5x", 20), Err("Trailing garbage in weight string"));
        assert_eq!(
            weight(b"101%x", 20),
            Err("Trailing garbage in weight string")
        );
        assert!(weight(b"x", 20).is_err());
    }
}
