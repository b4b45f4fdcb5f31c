//! A loopback server that says what it is told to say.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

type Answer = Box<dyn Fn(&str) -> Vec<u8> + Send>;

/// A server that answers each request as it is told.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    received: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers every request with the same bytes.
    pub(crate) fn start(answer: Vec<u8>) -> Self {
        Self::serve(move |_| answer.clone())
    }

    /// Answers every request by what it says.
    pub(crate) fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Self {
            address: listener.local_addr().expect("bound"),
            answer: Arc::new(Mutex::new(Box::new(answer))),
            received: Arc::default(),
        };
        let (answer, received) = (Arc::clone(&server.answer), Arc::clone(&server.received));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut seen = Vec::new();
                let mut buffer = [0; 1024];
                while !is_complete(&seen) {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => break,
                        Ok(count) => seen.extend_from_slice(&buffer[..count]),
                    }
                }
                let request = String::from_utf8_lossy(&seen).into_owned();
                let answer = answer.lock().expect("not poisoned")(&request);
                received.lock().expect("not poisoned").push(request);
                // The client may have had enough.
                let _ = stream.write_all(&answer);
            }
        });
        server
    }

    pub(crate) fn answer(&self, answer: Vec<u8>) {
        self.answer_by(move |_| answer.clone());
    }

    /// Answers every further request by what it says.
    pub(crate) fn answer_by(&self, answer: impl Fn(&str) -> Vec<u8> + Send + 'static) {
        *self.answer.lock().expect("not poisoned") = Box::new(answer);
    }

    pub(crate) fn requests(&self) -> usize {
        self.received.lock().expect("not poisoned").len()
    }

    /// The requests as received, with their bodies.
    pub(crate) fn received(&self) -> Vec<String> {
        self.received.lock().expect("not poisoned").clone()
    }
}

/// Returns whether the head and the body it announces have arrived.
fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    body.len() >= length.unwrap_or(0)
}

pub(crate) fn wall_clock() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("after the epoch");
    u64::try_from(since_epoch.as_millis()).expect("before the end of time")
}

/// An answer without body.
pub(crate) fn status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

pub(crate) fn ok(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
