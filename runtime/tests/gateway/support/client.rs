//! A client that writes bytes and reads one HTTP/1.1 response at a time.

use super::PATIENCE;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// One connection.
pub struct Client {
    pub stream: BufReader<TcpStream>,
}

/// One response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the address listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a positive time");
        stream.set_write_timeout(Some(PATIENCE)).expect("a positive time");
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// One request on a connection of its own.
    pub fn once(address: SocketAddr, request: &str) -> Response {
        let mut client = Self::connect(address);
        client.send(request);
        client.receive().expect("a response")
    }

    /// `GET path` on a connection of its own.
    pub fn get(address: SocketAddr, path: &str) -> Response {
        Self::once(address, &format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n"))
    }

    /// Writes text; a peer that closed already is found out when reading.
    pub fn send(&mut self, text: &str) {
        let _ = self.stream.get_mut().write_all(text.as_bytes());
    }

    pub fn receive(&mut self) -> io::Result<Response> {
        let (status, headers) = self.receive_head()?;
        let find = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        };
        let mut body = Vec::new();
        if find("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
            while let Some(chunk) = self.receive_chunk()? {
                body.extend_from_slice(chunk.as_bytes());
            }
        } else if let Some(length) = find("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Response {
            status,
            headers,
            body: String::from_utf8(body).map_err(io::Error::other)?,
        })
    }

    pub fn receive_head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| io::Error::other("no header"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The next chunk, `None` after the last.
    pub fn receive_chunk(&mut self) -> io::Result<Option<String>> {
        let size = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size];
        self.stream.read_exact(&mut chunk)?;
        self.line()?;
        Ok((size > 0).then(|| String::from_utf8_lossy(&chunk).into_owned()))
    }

    /// Whether the peer closes without sending anything more.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}
