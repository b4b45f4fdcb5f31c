//! The floor: a proxy that copies bytes both ways and knows no HTTP.
//!
//! One thread, edge-triggered readiness, and for each piece of data one read and one write: less than this no proxy in
//! user space can do. Every client connection has a backend connection of its own.

use super::{announce, end_with_parent};
use crate::failure::Failure;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

/// Read at once; larger than a request or response of the benchmark.
const BUFFER: usize = 16 * 1024;

/// Connections at one time.
const MAX_PAIRS: usize = 4096;

const LISTENER: Token = Token(usize::MAX);

/// Passes connections on to `backend` until the process ends.
pub(super) fn run(backend: SocketAddr) -> Result<(), Failure> {
    let mut poll = Poll::new().map_err(Failure::socket("poll"))?;
    let mut listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(Failure::socket("listen as the floor"))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)
        .map_err(Failure::socket("watch the listener"))?;
    announce(
        listener
            .local_addr()
            .map_err(Failure::socket("look up the floor's address"))?,
    )?;
    end_with_parent();

    let mut pairs = Pairs::default();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; BUFFER];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result.map_err(Failure::socket("poll"))?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((client, _)) = listener.accept() {
                    // A connection that cannot be passed on is closed by dropping it.
                    let _ = pairs.open(client, backend, &poll);
                }
            } else {
                pairs.serve(event.token(), &mut buffer);
            }
        }
    }
}

/// The connection pairs; a token is twice the place of its pair, plus one for the backend's side.
#[derive(Default)]
struct Pairs {
    places: Vec<Option<Pair>>,
    free: Vec<usize>,
}

struct Pair {
    client: TcpStream,
    backend: TcpStream,
    /// Read from the client, not yet written to the backend.
    to_backend: Vec<u8>,
    /// Read from the backend, not yet written to the client.
    to_client: Vec<u8>,
}

impl Pairs {
    fn open(&mut self, mut client: TcpStream, backend: SocketAddr, poll: &Poll) -> std::io::Result<()> {
        let place = match self.free.pop() {
            Some(place) => place,
            None if self.places.len() < MAX_PAIRS => {
                self.places.push(None);
                self.places.len() - 1
            }
            None => return Err(ErrorKind::QuotaExceeded.into()),
        };
        let opened = (|| {
            let mut backend = TcpStream::connect(backend)?;
            client.set_nodelay(true)?;
            backend.set_nodelay(true)?;
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut client, Token(place * 2), both)?;
            poll.registry().register(&mut backend, Token(place * 2 + 1), both)?;
            Ok(backend)
        })();
        match opened {
            Ok(backend) => {
                if let Some(slot) = self.places.get_mut(place) {
                    *slot = Some(Pair {
                        client,
                        backend,
                        to_backend: Vec::new(),
                        to_client: Vec::new(),
                    });
                }
                Ok(())
            }
            Err(error) => {
                self.free.push(place);
                Err(error)
            }
        }
    }

    /// Moves what is there for the side that an event is about. An end or error on either side closes both.
    fn serve(&mut self, token: Token, buffer: &mut [u8]) {
        let place = token.0 / 2;
        let Some(slot) = self.places.get_mut(place) else { return };
        let Some(pair) = slot else { return };
        let result = if token.0.is_multiple_of(2) {
            flush(&mut pair.client, &mut pair.to_client)
                .and_then(|()| copy(&mut pair.client, &mut pair.backend, &mut pair.to_backend, buffer))
        } else {
            flush(&mut pair.backend, &mut pair.to_backend)
                .and_then(|()| copy(&mut pair.backend, &mut pair.client, &mut pair.to_client, buffer))
        };
        if result.is_err() {
            *slot = None;
            self.free.push(place);
        }
    }
}

/// Copies what `from` has. A read that does not fill the buffer has emptied the socket; epoll then reports anew.
fn copy(from: &mut impl Read, to: &mut impl Write, pending: &mut Vec<u8>, buffer: &mut [u8]) -> std::io::Result<()> {
    loop {
        let read = match from.read(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // Still connecting: the event that says otherwise brings us back.
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
            Err(error) => return Err(error),
        };
        let data = buffer.get(..read).unwrap_or_default();
        if pending.is_empty() {
            let written = write(to, data)?;
            pending.extend_from_slice(data.get(written..).unwrap_or_default());
        } else {
            pending.extend_from_slice(data);
        }
        if read < buffer.len() {
            return Ok(());
        }
    }
}

/// Writes what an earlier write left over.
fn flush(to: &mut impl Write, pending: &mut Vec<u8>) -> std::io::Result<()> {
    if !pending.is_empty() {
        let written = write(to, pending)?;
        pending.drain(..written);
    }
    Ok(())
}

/// Writes as much as is taken now and returns how much that was.
fn write(to: &mut impl Write, data: &[u8]) -> std::io::Result<usize> {
    let mut written = 0;
    while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
        match to.write(rest) {
            Ok(count) => written += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
