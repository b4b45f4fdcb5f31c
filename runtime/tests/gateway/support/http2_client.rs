//! A client that speaks HTTP/2.

use super::PATIENCE;
use http_body::Body;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::Future;
use tokio::io::{AsyncRead, AsyncWrite};

/// Runs what a client does, for no longer than [`PATIENCE`].
pub fn on_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime
        .block_on(async { tokio::time::timeout(PATIENCE, future).await })
        .expect("it does not hang")
}

/// Begins HTTP/2 on a stream that is connected.
pub async fn http2_over<S, B>(stream: S) -> SendRequest<B>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    tokio::spawn(connection);
    sender
}
