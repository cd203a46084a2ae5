//! What an expression may see of the stream that it is evaluated for.

use crate::proto::h1::Message;
use std::net::SocketAddr;

/// The transaction as samples and actions see it; the engine implements it.
pub trait StreamView {
    /// The request, once its head is complete.
    fn request(&self) -> Option<&Message>;
    /// The request for actions that change it.
    fn request_mut(&mut self) -> Option<&mut Message>;
    /// The response, once its head is complete.
    fn response(&self) -> Option<&Message>;
    /// The response for actions that change it.
    fn response_mut(&mut self) -> Option<&mut Message>;
    /// The client's address (after PROXY protocol and set-src).
    fn src(&self) -> Option<SocketAddr>;
    /// The address the client connected to.
    fn dst(&self) -> Option<SocketAddr>;
}
