//! Accepts connections and serves requests on them.

use super::client_io::ClientIo;
use super::connection::{ClientTimeouts, Connection, Offer, Order};
use super::stream_tasks::StreamTasks;
use crate::auth::ClientCertificate;
use crate::core::Core;
use crate::proxy::{AnswerBody, Witness, handle};
use arc_swap::ArcSwap;
use futures_util::FutureExt;
use http::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Rest after the operating system had no connection to give, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Smallest bound of the HTTP/1 read buffer: beyond it hyper answers 431 itself, below it the gateway does.
const READ_BUFFER: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have open.
const HTTP2_STREAMS: u32 = 100;
/// Bytes of an answer that wait for an HTTP/2 client to make room. With the number of streams it bounds what a client
/// that asks for much and reads nothing can hold.
const HTTP2_SEND_BUFFER: usize = 64 * 1024;

/// How connections are served; the same for every core.
#[derive(Debug, Clone)]
pub(crate) struct ServeSettings {
    pub(crate) timeouts: ClientTimeouts,
    pub(crate) tls_handshake: Duration,
    pub(crate) keep_alive: bool,
    pub(crate) http2: bool,
    /// Bytes of a request's head.
    pub(crate) max_head: usize,
    pub(crate) budget: ConnectionBudget,
}

/// Open client connections of all cores together. Touched once per connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionBudget {
    open: Arc<AtomicUsize>,
    limit: usize,
}

impl ConnectionBudget {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            open: Arc::default(),
            limit,
        }
    }

    fn take(&self) -> Option<Spent> {
        if self.open.fetch_add(1, Relaxed) < self.limit {
            Some(Spent(Arc::clone(&self.open)))
        } else {
            self.open.fetch_sub(1, Relaxed);
            None
        }
    }
}

struct Spent(Arc<AtomicUsize>);

impl Drop for Spent {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What a listener asks of connections, and offers them.
#[derive(Clone)]
pub(super) struct Entrance {
    /// Replaced when other clients are believed.
    pub(super) tls: Option<Arc<ArcSwap<ServerConfig>>>,
    pub(super) offer: Offer,
}

/// Accepts until `stop`, then accepts what the kernel has queued: closing a listener would reset those connections.
pub(super) async fn accept(
    core: Arc<Core>,
    listener: TcpListener,
    entrance: Entrance,
    settings: Arc<ServeSettings>,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => start(&core, stream, peer, &entrance, &settings),
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    // Asks the kernel itself: the event loop may not have heard of the latest connections yet.
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, peer)) = listener.accept() {
        let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
        match stream {
            Ok(stream) => start(&core, stream, peer, &entrance, &settings),
            Err(error) => tracing::debug!(%error, "a queued connection could not be served"),
        }
    }
}

fn start(core: &Arc<Core>, stream: TcpStream, peer: SocketAddr, entrance: &Entrance, settings: &Arc<ServeSettings>) {
    let Some(spent) = settings.budget.take() else {
        core.metrics.connection_refused();
        return;
    };
    core.metrics.connection_accepted();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let (core, entrance, settings) = (Arc::clone(core), entrance.clone(), Arc::clone(settings));
    tokio::spawn(async move {
        let _spent = spent;
        let connection = Arc::new(Connection::new(peer, entrance.offer, core.clock.clone()));
        let _registration = core.connections.register(Arc::clone(&connection));
        let Some(tls) = entrance.tls else {
            return serve(&core, stream, connection, protocols(&settings, None), &settings).await;
        };
        let acceptor = TlsAcceptor::from(tls.load_full());
        match tokio::time::timeout(settings.tls_handshake, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let session = stream.get_ref().1;
                // The handshake fails unless somebody is believed by it; whether an API accepts it is decided there.
                if let Some(chain) = session.peer_certificates() {
                    let chain = chain.iter().map(|certificate| certificate.clone().into_owned());
                    connection.showed(ClientCertificate::of_handshake(chain.collect()));
                }
                let protocols = protocols(&settings, session.alpn_protocol().or(Some(b"http/1.1")));
                serve(&core, stream, connection, protocols, &settings).await;
            }
            Ok(Err(error)) => {
                core.metrics.handshake_failed();
                tracing::debug!(%error, "TLS handshake failed");
            }
            Err(_) => core.metrics.handshake_failed(),
        }
    });
}

/// The HTTP versions that a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocols {
    Http1,
    Http2,
    /// HTTP/2 with prior knowledge, or HTTP/1: the first bytes tell.
    Either,
}

fn protocols(settings: &ServeSettings, negotiated: Option<&[u8]>) -> Protocols {
    match negotiated {
        Some(b"h2") => Protocols::Http2,
        None if settings.http2 => Protocols::Either,
        _ => Protocols::Http1,
    }
}

async fn serve<S>(
    core: &Arc<Core>,
    stream: S,
    connection: Arc<Connection>,
    protocols: Protocols,
    settings: &ServeSettings,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = ClientIo::new(stream, Arc::clone(&connection));
    let keep_alive = settings.keep_alive && !core.is_draining();
    let service = service_fn(|request| {
        let answer = handle(Arc::clone(core), Arc::clone(&connection), request, ());
        answer.map(Ok::<_, Infallible>)
    });
    let outcome: Result<(), BoxError> = match protocols {
        Protocols::Http1 => {
            let serving = http1_builder(settings, keep_alive)
                .serve_connection(io, service)
                .with_upgrades();
            let served = obey(&connection, pin!(serving), |serving| serving.graceful_shutdown()).await;
            served.map_err(Into::into)
        }
        Protocols::Http2 => {
            let builder = builder(settings, keep_alive, &connection).http2_only();
            let serving = builder.serve_connection(io, service);
            obey(&connection, pin!(serving), |serving| serving.graceful_shutdown()).await
        }
        // With upgrades the library tells the version by the first bytes, whatever it was told: only here is that right.
        Protocols::Either => {
            let builder = builder(settings, keep_alive, &connection);
            let serving = builder.serve_connection_with_upgrades(io, service);
            obey(&connection, pin!(serving), |serving| serving.graceful_shutdown()).await
        }
    };
    if let Some(successor) = connection.successor()
        && outcome.is_ok()
    {
        follow(&connection, successor).await;
    }
    if let Err(error) = outcome {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            core.metrics.malformed();
        }
        tracing::debug!(peer = %connection.peer, error = &*error as &dyn std::error::Error, "a client connection ended early");
    }
}

/// Serves until the connection ends, or has to.
async fn obey<C, E>(connection: &Connection, mut serving: Pin<&mut C>, finish: impl Fn(Pin<&mut C>)) -> Result<(), E>
where
    C: Future<Output = Result<(), E>>,
{
    let mut finishing = false;
    poll_fn(|context| {
        match connection.ordered(context.waker()) {
            Order::Serve => {}
            Order::Finish if finishing => {}
            Order::Finish => {
                finishing = true;
                finish(serving.as_mut());
            }
            Order::Abort => return Poll::Ready(Ok(())),
        }
        serving.as_mut().poll(context)
    })
    .await
}

/// Runs what follows HTTP on a connection until it ends, or has to.
async fn follow(connection: &Connection, mut successor: Pin<Box<dyn Future<Output = ()> + Send>>) {
    poll_fn(|context| match connection.ordered(context.waker()) {
        Order::Abort => Poll::Ready(()),
        Order::Serve | Order::Finish => successor.as_mut().poll(context),
    })
    .await;
}

fn http1_builder(settings: &ServeSettings, keep_alive: bool) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .keep_alive(keep_alive)
        .header_read_timeout(None)
        .max_buf_size(settings.max_head.max(READ_BUFFER));
    builder
}

/// Serves a connection that is none: what a client would send and get goes through memory, and a witness sees what is
/// decided. Heads are read and answers written as on every other connection of HTTP/1.1, or HTTP/2. `ended` gets to see the
/// answer of a request whose head could be read.
pub(crate) async fn serve_witnessed<S, W>(
    core: &Arc<Core>,
    stream: S,
    connection: Arc<Connection>,
    settings: &ServeSettings,
    is_http2: bool,
    witness: W,
    ended: impl Fn(&Response<AnswerBody>) + Clone + Send + 'static,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    W: Witness + Clone + Send + 'static,
{
    let io = ClientIo::new(stream, Arc::clone(&connection));
    let (core, to) = (Arc::clone(core), Arc::clone(&connection));
    let service = service_fn(move |request| {
        let ended = ended.clone();
        let answer = handle(Arc::clone(&core), Arc::clone(&to), request, witness.clone());
        answer.map(move |answer| {
            ended(&answer);
            Ok::<_, Infallible>(answer)
        })
    });
    // As with clients, how a connection ends is no matter of the requests on it.
    if is_http2 {
        let builder = builder(settings, true, &connection).http2_only();
        let _ = builder.serve_connection(io, service).await;
    } else {
        let _ = http1_builder(settings, true).serve_connection(io, service).await;
    }
}

fn builder(settings: &ServeSettings, keep_alive: bool, connection: &Arc<Connection>) -> auto::Builder<StreamTasks> {
    let mut builder = auto::Builder::new(StreamTasks(Arc::clone(connection)));
    builder
        .http1()
        .keep_alive(keep_alive)
        .header_read_timeout(None)
        .max_buf_size(settings.max_head.max(READ_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS)
        .enable_connect_protocol()
        .max_send_buf_size(HTTP2_SEND_BUFFER)
        .max_header_list_size(u32::try_from(settings.max_head.max(READ_BUFFER)).unwrap_or(u32::MAX));
    builder
}
