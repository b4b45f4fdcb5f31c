//! WebSocket by hand, as client and as backend.

use super::backend::Exchange;
use super::{Backend, Client};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

/// A frame: its first byte, and its payload without the mask.
pub type Frame = (u8, Vec<u8>);

/// One end of an open WebSocket.
pub struct WebSocket {
    pub connection: Client,
    masks: bool,
}

impl WebSocket {
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    /// The request for one, with more header lines.
    pub fn request(path: &str, headers: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {}\r\n{headers}\r\n",
            Self::KEY
        )
    }

    /// Opens one; returns it with the header fields of the answer.
    pub fn open(address: SocketAddr, path: &str, headers: &str) -> (Self, Vec<(String, String)>) {
        let mut connection = Client::connect(address);
        connection.send(&Self::request(path, headers));
        let (status, headers) = connection.receive_head().expect("a head");
        assert_eq!(status, 101, "{headers:?}");
        let accept = headers.iter().find(|(name, _)| name == "sec-websocket-accept");
        assert_eq!(accept.map(|(_, value)| value.clone()), Some(accepting(Self::KEY)));
        (
            Self {
                connection,
                masks: true,
            },
            headers,
        )
    }

    /// A backend that opens every WebSocket that it is asked for, and behaves as said on it.
    pub fn backend(behaviour: impl Fn(&mut Self) + Send + Sync + 'static) -> Backend {
        Backend::start(move |exchange| Self::accept(exchange, &behaviour))
    }

    /// Has a backend open the WebSocket that it was asked for, and behave as said on it.
    pub fn accept(exchange: &mut Exchange, behaviour: impl Fn(&mut Self)) {
        let key = exchange.head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .starts_with("sec-websocket-key:")
                .then(|| line[18..].trim())
        });
        let accept = accepting(key.unwrap_or_default());
        exchange.write(&format!(
            "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\
             Sec-WebSocket-Protocol: chat\r\n\r\n"
        ));
        let stream = exchange
            .connection
            .stream
            .get_ref()
            .try_clone()
            .expect("a second handle");
        let mut socket = Self {
            connection: Client {
                stream: io::BufReader::new(stream),
            },
            masks: false,
        };
        behaviour(&mut socket);
        exchange.close = true;
    }

    /// Echoes messages until it is told to close, and returns the frame that told it.
    pub fn echo(&mut self) -> Option<Frame> {
        loop {
            match self.receive().ok()? {
                (first, payload) if first & 0x0F == 8 => {
                    self.send(0x88, &payload);
                    return Some((first, payload));
                }
                (first, payload) => self.send(first, &payload),
            }
        }
    }

    pub fn send(&mut self, first: u8, payload: &[u8]) {
        let mask = [1, 2, 3, 4];
        let flag = if self.masks { 0x80 } else { 0 };
        let mut frame = match payload.len() {
            length @ 0..126 => vec![first, flag | length as u8],
            length @ 126..0x1_0000 => [&[first, flag | 126][..], &(length as u16).to_be_bytes()].concat(),
            length => [&[first, flag | 127][..], &(length as u64).to_be_bytes()].concat(),
        };
        if self.masks {
            frame.extend(mask);
            frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        } else {
            frame.extend(payload);
        }
        let _ = self.connection.stream.get_mut().write_all(&frame);
    }

    /// A text message of one frame.
    pub fn say(&mut self, text: &str) {
        self.send(0x81, text.as_bytes());
    }

    pub fn receive(&mut self) -> io::Result<Frame> {
        let mut take = |count: u64| {
            let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
            self.connection.stream.read_exact(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        };
        let head = take(2)?;
        let length = match head[1] & 0x7F {
            126 => take(2)?.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
            127 => take(8)?.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
            length => u64::from(length),
        };
        let mask = if head[1] & 0x80 != 0 { take(4)? } else { vec![0; 4] };
        let payload = take(length)?;
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        Ok((head[0], payload.collect()))
    }

    /// The text of the next message.
    pub fn hear(&mut self) -> String {
        let (first, payload) = self.receive().expect("a frame");
        assert_eq!(first, 0x81);
        String::from_utf8(payload).expect("UTF-8")
    }

    /// Reads on to the close frame and the end of the connection; returns code and reason.
    pub fn closed(&mut self) -> (u16, String) {
        loop {
            let (first, payload) = self.receive().expect("a close frame");
            if first == 0x88 {
                self.send(0x88, &payload);
                assert!(self.connection.is_closed(), "the connection ends after it");
                return close_reason(&payload);
            }
        }
    }
}

/// What the payload of a close frame says.
pub fn close_reason(payload: &[u8]) -> (u16, String) {
    let code = u16::from_be_bytes([payload[0], payload[1]]);
    (code, String::from_utf8_lossy(&payload[2..]).into_owned())
}

fn accepting(key: &str) -> String {
    let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{magic}").as_bytes()).as_ref())
}
