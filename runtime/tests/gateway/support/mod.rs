//! A gateway, a backend and a client that show what goes over the wire.

mod backend;
mod client;
mod gateway;
mod http2_backend;
mod http2_client;
mod issuer;
mod pki;
mod tls_backend;
mod tls_client;
mod web_socket;

pub use backend::{Backend, respond};
pub use client::{Client, Response};
pub use gateway::{GatewayBuilder, TestGateway, api, open, policy};
pub use http2_backend::{Http2Backend, Stream, http2_api, serving};
pub use http2_client::{http2_over, on_runtime};
pub use issuer::Issuer;
pub use mgw_fixtures::dns::DnsServer;
pub use mgw_fixtures::etcd::EtcdServer;
pub use mgw_fixtures::eventually::{PATIENCE, eventually};
pub use pki::Pki;
pub use tls_backend::TlsBackend;
pub use tls_client::{TlsClient, http2_by_alpn};
pub use web_socket::{WebSocket, close_reason};
