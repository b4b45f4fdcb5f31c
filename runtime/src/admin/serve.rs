//! Serves the admin listener.

use super::ready::Readiness;
use crate::auth::RevocationListError;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
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
/// Where revoked tokens are announced.
const REVOCATIONS: &str = "/revocations";
/// Largest list, in bytes.
const MAX_LIST: usize = 1 << 20;
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the admin listener shows.
pub(crate) trait State: Send + Sync + 'static {
    /// Whether the gateway takes traffic.
    fn readiness(&self) -> Readiness;
    /// The counters as OpenMetrics text.
    fn metrics(&self) -> String;
    /// Applies a list of revoked tokens and returns how many; else what is wrong with it.
    fn revoke(&self, list: &str) -> Result<usize, Vec<RevocationListError>>;
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
                let state = Arc::clone(&state);
                async move {
                    let response = if request.uri().path() == REVOCATIONS {
                        revocations(&*state, request).await
                    } else {
                        answer(&*state, &request)
                    };
                    Ok::<_, Infallible>(response)
                }
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

/// `POST /revocations`: one JSON object per line. A web page in a browser on this machine cannot send this content type
/// without asking first, which the gateway does not grant; where the page's host name was made to lead here, the browser
/// need not ask, but tells its origin all the same.
async fn revocations<S: State>(state: &S, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let json = HeaderValue::from_static("application/json");
    if request.method() != Method::POST {
        let mut response = with(StatusCode::METHOD_NOT_ALLOWED, json, "{}");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    if request.headers().contains_key(ORIGIN) {
        return with(
            StatusCode::FORBIDDEN,
            json,
            "{\"error\":\"web pages may not revoke tokens\"}",
        );
    }
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json") || kind.starts_with("application/x-ndjson")) {
        let text = "{\"error\":\"the content type has to be application/x-ndjson\"}";
        return with(StatusCode::UNSUPPORTED_MEDIA_TYPE, json, text);
    }
    let body = tokio::time::timeout(HEAD_TIME, Limited::new(request.into_body(), MAX_LIST).collect()).await;
    let Ok(Ok(body)) = body else {
        return with(
            StatusCode::BAD_REQUEST,
            json,
            "{\"error\":\"the list is incomplete or larger than 1 MiB\"}",
        );
    };
    let body = body.to_bytes();
    let Ok(list) = std::str::from_utf8(&body) else {
        return with(StatusCode::BAD_REQUEST, json, "{\"error\":\"the list is not UTF-8\"}");
    };
    match state.revoke(list) {
        Ok(applied) => with(
            StatusCode::OK,
            json,
            serde_json::json!({ "revoked": applied }).to_string(),
        ),
        Err(errors) => {
            let errors: Vec<String> = errors.iter().take(100).map(ToString::to_string).collect();
            with(
                StatusCode::UNPROCESSABLE_ENTITY,
                json,
                serde_json::json!({ "errors": errors }).to_string(),
            )
        }
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
