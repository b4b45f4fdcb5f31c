//! Finding addresses, and waiting until somebody listens there.

use super::Running;
use crate::failure::Failure;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How long a subject may take to listen, also where its instructions are counted.
const LISTENING: Duration = Duration::from_secs(60);

/// Time between two attempts; also the resolution of the start measurement.
pub(crate) const ATTEMPT: Duration = Duration::from_micros(500);

/// Returns a loopback address that is free now, for programs that cannot choose one and tell.
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Failure::socket("find a free port"))
}

/// Waits until `address` accepts connections, and fails when the process ends before.
pub(crate) async fn wait_for_listener(running: &mut Running, address: SocketAddr) -> Result<(), Failure> {
    let begin = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        running.check()?;
        if begin.elapsed() > LISTENING {
            return Err(running.late("listen", LISTENING));
        }
        tokio::time::sleep(ATTEMPT).await;
    }
    Ok(())
}
