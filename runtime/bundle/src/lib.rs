//! The bundle format and the gateway configuration, shared by the toolkit (which writes) and the gateway (which reads).
//!
//! Everything here is plain data: no sockets, no clocks, no file names of the machine that built it. The only I/O is
//! the zip container in [`write_bundle`] and [`Bundle::read`], over bytes in memory.
//!
//! - [`config`] is the compiled [`GatewayConfig`]: complete, so that the gateway never guesses a default.
//! - [`snapshot`] is the [`SubscriptionSnapshot`]: applications, keys and subscriptions as they were when pulled.
//! - [`template`] is what path templates mean, to the build that checks them and to the gateway that looks them up.
//! - [`Manifest`] lists every entry with its digest; its own digest is the bundle's identity, and what a [`SigningKey`] signs.

mod bundle;
mod checksum;
pub mod config;
mod digest;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod identity;
mod limits;
mod manifest;
mod pieces;
mod reader;
mod signing;
pub mod snapshot;
pub mod template;
mod writer;

pub use bundle::Bundle;
pub use config::GatewayConfig;
pub use digest::{Digest, DigestError};
pub use error::ReadError;
pub use identity::api_id;
pub use limits::Limits;
pub use manifest::{Entry, MANIFEST_FORMAT, Manifest, names};
pub use signing::{KeyError, MOST_SIGNATURES, PublicKey, SignError, SigningKey, sign_bundle};
pub use snapshot::SubscriptionSnapshot;
pub use writer::{BundleContents, WriteError, write_bundle, write_described_bundle};
