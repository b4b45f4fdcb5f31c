//! A gateway that explains.

use super::exchange::{BUFFER, exchange};
use super::explanation::{Explanation, ExplanationEnd};
use super::onlooker::Onlooker;
use super::{AskedRequest, ExplainedAnswer};
use crate::clock::Clock;
use crate::config::RuntimeConfig;
use crate::gateway::{Prepared, StartError, serve_settings};
use crate::proxy::Phase;
use crate::server::{Connection, Offer, ServeSettings, serve_witnessed};
use mgw_bundle::Bundle;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Builder, Runtime};

/// No request takes this long without others: it bounds what a defect could do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway that serves nobody, and says what it would do. Its quotas are counted as a gateway's that has just started:
/// every request that it admits counts.
#[derive(Debug)]
pub struct Explainer {
    config: RuntimeConfig,
    prepared: Prepared,
    settings: ServeSettings,
    unix_ms: u64,
    /// What is done beside requests would be done here, and is not: nothing runs it.
    _still: Runtime,
    running: Runtime,
}

/// What can be known only by serving.
#[derive(Debug, thiserror::Error)]
#[error("the request got no answer")]
pub struct Unexplained;

impl Explainer {
    /// Prepares what a gateway with this bundle and these settings would decide by. `data_dir` is only read. `unix_ms`: the
    /// time of requests, else now.
    ///
    /// # Errors
    ///
    /// What would keep the gateway from starting, as far as it is no matter of sockets.
    pub fn new(
        bundle: &Bundle,
        mut config: RuntimeConfig,
        data_dir: &Path,
        unix_ms: Option<u64>,
    ) -> Result<Self, StartError> {
        // What other gateways have counted is not known here.
        config.shared_quotas = None;
        let unix_ms = unix_ms.unwrap_or_else(now_ms);
        let runtime = || Builder::new_current_thread().enable_all().build();
        let still = runtime().map_err(StartError::Thread)?;
        let running = runtime().map_err(StartError::Thread)?;
        let prepared = Prepared::new(bundle, &config, data_dir, 1, still.handle(), unix_ms)?;
        Ok(Self {
            settings: serve_settings(&config),
            config,
            prepared,
            unix_ms,
            _still: still,
            running,
        })
    }

    /// Says what would become of a request. Not to be called on a runtime.
    ///
    /// # Errors
    ///
    /// A defect: the request got no answer.
    pub fn explain(&self, request: &AskedRequest) -> Result<Explanation, Unexplained> {
        let clock = Clock::starting_at(self.unix_ms);
        let now = clock.now();
        let core = self.prepared.core(&self.config, 0, clock.clone()).ok_or(Unexplained)?;
        core.auth.lock().unwrap_or_else(PoisonError::into_inner).keep_learnt();
        let core = Arc::new(core);
        let offer = match request.is_tls() {
            true => Offer::ApisAndServices,
            false => Offer::Apis,
        };
        let connection = Arc::new(Connection::new(SocketAddr::new(request.client(), 0), offer, clock));
        let sent = request.headers().into();
        let onlooker = Onlooker::new(Arc::clone(&self.prepared.snapshot), now, sent);
        let ended = |(phase, refusal): (Phase, _)| {
            let mut notes = onlooker.notes();
            if !notes.is_open && !matches!(notes.explanation.end, ExplanationEnd::Backend(_)) {
                notes.explanation.end = ExplanationEnd::Answer {
                    phase: phase.label(),
                    refusal,
                    answer: ExplainedAnswer::default(),
                };
            }
        };
        let answer = self.running.block_on(async {
            let (client, server) = tokio::io::duplex(BUFFER);
            let serving = serve_witnessed(
                &core,
                server,
                connection,
                &self.settings,
                || onlooker.clone(),
                |answer| {
                    if let Some(given_by) = answer.body().given_by() {
                        ended(given_by);
                    }
                },
            );
            let bytes = request.bytes();
            let exchange = exchange(client, &bytes, request.wants_body(), serving);
            tokio::time::timeout(PATIENCE, exchange).await.ok().flatten()
        });
        let learnt = core
            .auth
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_learnt()
            .unwrap_or_default();
        let mut explanation = onlooker.into_explanation().ok_or(Unexplained)?;
        if explanation.identity.is_none() {
            explanation.identity = learnt.identity.as_deref().map(Into::into);
        }
        explanation.failure = learnt.failure;
        explanation.end = match explanation.end {
            ExplanationEnd::Answer { phase, refusal, .. } => ExplanationEnd::Answer {
                phase,
                refusal,
                answer: answer.ok_or(Unexplained)?,
            },
            // It never became a request: the HTTP library answered.
            ExplanationEnd::Open { .. } if explanation.asks.is_empty() => ExplanationEnd::Answer {
                phase: Phase::Listener.label(),
                refusal: None,
                answer: answer.ok_or(Unexplained)?,
            },
            end => end,
        };
        Ok(explanation)
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
