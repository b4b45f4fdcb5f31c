//! A backend that speaks TLS and tells what client it sees.

use super::{PATIENCE, Pki};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// An `https` backend on a free port. It asks for certificates of the authority, and answers with `nobody` or with the
/// SHA-256 of the certificate that it was shown.
pub struct TlsBackend {
    address: SocketAddr,
    handshakes: Arc<Mutex<Vec<Handshake>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

/// What the backend saw of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The name that it was asked for.
    pub name: Option<String>,
    /// Whether a session from before went on.
    pub resumed: bool,
}

impl TlsBackend {
    /// Shows the certificate of `name`.
    pub fn start(pki: &Pki, name: &str) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(pki.certificate("ca")).expect("it can be trusted");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .expect("there is an authority");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the defaults are safe")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![pki.certificate(name)], pki.key(name))
            .expect("they fit");
        let config = Arc::new(config);
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let handshakes = Arc::<Mutex<Vec<Handshake>>>::default();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let noted = (Arc::clone(&handshakes), Arc::clone(&heads));
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (config, (handshakes, heads)) = (Arc::clone(&config), noted.clone());
                std::thread::spawn(move || serve(socket, config, &handshakes, &heads));
            }
        });
        Self {
            address,
            handshakes,
            heads,
        }
    }

    /// The handshakes that succeeded so far.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.handshakes.lock().expect("no test panics with it").clone()
    }

    /// Request lines and headers, as received so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no test panics with it").clone()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its address, under the name that its certificate should have.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port())
    }

    /// What it answers when it is shown the certificate of `name`.
    pub fn sees(pki: &Pki, name: &str) -> String {
        mgw_bundle::Digest::of(&pki.certificate(name)).to_string()
    }
}

fn serve(
    socket: TcpStream,
    config: Arc<ServerConfig>,
    handshakes: &Mutex<Vec<Handshake>>,
    heads: &Mutex<Vec<String>>,
) -> Option<()> {
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut stream = StreamOwned::new(ServerConnection::new(config).ok()?, socket);
    let mut noted = false;
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.extend_from_slice(&byte);
        }
        if !noted {
            noted = true;
            handshakes.lock().expect("no test panics with it").push(Handshake {
                name: stream.conn.server_name().map(str::to_owned),
                resumed: stream.conn.handshake_kind() == Some(HandshakeKind::Resumed),
            });
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        heads.lock().expect("no test panics with it").push(head);
        let shown = stream.conn.peer_certificates().and_then(|chain| chain.first());
        let body = shown.map_or_else(|| "nobody".to_owned(), |leaf| mgw_bundle::Digest::of(leaf).to_string());
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    }
}
