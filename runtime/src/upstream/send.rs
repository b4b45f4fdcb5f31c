//! One request to a logical backend: choice of target, reuse of connections, and when to try again.
//!
//! A request is sent again when it certainly was not processed: no connection was made, or the backend declined it. It is
//! also sent again after it was sent, when its method is idempotent (or the API's author says that this does not matter),
//! all of it is at hand, and nothing of an answer has reached the client: to the next target, in a retry, or at once on a
//! new connection when a reused one broke, because backends close idle connections at the moment that suits them.

use super::active::{ActiveLimit, Slot};
use super::attempts::Attempts;
use super::budget::Budget;
use super::connect::Connector;
use super::deadline::Deadline;
use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::exchange::{Failed, is_broken};
use super::fault::{FailureReason, Fault};
use super::held::{Held, Outstanding};
use super::http2_request::{is_dropped, is_reset};
use super::left_behind::LeftBehind;
use super::place::Place;
use super::pool::{Pool, PoolKey, Reuse};
use super::reached::Reached;
use super::request_body::{Progress, Repeat, RequestBody};
use super::response_body::ResponseBody;
use super::retry::{Ending, Repeatable};
use super::sender::Sender;
use super::target::Target;
use crate::clock::Clock;
use crate::metrics::BackendCounters;
use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Bytes of an answer that are read to keep its connection, when the answer itself is not wanted.
const DRAINED: usize = 64 * 1024;

/// How many further places of targets are tried for a request, where one cannot be reached.
const OTHER_PLACES: usize = 3;

/// One core's way to backends.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Number of the core.
    pub(crate) core: usize,
    pub(crate) pool: Arc<Pool>,
    pub(crate) connector: Connector,
    pub(crate) clock: Clock,
    pub(crate) bounds: ResponseBounds,
    /// Exists only when the operator bounds connections.
    pub(crate) active: Option<ActiveLimit>,
}

/// Bounds of a backend's answer, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseBounds {
    /// All header fields.
    pub(crate) headers: usize,
    /// The body.
    pub(crate) body: u64,
    /// How long a message may be silent in the middle whose parts come when there is something to say.
    pub(crate) silence: Duration,
}

/// What goes to a backend. Headers are those of the client's request after the gateway's changes, without `Host`.
#[derive(Debug)]
pub(crate) struct Outgoing<'r> {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// `Host` in place of the backend's own.
    pub(crate) host: Option<HeaderValue>,
    /// What [`Endpoint::key`] made of the client's request.
    pub(crate) key: Option<u64>,
    /// Raw path below the base path: empty, or starting with `/`.
    pub(crate) below: &'r str,
    /// Raw query.
    pub(crate) query: Option<&'r str>,
    pub(crate) body: RequestBody,
    pub(crate) progress: Option<Arc<Progress>>,
    /// The time that the client has for an answer to begin.
    pub(crate) deadline: Option<Duration>,
    /// Counts what happens on the way.
    pub(crate) counters: Option<&'r BackendCounters>,
    /// Is told which backend is asked.
    pub(crate) reached: Option<&'r Reached>,
}

impl Upstream {
    /// Sends a request and returns the head of the answer with its body to come.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing<'_>,
    ) -> Result<Response<ResponseBody>, UpstreamError> {
        let Outgoing {
            method,
            headers,
            host,
            key,
            below,
            query,
            body,
            progress,
            deadline,
            counters,
            reached,
        } = outgoing;
        let deadline = Deadline::begin(endpoint, deadline);
        let begun = Attempts::begin(endpoint, key);
        let (mut attempts, mut position) = begun.inspect_err(|error| count(counters, error))?;
        let method_repeats = endpoint.repeats(&method);
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        *request.version_mut() = Version::HTTP_11;
        let mut elsewhere = OTHER_PLACES;
        loop {
            let target = endpoint.targets.get(position).and_then(Target::place);
            let place = target.ok_or(UpstreamError::Unusable)?;
            reached.inspect(|reached| reached.note(position, &place));
            let address = place.address(below, query, host.as_ref());
            let (uri, host) = address.ok_or(UpstreamError::Unaddressable)?;
            *request.uri_mut() = uri;
            request.headers_mut().insert(HOST, host);
            let spare = Spare::of(&request);
            let outstanding = endpoint.state.loads.as_ref();
            let outstanding = outstanding.map(|loads| Outstanding::begin(loads, position));
            let sending = self.send_to(
                endpoint,
                position,
                &place,
                request,
                Again {
                    spare: spare.as_ref(),
                    repeats: method_repeats,
                    budget: endpoint.state.budget.as_ref(),
                },
                progress.as_deref(),
            );
            let result = match deadline {
                None => sending.await,
                Some(deadline) => {
                    let result = tokio::time::timeout_at(deadline.at, sending).await;
                    result.unwrap_or_else(|_| Err(Failed::Sent(deadline.error(progress.as_deref()))))
                }
            };
            let repeatable = |spare: Option<&Spare>| Repeatable {
                method: method_repeats,
                whole: spare.is_some_and(Spare::is_whole),
            };
            match result {
                Ok((mut response, slot)) => {
                    let status = response.status();
                    let ending = Ending::Answered(status);
                    let breaks = endpoint.breaks(position, status);
                    attempts.note(position, breaks);
                    let fails = endpoint.fails(ending);
                    if breaks || fails {
                        counters.inspect(|counters| counters.failed(FailureReason::Status));
                    }
                    if fails {
                        endpoint.failed(position);
                        let next = attempts.after(
                            position,
                            ending,
                            repeatable(spare.as_ref()),
                            deadline.map(Deadline::left),
                            counters,
                        );
                        if let Some(next) = next
                            // Before the wait: from now on the attempt before brings nothing more of the body.
                            && let Some(again) = spare.and_then(|spare| spare.request())
                        {
                            drain(response.body_mut());
                            drop((response, slot, outstanding));
                            tokio::time::sleep(next.wait).await;
                            request = again;
                            position = next.position;
                            continue;
                        }
                        if endpoint.compat && endpoint.moves_on(ending) {
                            return Err(UpstreamError::AllFailed);
                        }
                    } else {
                        endpoint.worked(position);
                    }
                    let held = Held {
                        slot,
                        outstanding,
                        upload: progress,
                    };
                    if held.is_something() {
                        response.body_mut().hold(held);
                    }
                    return Ok(response);
                }
                // A target may be in several places, of which another may be reached.
                Err(Failed::Unsent(unsent, error))
                    if elsewhere > 0
                        && !matches!(error, UpstreamError::Busy)
                        && endpoint.targets.get(position).is_some_and(Target::is_in_several_places) =>
                {
                    elsewhere -= 1;
                    count(counters, &error);
                    request = *unsent;
                }
                Err(failed) => {
                    drop(outstanding);
                    let (ending, unsent, error) = failed.into_parts();
                    count(counters, &error);
                    if FailureReason::from(&error).fault() == Fault::Backend {
                        attempts.note(position, true);
                        endpoint.failed(position);
                    } else if !matches!(error, UpstreamError::Busy) {
                        return Err(error);
                    }
                    if matches!(error, UpstreamError::TotalTimeout) {
                        return Err(error);
                    }
                    let Some(next) = attempts.after(
                        position,
                        ending,
                        repeatable(spare.as_ref()),
                        deadline.map(Deadline::left),
                        counters,
                    ) else {
                        return Err(error);
                    };
                    let again = match unsent {
                        Some(unsent) => Some(*unsent),
                        None => spare.and_then(|spare| spare.request()),
                    };
                    request = match again {
                        Some(again) => again,
                        None => return Err(error),
                    };
                    tokio::time::sleep(next.wait).await;
                    position = next.position;
                }
            }
        }
    }

    /// Asks a backend for the status of a path below its URL; `None` when it gives none. For checks of health.
    pub(super) async fn probe(&self, target: &Target, path: &str, timeout: Duration) -> Option<StatusCode> {
        let mut request = Request::new(RequestBody::Empty);
        let place = target.place()?;
        *request.uri_mut() = place.uri(path, None)?;
        request.headers_mut().insert(HOST, place.host.clone());
        const AGENT: HeaderValue = HeaderValue::from_static(concat!("mgw/", env!("CARGO_PKG_VERSION"), " (health)"));
        request.headers_mut().insert(USER_AGENT, AGENT);
        let spare = Spare::of(&request);
        let asked = self
            .send_unbounded(
                &place,
                Reuse::default(),
                timeout,
                request,
                Again {
                    spare: spare.as_ref(),
                    repeats: true,
                    budget: None,
                },
                None,
            )
            .await;
        let mut response = asked.ok()?;
        drain(response.body_mut());
        Some(response.status())
    }

    /// Sends to one target, within the bound on connections where there is one.
    async fn send_to(
        &self,
        endpoint: &Endpoint,
        position: usize,
        place: &Place,
        request: Request<RequestBody>,
        again: Again<'_>,
        progress: Option<&Progress>,
    ) -> Result<(Response<ResponseBody>, Option<Slot>), Failed> {
        let slot = match self.enter(endpoint, position, place).await {
            Ok(slot) => slot,
            Err(error) => return Err(Failed::Unsent(Box::new(request), error)),
        };
        let response = self.send_shown(endpoint, place, request, again, progress).await?;
        Ok((response, slot))
    }

    /// Waits for a slot at a target, where requests are bounded there.
    pub(super) async fn enter(
        &self,
        endpoint: &Endpoint,
        position: usize,
        place: &Place,
    ) -> Result<Option<Slot>, UpstreamError> {
        let own = endpoint.state.slots.as_ref().and_then(|cores| cores.get(self.core));
        let own = own.and_then(|slots| slots.get(position)).zip(endpoint.queue);
        match (own, &self.active) {
            (Some((slots, queue)), _) => slots.enter(queue, endpoint.timeout).await.map(Some),
            (None, Some(active)) => active.enter(&place.origin, endpoint.timeout).await.map(Some),
            (None, None) => Ok(None),
        }
    }

    pub(super) async fn send_unbounded(
        &self,
        place: &Place,
        reuse: Reuse,
        timeout: Duration,
        mut request: Request<RequestBody>,
        again: Again<'_>,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let origin = &place.origin;
        // Before connecting: a connection is never taken for one under newer trust.
        let key = PoolKey {
            reuse,
            ..origin.pool_key()
        };
        let mut at_hand = self.pool.take(key);
        let mut left_behind = LeftBehind::default();
        let mut was_refused = false;
        loop {
            let is_reused = at_hand.is_some();
            let connected = match at_hand.take() {
                Some(sender) => Ok(sender),
                None if left_behind.goes_first() => self.connect_first(key, origin, timeout).await,
                None => self.connect(key, origin, timeout).await,
            };
            let sender = match connected {
                Ok(sender) => sender,
                Err(error) if error.is_before_sending() => return Err(Failed::Unsent(Box::new(request), error)),
                Err(error) => return Err(Failed::Sent(error)),
            };
            let is_shared = matches!(sender, Sender::Http2(_));
            let failed = match self.exchange(key, sender, request, timeout, progress).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            let mut is_followed = || left_behind.is_followed(Instant::now(), timeout);
            request = match failed {
                Failed::Unsent(unsent, _) if is_reused || is_shared && is_followed() => *unsent,
                Failed::Refused(error) => {
                    // Where a stream alone was refused, the backend sheds load, and its connections are as good as before.
                    let sheds_load = matches!(&error, UpstreamError::Exchange(cause) if is_reset(cause));
                    let repeated = if sheds_load {
                        let is_first = !std::mem::replace(&mut was_refused, true);
                        let is_within = || again.budget.is_none_or(Budget::take);
                        again.request().filter(|_| is_first && is_within())
                    } else {
                        again.request().filter(|_| is_followed())
                    };
                    let Some(repeated) = repeated else {
                        return Err(Failed::Refused(error));
                    };
                    if sheds_load {
                        at_hand = self.pool.take(key);
                    }
                    repeated
                }
                Failed::Sent(error)
                    if again.repeats
                        && is_lost(&error, is_reused, is_shared)
                        && (is_reused || is_shared && is_followed()) =>
                {
                    match again.request() {
                        Some(repeated) => repeated,
                        None => return Err(Failed::Sent(error)),
                    }
                }
                failed => return Err(failed),
            };
        }
    }
}

/// Whether a request ended with its connection, which may have had its own reason.
fn is_lost(error: &UpstreamError, is_reused: bool, is_shared: bool) -> bool {
    let UpstreamError::Exchange(cause) = error else {
        return false;
    };
    is_reused && is_broken(cause) || is_shared && is_dropped(cause)
}

impl Failed {
    fn into_parts(self) -> (Ending, Option<Box<Request<RequestBody>>>, UpstreamError) {
        match self {
            Self::Unsent(request, error @ UpstreamError::Busy) => (Ending::Queued, Some(request), error),
            Self::Unsent(request, error) => (Ending::Unsent, Some(request), error),
            Self::Refused(error) => (Ending::Refused, None, error),
            Self::Sent(error) => (Ending::Sent, None, error),
        }
    }
}

pub(super) fn count(counters: Option<&BackendCounters>, error: &UpstreamError) {
    let failure = FailureReason::from(error);
    if failure.fault() != Fault::Client {
        counters.inspect(|counters| counters.failed(failure));
    }
}

/// The request that could be sent again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again<'s> {
    pub(super) spare: Option<&'s Spare>,
    /// Also when the backend may have acted on it.
    pub(super) repeats: bool,
    /// Bounds what goes to a backend that refused it.
    pub(super) budget: Option<&'s Budget>,
}

impl Again<'_> {
    fn request(&self) -> Option<Request<RequestBody>> {
        self.spare?.request()
    }
}

/// A request that can be sent again.
#[derive(Debug)]
pub(super) struct Spare {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    version: Version,
    body: Repeat,
}

impl Spare {
    /// Copies the head; `None` when the body comes only once.
    pub(super) fn of(request: &Request<RequestBody>) -> Option<Self> {
        Some(Self {
            body: request.body().repeat()?,
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            version: request.version(),
        })
    }

    fn is_whole(&self) -> bool {
        self.body.is_possible()
    }

    pub(super) fn request(&self) -> Option<Request<RequestBody>> {
        let mut request = Request::new(self.body.body()?);
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(&self.uri);
        request.headers_mut().clone_from(&self.headers);
        *request.version_mut() = self.version;
        Some(request)
    }
}

/// Reads what is there of an answer that nobody wants, so that its connection can be kept.
pub(super) fn drain(body: &mut ResponseBody) {
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut read = 0;
    while read <= DRAINED && !body.is_end_stream() {
        match Pin::new(&mut *body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => read += frame.data_ref().map_or(1, Bytes::len),
            _ => return,
        }
    }
}
