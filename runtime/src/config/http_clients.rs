//! Connections to backends.

use super::catalogue::{Key, Kind};
use super::certificate_files;
use super::settings::Reader;
use super::{ClientCertificate, EventPublishing, EventTransport, RuntimeConfig, StoreSettings, client_certificate};
use crate::upstream::Exclusions;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "httpClients.sslConfig.verifyHostname",
        Kind::Bool,
        "true",
        "check backends' host names",
    )
    .also(&["httpClients.verifyHostname"]),
    Key::new(
        "httpClients.disableSslVerification",
        Kind::Bool,
        "false",
        "do not check backends' certificates at all",
    ),
    Key::new(
        "httpClients.enableHttp2",
        Kind::Bool,
        "true",
        "offer HTTP/2 to TLS backends",
    ),
    Key::new(
        "httpClients.http2PingInterval",
        Kind::COUNT,
        "330000",
        "ms without a word from an HTTP/2 backend that owes an answer, after which it is asked for a sign of life; gRPC \
         servers do not stand being asked more than every five minutes; 0: never",
    ),
    Key::unset(
        "httpClients.sslConfig.caFile",
        Kind::File,
        "PEM certificates trusted for backends beside the system's",
    ),
    Key::unset(
        "httpClients.sslConfig.certificateFile",
        Kind::File,
        "client certificate towards backends, PEM",
    ),
    Key::unset("httpClients.sslConfig.privateKeyFile", Kind::File, "its key, PEM"),
    Key::unset(
        "httpClients.sslConfig.keyStorePath",
        Kind::File,
        "PKCS#12 store with the client key towards backends; unset: the listener's",
    ),
    Key::unset("httpClients.sslConfig.keyStorePassword", Kind::Secret, "its password"),
    Key::unset(
        client_certificate::LIST,
        Kind::Tables(client_certificate::KEYS),
        "client certificates for some backends alone; the first that names a backend is shown to it",
    ),
    Key::unset(
        "httpClients.sslConfig.trustStorePath",
        Kind::File,
        "PKCS#12 store with the authorities of backends, instead of the system's; unset: the listener's",
    ),
    Key::unset("httpClients.sslConfig.trustStorePassword", Kind::Secret, "its password")
        .also(&["httpClients.trustStorePassword"]),
    Key::inert("httpClients.sslConfig.protocolName", Kind::Text),
    Key::unset(
        "httpClients.sslConfig.protocolVersions",
        Kind::List,
        "TLS versions towards backends; unset: all that are safe",
    ),
    Key::unset(
        "httpClients.sslConfig.ciphers",
        Kind::List,
        "cipher suites towards backends; unset: all that are safe",
    ),
    Key::new(
        "httpClients.poolConfig.maxActiveConnections",
        Kind::OPTIONAL_COUNT,
        "-1",
        "connections per backend and core; -1: no limit",
    ),
    Key::new(
        "httpClients.poolConfig.maxIdleConnections",
        Kind::COUNT,
        "100",
        "idle connections kept per backend and core",
    ),
    Key::new(
        "httpClients.poolConfig.waitTimeInMillis",
        Kind::COUNT,
        "30000",
        "ms that a request waits for a connection",
    ),
    Key::new(
        "httpClients.poolConfig.maxActiveStreamsPerConnection",
        Kind::Integer { min: 1, max: 1000 },
        "50",
        "requests at a time on one HTTP/2 connection",
    ),
    Key::new(
        "httpClients.poolConfig.maxWaitingRequests",
        Kind::COUNT,
        "1024",
        "requests that wait for a connection, per backend and core; more are refused at once",
    ),
    Key::new(
        "httpClients.poolConfig.idleTimeout",
        Kind::POSITIVE,
        "60000",
        "ms after which an idle connection is closed",
    ),
    Key::new(
        "httpClients.repeatableBodySize",
        Kind::Integer {
            min: 0,
            max: 16_777_216,
        },
        "65536",
        "bytes of a request body that are kept so that it can be sent again; a longer one is sent once",
    ),
    Key::new(
        "httpClients.streamIdleTimeout",
        Kind::COUNT,
        "3600000",
        "ms that a stream may be silent in the middle (server-sent events, gRPC); an endpoint's own time limit holds for all \
         other bodies; 0: for ever",
    ),
    Key::new(
        "httpClients.connectTimeout",
        Kind::POSITIVE,
        "5000",
        "ms for a connection to a backend",
    ),
    Key::new(
        "httpClients.proxy.enable",
        Kind::Bool,
        "false",
        "reach backends through a proxy",
    ),
    Key::new(
        "httpClients.proxy.type",
        Kind::OneOf(&["http", "socks5"]),
        "http",
        "what the proxy speaks; both look backends' names up themselves, and `http` is asked with CONNECT",
    ),
    Key::unset(
        "httpClients.proxy.noProxy",
        Kind::List,
        "hosts that are reached without it: names, suffixes such as .example.com, addresses, networks",
    ),
    Key::new(
        "httpClients.proxy.enableInternalServices",
        Kind::Bool,
        "false",
        "ask the gateway's own servers through the proxy too, those of `noProxy` apart: key sets, the key manager, the control \
         plane, the traffic manager over HTTP",
    ),
    Key::new("httpClients.proxy.host", Kind::Text, "", "proxy host"),
    Key::new("httpClients.proxy.port", Kind::PORT, "0", "proxy port"),
    Key::new("httpClients.proxy.username", Kind::Text, "", "proxy user"),
    Key::new("httpClients.proxy.password", Kind::Secret, "", "proxy password"),
    Key::inert("httpClients.responseLimits.maxStatusLineLength", Kind::COUNT),
    Key::new(
        "httpClients.responseLimits.maxHeaderSize",
        Kind::Integer {
            min: 256,
            max: 1_048_576,
        },
        "8192",
        "bytes of a backend's header fields",
    ),
    Key::new(
        "httpClients.responseLimits.maxEntityBodySize",
        Kind::OPTIONAL_COUNT,
        "-1",
        "bytes of a backend's body; -1: no limit",
    ),
];

/// Longer than any process runs, and short enough to be added to a time.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Bounds of the pool, per backend and core.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Open connections.
    pub max_active: Option<u64>,
    /// Idle connections.
    pub max_idle: usize,
    /// For a connection to become free.
    pub wait: Duration,
    /// Requests that wait.
    pub max_waiting: usize,
    /// After which an idle connection is closed.
    pub idle: Duration,
    /// Requests at a time on one HTTP/2 connection.
    pub streams: u32,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP, with `CONNECT`.
    Http,
    /// SOCKS 5.
    Socks5,
}

/// A proxy towards backends.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Which hosts are reached without it.
    pub(crate) exclusions: Exclusions,
    /// The gateway's own servers are asked through it too.
    pub internal_services: bool,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User, empty for none.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

/// Bounds on a backend's answer.
#[derive(Debug, Clone, Copy)]
pub struct ResponseLimits {
    /// Bytes of all header fields.
    pub max_header_size: usize,
    /// Bytes of the body.
    pub max_body_size: Option<u64>,
}

/// Connections to backends.
#[derive(Debug, Clone)]
pub struct HttpClients {
    /// Check host names.
    pub verify_hostname: bool,
    /// Check certificates.
    pub verify_certificates: bool,
    /// Offer HTTP/2.
    pub http2: bool,
    /// Silence after which an HTTP/2 backend that owes an answer is asked whether it is alive; `None`: never.
    pub http2_ping: Option<Duration>,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Store with the client key; the listener's when absent.
    pub key_store: Option<StoreSettings>,
    /// Trust store; the listener's when absent.
    pub trust_store: Option<StoreSettings>,
    /// TLS versions by name; none: the library's.
    pub protocol_versions: Vec<String>,
    /// Cipher suites by name; none: the library's.
    pub ciphers: Vec<String>,
    /// Client certificate, PEM.
    pub certificate_file: Option<PathBuf>,
    /// Its key, PEM.
    pub private_key_file: Option<PathBuf>,
    /// Client certificates for some backends alone; the first that names a backend is shown to it.
    pub client_certificates: Vec<ClientCertificate>,
    /// Bounds of the pool.
    pub pool: Pool,
    /// Bytes of a request body that are kept so that it can be sent again.
    pub kept_body: usize,
    /// For a connection.
    pub connect_timeout: Duration,
    /// How long a stream may be silent in the middle.
    pub stream_idle: Duration,
    /// Proxy towards backends.
    pub proxy: Option<Proxy>,
    /// Bounds on answers.
    pub response_limits: ResponseLimits,
}

fn exclusions(reader: &mut Reader<'_>) -> Exclusions {
    const NAME: &str = "httpClients.proxy.noProxy";
    let entries = reader.list(NAME);
    Exclusions::parse(entries.iter().map(String::as_str)).unwrap_or_else(|entry| {
        reader.fail(
            NAME,
            format!("`{entry}` is no host, suffix, address or network"),
            "Write hosts without scheme and port, such as `.example.com` or `10.0.0.0/8`.",
        );
        Exclusions::default()
    })
}

/// Says what the proxy is not for: connections of protocols that it is not asked to carry.
pub(super) fn warn_of_direct(reader: &mut Reader<'_>, config: &RuntimeConfig) {
    const NAME: &str = "httpClients.proxy.enableInternalServices";
    if !reader.bool(NAME) {
        return;
    }
    if config.http_clients.proxy.is_none() {
        reader.warn(
            NAME,
            format!("`{NAME}` has no effect: `httpClients.proxy.enable` is not set"),
        );
        return;
    }
    let is_binary = |settings: &EventPublishing| matches!(settings.transport, EventTransport::Binary { .. });
    let direct = [
        (
            "the brokers of `tokenRevocationConfig.realtime`",
            config.revocation.realtime.is_some(),
        ),
        (
            "the servers of `tokenRevocationConfig.redis`",
            config.revocation.redis.is_some(),
        ),
        ("the brokers of `apim.eventHub`", config.event_hub.is_some()),
        (
            "the brokers of `throttlingConfig.enabledGlobalTMEventPublishing`",
            config.global_throttling.is_some(),
        ),
        (
            "the receivers of `throttlingConfig.binary`",
            config.event_publishing.as_ref().is_some_and(is_binary),
        ),
        (
            "the servers of `throttlingConfig.shared`",
            config.shared_quotas.is_some(),
        ),
        ("the servers of `etcdurl`", reader.is_set("etcdurl")),
    ];
    for (servers, _) in direct.into_iter().filter(|(_, are_used)| *are_used) {
        reader.warn(NAME, format!("{servers} are reached without the proxy"));
    }
}

impl HttpClients {
    /// Returns the proxy through which the gateway asks its own servers.
    pub(crate) fn proxy_of_services(&self) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| proxy.internal_services)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let path = |reader: &Reader<'_>, name| reader.file(name);
        let exclusions = exclusions(reader);
        let proxy = reader.bool("httpClients.proxy.enable").then(|| Proxy {
            kind: match reader.text("httpClients.proxy.type").as_deref() {
                Some("socks5") => ProxyKind::Socks5,
                _ => ProxyKind::Http,
            },
            exclusions,
            internal_services: reader.bool("httpClients.proxy.enableInternalServices"),
            host: reader.text_or_empty("httpClients.proxy.host"),
            port: reader.port("httpClients.proxy.port"),
            username: reader.text_or_empty("httpClients.proxy.username"),
            password: reader.secret("httpClients.proxy.password").unwrap_or_default(),
        });
        if proxy
            .as_ref()
            .is_some_and(|proxy| proxy.host.is_empty() || proxy.port == 0)
        {
            reader.fail(
                "httpClients.proxy.enable",
                "a proxy is enabled without host or port",
                "Set `httpClients.proxy.host` and `httpClients.proxy.port`.",
            );
        }
        let (certificate_file, private_key_file) = certificate_files::read(
            reader,
            "httpClients.sslConfig.certificateFile",
            "httpClients.sslConfig.privateKeyFile",
        );
        Self {
            verify_hostname: reader.bool("httpClients.sslConfig.verifyHostname"),
            verify_certificates: !reader.bool("httpClients.disableSslVerification"),
            http2: reader.bool("httpClients.enableHttp2"),
            http2_ping: Some(reader.milliseconds("httpClients.http2PingInterval")).filter(|ping| !ping.is_zero()),
            ca_file: path(reader, "httpClients.sslConfig.caFile"),
            key_store: StoreSettings::read(
                reader,
                "httpClients.sslConfig.keyStorePath",
                "httpClients.sslConfig.keyStorePassword",
            ),
            trust_store: StoreSettings::read(
                reader,
                "httpClients.sslConfig.trustStorePath",
                "httpClients.sslConfig.trustStorePassword",
            ),
            protocol_versions: reader.list("httpClients.sslConfig.protocolVersions"),
            ciphers: reader.list("httpClients.sslConfig.ciphers"),
            certificate_file,
            private_key_file,
            client_certificates: client_certificate::read(
                reader,
                reader.secret("httpClients.sslConfig.keyStorePassword").as_ref(),
            ),
            pool: Pool {
                max_active: reader.limit("httpClients.poolConfig.maxActiveConnections"),
                max_idle: reader.count("httpClients.poolConfig.maxIdleConnections"),
                wait: reader.milliseconds("httpClients.poolConfig.waitTimeInMillis"),
                max_waiting: reader.count("httpClients.poolConfig.maxWaitingRequests"),
                idle: reader.milliseconds("httpClients.poolConfig.idleTimeout"),
                streams: u32::try_from(reader.count("httpClients.poolConfig.maxActiveStreamsPerConnection"))
                    .unwrap_or(u32::MAX),
            },
            kept_body: reader.count("httpClients.repeatableBodySize"),
            connect_timeout: reader.milliseconds("httpClients.connectTimeout"),
            stream_idle: Some(reader.milliseconds("httpClients.streamIdleTimeout"))
                .filter(|idle| !idle.is_zero())
                .map_or(FOR_EVER, |idle| idle.min(FOR_EVER)),
            proxy,
            response_limits: ResponseLimits {
                max_header_size: reader.count("httpClients.responseLimits.maxHeaderSize"),
                max_body_size: reader.limit("httpClients.responseLimits.maxEntityBodySize"),
            },
        }
    }
}
