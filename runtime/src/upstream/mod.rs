//! Sends requests to backends over a pool of connections that belongs to one core.

mod active;
mod connect;
mod dial;
mod endpoint;
mod error;
mod exchange;
mod origin;
mod pool;
mod request_body;
mod response_body;
mod send;
mod target;
mod tls;
mod verify;

pub(crate) use active::ActiveLimit;
pub(crate) use connect::Connector;
pub(crate) use endpoint::{Choice, Endpoint};
pub(crate) use error::UpstreamError;
pub(crate) use origin::Origins;
pub(crate) use pool::{Pool, PoolLimits};
pub(crate) use request_body::{Progress, RequestBody};
pub(crate) use response_body::{ResponseBody, ResponseBodyError};
pub(crate) use send::{Outgoing, ResponseBounds, Upstream};
pub(crate) use target::Target;
pub use tls::TrustError;
