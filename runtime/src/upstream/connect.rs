//! Opens connections to backends.

use super::dial::dial;
use super::error::UpstreamError;
use super::origin::Origin;
use super::pool::Sender;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio_rustls::TlsConnector;

/// How backends are connected to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connector {
    timeout: Duration,
}

impl Connector {
    /// `timeout` bounds name look-up, TCP and TLS together.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout }
    }

    /// Opens a connection and spawns the task that drives it.
    pub(super) async fn connect(&self, origin: &Origin, budget: Duration) -> Result<Sender, UpstreamError> {
        tokio::time::timeout(self.timeout.min(budget), open(origin))
            .await
            .unwrap_or(Err(UpstreamError::ConnectTimeout))
    }
}

async fn open(origin: &Origin) -> Result<Sender, UpstreamError> {
    let stream = dial(origin).await.map_err(UpstreamError::Connect)?;
    match &origin.tls {
        None => drive(TokioIo::new(stream)).await,
        Some(tls) => {
            let stream = TlsConnector::from(tls.config.load_full())
                .connect(tls.name.clone(), stream)
                .await
                .map_err(UpstreamError::Tls)?;
            drive(TokioIo::new(stream)).await
        }
    }
}

async fn drive<T>(io: T) -> Result<Sender, UpstreamError>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .handshake(io)
        .await
        .map_err(UpstreamError::Exchange)?;
    tokio::spawn(async move {
        // Whoever uses the connection learns of a failure through the sender.
        if let Err(error) = connection.await {
            tracing::debug!(error = &error as &dyn std::error::Error, "backend connection ended");
        }
    });
    Ok(sender)
}
