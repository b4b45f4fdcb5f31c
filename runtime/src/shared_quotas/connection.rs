//! How the store is reached: one server, the master that sentinels name, or a cluster.

use crate::config::{RedisAddress, RedisKind, SharedQuotas};
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo,
    RedisResult, TlsCertificates, TlsMode,
};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;

/// How long a connection may take; more than an answer, which is awaited by requests' limits.
const CONNECT: Duration = Duration::from_secs(5);

/// Why the store of the shared quotas cannot be used as it is set.
#[derive(Debug, thiserror::Error)]
pub enum SharedQuotasError {
    /// The certificates cannot be read.
    #[error("read {path} for `throttlingConfig.shared.caFile`")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The library cannot make a client of it.
    #[error("`throttlingConfig.shared.url` or `throttlingConfig.shared.caFile` cannot be used")]
    Unusable,
}

/// The store's servers.
pub(super) struct Store {
    servers: Servers,
    timeout: Duration,
}

enum Servers {
    One(Box<Client>),
    Sentinels(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

/// A connection that many use at once.
#[derive(Clone)]
pub(super) enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Store {
    /// Prepares connections. An error of the library could quote the address, which may hold a password.
    pub(super) fn new(settings: &SharedQuotas) -> Result<Self, SharedQuotasError> {
        let address = &settings.store;
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| SharedQuotasError::CaFile {
                path: path.clone(),
                source,
            })
        };
        let roots = settings.ca_file.as_ref().map(read).transpose()?;
        let certificates = address.tls.then_some(TlsCertificates {
            client_tls: None,
            root_cert: roots,
        });
        let servers = match &address.kind {
            RedisKind::Server => one(address, certificates).map(|client| Servers::One(Box::new(client))),
            RedisKind::Sentinels(master) => {
                sentinels(address, master, settings.sentinel_password.as_ref(), certificates)
                    .map(|client| Servers::Sentinels(Box::new(client)))
            }
            RedisKind::Cluster => {
                cluster(address, settings.timeout, certificates).map(|client| Servers::Cluster(Box::new(client)))
            }
        };
        Ok(Self {
            servers: servers.map_err(|_| SharedQuotasError::Unusable)?,
            timeout: settings.timeout,
        })
    }

    pub(super) async fn connect(&mut self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(self.timeout));
        match &mut self.servers {
            Servers::One(client) => {
                let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
                Ok(Connection::Server(connection))
            }
            Servers::Sentinels(client) => {
                let connecting = client.get_async_connection_with_config(&config);
                // Asking the sentinels has no bound of its own.
                let connected = tokio::time::timeout(2 * CONNECT, connecting).await;
                connected.unwrap_or_else(|_| Err(timed_out())).map(Connection::Server)
            }
            Servers::Cluster(client) => {
                let connected = tokio::time::timeout(2 * CONNECT, client.get_async_connection()).await;
                connected.unwrap_or_else(|_| Err(timed_out())).map(Connection::Cluster)
            }
        }
    }
}

fn timed_out() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

fn one(address: &RedisAddress, certificates: Option<TlsCertificates>) -> RedisResult<Client> {
    let server = server_addresses(address).next();
    let server = server.unwrap_or(ConnectionAddr::Tcp(String::new(), 0));
    let info: ConnectionInfo = server.into_connection_info()?;
    let info = info.set_redis_settings(sign_in(address));
    match certificates {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    }
}

fn sentinels(
    address: &RedisAddress,
    master: &str,
    password: Option<&SecretString>,
    certificates: Option<TlsCertificates>,
) -> RedisResult<SentinelClient> {
    let mut builder = SentinelClientBuilder::new(server_addresses(address), master, SentinelServerType::Master)?
        .set_client_to_redis_db(i64::from(address.database));
    if let Some(user) = &address.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &address.password {
        builder = builder.set_client_to_redis_password(password.expose_secret());
    }
    if let Some(password) = password {
        builder = builder.set_client_to_sentinel_password(password.expose_secret());
    }
    if let Some(certificates) = certificates {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    builder.build()
}

fn cluster(
    address: &RedisAddress,
    timeout: Duration,
    certificates: Option<TlsCertificates>,
) -> RedisResult<ClusterClient> {
    let mut builder = ClusterClient::builder(server_addresses(address))
        .connection_timeout(CONNECT)
        .response_timeout(timeout)
        // Whoever asked counts alone meanwhile; a retry would come too late for it.
        .overall_response_timeout(Some(2 * timeout))
        .retries(1);
    if let Some(user) = &address.user {
        builder = builder.username(user);
    }
    if let Some(password) = &address.password {
        builder = builder.password(password.expose_secret());
    }
    if let Some(certificates) = certificates {
        builder = builder.tls(TlsMode::Secure).certs(certificates);
    }
    builder.build()
}

fn server_addresses(address: &RedisAddress) -> impl Iterator<Item = ConnectionAddr> + '_ {
    address.servers.iter().map(|(host, port)| {
        if address.tls {
            ConnectionAddr::TcpTls {
                host: host.clone(),
                port: *port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host.clone(), *port)
        }
    })
}

fn sign_in(address: &RedisAddress) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default().set_db(i64::from(address.database));
    if let Some(user) = &address.user {
        info = info.set_username(user);
    }
    if let Some(password) = &address.password {
        info = info.set_password(password.expose_secret());
    }
    info
}
