//! Asks DNS, or the operating system where it knows better.

use crate::config::DnsSettings;
use crate::watched_files::{Turn, WatchedFiles};
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most addresses or records of one name; more are not looked at.
const MAX_RECORDS: usize = 64;
/// For what the operating system finds, which tells no time.
const UNTOLD: Duration = Duration::from_secs(30);
/// For one look-up in all.
const WHOLE: Duration = Duration::from_secs(10);

/// What the system's settings are read from.
const SYSTEM_FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// Why a name has no addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LookUpError {
    #[error("no address is known under this name")]
    NoSuchName,
    #[error("DNS did not answer in time")]
    TooLate,
    #[error("DNS could not be asked")]
    Failed,
    #[error("this cannot be a host name")]
    NoName,
    #[error("too many names are being looked up")]
    TooMany,
}

/// What was found under a name, and how long that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<T> {
    pub(crate) records: Vec<T>,
    pub(crate) ttl: Duration,
}

/// A failure, and how long it holds where that is told.
pub(super) type Failed = (LookUpError, Option<Duration>);

/// Where a service is (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SrvRecord {
    /// Without the dot at its end.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) priority: u16,
    pub(crate) weight: u16,
}

/// Looks names up.
#[derive(Debug)]
pub(super) struct LookUp {
    settings: DnsSettings,
    system: WatchedFiles,
    /// `None`: the operating system is asked.
    resolver: Mutex<Option<Arc<TokioResolver>>>,
}

impl LookUp {
    pub(super) fn new(settings: &DnsSettings) -> Self {
        let system = WatchedFiles::new(SYSTEM_FILES.map(Path::new));
        Self {
            resolver: Mutex::new(resolver(settings)),
            settings: settings.clone(),
            system,
        }
    }

    /// Returns the addresses of a host.
    pub(super) async fn addresses(&self, host: &str) -> Result<Found<IpAddr>, Failed> {
        let asked = async {
            let Some(resolver) = self.resolver() else {
                return by_system(host).await;
            };
            let now = Instant::now();
            let answer = resolver.lookup_ip(host).await.map_err(failed)?;
            Ok(Found {
                records: answer.iter().take(MAX_RECORDS).collect(),
                ttl: answer.valid_until().saturating_duration_since(now),
            })
        };
        let found = tokio::time::timeout(WHOLE, asked)
            .await
            .unwrap_or(Err((LookUpError::TooLate, None)))?;
        if found.records.is_empty() {
            return Err((LookUpError::NoSuchName, None));
        }
        Ok(found)
    }

    /// Returns the servers of a service. The operating system cannot be asked for that.
    pub(super) async fn services(&self, name: &str) -> Result<Found<SrvRecord>, Failed> {
        let asked = async {
            let resolver = self.resolver().ok_or((LookUpError::Failed, None))?;
            let now = Instant::now();
            let answer = resolver.srv_lookup(name).await.map_err(failed)?;
            let records = answer.answers().iter().filter_map(|record| match &record.data {
                RData::SRV(srv) => Some(SrvRecord {
                    host: srv.target.to_utf8().trim_end_matches('.').to_owned(),
                    port: srv.port,
                    priority: srv.priority,
                    weight: srv.weight,
                }),
                _ => None,
            });
            Ok(Found {
                // A single `.` says that there is no such service.
                records: records
                    .filter(|record| !record.host.is_empty())
                    .take(MAX_RECORDS)
                    .collect(),
                ttl: answer.valid_until().saturating_duration_since(now),
            })
        };
        let found = tokio::time::timeout(WHOLE, asked)
            .await
            .unwrap_or(Err((LookUpError::TooLate, None)))?;
        if found.records.is_empty() {
            return Err((LookUpError::NoSuchName, Some(found.ttl)));
        }
        Ok(found)
    }

    /// The resolver by the system's settings as they are now.
    fn resolver(&self) -> Option<Arc<TokioResolver>> {
        let turn: Turn<()> = self.system.turn(|| {
            *self.resolver.lock().unwrap_or_else(PoisonError::into_inner) = resolver(&self.settings);
            Ok(())
        });
        if let Turn::Replaced = turn {
            tracing::info!("names are looked up by the system's changed settings");
        }
        self.resolver.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn resolver(settings: &DnsSettings) -> Option<Arc<TokioResolver>> {
    if settings.by_system {
        return None;
    }
    let mut builder = if settings.servers.is_empty() {
        match TokioResolver::builder_tokio() {
            Ok(builder) => builder,
            Err(error) => {
                tracing::warn!(%error, "the system's settings for names cannot be read; the system is asked instead");
                return None;
            }
        }
    } else {
        let servers = settings.servers.iter().map(|address| name_server(*address)).collect();
        ResolverBuilder::clone_with(servers)
    };
    let options = builder.options_mut();
    // What is found is kept here, with the time that it holds.
    options.cache_size = 0;
    options.timeout = settings.timeout;
    options.attempts = 2;
    match builder.build() {
        Ok(resolver) => Some(Arc::new(resolver)),
        Err(error) => {
            tracing::warn!(%error, "names cannot be looked up in DNS; the system is asked instead");
            None
        }
    }
}

/// Makes a builder that asks these servers and no others.
trait WithServers: Sized {
    fn clone_with(servers: Vec<NameServerConfig>) -> Self;
}

impl WithServers for ResolverBuilder<TokioRuntimeProvider> {
    fn clone_with(servers: Vec<NameServerConfig>) -> Self {
        let config = ResolverConfig::from_name_servers(servers);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}

async fn by_system(host: &str) -> Result<Found<IpAddr>, Failed> {
    // On a thread for what blocks.
    let found = tokio::net::lookup_host((host, 0)).await;
    let addresses = found.map_err(|_| (LookUpError::Failed, None))?;
    let mut records: Vec<IpAddr> = addresses.map(|address| address.ip()).take(MAX_RECORDS).collect();
    records.dedup();
    Ok(Found { records, ttl: UNTOLD })
}

fn failed(error: NetError) -> Failed {
    match error {
        NetError::Timeout => (LookUpError::TooLate, None),
        NetError::Dns(DnsError::NoRecordsFound(found)) => {
            let ttl = found.negative_ttl.map(|seconds| Duration::from_secs(seconds.into()));
            // SERVFAIL and the like say nothing about the name.
            match found.response_code {
                hickory_resolver::proto::op::ResponseCode::NXDomain
                | hickory_resolver::proto::op::ResponseCode::NoError => (LookUpError::NoSuchName, ttl),
                _ => (LookUpError::Failed, None),
            }
        }
        NetError::Proto(_) => (LookUpError::NoName, None),
        _ => (LookUpError::Failed, None),
    }
}
