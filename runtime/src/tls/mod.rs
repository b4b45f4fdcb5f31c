//! What listeners, connections to backends and authentication share of TLS: key stores, versions and cipher suites by
//! name, and whom to believe that a certificate is a client's, or that a server of the control plane is one.

mod certificate_header;
mod client_trust;
mod name_pattern;
mod pinned;
pub(crate) mod protocol;
mod signatures;
mod store;
mod system_trust;

pub(crate) use certificate_header::{CertificateHeader, decode as decode_certificate_header};
pub use client_trust::ClientTrustError;
pub(crate) use client_trust::{ClientTrust, ClientVerifier};
pub use name_pattern::NamePattern;
pub(crate) use pinned::{Pinned, Role};
pub use protocol::ProtocolError;
pub(crate) use signatures::Signatures;
pub(crate) use store::OpenStore;
pub use store::StoreError;
pub(crate) use system_trust::connector;
