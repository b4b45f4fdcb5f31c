//! Listeners and client connections.

mod bind;
mod certificate;
mod client_io;
mod connection;
mod connections;
mod run;
mod serve;
mod tls;
mod unread;

pub use bind::BindError;
pub(crate) use bind::{bind_shared, shareable};
pub use certificate::{CertificateError, CertificateOrigin};
pub(crate) use connection::{ClientTimeouts, Connection, Offer};
pub(crate) use connections::Connections;
pub(crate) use run::{CoreListener, Drain, DrainOutcome, run};
pub(crate) use serve::{ConnectionBudget, ServeSettings};
pub use tls::TlsError;
pub(crate) use tls::{ServerTls, server_tls};
pub(crate) use unread::Waiting;
