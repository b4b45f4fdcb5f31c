//! A client that speaks TLS and shows what it was shown.

use super::{PATIENCE, Pki, Response};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

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
    pub fn connect_as(
        pki: &Pki,
        address: SocketAddr,
        name: &str,
        identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(pki.certificate("ca")).expect("it can be trusted");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the defaults are safe")
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).expect("they fit"),
        };
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
