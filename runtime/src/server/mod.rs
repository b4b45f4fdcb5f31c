//! Listeners and client connections.

mod bind;
mod certificate;
mod certificate_set;
mod client_body;
mod client_io;
mod connection;
mod connections;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod ocsp;
mod rotation;
mod run;
mod serve;
mod sources;
mod stream_tasks;
mod tls;
mod unread;

pub use bind::BindError;
pub(crate) use bind::{bind_shared, shareable};
pub use certificate::{CertificateError, CertificateOrigin};
pub(crate) use client_body::ClientBody;
pub(crate) use connection::{ClientTimeouts, Connection, Offer};
pub(crate) use connections::Connections;
pub use ocsp::OcspError;
pub(crate) use run::{CoreListener, Drain, DrainOutcome, run};
pub(crate) use serve::{ConnectionBudget, ServeSettings, serve_witnessed};
pub(crate) use sources::CertificateSources;
pub(crate) use stream_tasks::StreamEnd;
pub(crate) use tls::ServerTls;
pub use tls::TlsError;
pub(crate) use unread::Waiting;
