//! `gen/control-plane/certificates.json`: which pulled certificate is for what.

use serde::{Deserialize, Serialize};

/// The version of the file format.
pub(crate) const FORMAT: u32 = 1;

/// Which pulled certificate is for what. The certificates themselves are files beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PulledCertificates {
    /// Format version, [`FORMAT`].
    pub(crate) format: u32,
    /// Client certificates, sorted by API and alias.
    pub(crate) clients: Vec<PulledClientCertificate>,
    /// What identifies backends, sorted by backend and alias.
    pub(crate) backends: Vec<PulledBackendCertificate>,
}

/// A client certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PulledClientCertificate {
    /// API name.
    pub(crate) api: String,
    /// API version.
    pub(crate) version: String,
    /// Its name in the control plane.
    pub(crate) alias: String,
    /// The subscription policy that it was uploaded with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    /// Its file below `gen/control-plane`, with `/`.
    pub(crate) file: String,
}

/// A certificate that is trusted of one backend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PulledBackendCertificate {
    /// The backend, see [`backend_of`].
    pub(crate) backend: String,
    /// Its name in the control plane.
    pub(crate) alias: String,
    /// Its file below `gen/control-plane`, with `/`.
    pub(crate) file: String,
}

/// What a certificate is kept for: `https://HOST:PORT` of a URL, lower case and always with the port; nothing for
/// backends without TLS. A URL without scheme is taken for `https`.
pub(crate) fn backend_of(url: &str) -> Option<String> {
    let parsed = if url.contains("://") {
        url::Url::parse(url)
    } else {
        url::Url::parse(&format!("https://{url}"))
    };
    let parsed = parsed.ok().filter(|url| url.scheme() == "https")?;
    let port = parsed.port_or_known_default()?;
    Some(format!("https://{}:{port}", parsed.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::backend_of;

    #[test]
    fn backends_are_host_and_port() {
        for (url, backend) in [
            ("https://Core.Example/ledger", Some("https://core.example:443")),
            ("https://core.example:8443", Some("https://core.example:8443")),
            ("core.example", Some("https://core.example:443")),
            ("core.example:8443/x", Some("https://core.example:8443")),
            ("https://[::1]:9/", Some("https://[::1]:9")),
            ("https://user:secret@core.example", Some("https://core.example:443")),
            ("http://core.example", None),
            ("wss://core.example", None),
            ("", None),
        ] {
            assert_eq!(backend_of(url).as_deref(), backend, "{url}");
        }
    }
}
