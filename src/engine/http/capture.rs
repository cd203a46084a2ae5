//! Captured headers and cookies of one stream (manual 8.7 and 8.8).

use super::Stream;
use crate::proto::h1::{HeaderId, Message};
use crate::sample::capture::{Captures, Slots};
use crate::sample::view::Direction;

/// Fills the slots that name a header; its last occurrence counts.
fn headers(captures: &Captures, slots: &Slots, direction: Direction, message: &Message) {
    for (number, slot) in slots.of(direction).iter().enumerate() {
        if let Some(name) = &slot.header
            && let Some(value) = message.values_of(name).next_back()
        {
            captures.store(direction, number, value);
        }
    }
}

impl Stream {
    /// `capture request header`
    pub(super) fn capture_request(&self) {
        if let Some(captures) = &self.captures {
            let slots = &self.s.fe.captures;
            headers(captures, slots, Direction::Request, &self.req);
        }
    }

    /// `capture response header`
    pub(super) fn capture_response(&self) {
        if let (Some(captures), Some(res)) = (&self.captures, &self.res) {
            let slots = &self.s.fe.captures;
            headers(captures, slots, Direction::Response, res);
        }
    }

    /// `capture cookie`, of the request before the back end's own cookie is taken out.
    pub(super) fn capture_request_cookie(&self) {
        if let (Some(captures), Some(slot)) = (&self.captures, &self.s.fe.captures.cookie)
            && let Some(cookie) = slot.find(self.req.values(HeaderId::Cookie))
        {
            captures.store_cookie(Direction::Request, cookie);
        }
    }

    /// `capture cookie`, of the response.
    pub(super) fn capture_response_cookie(&self) {
        if let (Some(captures), Some(slot), Some(res)) =
            (&self.captures, &self.s.fe.captures.cookie, &self.res)
            && let Some(cookie) = slot.find_set(res.values(HeaderId::SetCookie))
        {
            captures.store_cookie(Direction::Response, cookie);
        }
    }
}
