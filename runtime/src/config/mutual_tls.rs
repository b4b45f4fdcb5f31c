//! Client certificates.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use super::shown::quoted;
use crate::tls::{NamePattern, protocol};
use std::path::PathBuf;

pub(super) const KEYS: &[Key] = &[
    Key::inert("mutualSSLConfig.protocolName", Kind::Text),
    Key::new(
        "mutualSSLConfig.protocolVersions",
        Kind::List,
        "TLSv1.3,TLSv1.2",
        "TLS versions of the listeners; older ones are not available",
    ),
    Key::new(
        "mutualSSLConfig.ciphers",
        Kind::List,
        "",
        "cipher suites of the listeners, IANA or OpenSSL names; none: every one that is safe",
    ),
    Key::new(
        "mutualSSLConfig.sslVerifyClient",
        Kind::OneOf(&["optional", "require"]),
        "optional",
        "whether the TLS handshake itself demands a certificate",
    ),
    Key::new(
        "mutualSSLConfig.certificateHeaderName",
        Kind::Text,
        "X-WSO2-CLIENT-CERTIFICATE",
        "header with the client's certificate, believed from `trustedProxies` and removed from all others",
    ),
    Key::new(
        "mutualSSLConfig.isClientCertificateValidationEnabled",
        Kind::Bool,
        "true",
        "whether the proxy that sends the header must show a trusted certificate itself",
    ),
    Key::unset(
        "mutualSSLConfig.clientCaFile",
        Kind::File,
        "PEM certificates of the authorities that sign client certificates, beside those of the trust store",
    ),
    Key::new(
        "mutualSSLConfig.sanList",
        Kind::List,
        "",
        "names of which every client certificate needs one, at every API; none: any",
    ),
    Key::unset(
        "mutualSSLConfig.api.certificates",
        Kind::Tables(CERTIFICATE_KEYS),
        "client certificates that an API accepts",
    ),
    Key::new(
        "trustedProxies",
        Kind::List,
        "",
        "addresses or networks whose X-Forwarded-* or Forwarded and client certificate header are believed",
    ),
];

const CERTIFICATE_KEYS: &[Key] = &[
    Key::unset("name", Kind::Text, "API name"),
    Key::unset("version", Kind::Text, "API version"),
    Key::new("aliasList", Kind::List, "", "accepted aliases in the trust store"),
    Key::new(
        "certificateFiles",
        Kind::Files,
        "",
        "accepted client certificates, PEM files",
    ),
    Key::new(
        "sanList",
        Kind::List,
        "",
        "names of which a certificate needs one; without aliases and files every trusted certificate with such a name",
    ),
];

/// Whether the handshake demands a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyClient {
    /// Asked for, may be missing.
    Optional,
    /// No certificate, no connection.
    Require,
}

/// The client certificates that an API accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateAliases {
    /// API name, compared without case.
    pub name: String,
    /// API version, compared without case.
    pub version: String,
    /// Accepted aliases.
    pub aliases: Vec<String>,
    /// Accepted certificates, PEM files.
    pub files: Vec<PathBuf>,
    /// Names of which a certificate needs one; none: any.
    pub names: Vec<NamePattern>,
}

/// Client certificates.
#[derive(Debug, Clone)]
pub struct MutualTlsSettings {
    /// TLS versions by name.
    pub protocol_versions: Vec<String>,
    /// Cipher suites by name; none: the library's.
    pub ciphers: Vec<String>,
    /// Whether the handshake demands a certificate.
    pub verify_client: VerifyClient,
    /// Header with the client's certificate.
    pub certificate_header: Option<http::HeaderName>,
    /// Whether the proxy that sends the header must show a trusted certificate itself.
    pub validate_proxy: bool,
    /// Authorities that sign client certificates, PEM.
    pub client_ca_file: Option<PathBuf>,
    /// Names of which every client certificate needs one; none: any.
    pub names: Vec<NamePattern>,
    /// What each API accepts.
    pub certificates: Vec<CertificateAliases>,
    /// Addresses or networks (`10.0.0.0/8`) whose forwarding headers are believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
}

impl MutualTlsSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let versions = reader.list("mutualSSLConfig.protocolVersions");
        if !versions.iter().any(|version| protocol::is_version(version)) {
            reader.fail(
                "mutualSSLConfig.protocolVersions",
                "`mutualSSLConfig.protocolVersions` names no available version",
                "Use TLSv1.3 and TLSv1.2.",
            );
        }
        let validate_proxy = reader.bool("mutualSSLConfig.isClientCertificateValidationEnabled");
        let mut trusted_proxies = Vec::new();
        for text in reader.list("trustedProxies") {
            let network = text
                .parse::<ipnet::IpNet>()
                .or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
            match network {
                Ok(network) if network.prefix_len() == 0 && !validate_proxy => {
                    let reason = format!("`{text}` lets every client say which certificate it has");
                    let remedy = "Name the proxies' own networks, or switch \
                                  `mutualSSLConfig.isClientCertificateValidationEnabled` on.";
                    reader.fail("trustedProxies", reason, remedy);
                }
                Ok(network) => {
                    if network.prefix_len() == 0 {
                        let reason = format!("`{text}` lets every client say which address it has");
                        reader.warn("trustedProxies", reason);
                    }
                    trusted_proxies.push(network);
                }
                Err(_) => {
                    let reason = format!("{} is neither an address nor a network", quoted(&text));
                    reader.fail("trustedProxies", reason, "Write 192.0.2.7 or 10.0.0.0/8.");
                }
            }
        }
        Self {
            protocol_versions: versions,
            ciphers: reader.list("mutualSSLConfig.ciphers"),
            verify_client: match reader.text("mutualSSLConfig.sslVerifyClient").as_deref() {
                Some("require") => VerifyClient::Require,
                _ => VerifyClient::Optional,
            },
            certificate_header: reader.header_name("mutualSSLConfig.certificateHeaderName"),
            validate_proxy,
            client_ca_file: reader.file("mutualSSLConfig.clientCaFile"),
            names: names(reader, "mutualSSLConfig.sanList"),
            certificates: reader.tables("mutualSSLConfig.api.certificates", |reader| {
                Some(CertificateAliases {
                    name: reader.text_or_empty("name"),
                    version: reader.text_or_empty("version"),
                    aliases: reader.list("aliasList"),
                    files: reader.files("certificateFiles"),
                    names: names(reader, "sanList"),
                })
            }),
            trusted_proxies,
        }
    }
}

fn names(reader: &mut Reader<'_>, key: &str) -> Vec<NamePattern> {
    let mut patterns = Vec::new();
    for text in reader.list(key) {
        match NamePattern::parse(&text) {
            Ok(pattern) => patterns.push(pattern),
            Err(reason) => reader.fail(
                key,
                format!("{} of `{key}` names no client: {reason}", quoted(&text)),
                "Write `a.example`, `*.example`, `spiffe://corp/billing/*`, `ana@mail.example`, `192.0.2.0/24` or `subject:CN=…`.",
            ),
        }
    }
    patterns
}
