//! HTTP/2 connections, with clients and with servers.
//!
//! A connection ([`Mux`]) is one task; each of its streams is an ordinary transaction on a task of
//! its own, whose socket is a [`Pipe`]: HTTP/1 text goes in and comes out, translated at once into
//! the connection's buffer or out of its frames. So requests, rules, logs, retries, tunnels and
//! time-outs are those of HTTP/1, which pays nothing for it, and what a stream has sent stays
//! accounted to the peer's windows: a pipe takes no more than may be sent, and gives window back
//! when its user has taken the bytes.
//!
//! What a frame means stands in `incoming`, what a message's text becomes in `outgoing`.

mod client;
mod incoming;
mod mux;
mod outgoing;
mod pipe;
mod server;

pub use client::{announced, may_begin, serve, session};
pub use mux::Mux;
pub use pipe::Pipe;
pub use server::{Place, Servers, may_speak, open};
