//! The way to a server: straight, or through the proxy that the environment names.

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::error::Error;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;

/// The longest time that a connection may take to come about: a machine that is off says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens connections; TLS with the server itself is not its business.
#[derive(Clone)]
pub(super) struct Way {
    http: HttpConnector,
    /// To proxies that are spoken to over TLS.
    tls: Arc<ClientConfig>,
    proxies: Option<Arc<Matcher>>,
}

impl Way {
    /// `None`: no proxy, whatever the environment names.
    pub(super) fn new(tls: Arc<ClientConfig>, proxies: Option<Arc<Matcher>>) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(PATIENCE));
        Self { http, tls, proxies }
    }

    async fn open(mut self, place: Uri) -> Result<Stream, BoxError> {
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(&place));
        let Some(proxy) = proxy else {
            return Ok(Stream::straight(MaybeHttpsStream::Http(self.http.call(place).await?)));
        };
        let uri = proxy.uri().clone();
        match uri.scheme_str() {
            Some(scheme @ ("socks4" | "socks4a")) => {
                let mut socks = SocksV4::new(uri.clone(), self.http).local_dns(scheme == "socks4");
                Ok(Stream::straight(MaybeHttpsStream::Http(socks.call(place).await?)))
            }
            Some(scheme @ ("socks5" | "socks5h")) => {
                let socks = SocksV5::new(uri.clone(), self.http).local_dns(scheme == "socks5");
                let mut socks = match proxy.raw_auth() {
                    Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                    None => socks,
                };
                Ok(Stream::straight(MaybeHttpsStream::Http(socks.call(place).await?)))
            }
            _ => {
                let mut to_proxy = HttpsConnector::from((self.http, self.tls));
                if place.scheme() != Some(&http::uri::Scheme::HTTPS) {
                    let io = to_proxy.call(uri).await?;
                    return Ok(Stream { io, is_forwarded: true });
                }
                let tunnel = Tunnel::new(uri, to_proxy);
                let mut tunnel = match proxy.basic_auth() {
                    Some(credentials) => tunnel.with_auth(credentials.clone()),
                    None => tunnel,
                };
                Ok(Stream::straight(tunnel.call(place).await?))
            }
        }
    }
}

impl Service<Uri> for Way {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, place: Uri) -> Self::Future {
        Box::pin(self.clone().open(place))
    }
}

/// A connection to a server, or to the proxy that forwards requests to it.
pub(super) struct Stream {
    io: MaybeHttpsStream<TokioIo<TcpStream>>,
    /// Requests name the server, as a proxy reads them.
    is_forwarded: bool,
}

impl Stream {
    fn straight(io: MaybeHttpsStream<TokioIo<TcpStream>>) -> Self {
        Self {
            io,
            is_forwarded: false,
        }
    }

    fn io(self: Pin<&mut Self>) -> Pin<&mut MaybeHttpsStream<TokioIo<TcpStream>>> {
        Pin::new(&mut self.get_mut().io)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.is_forwarded)
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.io().poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(context)
    }
}
