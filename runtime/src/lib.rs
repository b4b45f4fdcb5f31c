//! The embedded gateway: it knows bundles and sockets, nothing of projects, prompts or the control plane.
//!
//! [`Gateway::start`] is the way in. Inside, deciding is apart from doing: `route`, `auth`, `throttle`, `refusal` and
//! `snapshot` are synchronous functions over plain data; `server`, `proxy` and `upstream` are the sockets around them.
//!
//! - `server` has one thread per core, each with its own listener sockets and connections.
//! - `proxy` runs the phases of a request; `proxy::Phase` names them in order.
//! - `snapshot` is what requests see of a bundle; `gateway` compiles and swaps it.
//! - `tls` opens key stores and chooses versions, suites and client authorities, for `server`, `upstream` and `auth`.
//! - `shared_quotas` shares limits with other gateways through a store.
//! - `traffic_manager` tells the control plane what was admitted.
//! - `usage` keeps records of what was called and uploads them.
//! - `event_hub` reads what a control plane tells its gateways while they run, and keeps the connection on which it does.
//! - `connected` says how old the control plane's word is that is served.
//! - `explain` says what would become of a request, by the same decisions.
//! - `admin`, `metrics` and `access_log` tell what is going on.

mod access_log;
mod admin;
mod asking;
pub mod auth;
mod clock;
pub mod config;
mod connected;
mod control_plane;
mod core;
mod dial;
mod discovery;
pub mod event_hub;
pub mod explain;
mod file_stamp;
mod forwarding;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod gateway;
mod kept_answer;
mod media_type;
mod metrics;
mod names;
mod operator_blocks;
mod own_file;
mod pause;
mod proxy;
mod questions;
pub mod refusal;
mod refused;
mod regular_file;
pub mod route;
mod server;
mod shared_quotas;
mod slow_hash;
mod snapshot;
mod strict_json;
mod subscription_data;
pub mod throttle;
mod tls;
mod told_once;
pub mod traffic_manager;
mod unreached;
mod upstream;
pub mod usage;
mod watched_files;

pub use access_log::AccessLogError;
pub use connected::{ConnectedReport, ConnectedState, Freshness, Pulls, RefusedBundle, Thresholds};
pub use file_stamp::FileStamp;
pub use gateway::{
    Addresses, DrainReport, Gateway, GatewayOptions, Rehearsed, ReloadError, RunningGateway, StartError, StartProblem,
};
pub use operator_blocks::BlockFileError;
pub use route::RouteError;
pub use server::{BindError, CertificateError, CertificateOrigin, OcspError, TlsError};
pub use shared_quotas::SharedQuotasError;
pub use snapshot::{EndpointProblem, SnapshotError};
pub use subscription_data::{Counts as SubscriptionDataCounts, DataState, DataStatus};
pub use tls::{ClientTrustError, ProtocolError, StoreError};
pub use upstream::TrustError;
