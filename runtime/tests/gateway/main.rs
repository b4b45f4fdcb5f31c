//! The gateway on real sockets: every test starts its own gateway and backend on free loopback ports.

mod support;
mod throttling;

mod backend_credentials;
mod backend_tls;
mod backends;
mod bad_days;
mod bundle_certificates;
mod byte_limits;
mod certificates;
mod client_certificates;
mod cors;
mod discovery;
mod drain;
mod forward_proxy;
mod forwarding;
mod forwarding_headers;
mod http2_backends;
mod key_manager;
mod limits;
mod listeners;
mod names;
mod operation;
mod operator_blocks;
mod quota_prediction;
mod quotas;
mod real_peers;
mod reload;
mod rotation;
mod routing;
mod secured;
mod services;
mod shared_quotas;
mod streaming;
mod traffic_manager;
mod web_sockets;
