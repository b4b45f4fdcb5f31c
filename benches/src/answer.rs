//! One request, to see what a subject answers before it is put under load.

use crate::load::Request;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// An answer takes no longer than this, or there is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most of a body that is read.
const BODY_LIMIT: usize = 64 * 1024;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

/// Sends one request on a connection of its own. The error tells in words what went wrong.
pub(crate) async fn ask(address: SocketAddr, request: &Request) -> Result<Answer, String> {
    match tokio::time::timeout(PATIENCE, exchange(address, request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(address: SocketAddr, request: &Request) -> Result<Answer, AnyError> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let answer = async {
        let response = sender.send_request(message(address, request)?).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), BODY_LIMIT)
            .collect()
            .await?
            .to_bytes();
        Ok(Answer {
            status,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
    .await;
    driver.abort();
    answer
}

/// The request as both this module and the built-in load generator send it.
pub(crate) fn message(address: SocketAddr, request: &Request) -> Result<hyper::Request<Empty<Bytes>>, AnyError> {
    let mut message = hyper::Request::get(request.path.as_str()).header(HOST, address.to_string());
    if let Some(token) = &request.token {
        message = message.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    Ok(message.body(Empty::new())?)
}
