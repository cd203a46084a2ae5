//! Events per period, counted in two neighbouring periods.
//!
//! A rate is three words: when the present period began (milliseconds, wrapping at 32 bits), events
//! in it, events in the one before. Time is read as HAProxy does (observed): the period before counts
//! with the part of it that still lies within one period from now, rounded down together; a single
//! event that nothing followed counts until it is two periods old.

/// Milliseconds from one moment to another, both wrapping at 32 bits. Threads read the clock at
/// slightly different moments: what lies just ahead of now is now.
pub fn since(then: u32, now: u32) -> u32 {
    const AHEAD: u32 = 1 << 20;
    match now.wrapping_sub(then) {
        ahead if ahead > u32::MAX - AHEAD => 0,
        elapsed => elapsed,
    }
}

/// Brings the words up to date: a period that is over becomes the one before.
fn turn(words: &mut [u32; 3], period: u32, now: u32) {
    let [start, current, previous] = words;
    let elapsed = since(*start, now);
    if elapsed < period {
        return;
    }
    if u64::from(elapsed) < 2 * u64::from(period) {
        *previous = *current;
        *start = start.wrapping_add(period);
    } else {
        *previous = 0;
        *start = now;
    }
    *current = 0;
}

/// Counts `n` more events; returns how many there are.
pub fn add(words: &mut [u32; 3], period: u32, now: u32, n: u32) -> u32 {
    turn(words, period, now);
    words[1] = words[1].saturating_add(n);
    read(words, period, now)
}

/// Begins a period with `n` events in it and none before (`set table`).
pub fn set(words: &mut [u32; 3], now: u32, n: u32) {
    *words = [now, n, 0];
}

/// Events within the last period.
pub fn read(words: &[u32; 3], period: u32, now: u32) -> u32 {
    let mut at = *words;
    turn(&mut at, period, now);
    let [start, current, previous] = at;
    if current == 0 && previous <= 1 {
        return previous;
    }
    let left = u64::from(period.saturating_sub(since(start, now)));
    let faded = (u64::from(previous) * left).checked_div(u64::from(period));
    let sum = u64::from(current) + faded.unwrap_or(0);
    u32::try_from(sum).unwrap_or(u32::MAX)
}
