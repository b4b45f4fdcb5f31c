//! One connection, on which every message is answered before the next is sent.

use super::error::ReceiverError;
use super::response::{MAX_RESPONSE, Response};
use crate::config::ServerAddress;
use crate::dial::{Stream, dial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

/// Bytes that are read at a time.
const CHUNK: usize = 1024;

/// One connection to a receiver.
pub(super) struct Connection(Box<dyn Stream>);

impl Connection {
    /// Connects. Has no bound in time, like everything here; whoever asks has one.
    pub(super) async fn open(address: &ServerAddress, tls: &TlsConnector) -> Result<Self, ReceiverError> {
        Ok(Self(dial(address, Some(tls)).await?))
    }

    /// Sends a message and waits for its answer.
    pub(super) async fn ask(&mut self, message: &[u8]) -> Result<Response, ReceiverError> {
        self.0.write_all(message).await?;
        self.0.flush().await?;
        let mut received = Vec::new();
        loop {
            match Response::read(&received)? {
                Some((response, length)) if length == received.len() => return Ok(response),
                // Nobody asked for more.
                Some(_) => return Err(ReceiverError::Protocol),
                None => {}
            }
            let mut chunk = [0; CHUNK];
            let count = self.0.read(&mut chunk).await?;
            if count == 0 {
                return Err(ReceiverError::Lost);
            }
            received.extend(chunk.iter().take(count));
            debug_assert!(received.len() <= MAX_RESPONSE + CHUNK);
        }
    }

    /// Waits until the connection ends. A receiver has nothing to say before it is asked.
    pub(super) async fn ended(&mut self) -> ReceiverError {
        match self.0.read(&mut [0]).await {
            Ok(1..) => ReceiverError::Protocol,
            Ok(0) | Err(_) => ReceiverError::Lost,
        }
    }
}
