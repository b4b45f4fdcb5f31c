//! One small question to a server that is reached as backends are: through the same proxy, with the same trust.

use super::dial::dial;
use super::origin::Origin;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io;
use tokio_rustls::TlsConnector;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("could not connect")]
    Connect(#[source] io::Error),
    #[error("TLS handshake failed")]
    Tls(#[source] io::Error),
    #[error("the answer broke off, or is no HTTP")]
    Broken,
    #[error("the answer is too large")]
    TooLarge,
}

/// Sends a request on a connection of its own and returns status and body of the answer, of at most `limit` bytes. Has no
/// bound of its own in time.
pub(super) async fn ask(
    origin: &Origin,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<(StatusCode, Bytes), AskError> {
    let stream = dial(origin).await.map_err(AskError::Connect)?;
    let response = match &origin.tls {
        None => send(TokioIo::new(stream), request).await?,
        Some(tls) => {
            let connector = TlsConnector::from(tls.config.load_full());
            let stream = connector.connect(tls.name.clone(), stream).await;
            send(TokioIo::new(stream.map_err(AskError::Tls)?), request).await?
        }
    };
    let status = response.status();
    let body = Limited::new(response.into_body(), limit).collect().await;
    let body = body.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            AskError::TooLarge
        } else {
            AskError::Broken
        }
    })?;
    Ok((status, body.to_bytes()))
}

async fn send<T>(io: T, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, AskError>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(io).await.map_err(|_| AskError::Broken)?;
    tokio::spawn(async move {
        // Whoever waits learns of a failure through the sender.
        let _ = connection.await;
    });
    sender.send_request(request).await.map_err(|_| AskError::Broken)
}
