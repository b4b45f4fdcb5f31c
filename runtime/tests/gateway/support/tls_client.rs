//! A client that speaks TLS and shows what it was shown.

use super::{PATIENCE, Pki, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// A certificate and its key.
type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// One TLS connection.
pub struct TlsClient {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl TlsClient {
    /// Connects, trusts the authority of `pki` and shows the certificate of `identity`.
    pub fn connect(pki: &Pki, address: SocketAddr, name: &str, identity: Option<&str>) -> io::Result<Self> {
        let identity = identity.map(|name| (pki.certificate(name), pki.key(name)));
        Self::connect_as(pki, address, name, identity)
    }

    /// The same with any certificate and its key.
    pub fn connect_as(pki: &Pki, address: SocketAddr, name: &str, identity: Option<Identity>) -> io::Result<Self> {
        let config = config(pki, identity);
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(session, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream })
    }

    /// The server's certificate.
    pub fn shown(&self) -> Option<CertificateDer<'static>> {
        let chain = self.stream.conn.peer_certificates()?;
        chain.first().map(|leaf| leaf.clone().into_owned())
    }

    pub fn version(&self) -> Option<ProtocolVersion> {
        self.stream.conn.protocol_version()
    }

    pub fn suite(&self) -> String {
        let suite = self.stream.conn.negotiated_cipher_suite();
        suite.map(|suite| format!("{:?}", suite.suite())).unwrap_or_default()
    }

    /// Sends `GET path`; an error when the connection is gone.
    pub fn get(&mut self, path: &str, headers: &str) -> io::Result<Response> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n{headers}\r\n"))?;
        self.receive("GET")
    }

    pub fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    /// Reads the answer to a request of this method.
    pub fn receive(&mut self, method: &str) -> io::Result<Response> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            head.extend_from_slice(&byte);
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length" && method != "HEAD");
        let mut body = vec![0; length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        Ok(Response {
            status: status.ok_or_else(|| io::Error::other("no status line"))?,
            headers,
            body: String::from_utf8(body).map_err(io::Error::other)?,
        })
    }
}

/// Trusts the authority of `pki` and shows a certificate.
fn config(pki: &Pki, identity: Option<Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(pki.certificate("ca")).expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the defaults are safe")
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).expect("they fit"),
    }
}

/// Connects like [`TlsClient::connect`], and begins HTTP/2, as agreed in the handshake.
pub async fn http2_by_alpn(
    pki: &Pki,
    address: SocketAddr,
    identity: Option<&str>,
) -> io::Result<SendRequest<Full<Bytes>>> {
    let mut config = config(pki, identity.map(|name| (pki.certificate(name), pki.key(name))));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = tokio::net::TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // A server that believes no such client may have hung up by now.
    let begun = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = begun.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}
