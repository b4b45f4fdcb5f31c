//! The operator's proxy towards backends: HTTP or SOCKS 5.
//!
//! A connection through it is the same as a direct one: TLS is spoken with the backend itself, and the proxy sees names and
//! ports. It looks the names up, which the gateway may not be able to.

use super::exclusions::Exclusions;
use super::reach::Reach;
use crate::config::{Proxy, ProxyKind};
use crate::names::Names;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret, SecretString};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tower_service::Service;

/// A proxy towards backends.
#[derive(Debug)]
pub(super) struct ForwardProxy {
    kind: Kind,
    host: Box<str>,
    reach: Reach,
    port: u16,
    exclusions: Exclusions,
}

#[derive(Debug)]
enum Kind {
    /// `CONNECT`, for plain backends too.
    Http {
        authorization: Option<HeaderValue>,
    },
    Socks5 {
        user: Option<(String, SecretString)>,
    },
}

/// Why the proxy gave no connection to a backend.
#[derive(Debug, thiserror::Error)]
enum ProxyError {
    #[error("the proxy {0} cannot be reached")]
    Unreached(Box<str>, #[source] io::Error),
    #[error("the proxy refused or could not reach the backend")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a proxy cannot be told this host")]
    Host,
}

impl ForwardProxy {
    /// Returns the operator's proxy.
    pub(super) fn new(settings: &Proxy, names: &Names) -> Self {
        let user = Some((settings.username.clone(), settings.password.clone())).filter(|(user, _)| !user.is_empty());
        let kind = match settings.kind {
            ProxyKind::Socks5 => Kind::Socks5 { user },
            ProxyKind::Http => Kind::Http {
                authorization: user.and_then(|(user, password)| basic(&user, &password)),
            },
        };
        Self {
            kind,
            host: settings.host.as_str().into(),
            reach: Reach::of(&settings.host, names),
            port: settings.port,
            exclusions: settings.exclusions.clone(),
        }
    }

    /// Whether a host is reached through it.
    pub(super) fn serves(&self, host: &str) -> bool {
        !self.exclusions.has(host)
    }

    /// Has it connect to a host.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let address = || format!("{}:{}", self.host, self.port).into_boxed_str();
        let stream = self.reach.connect(self.port).await;
        let stream = stream.map_err(|error| io::Error::new(error.kind(), ProxyError::Unreached(address(), error)))?;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let target = Uri::builder()
            .scheme("http")
            .authority(format!("{host}:{port}"))
            .path_and_query("/");
        let target = target.build().map_err(|_| io::Error::other(ProxyError::Host))?;
        // It is connected already.
        let unused = Uri::from_static("http://proxy/");
        let connected = Connected(Some(stream));
        let refused = |error| io::Error::other(ProxyError::Refused(error));
        let stream = match &self.kind {
            Kind::Http { authorization } => {
                let mut tunnel = Tunnel::new(unused, connected);
                if let Some(authorization) = authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                tunnel.call(target).await.map_err(|error| refused(error.into()))?
            }
            Kind::Socks5 { user } => {
                let mut socks = SocksV5::new(unused, connected);
                if let Some((user, password)) = user {
                    socks = socks.with_auth(user.clone(), password.expose_secret().to_owned());
                }
                socks.call(target).await.map_err(|error| refused(error.into()))?
            }
        };
        Ok(stream.into_inner())
    }
}

fn basic(user: &str, password: &SecretString) -> Option<HeaderValue> {
    let encoded = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Hands out a connection that is there, once.
struct Connected(Option<TcpStream>);

type Handed = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

impl Service<Uri> for Connected {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Handed;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Handed {
        let stream = self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into());
        Box::pin(std::future::ready(stream.map(TokioIo::new)))
    }
}
