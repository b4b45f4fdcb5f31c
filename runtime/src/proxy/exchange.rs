//! Accounting for one request, from its head to the last byte of its answer.

use super::bill::{Bill, STEP};
use super::phase::Phase;
use super::routing::Routed;
use crate::access_log::{LoggedApi, Record};
use crate::auth::Caller;
use crate::clock::Now;
use crate::core::Core;
use crate::metrics::ApiMetrics;
use crate::refusal::{Refusal, Rejection};
use crate::server::{Connection, Waiting};
use crate::throttle::Admission;
use crate::upstream::{FailureReason, Progress, Reached, ResponseBodyError};
use crate::usage::{Ending, Marks, Texts, UsageRecord};
use http::header::{HOST, REFERER, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use mgw_bundle::config::Method;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at what a client sends that may be more than its limits allow.
pub(super) const LOOKS: Duration = Duration::from_millis(100);

/// One request being served. Whatever ends it, dropping it does the accounts.
#[derive(Debug)]
pub(crate) struct Exchange {
    core: Arc<Core>,
    connection: Arc<Connection>,
    began: Now,
    method: Option<Method>,
    pub(super) phase: Phase,
    /// Set when the head of the answer is known.
    pub(super) status: Option<StatusCode>,
    /// Bytes of the answer's body so far.
    pub(super) bytes: u64,
    /// The answer was passed on to its end.
    pub(super) complete: bool,
    api: Option<Arc<ApiMetrics>>,
    /// What is owed to limits on bytes.
    pub(super) bill: Option<Box<Bill>>,
    progress: Option<Arc<Progress>>,
    /// What the client sends comes to its end, whatever the limits say meanwhile.
    is_upload_spared: bool,
    /// Exists only while the access log is on.
    record: Option<Box<Record>>,
    /// Exists only while usage records are kept, once somebody may call: refusals for want of credentials leave none.
    usage: Option<Box<UsageRecord>>,
    /// Why the gateway answered itself, as far as usage records care.
    refused: Option<Refusal>,
    id: HeaderValue,
    failure: Option<FailureReason>,
}

impl Exchange {
    pub(super) fn begin(
        core: &Arc<Core>,
        connection: &Arc<Connection>,
        client: IpAddr,
        began: Now,
        parts: &Parts,
        method: Option<Method>,
        id: &HeaderValue,
    ) -> Self {
        connection.request_began(parts.version == http::Version::HTTP_2);
        core.metrics.request_began();
        let record = core.access_log.is_some().then(|| {
            Box::new(Record {
                client,
                unix_ms: began.unix_ms,
                method: parts.method.clone(),
                uri: parts.uri.clone(),
                version: parts.version,
                status: None,
                bytes: 0,
                duration: Duration::ZERO,
                phase: Phase::Listener.label(),
                referer: parts.headers.get(REFERER).cloned(),
                agent: parts.headers.get(USER_AGENT).cloned(),
                id: id.clone(),
                api: None,
                caller: None,
                failure: None,
            })
        });
        Self {
            core: Arc::clone(core),
            connection: Arc::clone(connection),
            began,
            method,
            phase: Phase::Listener,
            status: None,
            bytes: 0,
            complete: false,
            api: None,
            bill: None,
            progress: None,
            is_upload_spared: false,
            record,
            usage: None,
            refused: None,
            id: id.clone(),
            failure: None,
        }
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == Some(Method::Head)
    }

    /// See [`Connection::answer_waits`].
    pub(super) fn answer_waits(&self) -> Option<Waiting> {
        self.connection.answer_waits()
    }

    /// See [`Connection::answer_goes_on`].
    pub(super) fn answer_goes_on(&self, waiting: &Waiting) {
        self.connection.answer_goes_on(waiting);
    }

    /// Opens the account of an admitted request.
    pub(super) fn owes(&mut self, admission: Admission) {
        self.mark(|marks, since| marks.throttled = since);
        if let Some(usage) = &mut self.usage {
            usage.over_quota = admission.over_quota;
        }
        self.bill = Bill::open(admission, 0, &self.core.clock).map(Box::new);
    }

    /// Notes what the client is about to send. A length is the client's own word: beyond what the limits leave it counts for
    /// nothing. Returns whether there is something to charge before the end.
    pub(super) fn uploads(&mut self, progress: &Option<Arc<Progress>>, length: Option<u64>) -> bool {
        self.progress.clone_from(progress);
        let Some(bill) = self.bill.as_ref().filter(|_| progress.is_some()) else {
            return false;
        };
        let clock = &self.core.clock;
        self.is_upload_spared = length.is_some_and(|length| length <= bill.left(clock));
        !self.is_upload_spared || length.is_some_and(|length| length > STEP)
    }

    /// Charges what has passed, when it is worth it. Returns which limit leaves nothing more.
    pub(super) fn charge(&mut self) -> Option<Rejection> {
        let passed = self.passed();
        let is_spared = self.is_upload_spared && self.is_uploading();
        let spared = if is_spared { self.uploaded() } else { 0 };
        self.bill.as_mut()?.go_on(passed, &self.core.clock, spared)
    }

    /// Whether the client has more to send.
    pub(super) fn is_uploading(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| !progress.is_complete())
    }

    /// Returns when what the client sends has used up one of its limits.
    pub(super) async fn upload_used_up(&mut self) -> Rejection {
        let mut looks = tokio::time::interval(LOOKS);
        while self.is_uploading() {
            looks.tick().await;
            if let Some(rejection) = self.charge()
                && !self.is_upload_spared
            {
                return rejection;
            }
        }
        std::future::pending().await
    }

    /// Notes that an answer was ended because one of the caller's limits is used up.
    pub(super) fn used_up(&mut self, refusal: Refusal) {
        self.core.metrics.refused(refusal);
        self.failure = Some(FailureReason::QuotaUsedUp);
    }

    fn passed(&self) -> u64 {
        self.bytes + self.uploaded()
    }

    fn uploaded(&self) -> u64 {
        self.progress.as_ref().map_or(0, |progress| progress.bytes())
    }

    /// Notes why a request got no whole answer of a backend, and says so in the log. Attempts are counted where they fail.
    pub(super) fn failed(&mut self, failure: FailureReason, error: &(dyn std::error::Error + 'static)) {
        self.failure = Some(failure);
        let api = self.api.as_ref().map_or("", |api| api.label());
        self.core.report_failure(api, &self.id, failure, error);
    }

    /// Notes that a backend's answer broke off.
    pub(super) fn broke_off(&mut self, error: &ResponseBodyError) {
        let failure = FailureReason::from(error);
        if let Some(counters) = self.api.as_ref().and_then(|api| api.backend(self.core.number)) {
            counters.failed(failure);
        }
        self.failed(failure, error);
    }

    pub(super) fn routed(&mut self, metrics: &Arc<ApiMetrics>, logged: &Arc<LoggedApi>) {
        self.api = Some(Arc::clone(metrics));
        if let Some(record) = &mut self.record {
            record.api = Some(Arc::clone(logged));
        }
    }

    /// Begins the usage record of a request that found its resource and may call it, where records are kept.
    pub(super) fn used(&mut self, route: &Routed<'_, '_>, client: IpAddr, parts: &Parts, tls: bool) {
        let (Some(_), Some(apis), Some(method)) = (&self.core.usage, &route.api.usage, self.method) else {
            return;
        };
        let Some(api) = apis.of(self.core.number) else {
            return;
        };
        let header = |name| parts.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
        let host = match parts.uri.authority() {
            Some(authority) => without_user(authority.as_str()).as_bytes(),
            None => header(HOST),
        };
        self.usage = Some(Box::new(UsageRecord {
            api: Arc::clone(api),
            resource: usize::try_from(route.resource_index.0).unwrap_or(usize::MAX),
            method,
            caller: None,
            client,
            texts: Texts::copy(header(USER_AGENT), host, self.id.as_bytes()),
            tls,
            at_ms: self.began.unix_ms,
            marks: Marks::default(),
            by: None,
            over_quota: false,
            bytes: 0,
            ending: Ending::Failed(Refusal::Internal),
        }));
    }

    /// Notes that a backend is being asked.
    pub(super) fn goes_to_backend(&mut self) {
        self.phase = Phase::Upstream;
        self.mark(|marks, since| marks.called = since);
    }

    /// What is to be told which backend a request goes to, where somebody wants to know.
    pub(super) fn wants_reached(&self) -> Option<Reached> {
        self.usage.is_some().then(Reached::default)
    }

    /// Notes which backend a request went to.
    pub(super) fn reached(&mut self, reached: Option<&Reached>) {
        if let Some(usage) = &mut self.usage {
            usage.by = reached.map(Reached::answered);
        }
    }

    /// Notes that a backend has answered, with this status.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.phase = Phase::Respond;
        self.status = Some(status);
        self.mark(|marks, since| marks.answered = since);
    }

    /// Notes why the gateway answers itself.
    pub(super) fn refused(&mut self, refusal: Refusal) {
        self.refused = Some(refusal);
    }

    /// Why the gateway answers itself.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refused
    }

    /// The clock is read only where somebody wants to know.
    fn mark(&mut self, note: impl FnOnce(&mut Marks, Duration)) {
        if let Some(usage) = &mut self.usage {
            note(&mut usage.marks, self.began.instant.elapsed());
        }
    }

    /// How the request ended, for its usage record; `None`: it leaves none.
    fn ending(&self) -> Option<Ending> {
        match (self.phase, self.status, self.refused) {
            (Phase::Respond, Some(status), None) => Some(Ending::Answered(status)),
            (phase, Some(_), Some(refusal)) => Ending::of_refusal(refusal, phase == Phase::Upstream),
            _ => None,
        }
    }

    pub(super) fn admitted(&mut self, caller: &Option<Arc<Caller>>) {
        self.mark(|marks, since| marks.authenticated = since);
        if let Some(usage) = &mut self.usage {
            usage.caller.clone_from(caller);
        }
        if let Some(record) = &mut self.record {
            record.caller.clone_from(caller);
        }
    }
}

/// A host as clients ask for it, without the user that some name.
pub(super) fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let status = self.status.filter(|_| self.complete);
        let metrics = self.core.metrics.as_ref();
        match &self.api {
            Some(api) => {
                if let Some(requests) = api.core(self.core.number) {
                    requests.count(self.method, status);
                }
            }
            None => metrics.unrouted.count(self.method, status),
        }
        metrics.request_ended();
        self.connection.request_ended();
        let passed = self.passed();
        if let Some(bill) = &mut self.bill {
            bill.charge(passed, &self.core.clock);
        }
        if let (Some(mut record), Some(log)) = (self.record.take(), &self.core.access_log) {
            record.status = status;
            record.bytes = self.bytes;
            record.duration = self.began.instant.elapsed();
            record.phase = self.phase.label();
            record.failure = self.failure.or(match self.phase {
                // Nothing failed, and yet nobody took the whole answer.
                Phase::Upstream | Phase::Respond if !self.complete => Some(FailureReason::ClientGone),
                _ => None,
            });
            log.log(record);
        }
        let ending = self.ending();
        if let (Some(mut usage), Some(queue), Some(ending)) = (self.usage.take(), &self.core.usage, ending) {
            usage.bytes = self.bytes;
            usage.ending = ending;
            queue.offer(usage);
        }
    }
}
