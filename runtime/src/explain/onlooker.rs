//! Notes what is decided about one request, and ends it in front of its backend.

use super::AskedRequest;
use super::explanation::{
    ExplainedAnswer, ExplainedCaller, ExplainedHeader, ExplainedResource, ExplainedTarget, Explanation, ExplanationEnd,
};
use super::shown;
use crate::auth::Caller;
use crate::clock::Now;
use crate::proxy::{Leaving, Phase, Question, Witness};
use crate::refusal::Refusal;
use crate::route::ResourceIndex;
use crate::snapshot::{Api, Snapshot};
use crate::throttle::{CoreGlobal, GlobalRequest, GlobalThrottle, Levels};
use crate::upstream::UpstreamError;
use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Notes what is decided about one request.
#[derive(Debug, Clone)]
pub(super) struct Onlooker {
    snapshot: Arc<Snapshot>,
    now: Now,
    /// The headers that the client sends.
    sent: Arc<[(HeaderName, HeaderValue)]>,
    /// Bytes of a body that the gateway learns of when it reads them.
    unsaid_body: u64,
    notes: Arc<Mutex<Notes>>,
}

/// What has been noted.
#[derive(Debug)]
struct Notes {
    explanation: Explanation,
    /// What is decided from here on counts for nothing: it would depend on an answer that nobody has given.
    is_open: bool,
}

impl Onlooker {
    pub(super) fn new(snapshot: Arc<Snapshot>, now: Now, request: &AskedRequest) -> Self {
        Self {
            snapshot,
            now,
            sent: request.headers().into(),
            unsaid_body: request.unsaid_body(),
            notes: Arc::new(Mutex::new(Notes {
                explanation: Explanation::begun(),
                is_open: false,
            })),
        }
    }

    /// Notes that the gateway answers.
    pub(super) fn answers(&self, phase: Phase, refusal: Option<Refusal>) {
        let mut notes = self.notes();
        if !notes.is_open && !matches!(notes.explanation.end, ExplanationEnd::Backend(_)) {
            notes.explanation.end = ExplanationEnd::Answer {
                phase: phase.label(),
                refusal,
                answer: ExplainedAnswer::default(),
            };
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the explanation as far as it has come.
    pub(super) fn take_explanation(&self) -> Explanation {
        std::mem::replace(&mut self.notes().explanation, Explanation::begun())
    }

    fn note(&self, note: impl FnOnce(&mut Explanation)) {
        note(&mut self.notes().explanation);
    }

    fn ends_open(&self, phase: Phase) {
        let mut notes = self.notes();
        notes.is_open = true;
        notes.explanation.end = ExplanationEnd::Open { phase: phase.label() };
    }

    /// What the backend gets, as far as it may be shown.
    fn target(&self, leaving: &Leaving<'_>) -> Result<ExplainedTarget, UpstreamError> {
        let endpoint = leaving.endpoint;
        let preview = endpoint.preview(leaving.key, leaving.below, leaving.query, leaving.host)?;
        let credentials = endpoint.credentials.as_ref();
        let mut own = vec![&self.snapshot.backend_jwt_header];
        own.extend(credentials.and_then(|credentials| credentials.header()));
        let headers = leaving.headers.iter().map(|(name, value)| {
            let is_secret = shown::is_secret(name, value, &own);
            ExplainedHeader {
                name: name.as_str().to_owned(),
                value: match is_secret {
                    true => shown::HIDDEN.to_owned(),
                    false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
                },
                is_secret,
                is_added: !self.sent.iter().any(|sent| sent.0 == *name && sent.1 == *value),
            }
        });
        // A body in chunks goes on in chunks, where the backend knows them; the connection to it writes the header.
        let is_chunked = !endpoint.web_socket && !preview.is_http2 && self.sends(&TRANSFER_ENCODING);
        let chunks = is_chunked.then(|| ExplainedHeader {
            name: TRANSFER_ENCODING.as_str().to_owned(),
            value: "chunked".to_owned(),
            is_secret: false,
            is_added: false,
        });
        let mut removed: Vec<String> = self
            .sent
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !leaving.headers.contains_key(*name) && *name != HOST)
            .filter(|name| !is_chunked || *name != TRANSFER_ENCODING)
            .map(|name| name.as_str().to_owned())
            .collect();
        removed.sort();
        removed.dedup();
        let target = shown::target(&preview.target, leaving.key_parameters, credentials);
        Ok(ExplainedTarget {
            position: preview.position,
            count: endpoint.targets.len(),
            is_sandbox: leaving.is_sandbox,
            url: format!("{}{target}", preview.root),
            target,
            host: String::from_utf8_lossy(preview.host.as_bytes()).into_owned(),
            method: leaving.method.as_str().to_owned(),
            is_found: preview.is_found,
            is_web_socket: endpoint.web_socket,
            credentials: credentials.map(|credentials| credentials.kind()),
            headers: headers.chain(chunks).collect(),
            removed,
        })
    }

    /// Whether the client sends a header of this name.
    fn sends(&self, name: &HeaderName) -> bool {
        self.sent.iter().any(|(sent, _)| sent == name)
    }
}

impl Witness for Onlooker {
    fn client(&mut self, address: IpAddr) {
        self.note(|explanation| explanation.client = Some(address));
    }

    fn routed(&mut self, api: Option<&Api>, resource: Option<(ResourceIndex, &str)>) {
        let number = api.and_then(|api| self.snapshot.apis.iter().position(|own| std::ptr::eq(own, api)));
        self.note(|explanation| {
            explanation.api = number;
            explanation.resource = resource.and_then(|(index, below)| {
                Some(ExplainedResource {
                    index: usize::try_from(index.0).ok()?,
                    below: below.to_owned(),
                })
            });
        });
    }

    fn may_ask(&mut self, question: Question<'_>) -> bool {
        match question {
            Question::Caller(wait) if !wait.is_for_others() => true,
            Question::Caller(wait) => {
                let asked = wait.describe(self.now.unix_ms);
                self.note(|explanation| explanation.asks.push(asked));
                self.ends_open(Phase::Authn);
                false
            }
            // They add to what the backend gets, and decide about nothing.
            Question::Claims => {
                let asked = "the key manager for claims about the user".to_owned();
                self.note(|explanation| explanation.asks.push(asked));
                false
            }
            Question::Service(service) => {
                let asked = format!("its own service {}", service.path());
                self.note(|explanation| explanation.asks.push(asked));
                self.ends_open(Phase::Listener);
                false
            }
        }
    }

    fn admitted(&mut self, caller: Option<&Caller>) {
        self.note(|explanation| {
            explanation.identity = caller.map(|caller| (&*caller.identity).into());
            explanation.caller = match caller {
                Some(caller) => ExplainedCaller::Known(Box::new(caller.grant.clone())),
                None => ExplainedCaller::Anonymous,
            };
        });
    }

    fn limited(&mut self, levels: &Levels<'_>) {
        self.note(|explanation| explanation.limits = levels.applied());
    }

    fn limited_elsewhere(&mut self, throttle: &GlobalThrottle, core: &mut CoreGlobal, request: &GlobalRequest<'_>) {
        let consulted = throttle.consult(core, request);
        self.note(|explanation| explanation.limited_elsewhere = Some(consulted));
    }

    fn leaves(&mut self, leaving: &Leaving<'_>) -> Option<Result<(), UpstreamError>> {
        if self.unsaid_body > self.snapshot.limits.body {
            return Some(Err(UpstreamError::BodyTooLarge));
        }
        Some(self.target(leaving).map(|target| {
            self.note(|explanation| explanation.end = ExplanationEnd::Backend(Box::new(target)));
        }))
    }
}
