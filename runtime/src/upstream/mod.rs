//! Sends requests to backends over a pool of connections that belongs to one core.

mod active;
mod connect;
mod dial;
mod endpoint;
mod error;
mod exchange;
#[allow(dead_code)]
mod failure;
mod http2;
mod http2_request;
mod opening;
#[allow(dead_code)]
mod origin;
mod place;
#[allow(dead_code)]
mod places;
mod pool;
mod request_body;
mod response_body;
mod send;
mod sender;
mod speaks;
#[allow(dead_code)]
mod target;
mod tls;
mod verify;

pub(crate) use active::ActiveLimit;
pub(crate) use connect::{Connector, Http2Settings};
pub(crate) use endpoint::{Choice, Endpoint};
pub(crate) use error::UpstreamError;
pub(crate) use origin::Origins;
pub(crate) use place::Place;
pub(crate) use pool::{Pool, PoolLimits};
pub(crate) use request_body::{Progress, RequestBody};
pub(crate) use response_body::{ResponseBody, ResponseBodyError};
pub(crate) use send::{Outgoing, ResponseBounds, Upstream};
pub(crate) use target::Target;
pub use tls::TrustError;
