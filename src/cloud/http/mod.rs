//! Requests to the control plane, bounded in time, size and repetition.
//!
//! Redirects are never followed: every request carries credentials, and none of the APIs in use redirects. Proxies come
//! from the usual environment variables. TLS certificates are always verified, against the platform's roots and the
//! user's own.

mod call;
mod client;
mod headers;
mod message;
mod proxy;
mod retry;
mod tls;

pub(crate) use call::{Answer, Body, Call, Limit};
pub(crate) use client::{Clocks, Http, HttpOptions};
pub(crate) use headers::{CustomHeaders, HeaderError};
pub(crate) use message::{error_text, is_own_error, shorten};
pub(crate) use proxy::ProxyRefusal;
pub(crate) use retry::Repeat;
pub(crate) use tls::TlsProblem;

#[cfg(test)]
pub(crate) mod tests;
