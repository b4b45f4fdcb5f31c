//! Sends requests as they are written. Other clients take URLs, in which `..` is resolved, `\` is turned round and escapes are
//! changed: what a gateway does about such paths could not be tested.

mod way;

use crate::cause::cause;
use bytes::Bytes;
use http::header::{ACCEPT, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use std::sync::Arc;
use way::Way;

/// Sends requests, over HTTP/2 where the server offers that in the TLS handshake.
pub(crate) struct Client {
    client: legacy::Client<HttpsConnector<Way>, Full<Bytes>>,
    proxies: Option<Arc<Matcher>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// No connection came about.
    NotReached(String),
    /// The connection broke, or what answers does not speak HTTP.
    Broken(String),
    /// Nothing came in time.
    Silent(String),
}

impl Unanswered {
    /// What happened.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::NotReached(reason) | Self::Broken(reason) | Self::Silent(reason) => reason,
        }
    }
}

impl Client {
    /// Sends to servers that `tls` trusts; `through_proxies`: through those that the environment names.
    pub(crate) fn new(tls: ClientConfig, through_proxies: bool) -> Self {
        let proxies = through_proxies.then(|| Arc::new(Matcher::from_env()));
        let way = Way::new(Arc::new(tls.clone()), proxies.clone());
        let mut with_server = tls;
        with_server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(HttpsConnector::from((way, with_server)));
        Self { client, proxies }
    }

    /// Sends a request; bounding the time is the caller's business.
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered> {
        let proxy = self
            .proxies
            .as_ref()
            .and_then(|proxies| proxies.intercept(request.uri()));
        let is_plain = request.uri().scheme() == Some(&http::uri::Scheme::HTTP);
        let through = proxy.as_ref().and_then(|proxy| host_and_port(proxy.uri()));
        let headers = request.headers_mut();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        // For the proxy that forwards a plain request; a tunnel is opened with it and carries it no further.
        if let Some(credentials) = proxy.as_ref().filter(|_| is_plain).and_then(|proxy| proxy.basic_auth()) {
            headers.entry(PROXY_AUTHORIZATION).or_insert(credentials.clone());
        }
        self.client.request(request).await.map_err(|error| {
            let reason = cause(&error);
            match (error.is_connect(), through) {
                (true, Some(through)) => Unanswered::NotReached(format!("{reason}, through the proxy {through}")),
                (true, None) => Unanswered::NotReached(reason),
                (false, _) => Unanswered::Broken(reason),
            }
        })
    }
}

/// Where a proxy is; never its user and password.
fn host_and_port(proxy: &Uri) -> Option<String> {
    let host = proxy.host()?;
    Some(
        proxy
            .port_u16()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// What is said of a server that answers with these bytes and hangs up.
    async fn told(scheme: &str, answer: &'static [u8]) -> Unanswered {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let uri = format!("{scheme}://{}/", listener.local_addr().expect("it is bound"));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
            // Whatever is unread would make a reset of the end.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let client = Client::new(crate::tls::trusting_anybody().expect("TLS"), false);
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = uri.parse().expect("a URI");
        let told = match client.send(request).await {
            Err(why) => why,
            Ok(answer) => {
                let error = answer.into_body().collect().await.expect_err("it is cut");
                Unanswered::Broken(cause(&error))
            }
        };
        server.abort();
        told
    }

    #[tokio::test]
    async fn what_is_no_gateway_is_told_in_words() {
        let broken = |text: &str| Unanswered::Broken(text.to_owned());
        assert_eq!(
            told("http", b"SSH-2.0-sample\r\n").await,
            broken("what answers there speaks no HTTP")
        );
        assert_eq!(
            told("http", b"").await,
            broken("the connection ended before there was an answer")
        );
        assert_eq!(
            told("https", b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
            Unanswered::NotReached("what answers there speaks no TLS".to_owned())
        );
        assert_eq!(
            told("http", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc").await,
            broken("the answer broke off")
        );
        assert_eq!(
            told("https", b"").await,
            Unanswered::NotReached("the connection ended before TLS was agreed on".to_owned())
        );
    }
}
