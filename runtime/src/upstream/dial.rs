//! From a host and port to a byte stream.

use super::origin::{Origin, Via};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// After this time of silence the system asks whether the backend is still there: requests may wait for hours on a connection
/// that carries many.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Between two questions without an answer.
const KEEP_ALIVE_PROBES: Duration = Duration::from_secs(10);

/// Opens a connection to an origin, through the operator's proxy where that serves it.
pub(super) async fn dial(origin: &Origin) -> io::Result<TcpStream> {
    let stream = match &origin.via {
        Via::Nothing(reach) => reach.connect(origin.port).await,
        Via::Proxy(proxy) => proxy.connect(&origin.host, origin.port).await,
    }?;
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE)
        .with_interval(KEEP_ALIVE_PROBES);
    SockRef::from(&stream).set_tcp_keepalive(&keep_alive)?;
    Ok(stream)
}
