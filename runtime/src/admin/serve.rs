//! Serves the admin listener.

use super::answer::{Answer, json, not_allowed, with};
use super::aside::Aside;
use super::blocks::{BlockError, BlocksInForce};
use super::ready::Readiness;
use super::{ConnectedDetail, backends, blocks, connected, quotas, revocations};
use crate::auth::AppliedRevocations;
use crate::operator_blocks::OperatorBlock;
use crate::throttle::{QuotaFilter, QuotaReset, QuotaStates};
use crate::upstream::EndpointState;
use crate::usage::UsageStatus;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::IpAddr;
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
    /// Applies a list of revoked tokens.
    fn revoke(&self, list: &str) -> AppliedRevocations;
    /// How following the control plane goes; `None`: none is followed.
    fn connected(&self) -> Option<ConnectedDetail>;
    /// What is known of backends.
    fn endpoints(&self) -> Vec<Arc<EndpointState>>;
    /// Looks at all counters; takes its time.
    fn quotas(&self, filter: &QuotaFilter) -> QuotaStates;
    /// Starts counts again and returns how many; takes its time.
    fn reset_quotas(&self, which: &QuotaReset) -> u64;
    /// How it goes with usage records; `None`: there are none.
    fn usage(&self) -> Option<UsageStatus>;
    /// The blocks that are in force.
    fn blocks(&self) -> BlocksInForce;
    /// Sets a block, with effect from the next request; takes its time.
    fn block(&self, asked: &[u8]) -> Result<OperatorBlock, BlockError>;
    /// Removes a block, with effect from the next request; takes its time.
    fn unblock(&self, id: u64) -> Result<OperatorBlock, BlockError>;
}

/// Serves until the runtime ends.
pub(crate) async fn serve<S: State>(listener: TcpListener, state: Arc<S>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let aside = Arc::new(Aside::default());
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no admin connection could be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let asked = Asked {
            state: Arc::clone(&state),
            aside: Arc::clone(&aside),
            peer: peer.ip(),
            local: stream.local_addr().ok().map(|address| address.ip()),
        };
        tokio::spawn(async move {
            let _permit = permit;
            let service = service_fn(|request| {
                let asked = &asked;
                async move { Ok::<_, Infallible>(asked.answer(request).await) }
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

/// What a connection's requests are answered with.
struct Asked<S> {
    state: Arc<S>,
    aside: Arc<Aside>,
    peer: IpAddr,
    /// The address that was connected to.
    local: Option<IpAddr>,
}

impl<S: State> Asked<S> {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        match request.uri().path() {
            "/revocations" => revocations::answer(&*self.state, request).await,
            "/connected" => connected::answer(&*self.state, &request, self.local),
            "/backends" => backends::answer(&*self.state, &request, self.local),
            "/quotas" => quotas::show(&self.state, &self.aside, request, self.local).await,
            "/quotas/reset" => quotas::reset(&self.state, &self.aside, request, self.peer).await,
            path if path == blocks::PATH || path.starts_with(blocks::BELOW) => {
                blocks::answer(&self.state, &self.aside, request, self.peer, self.local).await
            }
            _ => plain(&*self.state, &request),
        }
    }
}

/// What is shown to everybody who can connect.
fn plain<S: State>(state: &S, request: &Request<Incoming>) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    match request.uri().path() {
        "/health" => json(StatusCode::OK, "{\"status\":\"healthy\"}"),
        "/ready" => {
            let readiness = state.readiness();
            let status = if readiness.ready {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            // Plain data with text keys is always JSON.
            json(status, serde_json::to_string_pretty(&readiness).unwrap_or_default())
        }
        "/usage" => match state.usage() {
            Some(status) => json(
                StatusCode::OK,
                serde_json::to_string_pretty(&status).unwrap_or_default(),
            ),
            None => json(StatusCode::NOT_FOUND, "{}"),
        },
        "/metrics" => with(StatusCode::OK, HeaderValue::from_static(OPEN_METRICS), state.metrics()),
        _ => json(StatusCode::NOT_FOUND, "{}"),
    }
}
