//! Sends requests with credentials that a backend may refuse, and once more with others when it does.

use super::credentials::{Credentials, Shown};
use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::exchange::Failed;
use super::place::Place;
use super::request_body::{Progress, RequestBody};
use super::response_body::ResponseBody;
use super::send::{Again, Spare, Upstream, drain};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response, StatusCode};

/// When a backend is asked what credentials it wants before a request is sent, by a question that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskFirst {
    /// Never: the request is sent again with what the backend wants.
    Never,
    /// When that is not known.
    IfUnknown,
    /// Each time: the request can be sent only once.
    Always,
}

impl Upstream {
    /// Sends a request with the endpoint's credentials. When the backend asks for others, it is sent again with those, once,
    /// if it is whole; else the refusal is the answer, and requests to come have the new ones.
    pub(super) async fn send_shown(
        &self,
        endpoint: &Endpoint,
        place: &Place,
        mut request: Request<RequestBody>,
        again: Again<'_>,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let (reuse, timeout) = (endpoint.reuse, endpoint.timeout);
        let refusable = endpoint.credentials.as_ref();
        let Some(credentials) = refusable.filter(|credentials| credentials.may_be_refused()) else {
            return self
                .send_unbounded(place, reuse, timeout, request, again, progress)
                .await;
        };
        // A challenge that is known may have become too old, which a body that is gone by then would bring to light.
        let ask = match request.body().is_kept() {
            true => AskFirst::Never,
            false => AskFirst::Always,
        };
        let shown = self
            .show(endpoint, place, &mut request, ask)
            .await
            .map_err(Failed::Sent)?;
        let spare = Spare::of(&request);
        let repeated = Again {
            spare: spare.as_ref(),
            ..again
        };
        let mut response = self
            .send_unbounded(place, reuse, timeout, request, repeated, progress)
            .await?;
        if response.status() != StatusCode::UNAUTHORIZED || !credentials.refused(&shown, place, response.headers()) {
            return Ok(response);
        }
        let Some(mut request) = spare.and_then(|spare| spare.request()) else {
            return Ok(response);
        };
        let asked = self.show(endpoint, place, &mut request, AskFirst::Never).await;
        asked.map_err(Failed::Sent)?;
        drain(response.body_mut());
        drop(response);
        let spare = Spare::of(&request);
        let repeated = Again {
            spare: spare.as_ref(),
            ..again
        };
        let response = self
            .send_unbounded(place, reuse, timeout, request, repeated, progress)
            .await?;
        Ok(response)
    }

    /// Adds the credentials that are not the same for all requests.
    pub(super) async fn show(
        &self,
        endpoint: &Endpoint,
        place: &Place,
        request: &mut Request<RequestBody>,
        ask: AskFirst,
    ) -> Result<Shown, UpstreamError> {
        let Some(credentials) = &endpoint.credentials else {
            return Ok(Shown::Nothing);
        };
        let asks = match ask {
            AskFirst::Never => false,
            AskFirst::IfUnknown => credentials.lack_challenge(place),
            AskFirst::Always => credentials.answer_challenges(),
        };
        if asks {
            self.learn(endpoint, credentials, place, request).await;
        }
        let shown = credentials.show(request.method(), request.uri(), place).await;
        let (value, shown) = shown.map_err(UpstreamError::NoToken)?;
        if let Some(value) = value {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(shown)
    }

    /// Has a backend say what credentials it wants.
    async fn learn(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        place: &Place,
        request: &Request<RequestBody>,
    ) {
        let mut question = Request::new(RequestBody::Empty);
        *question.method_mut() = Method::HEAD;
        question.uri_mut().clone_from(request.uri());
        *question.version_mut() = request.version();
        if let Some(host) = request.headers().get(http::header::HOST) {
            question.headers_mut().insert(http::header::HOST, host.clone());
        }
        let spare = Spare::of(&question);
        let repeated = Again {
            spare: spare.as_ref(),
            repeats: true,
            budget: endpoint.state.budget.as_ref(),
        };
        let answered = self
            .send_unbounded(place, endpoint.reuse, endpoint.timeout, question, repeated, None)
            .await;
        // A backend that does not answer to this may answer to the request.
        if let Ok(mut response) = answered {
            if response.status() == StatusCode::UNAUTHORIZED {
                credentials.refused(&Shown::Nothing, place, response.headers());
            }
            drain(response.body_mut());
        }
    }
}
