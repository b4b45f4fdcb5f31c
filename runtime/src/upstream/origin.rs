//! Where connections go, and whom they have to lead to.

use super::forward_proxy::ForwardProxy;
use super::pool::{PoolKey, Reuse};
use super::reach::Reach;
use super::seats::{Seat, Seats};
use super::speaks::Speaks;
use super::tls::{BackendTls, TrustError};
use super::unreached::Unreached;
use crate::config::RuntimeConfig;
use crate::names::Names;
use crate::watched_files::{Turn, WatchedFiles};
use arc_swap::ArcSwap;
use mgw_bundle::config::BackendProtocol;
use rustls::ClientConfig;
use rustls_pki_types::{CertificateDer, ServerName};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::runtime::Handle;

/// A backend's address as connections see it.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Number of this origin, which never is another's.
    pub(super) id: usize,
    /// Where pools have it.
    pub(super) seat: Seat,
    /// Where to connect: host name or address, without brackets.
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// `None` for plain HTTP.
    pub(super) tls: Option<OriginTls>,
    /// The HTTP version of its connections.
    pub(super) speaks: Speaks,
    pub(super) via: Via,
    unreached: Unreached,
    /// Whether the last connection that could have negotiated HTTP/2 did not.
    negotiated_http1: AtomicBool,
}

/// What connections to an origin go through.
#[derive(Debug)]
pub(super) enum Via {
    Nothing(Reach),
    /// It looks names up.
    Proxy(Arc<ForwardProxy>),
}

/// How TLS is spoken with a backend.
#[derive(Debug)]
pub(super) struct OriginTls {
    /// The name that the backend's certificate must bear.
    pub(super) name: ServerName<'static>,
    /// What new connections are made with.
    pub(super) config: ArcSwap<ClientConfig>,
    /// Counts the settings that `config` has had.
    trust: AtomicU64,
}

impl Origin {
    /// Notes that no connection could be made.
    pub(super) fn failed(&self) {
        self.unreached.note();
    }

    /// Notes that a connection was made.
    pub(super) fn worked(&self) {
        self.unreached.forget();
    }

    /// Whether no connection could be made lately; others are used first for a while.
    pub(super) fn failed_lately(&self) -> bool {
        self.unreached.is_recent()
    }

    /// Notes what a connection negotiated.
    pub(super) fn negotiated(&self, http2: bool) {
        // Hardly ever changes, so that the line stays shared between cores.
        if self.negotiated_http1.load(Ordering::Relaxed) == http2 {
            self.negotiated_http1.store(!http2, Ordering::Relaxed);
        }
    }

    /// Whether requests are likely to be sent by HTTP/2, as far as the last connection tells.
    pub(super) fn expects_http2(&self) -> bool {
        self.speaks.may_be_http2() && !self.negotiated_http1.load(Ordering::Relaxed)
    }

    /// Counts how often addresses of the host went, in 32 bits.
    fn generation(&self) -> u64 {
        match &self.via {
            Via::Nothing(reach) => reach.generation() & u64::from(u32::MAX),
            Via::Proxy(_) => 0,
        }
    }

    /// Returns what idle connections have to fit that requests may take up now.
    pub(super) fn pool_key(&self) -> PoolKey {
        let tls = self.tls.as_ref();
        PoolKey {
            origin: self.id,
            seat: self.seat.index,
            trust: tls.map_or(0, |tls| tls.trust.load(Ordering::Acquire)) << 32 | self.generation(),
            tls: tls.is_some(),
            reuse: Reuse::default(),
        }
    }
}

impl OriginTls {
    /// Has connections made by other settings from now on.
    fn renew(&self, config: Arc<ClientConfig>) {
        self.config.store(config);
        // After the settings: whoever sees the new number connects with them.
        self.trust.fetch_add(1, Ordering::Release);
    }
}

/// Connections are shared by requests for which all of this is the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// Where to connect.
    address: Authority,
    /// Whom the backend there is taken for.
    identity: Authority,
    tls: bool,
    speaks: Speaks,
    /// What is trusted of this backend alone. Connections made under other trust are not taken up.
    certificates: Vec<CertificateDer<'static>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Authority {
    /// Host name or address, without brackets.
    host: Box<str>,
    port: u16,
}

impl Authority {
    fn of(url: &url::Url) -> Option<Self> {
        Some(Self {
            host: match url.host()? {
                url::Host::Domain(name) => name.into(),
                url::Host::Ipv4(address) => address.to_string().into(),
                url::Host::Ipv6(address) => address.to_string().into(),
            },
            port: url.port_or_known_default()?,
        })
    }

    fn parts(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

/// The origins in use. An origin stays the same across reloads, so that its connections survive them, and is forgotten with
/// its last user: backends that move would make ever more of them.
#[derive(Debug)]
pub(crate) struct Origins {
    known: Mutex<Known>,
    seats: Arc<Seats>,
    /// Whether HTTP/2 is offered where definitions leave it open.
    http2: bool,
    names: Names,
    proxy: Option<Arc<ForwardProxy>>,
    tls_files: WatchedFiles,
}

#[derive(Debug)]
struct Known {
    origins: HashMap<Key, Weak<Origin>>,
    /// So many entries, and what nobody uses is forgotten.
    crowded: usize,
    tls: BackendTls,
}

impl Known {
    fn add(&mut self, key: Key, origin: &Arc<Origin>) {
        if self.origins.len() >= self.crowded {
            self.origins.retain(|_, origin| origin.strong_count() > 0);
            self.tls.forget_unused();
            self.crowded = 2 * self.origins.len() + 16;
        }
        self.origins.insert(key, Arc::downgrade(origin));
    }
}

impl Origins {
    /// Reads the files that say whom to trust and who the gateway is to backends.
    /// Host names are looked up on `control`.
    pub(crate) fn new(config: &RuntimeConfig, control: &Handle) -> Result<Self, TrustError> {
        let names = Names::new(&config.dns, control);
        let proxy = config.http_clients.proxy.as_ref();
        let proxy = proxy.map(|proxy| Arc::new(ForwardProxy::new(proxy, &names)));
        let tls_files = WatchedFiles::new(BackendTls::files(config).iter().map(PathBuf::as_path));
        Ok(Self {
            known: Mutex::new(Known {
                origins: HashMap::new(),
                crowded: 0,
                tls: BackendTls::new(config)?,
            }),
            seats: Arc::default(),
            http2: config.http_clients.http2,
            names,
            proxy,
            tls_files,
        })
    }

    /// Looks at these files; when they changed, all connections to come are made by what they hold now, and idle ones of
    /// before are not taken up. Blocks.
    pub(crate) fn renew(&self, config: &RuntimeConfig) -> Turn<TrustError> {
        self.tls_files.turn(|| {
            let mut tls = BackendTls::new(config)?;
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            // Everything that can fail comes first.
            let origins = known
                .origins
                .iter()
                .filter_map(|(key, origin)| Some((key, origin.upgrade()?)));
            let renewed = origins
                .filter(|(key, _)| key.tls)
                .map(|(key, origin)| Ok((origin, tls.config(key.identity.parts(), &key.certificates, key.speaks)?)));
            for (origin, config) in renewed.collect::<Result<Vec<_>, TrustError>>()? {
                if let Some(tls) = &origin.tls {
                    tls.renew(config);
                }
            }
            known.tls = tls;
            Ok(())
        })
    }

    /// The names that backends have.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The seats of origins in pools.
    pub(crate) fn seats(&self) -> &Arc<Seats> {
        &self.seats
    }

    /// Returns the origin of a URL whose backend is known by that URL; see [`Self::at`].
    ///
    /// # Errors
    ///
    /// Why the URL cannot be used.
    pub(crate) fn of(
        &self,
        url: &url::Url,
        certificates: &[CertificateDer<'static>],
        protocol: BackendProtocol,
    ) -> Result<Arc<Origin>, &'static str> {
        self.at(url, url, certificates, protocol)
    }

    /// Returns the origin at an `http`, `https`, `ws` or `wss` URL. Over TLS the backend has to prove that it is the host of
    /// `identity`; it may also be known by its `certificates`, and is spoken to by `protocol`.
    ///
    /// # Errors
    ///
    /// Why the URLs cannot be used.
    pub(crate) fn at(
        &self,
        url: &url::Url,
        identity: &url::Url,
        certificates: &[CertificateDer<'static>],
        protocol: BackendProtocol,
    ) -> Result<Arc<Origin>, &'static str> {
        const NO_HOST: &str = "has no usable host";
        let address = Authority::of(url).ok_or(NO_HOST)?;
        let identity = Authority::of(identity).ok_or(NO_HOST)?;
        let name = match url.scheme() {
            "http" | "ws" => None,
            "https" | "wss" => Some(ServerName::try_from(identity.host.to_string()).map_err(|_| NO_HOST)?),
            _ => return Err("is neither http, https, ws nor wss"),
        };
        let speaks = Speaks::decide(protocol, url.scheme(), self.http2);
        let key = Key {
            speaks,
            address,
            identity,
            tls: name.is_some(),
            certificates: if name.is_some() {
                certificates.to_vec()
            } else {
                Vec::new()
            },
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = known.origins.get(&key).and_then(Weak::upgrade) {
            return Ok(origin);
        }
        let tls = match name {
            Some(name) => {
                let config = known.tls.config(key.identity.parts(), certificates, speaks);
                let config = config.map_err(|_| "has certificates that cannot be trusted")?;
                Some(OriginTls {
                    name,
                    config: ArcSwap::new(config),
                    trust: AtomicU64::new(0),
                })
            }
            None => None,
        };
        let seat = self.seats.take();
        let origin = Arc::new(Origin {
            id: seat.owner,
            seat,
            host: key.address.host.clone(),
            port: key.address.port,
            tls,
            speaks,
            via: match &self.proxy {
                Some(proxy) if proxy.serves(&key.address.host) => Via::Proxy(Arc::clone(proxy)),
                _ => Via::Nothing(Reach::of(&key.address.host, &self.names)),
            },
            unreached: Unreached::default(),
            negotiated_http1: AtomicBool::new(false),
        });
        known.add(key, &origin);
        Ok(origin)
    }
}

#[cfg(test)]
impl Default for Origins {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime, on which nothing is looked up");
        Self::new(&RuntimeConfig::default(), runtime.handle()).expect("defaults name no file")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_are_one_origin() {
        let origins = Origins::default();
        let own = |text: &str, certificates: &[CertificateDer<'static>]| {
            let url = url::Url::parse(text).ok()?;
            origins.of(&url, certificates, BackendProtocol::Negotiated).ok()
        };
        let id = |text: &str| own(text, &[]).map(|origin| origin.id);
        let made = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).expect("a certificate");
        let certificates = [made.cert.der().clone()];
        let [plain, tls, six, trusted] = [
            own("http://a/x", &[]),
            own("https://a/x", &[]),
            own("http://[::1]:8080/", &[]),
            own("https://a/x", &certificates),
        ]
        .map(|origin| origin.expect("a good URL"));
        let ids = std::collections::BTreeSet::from([&plain, &tls, &six, &trusted].map(|origin| origin.id));
        assert_eq!(ids.len(), 4, "other trust, other connections");
        assert_eq!(id("http://A:80/y"), Some(plain.id));
        assert_eq!(id("https://a:443"), Some(tls.id));
        assert_eq!(id("http://[::1]:8080/z"), Some(six.id));
        assert_eq!(id("ftp://a/"), None);
        let again = |text: &str| own(text, &certificates).map(|origin| origin.id);
        assert_eq!(again("http://a/x"), Some(plain.id), "plain HTTP shows no certificate");
        assert_eq!(again("https://a/y"), Some(trusted.id));
    }

    #[test]
    fn origins_that_nobody_uses_are_forgotten() {
        let origins = Origins::default();
        let of = |text: &str, certificates: &[CertificateDer<'static>]| {
            let url = url::Url::parse(text).expect("a URL");
            let found = origins.of(&url, certificates, BackendProtocol::Negotiated);
            found.expect("a good URL")
        };
        let kept = of("https://kept", &[]);
        let mut current = of("https://first", &[]);
        for number in 0..5000 {
            let before = current.id;
            let certificates = [CertificateDer::from(vec![u8::try_from(number % 251).unwrap_or(0); 4])];
            current = of(&format!("https://backend-{number}"), &certificates);
            assert!(current.id > before && current.seat.index < 3, "{number}: {current:?}");
        }
        assert_eq!(of("https://kept", &[]).id, kept.id);
        let known = origins.known.lock().expect("no test panics with it");
        assert!(known.origins.len() < 32, "{}", known.origins.len());
        assert!(known.tls.len() < 64, "{}", known.tls.len());
    }

    #[test]
    fn who_a_backend_has_to_be_is_apart_from_where_it_is() {
        let origins = Origins::default();
        let at = |url: &str, identity: &str| {
            let read = |text: &str| url::Url::parse(text).expect("a URL");
            let found = origins.at(&read(url), &read(identity), &[], BackendProtocol::Negotiated);
            found.expect("good URLs")
        };
        let one = at("https://one.test:8443", "https://shop.test");
        assert_eq!((&*one.host, one.port), ("one.test", 8443));
        let name = one.tls.as_ref().map(|tls| tls.name.to_str().into_owned());
        assert_eq!(name.as_deref(), Some("shop.test"));
        assert_eq!(one.id, at("https://one.test:8443/x", "https://shop.test:443/y").id);
        for (url, identity) in [
            ("https://one.test:8443", "https://one.test:8443"),
            ("https://one.test:8443", "https://other.test"),
            ("https://one.test:8443", "https://shop.test:444"),
            ("https://two.test:8443", "https://shop.test"),
            ("http://one.test:8443", "http://shop.test"),
        ] {
            assert_ne!(one.id, at(url, identity).id, "{url} {identity}: other connections");
        }
    }
}
