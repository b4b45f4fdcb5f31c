//! A backend that speaks HTTP/2 and shows what becomes of its connections and streams.

use super::{GatewayBuilder, Pki, api};
use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use mgw_bundle::config::{Api, BackendProtocol};
use rustls::ServerConfig;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// What a backend does with one stream.
type Behaviour = dyn Fn(Stream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// What a stream may do to its connection.
enum Order {
    GoAway,
    Close,
}

/// One request and the way to answer.
pub struct Stream {
    pub request: Request<RecvStream>,
    pub respond: SendResponse<Bytes>,
    /// Position among all requests of the backend, from 0.
    pub number: usize,
    connection: UnboundedSender<Order>,
}

impl Stream {
    /// Answers 200 with a body.
    pub fn answer(&mut self, body: impl Into<Bytes>) {
        if let Ok(mut stream) = self.respond.send_response(Response::new(()), false) {
            let _ = stream.send_data(body.into(), true);
        }
    }

    /// Answers with a body and trailers.
    pub fn answer_with_trailers(&mut self, head: Response<()>, body: &'static str, trailers: HeaderMap) {
        if let Ok(mut stream) = self.respond.send_response(head, false) {
            let _ = stream.send_data(Bytes::from_static(body.as_bytes()), false);
            let _ = stream.send_trailers(trailers);
        }
    }

    /// Reads the body to its end, and the trailers.
    pub async fn receive(&mut self) -> (Vec<u8>, HeaderMap) {
        let body = self.request.body_mut();
        let mut bytes = Vec::new();
        while let Some(Ok(part)) = body.data().await {
            let _ = body.flow_control().release_capacity(part.len());
            bytes.extend_from_slice(&part);
        }
        let trailers = body.trailers().await.ok().flatten().unwrap_or_default();
        (bytes, trailers)
    }

    /// Refuses the request as one that was not begun with.
    pub fn refuse(&mut self) {
        self.respond.send_reset(Reason::REFUSED_STREAM);
    }

    /// Says that the connection takes no more requests; those under way are finished.
    pub fn go_away(&self) {
        let _ = self.connection.send(Order::GoAway);
    }

    /// Closes the connection in the middle of everything.
    pub fn close(&self) {
        let _ = self.connection.send(Order::Close);
    }
}

/// Counts of a backend.
#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    open: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// A backend on a free port.
pub struct Http2Backend {
    address: SocketAddr,
    scheme: &'static str,
    counts: Arc<Counts>,
}

impl Http2Backend {
    /// Speaks HTTP/2 without TLS.
    pub fn start<F>(behaviour: impl Fn(Stream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::with(Builder::new(), None, behaviour)
    }

    /// Admits `streams` requests at a time on a connection.
    pub fn admitting<F>(streams: u32, behaviour: impl Fn(Stream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut builder = Builder::new();
        builder.max_concurrent_streams(streams);
        Self::with(builder, None, behaviour)
    }

    /// Speaks HTTP/2 over TLS with the certificate of `name`.
    pub fn over_tls<F>(pki: &Pki, name: &str, behaviour: impl Fn(Stream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the defaults are safe")
            .with_no_client_auth()
            .with_single_cert(vec![pki.certificate(name)], pki.key(name))
            .expect("they fit");
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self::with(Builder::new(), Some(Arc::new(config).into()), behaviour)
    }

    fn with<F>(
        builder: Builder,
        tls: Option<TlsAcceptor>,
        behaviour: impl Fn(Stream) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", 0)))
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let behaviour: Arc<Behaviour> = Arc::new(move |stream| Box::pin(behaviour(stream)));
        let counts = Arc::<Counts>::default();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let counted = Arc::clone(&counts);
        let accepting = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (builder, tls) = (builder.clone(), tls.clone());
                let (behaviour, counts) = (Arc::clone(&behaviour), Arc::clone(&counted));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, builder, &*behaviour, &counts).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, builder, &*behaviour, &counts).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        };
        std::thread::spawn(move || runtime.block_on(accepting));
        Self {
            address,
            scheme,
            counts,
        }
    }

    pub fn url(&self) -> String {
        let port = self.address.port();
        match self.scheme {
            "https" => format!("https://localhost:{port}"),
            _ => format!("http://127.0.0.1:{port}"),
        }
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(SeqCst)
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.counts.open.load(SeqCst)
    }

    /// Method and target of the requests received so far.
    pub fn requests(&self) -> Vec<String> {
        self.counts.requests.lock().expect("no test panics with it").clone()
    }
}

async fn serve<S>(stream: S, builder: Builder, behaviour: &Behaviour, counts: &Counts) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    struct Open<'a>(&'a AtomicUsize);
    impl Drop for Open<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    counts.connections.fetch_add(1, SeqCst);
    counts.open.fetch_add(1, SeqCst);
    let _open = Open(&counts.open);
    let mut connection = builder.handshake(stream).await.ok()?;
    let (sender, mut orders) = unbounded_channel();
    loop {
        tokio::select! {
            order = orders.recv() => match order? {
                Order::GoAway => connection.graceful_shutdown(),
                Order::Close => return None,
            },
            accepted = connection.accept() => {
                let (request, respond) = accepted?.ok()?;
                let number = {
                    let mut requests = counts.requests.lock().expect("no test panics with it");
                    requests.push(format!("{} {}", request.method(), request.uri()));
                    requests.len() - 1
                };
                tokio::spawn(behaviour(Stream { request, respond, number, connection: sender.clone() }));
            }
        }
    }
}

/// An API whose backend is known to speak HTTP/2.
pub fn http2_api(base_path: &str, url: &str) -> Api {
    let mut api = api(base_path, url);
    if let Some(endpoint) = &mut api.endpoints.production {
        endpoint.protocol = BackendProtocol::Http2;
    }
    api
}

/// Serves that backend at `/p`, on one core.
pub fn serving(backend: &Http2Backend) -> GatewayBuilder {
    GatewayBuilder::new(vec![http2_api("/p", &backend.url())]).cores(1)
}
