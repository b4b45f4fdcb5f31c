//! The listeners for API traffic.

use super::StoreSettings;
use super::catalogue::{Key, Kind};
use super::certificate_files;
use super::settings::Reader;
use super::shown::quoted;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "listenerConfig.host",
        Kind::Text,
        "0.0.0.0",
        "address of the API and token listeners",
    ),
    Key::new(
        "listenerConfig.httpPort",
        Kind::PORT,
        "9090",
        "plain listener; 0 chooses a free port",
    ),
    Key::new(
        "listenerConfig.httpsPort",
        Kind::PORT,
        "9095",
        "TLS listener; 0 chooses a free port",
    ),
    Key::new(
        "listenerConfig.tokenListenerPort",
        Kind::PORT,
        "9096",
        "TLS listener of the token endpoints",
    ),
    Key::new(
        "listenerConfig.httpEnabled",
        Kind::Bool,
        "true",
        "whether the plain listener is opened",
    ),
    Key::new(
        "listenerConfig.httpsEnabled",
        Kind::Bool,
        "true",
        "whether the TLS listener is opened",
    ),
    Key::unset(
        "listenerConfig.certificateFile",
        Kind::File,
        "server certificate chain, PEM",
    ),
    Key::unset("listenerConfig.privateKeyFile", Kind::File, "server key, PEM"),
    Key::unset(
        "listenerConfig.keyStorePath",
        Kind::File,
        "PKCS#12 store with the server key and its chain; not read when `certificateFile` is set",
    ),
    Key::unset("listenerConfig.keyStorePassword", Kind::Secret, "its password"),
    Key::unset(
        "listenerConfig.trustStorePath",
        Kind::File,
        "PKCS#12 store with what is trusted by alias, and the authorities of clients, backends and control plane",
    ),
    Key::unset("listenerConfig.trustStorePassword", Kind::Secret, "its password"),
    Key::unset(
        "listenerConfig.ocspFile",
        Kind::File,
        "OCSP response for the server certificate, DER, sent with it",
    ),
    Key::new(
        "listenerConfig.certificateReloadInterval",
        Kind::COUNT,
        "10",
        "s between two looks at the files with certificates, keys, authorities and revocations; changed ones are taken over at once; 0: only on SIGHUP",
    ),
    Key::unset(
        "listenerConfig.certificates",
        Kind::Tables(CERTIFICATE_KEYS),
        "server certificates for some host names",
    ),
    Key::new(
        "listenerConfig.keepAlive",
        Kind::OneOf(&["AUTO", "ALWAYS", "NEVER"]),
        "AUTO",
        "whether client connections stay open",
    ),
    Key::inert("listenerConfig.maxPipelinedRequests", Kind::POSITIVE),
    Key::new(
        "listenerConfig.maxUriLength",
        Kind::Integer { min: 64, max: 65_536 },
        "4096",
        "longer request targets are answered 414",
    ),
    Key::new(
        "listenerConfig.maxHeaderSize",
        Kind::Integer {
            min: 256,
            max: 1_048_576,
        },
        "8192",
        "bytes of all header fields; more are refused",
    ),
    Key::new(
        "listenerConfig.maxEntityBodySize",
        Kind::OPTIONAL_COUNT,
        "-1",
        "bytes of a request body; more are answered 413; -1: no limit",
    ),
    Key::new(
        "listenerConfig.maxConnections",
        Kind::POSITIVE,
        "16384",
        "open client connections of all listeners",
    ),
    Key::new(
        "listenerConfig.requestHeaderTimeout",
        Kind::POSITIVE,
        "15000",
        "ms for a request's head to arrive",
    ),
    Key::new(
        "listenerConfig.idleTimeout",
        Kind::POSITIVE,
        "120000",
        "ms after which an idle client connection is closed",
    ),
    Key::new(
        "listenerConfig.unreadTimeout",
        Kind::POSITIVE,
        "60000",
        "ms after which a client is disconnected that reads nothing of what is there for it",
    ),
    Key::new(
        "listenerConfig.tlsHandshakeTimeout",
        Kind::POSITIVE,
        "10000",
        "ms for a TLS handshake",
    ),
    Key::new(
        "listenerConfig.drainTimeout",
        Kind::COUNT,
        "30000",
        "ms that running requests get at shutdown",
    ),
    Key::new(
        "listenerConfig.workerThreads",
        Kind::COUNT,
        "0",
        "event loops; 0: one per core",
    ),
    Key::new("http2.enable", Kind::Bool, "true", "offer HTTP/2 to clients"),
    Key::inert("validationConfig.enableRequestValidation", Kind::Bool),
    Key::inert("validationConfig.enableResponseValidation", Kind::Bool),
];

const CERTIFICATE_KEYS: &[Key] = &[
    Key::new(
        "hostnames",
        Kind::List,
        "",
        "host names that get this certificate, also `*.example.com`; all others get the listener's",
    ),
    Key::unset("certificateFile", Kind::File, "certificate chain, PEM"),
    Key::unset("privateKeyFile", Kind::File, "its key, PEM"),
    Key::unset("ocspFile", Kind::File, "OCSP response for the certificate, DER"),
];

/// Whether client connections stay open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAlive {
    /// As the request asks.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Time limits towards clients.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a request's head.
    pub request_header: Duration,
    /// Idle connections.
    pub idle: Duration,
    /// Clients that read nothing of what is there for them.
    pub unread: Duration,
    /// TLS handshake.
    pub tls_handshake: Duration,
    /// Running requests at shutdown.
    pub drain: Duration,
}

/// A server certificate for some host names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCertificate {
    /// Lower-case names, `*.` in front for every name one level below.
    pub hostnames: Vec<String>,
    /// Certificate chain, PEM.
    pub certificate_file: PathBuf,
    /// Its key, PEM.
    pub private_key_file: PathBuf,
    /// OCSP response, DER.
    pub ocsp_file: Option<PathBuf>,
}

/// The API listeners.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Bind address.
    pub host: IpAddr,
    /// Plain port, `None` when switched off.
    pub http_port: Option<u16>,
    /// TLS port, `None` when switched off.
    pub https_port: Option<u16>,
    /// TLS port of the token endpoints.
    pub token_port: u16,
    /// Server certificate chain, PEM.
    pub certificate_file: Option<PathBuf>,
    /// Server key, PEM.
    pub private_key_file: Option<PathBuf>,
    /// PKCS#12 store with the server key.
    pub key_store: Option<StoreSettings>,
    /// PKCS#12 store with what is trusted.
    pub trust_store: Option<StoreSettings>,
    /// OCSP response for the server certificate, DER.
    pub ocsp_file: Option<PathBuf>,
    /// Server certificates for some host names.
    pub certificates: Vec<NamedCertificate>,
    /// Between two looks at the files that settings name; `None`: only when told.
    pub certificate_reload: Option<Duration>,
    /// Whether connections stay open.
    pub keep_alive: KeepAlive,
    /// Bytes of the request target.
    pub max_uri_length: usize,
    /// Bytes of all header fields.
    pub max_header_size: usize,
    /// Bytes of a request body.
    pub max_body_size: Option<u64>,
    /// Open connections.
    pub max_connections: usize,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Event loops; 0: one per core.
    pub worker_threads: usize,
    /// Offer HTTP/2.
    pub http2: bool,
}

impl Listener {
    /// Returns the store with the server's key, unless that is in a PEM file, which takes the place of the store.
    pub(crate) fn used_key_store(&self) -> Option<&StoreSettings> {
        self.key_store.as_ref().filter(|_| self.private_key_file.is_none())
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let path = |reader: &Reader<'_>, name| reader.file(name);
        let (certificate_file, private_key_file) = certificate_files::read(
            reader,
            "listenerConfig.certificateFile",
            "listenerConfig.privateKeyFile",
        );
        let port = |reader: &Reader<'_>, enabled, name| reader.bool(enabled).then(|| reader.port(name));
        let http_port = port(reader, "listenerConfig.httpEnabled", "listenerConfig.httpPort");
        let https_port = port(reader, "listenerConfig.httpsEnabled", "listenerConfig.httpsPort");
        if http_port == https_port && http_port.is_some_and(|port| port != 0) {
            reader.fail(
                "listenerConfig.httpsPort",
                "`listenerConfig.httpsPort` is the same as `listenerConfig.httpPort`",
                "Give each a port of its own, or switch one off with `httpEnabled = false` or `httpsEnabled = false`.",
            );
        }
        if private_key_file.is_some() && reader.is_set("listenerConfig.keyStorePath") {
            reader.warn(
                "listenerConfig.keyStorePath",
                "`listenerConfig.keyStorePath` has no effect: the key is that of `listenerConfig.privateKeyFile`",
            );
        }
        Self {
            host: reader.address("listenerConfig.host"),
            http_port,
            https_port,
            token_port: reader.port("listenerConfig.tokenListenerPort"),
            certificate_file,
            private_key_file,
            key_store: StoreSettings::read(reader, "listenerConfig.keyStorePath", "listenerConfig.keyStorePassword"),
            trust_store: StoreSettings::read(
                reader,
                "listenerConfig.trustStorePath",
                "listenerConfig.trustStorePassword",
            ),
            ocsp_file: path(reader, "listenerConfig.ocspFile"),
            certificates: named_certificates(reader),
            certificate_reload: Some(reader.seconds("listenerConfig.certificateReloadInterval"))
                .filter(|interval| !interval.is_zero()),
            keep_alive: match reader.text("listenerConfig.keepAlive").as_deref() {
                Some("ALWAYS") => KeepAlive::Always,
                Some("NEVER") => KeepAlive::Never,
                _ => KeepAlive::Auto,
            },
            max_uri_length: reader.count("listenerConfig.maxUriLength"),
            max_header_size: reader.count("listenerConfig.maxHeaderSize"),
            max_body_size: reader.limit("listenerConfig.maxEntityBodySize"),
            max_connections: reader.count("listenerConfig.maxConnections"),
            timeouts: Timeouts {
                request_header: reader.milliseconds("listenerConfig.requestHeaderTimeout"),
                idle: reader.milliseconds("listenerConfig.idleTimeout"),
                unread: reader.milliseconds("listenerConfig.unreadTimeout"),
                tls_handshake: reader.milliseconds("listenerConfig.tlsHandshakeTimeout"),
                drain: reader.milliseconds("listenerConfig.drainTimeout"),
            },
            worker_threads: reader.count("listenerConfig.workerThreads"),
            http2: reader.bool("http2.enable"),
        }
    }
}

fn named_certificates(reader: &mut Reader<'_>) -> Vec<NamedCertificate> {
    let mut taken = BTreeSet::new();
    reader.tables("listenerConfig.certificates", |reader| {
        let hostnames: Vec<String> = reader
            .list("hostnames")
            .iter()
            .map(|name| name.to_lowercase())
            .collect();
        if hostnames.is_empty() {
            reader.fail(
                "hostnames",
                "a certificate without `hostnames`",
                "Name the host names that get it, or use `listenerConfig.certificateFile` for all.",
            );
        }
        for name in &hostnames {
            if !is_host_pattern(name) {
                reader.fail(
                    "hostnames",
                    format!("{} is not a host name", quoted(name)),
                    "Write api.example.com, or *.example.com for every name one level below.",
                );
            } else if !taken.insert(name.clone()) {
                reader.fail(
                    "hostnames",
                    format!("`{name}` has two certificates"),
                    "Name each host name once.",
                );
            }
        }
        let (certificate_file, private_key_file) = (reader.text("certificateFile"), reader.text("privateKeyFile"));
        let (Some(certificate_file), Some(private_key_file)) = (certificate_file, private_key_file) else {
            reader.fail(
                "certificateFile",
                "a certificate for host names needs `certificateFile` and `privateKeyFile`",
                "Set both, or remove the table.",
            );
            return None;
        };
        Some(NamedCertificate {
            hostnames,
            certificate_file: certificate_file.into(),
            private_key_file: private_key_file.into(),
            ocsp_file: reader.file("ocspFile"),
        })
    })
}

fn is_host_pattern(name: &str) -> bool {
    let below = name.strip_prefix("*.").unwrap_or(name);
    // `DnsName` also takes a final dot, which no client sends.
    rustls_pki_types::DnsName::try_from(below).is_ok() && !below.ends_with('.')
}
