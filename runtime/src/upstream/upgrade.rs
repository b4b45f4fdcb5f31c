//! Requests that ask a backend to switch to another protocol, each over a connection of its own.

use super::attempts::Attempts;
use super::connect::Connected;
use super::deadline::Deadline;
use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::held::{Held, Outstanding};
use super::place::Place;
use super::request_body::RequestBody;
use super::response_body::{Lease, ResponseBody};
use super::retry::{Ending, Repeatable};
use super::send::{Outgoing, Spare, Upstream, count};
use super::sender::Sender;
use super::show::AskFirst;
use http::header::HOST;
use http::response::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use hyper::upgrade::Upgraded;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What became of a request to switch.
#[derive(Debug)]
pub(crate) enum Switch {
    /// The backend switched: the head of its 101, and the connection from then on.
    Switched(Parts, Switched),
    /// It answered in HTTP.
    Answered(Response<ResponseBody>),
}

/// A connection that speaks another protocol now.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) io: Upgraded,
    /// What is held until its end.
    _held: Option<Held>,
}

impl Upstream {
    /// Asks the backends of an endpoint in turn until one can be connected. The request has no body. `agrees`: whether the
    /// head of a 101 is the one that was asked for.
    ///
    /// # Errors
    ///
    /// Why no backend answered, that one switched to something else, or that the answer is larger than allowed.
    pub(crate) async fn switch(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing<'_>,
        agrees: impl Fn(&HeaderMap) -> bool,
    ) -> Result<Switch, UpstreamError> {
        let deadline = Deadline::begin(endpoint, outgoing.deadline);
        let mut request = Request::new(RequestBody::Empty);
        *request.method_mut() = outgoing.method;
        *request.headers_mut() = outgoing.headers;
        *request.version_mut() = Version::HTTP_11;
        let counters = outgoing.counters;
        let begun = Attempts::begin(endpoint, outgoing.key);
        let (mut attempts, mut position) = begun.inspect_err(|error| count(counters, error))?;
        let refusable = endpoint.credentials.as_ref();
        let mut refusable = refusable.filter(|credentials| credentials.may_be_refused());
        loop {
            let place = endpoint.targets.get(position).and_then(|target| target.place());
            let place = place.ok_or(UpstreamError::Unusable)?;
            outgoing.reached.inspect(|reached| reached.note(position, &place));
            let address = place.address(outgoing.below, outgoing.query, outgoing.host.as_ref());
            let (uri, host) = address.ok_or(UpstreamError::Unaddressable)?;
            *request.uri_mut() = uri;
            request.headers_mut().insert(HOST, host);
            let shown = by(deadline, self.show(endpoint, &place, &mut request, AskFirst::IfUnknown)).await;
            let shown = shown.inspect_err(|error| count(counters, error))?;
            let spare = refusable.and_then(|_| Spare::of(&request));
            let error = match by(deadline, self.open(endpoint, position, &place)).await {
                Ok(lease) => {
                    let asking = self.ask(lease, request, endpoint.timeout);
                    let asking = async {
                        let asked = tokio::time::timeout(endpoint.timeout, asking).await;
                        match asked.unwrap_or(Err(UpstreamError::Timeout))? {
                            Switch::Switched(head, _) if !agrees(&head.headers) => Err(UpstreamError::Unusable),
                            switch => Ok(switch),
                        }
                    };
                    let asked = by(deadline, asking).await;
                    // The backend wants others: once more with those.
                    if let (Ok(Switch::Answered(answer)), Some(credentials)) = (&asked, refusable)
                        && answer.status() == StatusCode::UNAUTHORIZED
                        && credentials.refused(&shown, &place, answer.headers())
                        && let Some(again) = spare.and_then(|spare| spare.request())
                    {
                        request = again;
                        refusable = None;
                        continue;
                    }
                    match &asked {
                        Ok(Switch::Switched(..)) => attempts.note(position, false),
                        Ok(Switch::Answered(answer)) => {
                            attempts.note(position, endpoint.breaks(position, answer.status()));
                        }
                        Err(error) => {
                            count(counters, error);
                            attempts.note(position, true);
                            endpoint.failed(position);
                        }
                    }
                    if asked.is_ok() {
                        endpoint.worked(position);
                    }
                    return asked;
                }
                Err(error) => error,
            };
            count(counters, &error);
            let ending = match &error {
                UpstreamError::Busy => Ending::Queued,
                // Without time left nothing comes after it.
                error if error.is_before_sending() || matches!(error, UpstreamError::TotalTimeout) => {
                    attempts.note(position, true);
                    endpoint.failed(position);
                    Ending::Unsent
                }
                _ => return Err(error),
            };
            let repeatable = Repeatable {
                method: true,
                whole: true,
            };
            let Some(next) = attempts.after(position, ending, repeatable, deadline.map(Deadline::left), counters)
            else {
                return Err(error);
            };
            tokio::time::sleep(next.wait).await;
            position = next.position;
        }
    }

    /// Opens a connection of its own for one request.
    async fn open(&self, endpoint: &Endpoint, position: usize, place: &Place) -> Result<Lease, UpstreamError> {
        let slot = self.enter(endpoint, position, place).await?;
        let loads = endpoint.state.loads.as_ref();
        let held = Held {
            slot,
            outstanding: loads.map(|loads| Outstanding::begin(loads, position)),
            upload: None,
        };
        let origin = &place.origin;
        // Before connecting: a connection is never taken for one under newer trust.
        let key = origin.pool_key();
        match self.connector.connect_to_switch(origin, endpoint.timeout).await? {
            Connected::Http1(sender) => Ok(Lease {
                pool: Arc::clone(&self.pool),
                key,
                sender: Sender::Http1(sender),
                clock: self.clock.clone(),
                held: Some(held),
            }),
            Connected::Http2(_) => Err(UpstreamError::Unusable),
        }
    }

    async fn ask(
        &self,
        mut lease: Lease,
        request: Request<RequestBody>,
        timeout: Duration,
    ) -> Result<Switch, UpstreamError> {
        let Sender::Http1(sender) = &mut lease.sender else {
            return Err(UpstreamError::Unusable);
        };
        let mut response = sender.send_request(request).await.map_err(UpstreamError::Exchange)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            self.check(&mut response)?;
            let timeout = self.between_parts(&response, timeout);
            return Ok(Switch::Answered(response.map(|incoming| {
                ResponseBody::new(incoming, lease, timeout, self.bounds.body)
            })));
        }
        self.check(&mut response)?;
        let io = hyper::upgrade::on(&mut response)
            .await
            .map_err(UpstreamError::Exchange)?;
        let switched = Switched {
            io,
            _held: lease.held.take(),
        };
        Ok(Switch::Switched(response.into_parts().0, switched))
    }
}

/// Waits for `future` until the deadline.
async fn by<T>(
    deadline: Option<Deadline>,
    future: impl Future<Output = Result<T, UpstreamError>>,
) -> Result<T, UpstreamError> {
    match deadline {
        None => future.await,
        Some(deadline) => tokio::time::timeout_at(deadline.at, future)
            .await
            .unwrap_or_else(|_| Err(deadline.error(None))),
    }
}
