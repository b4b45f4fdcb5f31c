//! Requests that ask a backend to switch to another protocol, each over a connection of its own.

use super::connect::Connected;
use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::request_body::RequestBody;
use super::response_body::{Lease, ResponseBody};
use super::send::{Outgoing, Upstream};
use super::sender::Sender;
use http::header::HOST;
use http::response::Parts;
use http::{Request, Response, StatusCode, Version};
use hyper::upgrade::Upgraded;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

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
    /// The place under the operator's bound.
    _place: Option<OwnedSemaphorePermit>,
}

impl Upstream {
    /// Asks the backends of an endpoint in turn until one can be connected. The request has no body.
    ///
    /// # Errors
    ///
    /// Why no backend answered, or that the answer is larger than allowed.
    pub(crate) async fn switch(&self, endpoint: &Endpoint, outgoing: Outgoing<'_>) -> Result<Switch, UpstreamError> {
        let mut request = Request::new(RequestBody::Empty);
        *request.method_mut() = outgoing.method;
        *request.headers_mut() = outgoing.headers;
        *request.version_mut() = Version::HTTP_11;
        let (first, count) = (endpoint.first(), endpoint.targets.len());
        let mut last_error = UpstreamError::Unusable;
        for attempt in 0..count {
            let position = (first + attempt) % count;
            let Some(place) = endpoint.targets.get(position).and_then(|target| target.place()) else {
                continue;
            };
            let uri = place.uri(outgoing.below, outgoing.query);
            *request.uri_mut() = uri.ok_or(UpstreamError::Unaddressable)?;
            let host = outgoing.host.as_ref().unwrap_or(&place.host);
            request.headers_mut().insert(HOST, host.clone());
            let origin = &place.origin;
            let permit = match &self.active {
                Some(active) => match active.enter(origin.id, endpoint.timeout).await {
                    Ok(permit) => Some(permit),
                    Err(error) => {
                        last_error = error;
                        continue;
                    }
                },
                None => None,
            };
            let sender = match self.connector.connect_to_switch(origin, endpoint.timeout).await {
                Ok(Connected::Http1(sender)) => sender,
                Ok(Connected::Http2(_)) => return Err(UpstreamError::Unusable),
                Err(error) if error.is_before_sending() => {
                    last_error = error;
                    continue;
                }
                Err(error) => return Err(error),
            };
            endpoint.worked(position);
            let lease = Lease {
                pool: Arc::clone(&self.pool),
                key: origin.pool_key(),
                sender: Sender::Http1(sender),
                clock: self.clock.clone(),
                place: permit,
            };
            return tokio::time::timeout(endpoint.timeout, self.ask(lease, request, endpoint.timeout))
                .await
                .unwrap_or(Err(UpstreamError::Timeout));
        }
        Err(last_error)
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
            self.check_bounds(&response)?;
            return Ok(Switch::Answered(response.map(|incoming| {
                ResponseBody::new(incoming, lease, timeout, self.bounds.body)
            })));
        }
        self.check_bounds(&response)?;
        let io = hyper::upgrade::on(&mut response)
            .await
            .map_err(UpstreamError::Exchange)?;
        let switched = Switched {
            io,
            _place: lease.place.take(),
        };
        Ok(Switch::Switched(response.into_parts().0, switched))
    }
}
