//! Binds listener sockets: one per core and address, so that the kernel spreads connections over cores.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that the kernel holds until they are accepted, per socket.
const BACKLOG: i32 = 1024;

/// A socket that could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{address} is already in use")]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The setting of its port.
        setting: &'static str,
    },
    /// The operating system refuses the port to this user.
    #[error("permission to listen on {address} was refused")]
    Denied {
        /// The address.
        address: SocketAddr,
        /// The setting of its port.
        setting: &'static str,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// Anything else.
    #[error("could not listen on {address}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// The setting of its port.
        setting: &'static str,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

impl BindError {
    fn new(address: SocketAddr, setting: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address, setting },
            io::ErrorKind::PermissionDenied => Self::Denied {
                address,
                setting,
                source,
            },
            _ => Self::Other {
                address,
                setting,
                source,
            },
        }
    }

    /// Returns the setting of the port.
    pub fn setting(&self) -> &'static str {
        match self {
            Self::InUse { setting, .. } | Self::Denied { setting, .. } | Self::Other { setting, .. } => setting,
        }
    }
}

/// Binds `count` sockets to one address, whose port `setting` names, and returns the address with the port that was chosen
/// for port 0.
pub(crate) fn bind_shared(
    address: SocketAddr,
    setting: &'static str,
    count: usize,
) -> Result<(SocketAddr, Vec<TcpListener>), BindError> {
    let failed = |source| BindError::new(address, setting, source);
    // Sockets that share a port would let a second gateway join the first and take half of its connections. A socket that
    // does not share finds out whether anybody is there.
    if address.port() != 0 {
        let probe = socket(address).map_err(failed)?;
        probe.bind(&address.into()).map_err(failed)?;
    }
    let first = listen(address, count > 1).map_err(failed)?;
    let bound = first.local_addr().map_err(failed)?;
    let mut listeners = vec![first];
    while listeners.len() < count {
        listeners.push(listen(bound, true).map_err(failed)?);
    }
    Ok((bound, listeners))
}

fn listen(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    if shared {
        share_port(&socket)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a gateway restart while connections of its predecessor linger; on Windows it would allow hijacking.
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    Ok(socket)
}

#[cfg(unix)]
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn share_port(_: &Socket) -> io::Result<()> {
    Ok(())
}

/// How many cores can have their own socket at one address.
pub(crate) fn shareable(cores: usize) -> usize {
    if cfg!(unix) { cores } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_share_and_others_do_not() {
        let bind = |address, count| bind_shared(address, "port", count);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let Ok((address, listeners)) = bind(loopback, 3) else {
            panic!("a free port")
        };
        assert_eq!(listeners.len(), 3);
        assert!(
            listeners
                .iter()
                .all(|listener| listener.local_addr().is_ok_and(|bound| bound == address))
        );
        assert!(
            matches!(bind(address, 3), Err(BindError::InUse { address: named, setting: "port" }) if named == address)
        );
        assert!(matches!(bind(address, 1), Err(BindError::InUse { .. })));
        drop(listeners);
        assert!(bind(address, 2).is_ok());
    }
}
