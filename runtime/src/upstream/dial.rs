//! From a host and port to a byte stream.

use super::origin::Origin;
use std::io;
use tokio::net::TcpStream;

/// Looks the name up and opens a TCP connection.
pub(super) async fn dial(origin: &Origin) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((&*origin.host, origin.port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
