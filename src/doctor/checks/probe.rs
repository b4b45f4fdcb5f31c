//! Connections that are made to see whether they can be made. Nothing is told over them, and each has its time.

use crate::cause::cause;
use crate::tls::trusting_anybody;
use rustls::ClientConnection;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// What a look-up, a connection or a handshake may take.
pub(in crate::doctor) const PATIENCE: Duration = Duration::from_secs(5);

/// The addresses of a host. The system's look-up knows no end of its own.
pub(super) fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let (result, found) = channel();
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let look_up = move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        let _ = result.send(addresses);
    };
    let thread = std::thread::Builder::new().name("doctor-names".into());
    thread.spawn(look_up).map_err(|error| error.to_string())?;
    match found.recv_timeout(PATIENCE) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err("it has no addresses".to_owned()),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(cause(&error)),
        Err(_) => Err(format!("no name server answered within {} s", PATIENCE.as_secs())),
    }
}

/// Connects to the first address that takes the connection.
pub(super) fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let deadline = Instant::now() + PATIENCE;
    let mut why = "it has no addresses".to_owned();
    let addresses = addresses(host, port)?;
    for address in &addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        // One that is silent leaves time for the others.
        let share = if addresses.len() > 1 { left / 2 } else { left };
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => {
                let timed = stream.set_read_timeout(Some(PATIENCE));
                timed
                    .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
                    .map_err(|error| error.to_string())?;
                return Ok(stream);
            }
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                why = format!("no answer within {} s", PATIENCE.as_secs());
            }
            Err(error) => why = cause(&error),
        }
    }
    Err(why)
}

/// The certificates that a server shows, its own first. Whether they are to be trusted is not asked.
pub(super) fn certificates(host: &str, port: u16) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut stream = connect(host, port)?;
    let text = |error: rustls::Error| cause(&error);
    let config = trusting_anybody().map_err(text)?;
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(text)?;
    while connection.is_handshaking() {
        connection
            .complete_io(&mut stream)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
                    format!("no TLS within {} s", PATIENCE.as_secs())
                }
                _ => cause(&error),
            })?;
    }
    let shown = connection.peer_certificates().unwrap_or_default();
    Ok(shown
        .iter()
        .map(|certificate| certificate.clone().into_owned())
        .collect())
}
