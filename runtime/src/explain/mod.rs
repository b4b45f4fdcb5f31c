//! What the gateway would do with a request, without doing it.
//!
//! [`Explainer`] prepares a gateway as `Gateway::start` does, binds nothing, and runs a request through `proxy::handle`
//! itself: what a client would send is read, and what it would get is written, by the HTTP library that clients meet, in
//! memory. A [`Witness`](crate::proxy::Witness) sees every decision where it is taken, and ends the request in front of its
//! backend. So nothing is decided here, and nothing can be decided otherwise than by a gateway that serves.
//!
//! Nothing is asked over a network: what a gateway does beside requests (fetching keys, following a control plane) belongs to
//! a runtime that never runs, and where a request would have to wait for an answer, the explanation ends and says so.

mod asked;
mod body;
mod exchange;
mod explainer;
mod explanation;
mod needed;
mod onlooker;
mod shown;
mod target;

pub use asked::{AskedError, AskedRequest};
pub use explainer::{Explainer, Unexplained};
pub use explanation::{
    ExplainedAnswer, ExplainedCaller, ExplainedHeader, ExplainedIdentity, ExplainedResource, ExplainedTarget,
    Explanation, ExplanationEnd,
};
