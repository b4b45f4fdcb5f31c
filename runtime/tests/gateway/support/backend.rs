//! A backend whose every connection is handled by a script, on a thread of its own.

use super::client::Client;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a backend does with one connection.
pub type Behaviour = dyn Fn(&mut Exchange) + Send + Sync;

/// One request as a backend saw it, and the way to answer.
pub struct Exchange {
    /// Request line and headers, as received.
    pub head: String,
    pub body: String,
    pub connection: Client,
    /// Set to close after this exchange.
    pub close: bool,
}

impl Exchange {
    pub fn write(&mut self, text: &str) {
        let _ = self.connection.stream.get_mut().write_all(text.as_bytes());
    }
}

/// A backend on a free port.
pub struct Backend {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Backend {
    /// Reads whole requests and lets `behaviour` answer each.
    pub fn start(behaviour: impl Fn(&mut Exchange) + Send + Sync + 'static) -> Self {
        Self::start_raw(true, behaviour)
    }

    /// Lets `behaviour` answer after the head; it reads the body itself.
    pub fn start_after_head(behaviour: impl Fn(&mut Exchange) + Send + Sync + 'static) -> Self {
        Self::start_raw(false, behaviour)
    }

    /// Answers 200 with its name.
    pub fn named(name: &'static str) -> Self {
        Self::start(move |exchange| respond(exchange, 200, name))
    }

    /// Answers 200 with request line, headers and body as received.
    pub fn echo() -> Self {
        Self::start(|exchange| {
            let text = format!("{}\n{}", exchange.head, exchange.body);
            respond(exchange, 200, &text);
        })
    }

    /// Answers 200 with its name, on one of several loopback addresses.
    pub fn at(address: &str, port: u16, name: &'static str) -> Self {
        let listener = TcpListener::bind((address, port)).expect("a free port");
        Self::start_on(listener, true, move |exchange| respond(exchange, 200, name))
    }

    fn start_raw(read_body: bool, behaviour: impl Fn(&mut Exchange) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        Self::start_on(listener, read_body, behaviour)
    }

    fn start_on(
        listener: TcpListener,
        read_body: bool,
        behaviour: impl Fn(&mut Exchange) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("it is bound");
        let backend = Self {
            address,
            connections: Arc::default(),
            heads: Arc::default(),
        };
        let (connections, heads) = (Arc::clone(&backend.connections), Arc::clone(&backend.heads));
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (behaviour, heads) = (Arc::clone(&behaviour), Arc::clone(&heads));
                std::thread::spawn(move || serve(stream, read_body, &*behaviour, &heads));
            }
        });
        backend
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Heads of the requests received so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no test panics with it").clone()
    }
}

fn serve(stream: TcpStream, read_body: bool, behaviour: &Behaviour, heads: &Mutex<Vec<String>>) {
    let mut exchange = Exchange {
        head: String::new(),
        body: String::new(),
        connection: Client {
            stream: BufReader::new(stream),
        },
        close: false,
    };
    while let Some((head, body)) = exchange.connection.receive_request(read_body) {
        heads.lock().expect("no test panics with it").push(head.clone());
        exchange.head = head;
        exchange.body = body;
        behaviour(&mut exchange);
        if exchange.close {
            return;
        }
    }
}

/// Answers with a length.
pub fn respond(exchange: &mut Exchange, status: u16, body: &str) {
    let length = body.len();
    exchange.write(&format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
}

impl Client {
    /// Reads a request as a server; `None` at the end of the connection.
    fn receive_request(&mut self, read_body: bool) -> Option<(String, String)> {
        use std::io::{BufRead, Read};
        let mut head = String::new();
        loop {
            let before = head.len();
            if self.stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
            if &head[before..] == "\r\n" {
                break;
            }
        }
        let lower = head.to_ascii_lowercase();
        let mut body = String::new();
        if read_body && lower.contains("transfer-encoding: chunked") {
            while let Some(chunk) = self.receive_chunk().ok()? {
                body.push_str(&chunk);
            }
        } else if read_body && let Some((_, rest)) = lower.split_once("content-length:") {
            let length = rest.lines().next()?.trim().parse().ok()?;
            let mut bytes = vec![0; length];
            self.stream.read_exact(&mut bytes).ok()?;
            body = String::from_utf8(bytes).ok()?;
        }
        Some((head, body))
    }
}
