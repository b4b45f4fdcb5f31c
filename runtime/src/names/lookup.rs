//! Asks DNS, or the operating system where it knows better.

use super::search::{SearchList, both, first_found};
use crate::config::DnsSettings;
use crate::watched_files::{Turn, WatchedFiles};
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{Hosts, TokioResolver};
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
    resolver: Mutex<Option<Arc<Resolver>>>,
}

/// Asks DNS.
struct Resolver {
    dns: TokioResolver,
    search: SearchList,
    hosts: Hosts,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver")
            .field("search", &self.search)
            .finish_non_exhaustive()
    }
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
            resolver.addresses(host).await
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
            resolver.services(name).await
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
    fn resolver(&self) -> Option<Arc<Resolver>> {
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

impl Resolver {
    /// Both families are asked for here and not by hickory's `lookup_ip`, which tells only one of two failures: that there
    /// is no address of IPv6, though nobody said that there is none of IPv4.
    async fn addresses(&self, host: &str) -> Result<Found<IpAddr>, Failed> {
        let address = RData::ip_addr;
        let mut names = self.names(host)?;
        let whole = names.iter().find(|name| self.is_in_hosts(name)).cloned();
        if let Some(known) = whole {
            names = vec![known];
        }
        first_found(names, |name| async move {
            let (six, four) = tokio::join!(
                self.ask(name.clone(), RecordType::AAAA, address),
                self.ask(name, RecordType::A, address)
            );
            both(six, four)
        })
        .await
    }

    async fn services(&self, name: &str) -> Result<Found<SrvRecord>, Failed> {
        let asked = first_found(self.names(name)?, |name| self.ask(name, RecordType::SRV, srv));
        let mut found = asked.await?;
        // A single `.` says that there is no such service.
        found.records.retain(|record| !record.host.is_empty());
        Ok(found)
    }

    fn names(&self, name: &str) -> Result<Vec<Name>, Failed> {
        let name = Name::from_utf8(name).map_err(|_| (LookUpError::NoName, None))?;
        Ok(self.search.names(&name))
    }

    fn is_in_hosts(&self, name: &Name) -> bool {
        let is_of = |kind| {
            self.hosts
                .lookup_static_host(&Query::query(name.clone(), kind))
                .is_some()
        };
        is_of(RecordType::A) || is_of(RecordType::AAAA)
    }

    /// Asks for the records of a whole name that are wanted.
    async fn ask<T>(&self, name: Name, kind: RecordType, wanted: fn(&RData) -> Option<T>) -> Result<Found<T>, Failed> {
        let now = Instant::now();
        let answer = self.dns.lookup(name, kind).await.map_err(failed)?;
        let ttl = answer.valid_until().saturating_duration_since(now);
        let records = answer.answers().iter().filter_map(|record| wanted(&record.data));
        let records: Vec<T> = records.take(MAX_RECORDS).collect();
        if records.is_empty() {
            return Err((LookUpError::NoSuchName, Some(ttl)));
        }
        Ok(Found { records, ttl })
    }
}

fn srv(data: &RData) -> Option<SrvRecord> {
    match data {
        RData::SRV(srv) => Some(SrvRecord {
            host: srv.target.to_utf8().trim_end_matches('.').to_owned(),
            port: srv.port,
            priority: srv.priority,
            weight: srv.weight,
        }),
        _ => None,
    }
}

fn resolver(settings: &DnsSettings) -> Option<Arc<Resolver>> {
    if settings.by_system {
        return None;
    }
    let (config, mut options) = if settings.servers.is_empty() {
        match read_system_conf() {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "the system's settings for names cannot be read; the system is asked instead");
                return None;
            }
        }
    } else {
        let servers = settings.servers.iter().map(|address| name_server(*address)).collect();
        (ResolverConfig::from_name_servers(servers), ResolverOpts::default())
    };
    // What is found is kept here, with the time that it holds.
    options.cache_size = 0;
    options.timeout = settings.timeout;
    options.attempts = 2;
    let domains = config.domain().into_iter().chain(config.search());
    let mut search = SearchList {
        domains: Vec::new(),
        ndots: options.ndots,
    };
    for domain in domains {
        if !search.domains.contains(domain) {
            search.domains.push(domain.clone());
        }
    }
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    match builder.with_options(options).build() {
        Ok(dns) => Some(Arc::new(Resolver {
            dns,
            search,
            hosts: Hosts::from_system().unwrap_or_default(),
        })),
        Err(error) => {
            tracing::warn!(%error, "names cannot be looked up in DNS; the system is asked instead");
            None
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UdpSocket;

    const NO_ERROR: u8 = 0;
    const SERVER_FAILURE: u8 = 2;
    const NO_SUCH_NAME: u8 = 3;

    /// Answers questions over UDP without records, with the code for their type.
    async fn serve(code: impl Fn(u8) -> u8) -> (SocketAddr, impl Future<Output = std::io::Error>) {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        let answers = async move {
            let mut message = [0; 512];
            loop {
                let (length, from) = match socket.recv_from(&mut message).await {
                    Ok(received) => received,
                    Err(error) => return error,
                };
                // The name, behind the head, ends with an empty label; then comes the type.
                let end = message[12..length].iter().position(|byte| *byte == 0).expect("a name") + 13;
                // An answer with one question and nothing else.
                message[2] = 0x81;
                message[3] = 0x80 | code(message[end + 1]);
                message[6..12].fill(0);
                if let Err(error) = socket.send_to(&message[..end + 4], from).await {
                    return error;
                }
            }
        };
        (address, answers)
    }

    #[test]
    fn a_name_is_missing_only_when_dns_says_so_of_every_type() {
        const A: u8 = 1;
        let look_up = |service: bool, code: fn(u8) -> u8| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let (address, answers) = serve(code).await;
                let settings = DnsSettings {
                    servers: vec![address],
                    ..DnsSettings::default()
                };
                let look_up = LookUp::new(&settings);
                let asked = async {
                    if service {
                        look_up.services("_shop._tcp.test").await.err()
                    } else {
                        look_up.addresses("shop.test").await.err()
                    }
                };
                tokio::select! {
                    failure = asked => failure.expect("no record").0,
                    error = answers => panic!("{error}"),
                }
            })
        };
        let half = |kind| if kind == A { SERVER_FAILURE } else { NO_ERROR };
        let other_half = |kind| if kind == A { NO_ERROR } else { SERVER_FAILURE };
        assert_eq!(look_up(false, half), LookUpError::Failed);
        assert_eq!(look_up(false, other_half), LookUpError::Failed);
        assert_eq!(look_up(false, |_| NO_ERROR), LookUpError::NoSuchName);
        assert_eq!(look_up(false, |_| NO_SUCH_NAME), LookUpError::NoSuchName);
        assert_eq!(look_up(true, |_| SERVER_FAILURE), LookUpError::Failed);
        assert_eq!(look_up(true, |_| NO_SUCH_NAME), LookUpError::NoSuchName);
    }
}
