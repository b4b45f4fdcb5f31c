//! Serves the admin listener.

use super::ready::Readiness;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at the same time: a scraper, a probe and a person, several times over.
const CONNECTIONS: usize = 64;
/// For the head of a request, which also bounds idle connections.
const HEAD_TIME: Duration = Duration::from_secs(30);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the admin listener shows.
pub(crate) trait State: Send + Sync + 'static {
    /// Whether the gateway takes traffic.
    fn readiness(&self) -> Readiness;
    /// The counters as OpenMetrics text.
    fn metrics(&self) -> String;
}

/// Serves until the runtime ends.
pub(crate) async fn serve<S: State>(listener: TcpListener, state: Arc<S>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "no admin connection could be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let _permit = permit;
            let service = service_fn(|request| {
                let response = answer(&*state, &request);
                async { Ok::<_, Infallible>(response) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "an admin connection ended early");
            }
        });
    }
}

fn answer<S: State>(state: &S, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let json = HeaderValue::from_static("application/json");
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = with(StatusCode::METHOD_NOT_ALLOWED, json, "{}");
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/health" => with(StatusCode::OK, json, "{\"status\":\"healthy\"}"),
        "/ready" => {
            let readiness = state.readiness();
            let status = if readiness.ready {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            // Plain data with text keys is always JSON.
            with(
                status,
                json,
                serde_json::to_string_pretty(&readiness).unwrap_or_default(),
            )
        }
        "/metrics" => with(StatusCode::OK, HeaderValue::from_static(OPEN_METRICS), state.metrics()),
        _ => with(StatusCode::NOT_FOUND, json, "{}"),
    }
}

fn with(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
