//! Requests one after the other, and what is answered.

use crate::load::Request;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
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

pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(address: SocketAddr, request: &Request) -> Result<Answer, AnyError> {
    let response = Conversation::open(address).await?.send(request).await?;
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

/// One keep-alive connection.
#[derive(Debug)]
pub(crate) struct Conversation {
    address: SocketAddr,
    sender: http1::SendRequest<Empty<Bytes>>,
}

impl Conversation {
    /// Connects. The connection is closed with this value.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, AnyError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    /// Sends a request and returns the status of the answer, once its body has been read too.
    pub(crate) async fn status(&mut self, request: &Request) -> Result<u16, AnyError> {
        let response = self.send(request).await?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(status)
    }

    async fn send(&mut self, request: &Request) -> Result<hyper::Response<Incoming>, AnyError> {
        self.sender.ready().await?;
        let mut message = hyper::Request::get(request.path.as_str()).header(HOST, self.address.to_string());
        if let Some(token) = &request.token {
            message = message.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        Ok(self.sender.send_request(message.body(Empty::new())?).await?)
    }
}
