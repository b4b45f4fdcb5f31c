//! Every reason for which the gateway itself answers a request, and what the client is then told.
//!
//! [`Refusal`] is the reason: status, code, texts and metric label follow from it. [`Rejection`] adds what depends on
//! the request (challenge, retry time). [`Renderer`] turns a rejection into an answer from bodies that were built once.

mod challenge;
mod reason;
mod rejection;
mod renderer;
#[cfg(test)]
mod tests;

pub use challenge::{About, Challenge, Challenges};
pub use reason::{Refusal, Shape};
pub use rejection::Rejection;
pub use renderer::{BodyFormat, Renderer};
