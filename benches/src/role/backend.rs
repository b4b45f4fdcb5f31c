//! The sample backend: 1 KB of JSON for every request, over keep-alive connections.

use super::{announce, end_with_parent};
use crate::failure::Failure;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// Length of the body in bytes.
const BODY_LENGTH: usize = 1024;

/// Serves until the process ends.
pub(super) async fn run() -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(Failure::socket("listen as the backend"))?;
    announce(
        listener
            .local_addr()
            .map_err(Failure::socket("look up the backend's address"))?,
    )?;
    end_with_parent();
    let body = body();
    loop {
        // A failed accept concerns one connection; the others go on.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let body = body.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            let answer = answer(body.clone());
            async { Ok::<_, Infallible>(answer) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A JSON document of exactly [`BODY_LENGTH`] bytes.
fn body() -> Bytes {
    const HEAD: &str = r#"{"order":"17","state":"shipped","note":""#;
    const TAIL: &str = r#""}"#;
    let filling = "x".repeat(BODY_LENGTH.saturating_sub(HEAD.len() + TAIL.len()));
    Bytes::from(format!("{HEAD}{filling}{TAIL}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_one_kilobyte_of_json() {
        let body = body();
        assert_eq!(body.len(), 1024);
        assert!(serde_json::from_slice::<serde_json::Value>(&body).unwrap().is_object());
    }
}
