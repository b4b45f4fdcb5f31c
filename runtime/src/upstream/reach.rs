//! How a host is reached: at the address that it is written as, or at those of its name.

use super::race;
use crate::names::{Name, Names};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

/// How a host is reached.
#[derive(Debug)]
pub(super) enum Reach {
    Address(IpAddr),
    Name(Arc<Name>),
}

impl Reach {
    /// `host` is a name, or an address without brackets.
    pub(super) fn of(host: &str, names: &Names) -> Self {
        match host.parse() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::Name(names.of(host)),
        }
    }

    /// Opens a TCP connection.
    pub(super) async fn connect(&self, port: u16) -> io::Result<TcpStream> {
        match self {
            Self::Address(address) => race::connect_to(*address, port).await,
            Self::Name(name) => {
                let found = name.addresses().await;
                let (addresses, turn) = found.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
                race::connect(&addresses, turn, port).await
            }
        }
    }

    /// Changes when connections from before should not be taken up again.
    pub(super) fn generation(&self) -> u64 {
        match self {
            Self::Address(_) => 0,
            Self::Name(name) => name.generation(),
        }
    }
}
