//! Connections to servers that speak a protocol of their own.

use crate::config::ServerAddress;
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// After this time of silence the system asks whether the other side is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// A connection, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum DialError {
    /// The server cannot be reached.
    Connect(io::Error),
    /// TLS cannot be agreed on.
    Tls(io::Error),
}

/// What the system says, without the number that it has there.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((said, _)) => said.to_owned(),
        None => text,
    }
}

/// Connects. A server with TLS has to prove itself to whom `tls` trusts; without `tls` there is no connection to it. Has no
/// bound of its own in time.
pub(crate) async fn dial(address: &ServerAddress, tls: Option<&TlsConnector>) -> Result<Box<dyn Stream>, DialError> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
    let stream = stream.and_then(|stream| {
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))?;
        Ok(stream)
    });
    let stream = stream.map_err(DialError::Connect)?;
    if !address.tls {
        return Ok(Box::new(stream));
    }
    let unusable = || DialError::Tls(io::ErrorKind::InvalidInput.into());
    let tls = tls.ok_or_else(unusable)?;
    let name = ServerName::try_from(address.host.clone()).map_err(|_| unusable())?;
    let stream = tls.connect(name, stream).await.map_err(DialError::Tls)?;
    Ok(Box::new(stream))
}
