//! Opens connections to backends.

use super::dial::dial;
use super::error::UpstreamError;
use super::http2::Multiplexed;
use super::opening::{Joined, Opened};
use super::origin::Origin;
use super::pool::{Pool, PoolKey};
use super::request_body::RequestBody;
use super::send::Upstream;
use super::sender::Sender;
use super::silence::Heard;
use crate::clock::Clock;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

/// Bytes of one answer that wait for the client to take them. The connection has room for that many of every stream, so
/// that a client which does not read stops its own answer and no other.
const STREAM_WINDOW: u32 = 256 * 1024;
/// Bytes of one request's body that wait for the backend.
const SEND_BUFFER: usize = 64 * 1024;
/// Smallest bound on a backend's header list: below it the gateway refuses the answer itself.
const HEADER_LIST: usize = 64 * 1024;
/// How long a backend may take to answer a ping.
const PING_TIME: Duration = Duration::from_secs(20);
/// Requests that are sent before the backend has said how many it admits. More could be refused, which is lost work for a
/// request with a body.
const UNASKED_STREAMS: usize = 1;
/// How many connections of no use a request waits for: the backend went away again at once, or admits no request.
const USELESS_CONNECTIONS: usize = 3;

/// How backends are connected to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connector {
    timeout: Duration,
    http2: Http2Settings,
}

/// What is set for connections of HTTP/2.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Http2Settings {
    /// Requests at a time on one connection.
    pub(crate) streams: u32,
    /// Silence after which a connection with requests is asked whether it is alive.
    pub(crate) ping: Option<Duration>,
    /// Bytes of an answer's header fields.
    pub(crate) max_headers: usize,
}

/// A connection that was made.
pub(super) enum Connected {
    Http1(http1::SendRequest<RequestBody>),
    Http2(Arc<Multiplexed>),
}

impl Connector {
    /// `timeout` bounds name look-up, TCP and TLS together.
    pub(crate) fn new(timeout: Duration, http2: Http2Settings) -> Self {
        Self { timeout, http2 }
    }

    /// Makes room on connections for an endpoint's requests at a time.
    fn with_room_for(mut self, streams: Option<u32>) -> Self {
        self.http2.streams = self.http2.streams.max(streams.unwrap_or(0));
        self
    }

    /// Opens a connection and spawns the task that drives it.
    pub(super) async fn connect(&self, origin: &Origin, budget: Duration) -> Result<Connected, UpstreamError> {
        self.within(budget, origin, false).await
    }

    /// The same for a request that asks the backend to switch to another protocol.
    pub(super) async fn connect_to_switch(
        &self,
        origin: &Origin,
        budget: Duration,
    ) -> Result<Connected, UpstreamError> {
        self.within(budget, origin, true).await
    }

    async fn within(&self, budget: Duration, origin: &Origin, switches: bool) -> Result<Connected, UpstreamError> {
        tokio::time::timeout(self.timeout.min(budget), self.open(origin, switches))
            .await
            .unwrap_or(Err(UpstreamError::ConnectTimeout))
            .inspect(|_| origin.worked())
            .inspect_err(|_| origin.failed())
    }

    async fn open(&self, origin: &Origin, switches: bool) -> Result<Connected, UpstreamError> {
        let stream = dial(origin).await.map_err(UpstreamError::Connect)?;
        let Some(tls) = &origin.tls else {
            let http2 = origin.speaks.is_http2_without_tls();
            return self.drive(TokioIo::new(stream), http2, switches).await;
        };
        let stream = TlsConnector::from(tls.config.load_full())
            .connect(tls.name.clone(), stream)
            .await
            .map_err(UpstreamError::Tls)?;
        let negotiated = stream.get_ref().1.alpn_protocol();
        let Some(http2) = origin.speaks.is_http2(negotiated) else {
            let error = io::Error::new(
                io::ErrorKind::Unsupported,
                "the backend does not speak this HTTP version",
            );
            return Err(UpstreamError::Tls(error));
        };
        origin.negotiated(http2);
        self.drive(TokioIo::new(stream), http2, switches).await
    }

    async fn drive<T>(&self, io: T, http2: bool, switches: bool) -> Result<Connected, UpstreamError>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        if http2 {
            return self.drive_http2(io).await;
        }
        let (sender, connection) = http1::Builder::new()
            .handshake(io)
            .await
            .map_err(UpstreamError::Exchange)?;
        if switches {
            tokio::spawn(ended(connection.with_upgrades()));
        } else {
            tokio::spawn(ended(connection));
        }
        Ok(Connected::Http1(sender))
    }

    async fn drive_http2<T>(&self, io: T) -> Result<Connected, UpstreamError>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let settings = &self.http2;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(connection_window(settings.streams))
            .initial_max_send_streams(UNASKED_STREAMS)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(u32::try_from(settings.max_headers.max(HEADER_LIST)).unwrap_or(u32::MAX));
        if let Some(ping) = settings.ping {
            builder.keep_alive_interval(ping).keep_alive_timeout(PING_TIME);
        }
        let heard = Arc::<AtomicU32>::default();
        let (first, mut first_heard) = oneshot::channel();
        let io = Heard::new(io, Arc::clone(&heard), first);
        let (sender, connection) = builder.handshake(io).await.map_err(UpstreamError::Exchange)?;
        let admitted = Arc::new(AtomicU32::new(u32::MAX));
        let noted = Arc::clone(&admitted);
        let driver = tokio::spawn(async move {
            let mut connection = pin!(connection);
            let mut is_heard = false;
            let watched = poll_fn(|context| {
                let polled = connection.as_mut().poll(context);
                // The first that a backend says is how many it admits. What reads it is another task of the library, which
                // does not wake this one: without a request nobody would learn that it admits none.
                is_heard = is_heard || Pin::new(&mut first_heard).poll(context).is_ready();
                if is_heard {
                    let streams = connection.current_max_send_streams();
                    noted.store(u32::try_from(streams).unwrap_or(u32::MAX), Relaxed);
                }
                polled
            });
            ended(watched).await;
        });
        Ok(Connected::Http2(Arc::new(Multiplexed::new(
            sender,
            settings.streams,
            admitted,
            heard,
            driver.abort_handle(),
        ))))
    }
}

/// Room for every stream's window.
fn connection_window(streams: u32) -> u32 {
    STREAM_WINDOW.saturating_mul(streams).min(i32::MAX.unsigned_abs())
}

/// Whoever uses the connection learns of a failure through the sender.
async fn ended(connection: impl Future<Output = hyper::Result<()>>) {
    if let Err(error) = connection.await {
        tracing::debug!(error = &error as &dyn std::error::Error, "backend connection ended");
    }
}

impl Upstream {
    /// Opens a connection for a request, or waits for one that is opened for others too.
    pub(super) async fn connect(
        &self,
        key: PoolKey,
        origin: &Arc<Origin>,
        budget: Duration,
    ) -> Result<Sender, UpstreamError> {
        if !origin.speaks.may_be_http2() {
            return match self.connector.connect(origin, budget).await? {
                Connected::Http1(sender) => Ok(Sender::Http1(sender)),
                Connected::Http2(_) => Err(UpstreamError::Unusable),
            };
        }
        tokio::time::timeout(budget, self.connect_shared(key, origin))
            .await
            .unwrap_or(Err(UpstreamError::ConnectTimeout))
    }

    async fn connect_shared(&self, key: PoolKey, origin: &Arc<Origin>) -> Result<Sender, UpstreamError> {
        let mut useless = 0;
        while useless < USELESS_CONNECTIONS {
            let opened = match self.pool.join(key) {
                Joined::Alone => {
                    let connected = open_into_pool(self.connector, &self.pool, &self.clock, key, None, origin);
                    match connected.await? {
                        Connected::Http1(sender) => return Ok(Sender::Http1(sender)),
                        Connected::Http2(connection) => Some(connection),
                    }
                }
                Joined::Waits(waiting) => waiting.ended().await?,
                Joined::Opens(opener, waiting) => {
                    let (connector, pool) = (self.connector, Arc::clone(&self.pool));
                    let (clock, origin) = (self.clock.clone(), Arc::clone(origin));
                    tokio::spawn(async move {
                        let number = Some(opener.number);
                        let opened = open_into_pool(connector, &pool, &clock, key, number, &origin).await;
                        opener.tell(opened.map(|connected| match connected {
                            Connected::Http1(sender) => {
                                pool.put(key, Sender::Http1(sender), clock.monotonic_ms());
                                None
                            }
                            Connected::Http2(connection) => Some(connection),
                        }));
                    });
                    waiting.ended().await?
                }
            };
            // Others may have been quicker.
            if let Some(sender) = self.pool.take(key) {
                return Ok(sender);
            }
            useless += usize::from(opened.is_some_and(|opened| opened.admits_none()));
        }
        Err(takes_none())
    }

    /// Opens a connection of HTTP/2 for a request that is the first on it; others come behind it.
    pub(super) async fn connect_first(
        &self,
        key: PoolKey,
        origin: &Origin,
        budget: Duration,
    ) -> Result<Sender, UpstreamError> {
        let connector = self.connector.with_room_for(key.reuse.streams);
        match connector.connect(origin, budget).await? {
            Connected::Http1(sender) => Ok(Sender::Http1(sender)),
            Connected::Http2(connection) => {
                let stream = connection.enter(1);
                let opened = Opened::Http2(connection);
                self.pool.opened(key, None, &opened, self.clock.monotonic_ms());
                stream.map(Sender::Http2).ok_or_else(takes_none)
            }
        }
    }
}

fn takes_none() -> UpstreamError {
    UpstreamError::Connect(io::Error::other(
        "the backend takes no requests on the connections that it accepts",
    ))
}

/// Opens a connection; one of HTTP/2 is in the pool afterwards.
async fn open_into_pool(
    connector: Connector,
    pool: &Pool,
    clock: &Clock,
    key: PoolKey,
    number: Option<u64>,
    origin: &Origin,
) -> Result<Connected, UpstreamError> {
    let connector = connector.with_room_for(key.reuse.streams);
    let connected = connector.connect(origin, Duration::MAX).await;
    let opened = match &connected {
        Ok(Connected::Http1(_)) => Opened::Http1,
        Ok(Connected::Http2(connection)) => Opened::Http2(Arc::clone(connection)),
        Err(_) => Opened::Failed,
    };
    pool.opened(key, number, &opened, clock.monotonic_ms());
    connected
}

#[cfg(test)]
mod tests {
    use super::super::{Origins, Place, Target};
    use super::*;
    use crate::config::RuntimeConfig;
    use mgw_bundle::config::BackendProtocol;
    use std::net::Ipv4Addr;
    use tokio::net::TcpListener;
    use tokio::runtime::Handle;
    use tokio_rustls::TlsAcceptor;

    /// Takes connections over TLS, of which each negotiates one of `protocols`.
    fn negotiating(
        listener: TcpListener,
        made: &rcgen::CertifiedKey<rcgen::KeyPair>,
        protocols: &'static [&'static [u8]],
    ) -> impl Future<Output = ()> + use<> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the defaults are safe")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.expect("a key"))
            .expect("they fit");
        async move {
            let mut kept = Vec::new();
            for protocol in protocols {
                let mut config = config.clone();
                config.alpn_protocols = vec![protocol.to_vec()];
                let (stream, _) = listener.accept().await.expect("a connection");
                let accepted = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
                kept.push(accepted.expect("a handshake"));
            }
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn what_the_last_connection_negotiated_is_expected_of_the_next() {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(negotiating(listener, &made, &[b"http/1.1", b"h2", b"http/1.1"]));
        let url = url::Url::parse(&format!("https://{address}")).expect("a URL");
        let origins = Origins::new(&RuntimeConfig::default(), &Handle::current()).expect("defaults name no file");
        let origin = origins.of(&url, &[made.cert.der().clone()], BackendProtocol::Negotiated);
        let origin = origin.expect("a good URL");
        let target = Target::fixed(Place {
            origin: Arc::clone(&origin),
            path: "".into(),
            host: http::HeaderValue::from_static("b"),
        });
        assert!(target.expects_http2(), "nothing is known");
        let settings = Http2Settings {
            streams: 1,
            ping: None,
            max_headers: 0,
        };
        let connector = Connector::new(Duration::from_secs(20), settings);
        for expected in [false, true, false] {
            let connected = connector.connect(&origin, Duration::MAX).await;
            let is_http2 = matches!(connected.expect("a connection"), Connected::Http2(_));
            assert_eq!((is_http2, target.expects_http2()), (expected, expected));
        }
    }

    #[test]
    fn connections_have_room_for_every_stream_of_an_endpoint() {
        let settings = Http2Settings {
            streams: 50,
            ping: None,
            max_headers: 0,
        };
        let connector = Connector::new(Duration::from_secs(1), settings);
        for (endpoint, room) in [(None, 50), (Some(10), 50), (Some(200), 200)] {
            let streams = connector.with_room_for(endpoint).http2.streams;
            assert_eq!(connection_window(streams), room * STREAM_WINDOW, "{endpoint:?}");
        }
    }
}
