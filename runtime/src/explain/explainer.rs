//! A gateway that explains.

use super::AskedRequest;
use super::exchange::{BUFFER, ask, ask_over_streams, exchange};
use super::explanation::{Explanation, ExplanationEnd};
use super::needed::{leave_out_keys, leave_out_unused, of_backends};
use super::onlooker::Onlooker;
use crate::auth::ClientCertificate;
use crate::clock::Clock;
use crate::config::{RuntimeConfig, VerifyClient};
use crate::gateway::{Prepared, StartError, serve_settings};
use crate::proxy::{AnswerBody, Phase};
use crate::server::{Connection, Offer, ServeSettings, serve_witnessed};
use http::Response;
use mgw_bundle::Bundle;
use rustls_pki_types::UnixTime;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Builder, Runtime};

/// No request takes this long without others: it bounds what a defect could do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stands for a secret that is not known.
const STAND_IN: &str = "***";

/// A gateway that serves nobody, and says what it would do. Its quotas are counted as a gateway's that has just started:
/// every request that it admits counts.
#[derive(Debug)]
pub struct Explainer {
    config: RuntimeConfig,
    prepared: Prepared,
    settings: ServeSettings,
    unix_ms: u64,
    lacking: Vec<String>,
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
    /// What would keep the gateway from starting, as far as decisions are taken by it. Secrets for backends may be missing:
    /// what they are plays no part, and [`Self::lacking`] names them. Nor do files play a part that connections to others need.
    pub fn new(
        bundle: &Bundle,
        mut config: RuntimeConfig,
        data_dir: &Path,
        unix_ms: Option<u64>,
    ) -> Result<Self, StartError> {
        // What other gateways have counted is not known here.
        config.shared_quotas = None;
        leave_out_unused(&mut config);
        let backends = of_backends(&config);
        let unix_ms = unix_ms.unwrap_or_else(now_ms);
        let runtime = || Builder::new_current_thread().enable_all().build();
        let still = runtime().map_err(StartError::Thread)?;
        let running = runtime().map_err(StartError::Thread)?;
        let prepare =
            |config: &RuntimeConfig| Prepared::new(bundle, config, &backends, data_dir, 1, still.handle(), unix_ms);
        let mut lacking = Vec::new();
        let prepared = match prepare(&config) {
            Err(error) => {
                lacking = missing_secrets(&error).ok_or(error)?;
                for setting in &lacking {
                    config.overrides.set(setting, STAND_IN);
                }
                prepare(&config)?
            }
            Ok(prepared) => prepared,
        };
        Ok(Self {
            lacking,
            settings: serve_settings(&config),
            config,
            prepared,
            unix_ms,
            _still: still,
            running,
        })
    }

    /// The same for requests that carry no credentials and come to the plain listener: no keys are read that credentials would
    /// be checked with.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn without_keys(
        bundle: &Bundle,
        mut config: RuntimeConfig,
        data_dir: &Path,
        unix_ms: Option<u64>,
    ) -> Result<Self, StartError> {
        leave_out_keys(&mut config);
        Self::new(bundle, config, data_dir, unix_ms)
    }

    /// Returns the settings without which the gateway does not start, and which are taken for set here.
    pub fn lacking(&self) -> &[String] {
        &self.lacking
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
        let onlooker = Onlooker::new(Arc::clone(&self.prepared.snapshot), now, request);
        match self.shake_hands(request) {
            Ok(Some(certificate)) => connection.showed(certificate),
            Ok(None) => {}
            Err(reason) => {
                let mut explanation = onlooker.take_explanation();
                explanation.client = Some(request.client());
                explanation.end = ExplanationEnd::NoConnection { reason };
                return Ok(explanation);
            }
        }
        let (streams, bytes) = (request.over_streams(), request.bytes());
        let is_http2 = streams.is_some();
        let answer = self.running.block_on(async {
            let (client, server) = tokio::io::duplex(BUFFER);
            let watching = onlooker.clone();
            let ended = move |answer: &Response<AnswerBody>| {
                if let Some((phase, refusal)) = answer.body().given_by() {
                    watching.answers(phase, refusal);
                }
            };
            let serving = serve_witnessed(
                &core,
                server,
                connection,
                &self.settings,
                is_http2,
                onlooker.clone(),
                ended,
            );
            let asking = async {
                match streams {
                    Some(request) => ask_over_streams(client, request).await,
                    None => ask(client, &bytes, request.wants_body()).await,
                }
            };
            let exchange = exchange(asking, serving);
            tokio::time::timeout(PATIENCE, exchange).await.ok().flatten()
        });
        let learnt = core
            .auth
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_learnt()
            .unwrap_or_default();
        let mut explanation = onlooker.take_explanation();
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

impl Explainer {
    /// What the TLS handshake has for a client that shows the request's certificates, or why it fails.
    fn shake_hands(&self, request: &AskedRequest) -> Result<Option<ClientCertificate>, String> {
        if !request.is_tls() {
            return Ok(None);
        }
        let is_mandatory = self.config.mutual_tls.verify_client == VerifyClient::Require;
        let trust = self.prepared.snapshot.authenticator.client_trust();
        match request.certificates().split_first() {
            None if is_mandatory => Err("the client shows no certificate, and every client has to".to_owned()),
            // A gateway that believes nobody asks for none.
            Some((leaf, issuers)) if is_mandatory || !trust.is_empty() => {
                let now = UnixTime::since_unix_epoch(Duration::from_millis(self.unix_ms));
                match trust.verify(leaf, issuers, now) {
                    Ok(()) => Ok(Some(ClientCertificate::of_handshake(request.certificates().to_vec()))),
                    Err(error) => Err(format!("the client's certificate is not accepted: {error}")),
                }
            }
            _ => Ok(None),
        }
    }
}

/// The settings with secrets for backends, where nothing but these is missing.
fn missing_secrets(error: &StartError) -> Option<Vec<String>> {
    let problems = error.problems().into_iter();
    problems.map(|problem| problem.endpoint.and(problem.missing)).collect()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
