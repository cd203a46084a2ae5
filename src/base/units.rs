//! Times and sizes as configuration lines write them (HAProxy configuration manual 2.5 and 2.6).

use std::fmt;

/// The units of time, smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// `us`
    Microsecond,
    /// `ms`, what most timeouts are in when no unit is written
    Millisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
}

/// The largest time in its own unit: HAProxy keeps timers in 31 bits.
pub const TIME_MAX: u32 = i32::MAX as u32;

impl TimeUnit {
    const ALL: [TimeUnit; 6] = [
        TimeUnit::Day,
        TimeUnit::Hour,
        TimeUnit::Minute,
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
    ];

    /// How many microseconds one unit has.
    pub const fn microseconds(self) -> u64 {
        match self {
            TimeUnit::Microsecond => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Second => 1_000_000,
            TimeUnit::Minute => 60_000_000,
            TimeUnit::Hour => 3_600_000_000,
            TimeUnit::Day => 86_400_000_000,
        }
    }

    /// The suffix.
    pub const fn suffix(self) -> &'static str {
        match self {
            TimeUnit::Microsecond => "us",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Second => "s",
            TimeUnit::Minute => "m",
            TimeUnit::Hour => "h",
            TimeUnit::Day => "d",
        }
    }
}

/// A time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// In the unit that was asked for, rounded up; 0 to [`TIME_MAX`].
    pub value: u32,
    /// Where text follows the unit (`5sx`, `1h30m`): HAProxy ignores it with a warning.
    pub trailing: Option<usize>,
}

/// Why a word is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// Beyond [`TIME_MAX`] in the unit asked for.
    Overflow,
    /// The byte at this offset does not belong; the length of the word when it is empty.
    Unexpected(usize),
}

/// Reads a time into `unit`, which is also the unit when none is written.
///
/// A value is rounded up to a whole `unit`, so a short time never becomes "no limit".
pub fn time(text: &[u8], unit: TimeUnit) -> Result<Time, TimeError> {
    let (number, at) = digits(text).ok_or(TimeError::Unexpected(0))?;
    let (written, length) = match text.get(at..).unwrap_or_default() {
        [] => (unit, 0),
        [b'u', b's', ..] => (TimeUnit::Microsecond, 2),
        [b'm', b's', ..] => (TimeUnit::Millisecond, 2),
        [b's', ..] => (TimeUnit::Second, 1),
        [b'm', ..] => (TimeUnit::Minute, 1),
        [b'h', ..] => (TimeUnit::Hour, 1),
        [b'd', ..] => (TimeUnit::Day, 1),
        _ => return Err(TimeError::Unexpected(at)),
    };
    let number = number.ok_or(TimeError::Overflow)?;
    let value = number
        .checked_mul(written.microseconds())
        .ok_or(TimeError::Overflow)?
        .div_ceil(unit.microseconds());
    let value = u32::try_from(value)
        .ok()
        .filter(|v| *v <= TIME_MAX)
        .ok_or(TimeError::Overflow)?;
    Ok(Time {
        value,
        trailing: Some(at + length).filter(|end| *end < text.len()),
    })
}

/// Leading decimal digits: their value (`None` beyond 64 bits) and how many they are.
fn digits(text: &[u8]) -> Option<(Option<u64>, usize)> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = text.get(..length).filter(|d| !d.is_empty())?;
    let value = number.iter().try_fold(0u64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    Some((value, length))
}

/// Reads a size in bytes: digits and perhaps `k`, `m` or `g` in either case.
///
/// The error is the offset of the byte that does not belong, as HAProxy's messages name it: the
/// first digit or the unit that leads beyond 32 bits, or the length of an empty word.
pub fn size(text: &[u8]) -> Result<u32, usize> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 {
        return Err(0);
    }
    let mut value: u32 = 0;
    for (at, digit) in text.iter().take(length).enumerate() {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u32::from(digit - b'0')))
            .ok_or(at)?;
    }
    let shift = match text.get(length).map(u8::to_ascii_lowercase) {
        None => return Ok(value),
        Some(b'k') => 10,
        Some(b'm') => 20,
        Some(b'g') => 30,
        Some(_) => return Err(length),
    };
    if text.len() > length + 1 {
        return Err(length + 1);
    }
    u32::try_from(u64::from(value) << shift).map_err(|_| length)
}

/// Reads a percentage, 0 to 100, with or without the `%`; `None` for anything else.
pub fn percentage(text: &[u8]) -> Option<u8> {
    let number = text.strip_suffix(b"%").unwrap_or(text);
    let (value, length) = digits(number)?;
    let value = u8::try_from(value?).ok()?;
    (length == number.len() && value <= 100).then_some(value)
}

/// Writes a time with the largest unit that leaves a whole number.
#[derive(Clone, Copy, Debug)]
pub struct ShowTime {
    /// How many.
    pub value: u64,
    /// Of what.
    pub unit: TimeUnit,
}

impl fmt::Display for ShowTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.value.saturating_mul(self.unit.microseconds());
        for unit in TimeUnit::ALL {
            if whole > 0 && whole.is_multiple_of(unit.microseconds()) {
                return write!(f, "{}{}", whole / unit.microseconds(), unit.suffix());
            }
        }
        write!(f, "{}{}", self.value, self.unit.suffix())
    }
}

/// Writes a size with the largest unit that leaves a whole number.
#[derive(Clone, Copy, Debug)]
pub struct ShowSize(pub u64);

impl fmt::Display for ShowSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (suffix, shift) in [("g", 30), ("m", 20), ("k", 10)] {
            if self.0 > 0 && self.0.is_multiple_of(1 << shift) {
                return write!(f, "{}{suffix}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> Result<u32, TimeError> {
        time(text.as_bytes(), TimeUnit::Millisecond).map(|t| t.value)
    }

    // Limits and offsets observed with HAProxy 3.4.0.
    #[test]
    fn times() {
        assert_eq!(ms("5"), Ok(5));
        assert_eq!(ms("00005s"), Ok(5000));
        assert_eq!(ms("1us"), Ok(1));
        assert_eq!(ms("1500us"), Ok(2));
        assert_eq!(ms("0us"), Ok(0));
        assert_eq!(ms("2147483647"), Ok(2_147_483_647));
        assert_eq!(ms("2147483648"), Err(TimeError::Overflow));
        assert_eq!(ms("24d"), Ok(2_073_600_000));
        assert_eq!(ms("25d"), Err(TimeError::Overflow));
        assert_eq!(ms("35791m"), Ok(2_147_460_000));
        assert_eq!(ms("35792m"), Err(TimeError::Overflow));
        assert_eq!(ms("99999999999999999999999s"), Err(TimeError::Overflow));
        for (text, at) in [
            ("x", 0),
            ("", 0),
            ("-5", 0),
            ("+5", 0),
            ("5x", 1),
            ("1.5s", 1),
            ("5S", 1),
        ] {
            assert_eq!(ms(text), Err(TimeError::Unexpected(at)), "{text}");
        }
        let long = time(b"1h30m", TimeUnit::Millisecond);
        assert_eq!(
            long,
            Ok(Time {
                value: 3_600_000,
                trailing: Some(2)
            })
        );
        assert_eq!(time(b"1d", TimeUnit::Second).map(|t| t.value), Ok(86_400));
    }

    #[test]
    fn sizes() {
        assert_eq!(size(b"16k"), Ok(16_384));
        assert_eq!(size(b"16K"), Ok(16_384));
        assert_eq!(size(b"3g"), Ok(3 << 30));
        assert_eq!(size(b"4g"), Err(1));
        assert_eq!(size(b"1kb"), Err(2));
        assert_eq!(size(b"1.5k"), Err(1));
        assert_eq!(size(b"x"), Err(0));
        assert_eq!(size(b""), Err(0));
        assert_eq!(size(b"4294967295"), Ok(u32::MAX));
        assert_eq!(size(b"4294967296"), Err(9));
    }

    #[test]
    fn percentages() {
        assert_eq!(percentage(b"50%"), Some(50));
        assert_eq!(percentage(b"100"), Some(100));
        for bad in ["101%", "%", "", "5%%", "x"] {
            assert_eq!(percentage(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn written_back() {
        let show = |value| {
            ShowTime {
                value,
                unit: TimeUnit::Millisecond,
            }
            .to_string()
        };
        assert_eq!(show(0), "0ms");
        assert_eq!(show(1500), "1500ms");
        assert_eq!(show(300_000), "5m");
        assert_eq!(show(86_400_000), "1d");
        assert_eq!(ShowSize(16_384).to_string(), "16k");
        assert_eq!(ShowSize(1000).to_string(), "1000");
        assert_eq!(ShowSize(0).to_string(), "0");
    }
}
