//! The pipeline: one request from its head to the last byte of its answer.
//!
//! [`phase::Phase`] names the phases in order; [`handle`] runs them. Every phase but upstream is a plain function that either
//! lets the request pass or answers it. What a request costs and where it went is accounted for by [`exchange::Exchange`], which
//! the answer's body carries to its end.

mod admission;
mod answer;
mod bill;
mod body;
mod client_address;
mod cut;
mod exchange;
mod grpc;
mod handle;
mod headers;
mod hop;
mod host;
mod introduce;
mod listener;
mod phase;
mod request_id;
mod routing;
mod service;
pub(crate) mod websocket;
mod witness;

pub(crate) use body::AnswerBody;
pub(crate) use handle::handle;
pub(crate) use phase::Phase;
pub(crate) use request_id::RequestIds;
pub(crate) use witness::{Leaving, Question, Witness};
