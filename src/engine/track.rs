//! What is counted in the stick tables' entries that connections and streams track (configuration
//! manual 11.1). Who tracks nothing comes here never.

use super::session::Session;
use crate::table::{Counters, Data, Entry};

/// Changes every entry that a stream, or its connection, tracks.
#[cold]
fn each(own: Option<&Counters>, s: &Session, change: impl Fn(&mut Entry<'_>)) {
    let of_session = s.tracked.as_deref().into_iter();
    for tracked in own.into_iter().chain(of_session).flat_map(Counters::each) {
        tracked.change(&change);
    }
}

/// One event: its count and its rate.
fn one(own: Option<&Counters>, s: &Session, count: Data, rate: Data) {
    if own.is_none() && s.tracked.is_none() {
        return;
    }
    each(own, s, |entry| {
        entry.add(count, 0, 1);
        entry.add(rate, 0, 1);
    });
}

/// A connection was let in.
pub fn session(s: &Session) {
    one(None, s, Data::SessCnt, Data::SessRate);
}

/// A request came.
#[inline]
pub fn request(s: &Session) {
    if s.tracked.is_some() {
        one(None, s, Data::HttpReqCnt, Data::HttpReqRate);
    }
}

/// A request could not be understood, or was refused.
pub fn error(own: Option<&Counters>, s: &Session) {
    one(own, s, Data::HttpErrCnt, Data::HttpErrRate);
}

/// A server did not answer, or so that it could not be understood.
pub fn failure(own: Option<&Counters>, s: &Session) {
    one(own, s, Data::HttpFailCnt, Data::HttpFailRate);
}

/// A server answered.
#[inline]
pub fn response(own: Option<&Counters>, s: &Session, status: u16) {
    if own.is_some() || s.tracked.is_some() {
        let (is_error, is_failure) = s.plan.global.settings.http_codes.verdict(status);
        if is_error {
            error(own, s);
        }
        if is_failure {
            failure(own, s);
        }
    }
}

/// A stream ended: bytes of the client, and for it.
#[inline]
pub fn bytes(own: Option<&Counters>, s: &Session, received: u64, sent: u64) {
    if own.is_some() || s.tracked.is_some() {
        each(own, s, |entry| {
            entry.add(Data::BytesInCnt, 0, received);
            entry.add(Data::BytesInRate, 0, received);
            entry.add(Data::BytesOutCnt, 0, sent);
            entry.add(Data::BytesOutRate, 0, sent);
        });
    }
}
