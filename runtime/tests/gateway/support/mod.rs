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
pub use http2_backend::{Http2Backend, Stream};
pub use http2_client::{http2_over, on_runtime};
pub use issuer::Issuer;
pub use mgw_fixtures::dns::DnsServer;
pub use mgw_fixtures::etcd::EtcdServer;
pub use pki::Pki;
pub use tls_backend::TlsBackend;
pub use tls_client::TlsClient;
pub use web_socket::{WebSocket, close_reason};

use std::time::{Duration, Instant};

/// Every wait of a test ends after this time; it is no measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `condition` holds.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}
