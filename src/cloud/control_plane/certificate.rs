//! Certificates that publishers uploaded.

use crate::cloud::json;
use serde_json::Value;

/// A certificate that a publisher uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadedCertificate {
    /// Its name.
    pub(crate) alias: String,
    /// The subscription policy of a client certificate.
    pub(crate) policy: Option<String>,
    /// The URL of a backend certificate.
    pub(crate) endpoint: Option<String>,
    /// PEM or DER, as uploaded.
    pub(crate) content: Vec<u8>,
}

/// Certificates as far as the user may see them.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    /// Those that were read.
    pub(crate) certificates: Vec<UploadedCertificate>,
    /// What the control plane did not show and why, as fragments.
    pub(crate) hidden: Vec<String>,
}

impl UploadedCertificate {
    /// Reads an entry of a list, without its content; `None` when it lacks a name that can be asked for.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            alias: json::text(value, "alias").filter(|alias| super::api::is_path_segment(alias))?,
            policy: json::text(value, "tier"),
            endpoint: json::text(value, "endpoint"),
            content: Vec::new(),
        })
    }
}
