//! Text and cells of a line, written where they are sent from: a page may have ten thousand servers
//! with forty cells each, and whatever is made of them twice is felt.

use crate::control::stats::row::{Row, Value};

/// Where the cells of a line go.
pub struct Cells<'a> {
    out: &'a mut Vec<u8>,
}

const TIP: &str = "<span class=\"tip\" tabindex=\"0\">";

impl<'a> Cells<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Cells<'a> {
        Cells { out }
    }

    /// Words of our own, as they are.
    pub fn raw(&mut self, words: &str) {
        self.out.extend_from_slice(words.as_bytes());
    }

    /// A text of others: what means something to a browser loses it.
    pub fn text(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(at) = rest
            .iter()
            .position(|b| matches!(b, b'<' | b'>' | b'&' | b'"'))
        {
            let (plain, from) = rest.split_at(at);
            self.out.extend_from_slice(plain);
            self.raw(match from.first() {
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                Some(b'&') => "&amp;",
                _ => "&quot;",
            });
            rest = from.get(1..).unwrap_or_default();
        }
        self.out.extend_from_slice(rest);
    }

    /// A number.
    pub fn digits(&mut self, n: u64) {
        match u8::try_from(n) {
            Ok(n) if n < 10 => self.out.push(b'0' + n),
            _ => self.raw(itoa::Buffer::new().format(n)),
        }
    }

    /// Digits in groups of three, set apart without a character between them.
    pub fn grouped(&mut self, n: u64) {
        if n < 1000 {
            return self.digits(n);
        }
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(n);
        let first = match digits.len() % 3 {
            0 => 3,
            rest => rest,
        };
        let (mut group, mut rest) = digits.split_at(first);
        while !rest.is_empty() {
            self.raw("<span class=\"k\">");
            self.raw(group);
            self.raw("</span>");
            (group, rest) = rest.split_at(3);
        }
        self.raw(group);
    }

    /// A cell with a column's number; empty where it has none.
    pub fn number(&mut self, row: &Row, column: usize) {
        self.raw("<td>");
        if let Value::Number(n) = row.at(column) {
            self.grouped(*n);
        }
        self.raw("</td>");
    }

    /// A cell with a limit, `-` where there is none.
    pub fn limit(&mut self, row: &Row, column: usize) {
        self.raw("<td>");
        match row.at(column) {
            Value::Number(n) if *n > 0 => self.grouped(*n),
            _ => self.raw("-"),
        }
        self.raw("</td>");
    }

    /// A text with more behind it: shown where the pointer is, or the keyboard, or a finger. Only
    /// the text where `about` writes nothing; line ends at its end are taken off.
    pub fn tip(&mut self, text: impl FnOnce(&mut Cells<'_>), about: impl FnOnce(&mut Cells<'_>)) {
        let begin = self.out.len();
        self.raw(TIP);
        text(self);
        let shown = self.out.len();
        self.raw("<span class=\"tips\">");
        let told = self.out.len();
        about(self);
        while self.out.len() > told && self.out.last() == Some(&b'\n') {
            self.out.pop();
        }
        if self.out.len() > told {
            return self.raw("</span></span>");
        }
        self.out.truncate(shown);
        self.out.drain(begin..begin + TIP.len());
    }

    /// A cell with a column's number and what is told about it.
    pub fn told(&mut self, row: &Row, column: usize, about: fn(&Row, &mut Cells<'_>)) {
        self.raw("<td>");
        self.tip(
            |cells| cells.grouped(row.number(column)),
            |cells| about(row, cells),
        );
        self.raw("</td>");
    }

    /// Seconds in the two largest units that they fill.
    pub fn duration(&mut self, seconds: u64) {
        let units = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)];
        let at = units
            .iter()
            .position(|(_, size)| seconds >= *size)
            .unwrap_or(3);
        let mut rest = seconds;
        for (place, (unit, size)) in units.iter().skip(at).take(2).enumerate() {
            let n = rest / size;
            rest %= size;
            if n > 0 || place == 0 {
                self.digits(n);
                self.raw(unit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Cells<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut Cells::new(&mut out));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn times_and_digits() {
        let shown = [0, 59, 125, 3600, 7325, 90061].map(|s| written(|c| c.duration(s)));
        assert_eq!(shown, ["0s", "59s", "2m5s", "1h", "2h2m", "1d1h"]);
        let plain = |n| {
            let text = written(|c| c.grouped(n)).replace("<span class=\"k\">", "[");
            text.replace("</span>", "]")
        };
        assert_eq!(plain(7), "7");
        assert_eq!(plain(999), "999");
        assert_eq!(plain(1663), "[1]663");
        assert_eq!(plain(1_073_884), "[1][073]884");
    }

    #[test]
    fn texts_of_others_do_no_harm() {
        assert_eq!(written(|c| c.text("a<b>&\"c")), "a&lt;b&gt;&amp;&quot;c");
        assert_eq!(written(|c| c.text("<")), "&lt;");
    }

    #[test]
    fn what_has_nothing_behind_it_is_no_tip() {
        assert_eq!(written(|c| c.tip(|c| c.raw("5"), |_| {})), "5");
        assert_eq!(written(|c| c.tip(|c| c.raw("5"), |c| c.raw("\n"))), "5");
        assert_eq!(
            written(|c| c.tip(|c| c.raw("5"), |c| c.raw("more\n"))),
            "<span class=\"tip\" tabindex=\"0\">5<span class=\"tips\">more</span></span>"
        );
    }
}
