//! Runs the phases of a request.

use super::admission::{authenticate, throttle};
use super::answer::Answered;
use super::body::{AnswerBody, Source};
use super::exchange::Exchange;
use super::introduce::introduce;
use super::phase::Phase;
use super::routing::{self, Asked, Decision};
use super::websocket::Asking;
use super::witness::{Leaving, Question, Witness};
use super::{client_address, grpc, headers, hop, listener, request_id, service, websocket};
use crate::auth::{CallerKeyType, RequestView, Services};
use crate::clock::Now;
use crate::core::Core;
use crate::forwarding::MaxForwards;
use crate::media_type::is_grpc;
use crate::refusal::{BodyFormat, Refusal, Rejection};
use crate::route::routed;
use crate::server::{ClientBody, Connection, Offer};
use crate::snapshot::{CorsRules, Snapshot};
use crate::throttle::Standing;
use crate::upstream::{FailureReason, Keyed, Outgoing, RequestBody, ResponseBody, UpstreamError};
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use mgw_bundle::config::Method;
use std::pin::pin;
use std::sync::{Arc, PoisonError};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What every answer needs, whoever gives it.
pub(super) struct Reply<'s> {
    pub(super) snapshot: &'s Snapshot,
    rules: Option<&'s CorsRules>,
    /// The origin that they let in.
    cors: Option<HeaderValue>,
    id: HeaderValue,
    standing: Option<Standing>,
    core: &'s Core,
    version: Version,
    /// See [`BodyFormat::choose`].
    may_call: bool,
}

/// Serves one request, before the eyes of `witness`.
pub(crate) async fn handle<W: Witness>(
    core: Arc<Core>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
    mut witness: W,
) -> Response<AnswerBody> {
    let began = core.clock.now();
    let local = core.snapshot.load_full();
    let snapshot = &*local.0;
    let (mut parts, incoming) = request.into_parts();
    let incoming = ClientBody::new(incoming, &parts, &connection);
    let method = match routed(&parts.method) {
        None if websocket::is_extended_connect(&parts) => Some(Method::Get),
        method => method,
    };
    let taken_over = if snapshot.compat {
        None
    } else {
        request_id::from_client(&parts.headers)
    };
    let id = taken_over.unwrap_or_else(|| core.ids.next());
    let peer = connection.peer.ip();
    let header = snapshot.certificate_header.as_ref();
    let header = header.filter(|header| header.admit(peer, &mut parts.headers));
    let client_ip = client_address::of(peer, &parts.headers, &snapshot.trusted_proxies, &snapshot.forwarding);
    witness.client(client_ip);
    let mut exchange = Exchange::begin(&core, &connection, client_ip, began, &parts, method, &id);
    let is_call = parts.method == http::Method::POST && parts.version == Version::HTTP_2;
    let mut reply = Reply {
        snapshot,
        rules: None,
        cors: None,
        id,
        standing: None,
        core: &core,
        version: parts.version,
        // micro-gw took the media type's word for it.
        may_call: snapshot.compat || is_call,
    };

    if let Some(answered) = listener::check(snapshot, &parts, &incoming) {
        return reply.own(exchange, answered, &parts.headers);
    }

    if connection.offer.is_tls()
        && let Some(service) = snapshot.authenticator.services().find(parts.uri.path())
    {
        reply.rules = snapshot.service_cors.as_ref();
        reply.cors = reply.rules.and_then(|rules| rules.granted_origin(&parts.headers));
        let asked = service::Asked {
            core: &core,
            snapshot,
            connection: &connection,
            service,
            parts: &parts,
            client_ip,
            id: &reply.id,
        };
        if let Some(answered) = asked.check(reply.rules, &mut reply.cors) {
            return reply.own(exchange, answered, &parts.headers);
        }
        if !witness.may_ask(Question::Service(service)) {
            let unasked = Answered::refused(Phase::Listener, Refusal::Unavailable);
            return reply.own(exchange, unasked, &parts.headers);
        }
        return match asked.answer(incoming, began.unix_ms).await {
            Ok(response) => reply.send_own(exchange, None, response),
            Err(answered) => reply.own(exchange, answered, &parts.headers),
        };
    }

    if connection.offer == Offer::Services {
        return reply.own(
            exchange,
            Answered::refused(Phase::Listener, Refusal::NotFound),
            &parts.headers,
        );
    }

    let asked = Asked {
        uri: &parts.uri,
        headers: &parts.headers,
        method: &parts.method,
        routed: method,
        tls: connection.offer.is_tls(),
    };
    let Decision { api, cors, outcome } = routing::decide(snapshot, &asked, &parts.uri);
    reply.cors = cors;
    reply.rules = api.and_then(|api| api.cors.as_ref());
    if let Some(api) = api {
        exchange.routed(&api.metrics, &api.logged);
    }
    let resource = outcome.as_ref().ok();
    witness.routed(api, resource.map(|route| (route.resource_index, route.below)));
    let route = match outcome {
        Ok(route) => route,
        Err(_) if api.is_none() && connection.offer.is_tls() && Services::is_path(parts.uri.path()) => {
            let answered = Answered::refused(Phase::Route, Refusal::NotFound);
            return reply.own(exchange, answered, &parts.headers);
        }
        Err(answered) => return reply.own(exchange, answered, &parts.headers),
    };

    let forwarded = header.filter(|_| route.api.mutual_tls).map(|header| {
        let shown = connection.certificate();
        let believed = || {
            let mut auth = core.auth.lock().unwrap_or_else(PoisonError::into_inner);
            snapshot.authenticator.believes_proxy(&mut auth, shown, began.unix_ms)
        };
        header.read(&parts.headers, believed)
    });
    let view = RequestView {
        headers: &parts.headers,
        query: parts.uri.query(),
        client_ip,
        certificate: forwarded.as_ref().or(connection.certificate()),
    };
    let caller = match authenticate(&core, snapshot, &route, &view, began, &mut witness).await {
        Ok(caller) => caller,
        Err(answered) => return reply.own(exchange, answered, &parts.headers),
    };
    witness.admitted(caller.as_deref());
    exchange.used(&route, client_ip, &parts, connection.offer.is_tls());
    exchange.admitted(&caller);
    match throttle(&core, snapshot, &route, caller.as_deref(), &view, began, &mut witness).await {
        Ok(mut admission) => {
            reply.standing = admission.standing.take();
            exchange.owes(admission);
        }
        Err(mut rejection) => {
            reply.standing = rejection.standing.take().map(|standing| *standing);
            let answered = Answered::refused(Phase::Throttle, rejection);
            return reply.own(exchange, answered, &parts.headers);
        }
    }

    let key = caller
        .as_ref()
        .map_or(CallerKeyType::Production, |caller| caller.grant.key_type);
    let endpoint = match route.resource.backends.of(key) {
        Ok(endpoint) => endpoint,
        Err(refusal) => {
            let answered = Answered::refused(Phase::Transform, refusal);
            return reply.own(exchange, answered, &parts.headers);
        }
    };
    let mut handshake = None;
    if parts.method == http::Method::CONNECT && !endpoint.web_socket {
        let answered = Answered::refused(Phase::Transform, Refusal::BadRequest);
        return reply.own(exchange, answered, &parts.headers);
    }
    if endpoint.web_socket {
        let client = parts.extensions.remove().filter(|_| websocket::is_asked_for(&parts));
        let Some(client) = client else {
            let answered = Answered::refused(Phase::Transform, Refusal::UpgradeRequired);
            return websocket::demand(reply.own(exchange, answered, &parts.headers), parts.version);
        };
        handshake = Some((client, parts.headers.clone()));
    }
    // The authenticator has let the resource's caller through, so it knows what to strip. If it did not, credentials
    // would reach the backend.
    let Some(strip) = snapshot.authenticator.strip(route.api_index.0, route.resource_index.0) else {
        let answered = Answered::refused(Phase::Transform, Refusal::Unclassified);
        return reply.own(exchange, answered, &parts.headers);
    };
    // What the answer's format depends on is read before the headers go to the backend.
    let format = BodyFormat::choose(&parts.headers, reply.may_call);
    let hop = hop::of(snapshot, &connection, &parts);
    let forwards = MaxForwards::of(&parts.method, &parts.headers);
    // What gRPC clients say is bounded by their own time, and comes with trailers.
    let is_grpc = is_call && format == BodyFormat::Grpc;
    let deadline = is_grpc.then(|| grpc::timeout(&parts.headers)).flatten();
    let below = if route.api.keeps_base_path {
        parts.uri.path()
    } else {
        route.below
    };
    let key = endpoint.key(Keyed {
        client: client_ip,
        headers: &parts.headers,
        path: below,
        query: parts.uri.query(),
    });
    let mut outgoing_headers = std::mem::take(&mut parts.headers);
    headers::prepare_request(
        &mut outgoing_headers,
        parts.version,
        strip,
        &snapshot.backend_jwt_header,
    );
    snapshot.forwarding.apply(&mut outgoing_headers, &hop);
    if !snapshot.compat {
        forwards.apply(&mut outgoing_headers);
    }
    let api_index = route.api_index.0;
    let backend_jwt = match &caller {
        Some(caller) => introduce(snapshot, caller, api_index, began.unix_ms, &mut witness).await,
        None => None,
    };
    if let Some(token) = backend_jwt {
        outgoing_headers.insert(snapshot.backend_jwt_header.clone(), token);
    }
    snapshot.rules.apply_to_request(&mut outgoing_headers);
    if !snapshot.compat {
        outgoing_headers.insert(request_id::CORRELATION_ID, reply.id.clone());
    }
    if let Some(credentials) = &endpoint.credentials {
        credentials.prepare(&mut outgoing_headers);
    }
    if is_grpc {
        grpc::prepare_request(&mut outgoing_headers);
    }
    let query = parts.uri.query();
    let stripped = query
        .filter(|_| !strip.query.is_empty())
        .and_then(|query| headers::strip_query(query, &strip.query));
    let query = match &stripped {
        Some(stripped) if stripped.is_empty() => None,
        Some(stripped) => Some(stripped.as_str()),
        None => query,
    };
    let with_key = endpoint
        .credentials
        .as_ref()
        .and_then(|credentials| credentials.query(query));
    let query = with_key.as_deref().or(query);

    let leaving = Leaving {
        endpoint,
        method: &parts.method,
        headers: &outgoing_headers,
        host: hop.host.as_ref().filter(|_| snapshot.forwarding.preserve_host),
        key,
        below,
        query,
        is_sandbox: route.resource.backends.is_sandbox(endpoint),
        key_parameters: &route.api.logged.key_parameters,
    };
    if let Some(ending) = witness.leaves(&leaving) {
        exchange.goes_to_backend();
        return match ending {
            Ok(()) => reply.send_own(exchange, None, Response::default()),
            Err(error) => failed(reply, exchange, format, &error),
        };
    }

    if let Some((client, received)) = handshake {
        let reached = exchange.wants_reached();
        let asking = Asking {
            core: &core,
            connection: &connection,
            endpoint,
            client,
            uri: &parts.uri,
            version: parts.version,
            headers: received,
            outgoing: Outgoing {
                method: http::Method::GET,
                headers: outgoing_headers,
                host: hop.host.filter(|_| snapshot.forwarding.preserve_host),
                key,
                below,
                query,
                body: RequestBody::Empty,
                progress: None,
                deadline: None,
                counters: route.api.metrics.backend(core.number),
                reached: reached.as_ref(),
            },
            route: &route,
            client_ip,
            forwarded,
            began,
            format,
        };
        exchange.goes_to_backend();
        return Box::pin(websocket::open(asking, exchange, reply)).await;
    }
    let length = incoming.size_hint().exact();
    let keep = endpoint.kept_body(&parts.method);
    let (body, progress) = RequestBody::new(
        incoming,
        snapshot.limits.body,
        keep,
        &route.resource.protected,
        &core.clock,
        began.monotonic_ms,
    );
    // micro-gw had uploads finish, and charged them then.
    let is_watched = exchange.uploads(&progress, length) && !snapshot.compat;
    exchange.goes_to_backend();
    let reached = exchange.wants_reached();
    let outgoing = Outgoing {
        method: parts.method,
        headers: outgoing_headers,
        host: hop.host.filter(|_| snapshot.forwarding.preserve_host),
        key,
        below,
        query,
        body,
        progress,
        deadline,
        counters: route.api.metrics.backend(core.number),
        reached: reached.as_ref(),
    };
    // Pinned, so that its future is there once.
    let sending = pin!(core.upstream.send(endpoint, outgoing));
    let sent = if is_watched {
        match select(sending, Box::pin(exchange.upload_used_up())).await {
            Either::Left((sent, _)) => Ok(sent),
            Either::Right((rejection, _)) => Err(rejection),
        }
    } else {
        Ok(sending.await)
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(rejection) => {
            exchange.phase = Phase::Throttle;
            let response = snapshot.renderer.render(&rejection, format);
            return reply.send_own(exchange, Some(rejection.refusal), response);
        }
    };
    match sent {
        Ok(answer) => {
            exchange.reached(reached.as_ref());
            relay(reply, exchange, answer, began)
        }
        Err(error) => failed(reply, exchange, format, &error),
    }
}

/// Passes a backend's answer on.
pub(super) fn relay(
    reply: Reply<'_>,
    mut exchange: Exchange,
    answer: Response<ResponseBody>,
    began: Now,
) -> Response<AnswerBody> {
    reply.core.metrics.upstream_answered(began.instant.elapsed());
    let (mut head, body) = answer.into_parts();
    headers::prepare_response(&mut head.headers);
    head.version = Version::HTTP_11;
    exchange.answered(head.status);
    let is_call = reply.version == Version::HTTP_2 && is_grpc(&head.headers);
    let mut body = AnswerBody::new(Source::Backend(body), exchange);
    // micro-gw had answers finish that had begun.
    if !reply.snapshot.compat {
        body = body.bound(is_call);
    }
    let mut response = Response::from_parts(head, body);
    reply.complete(&mut response);
    response
}

/// Answers for a backend that did not.
pub(super) fn failed(
    reply: Reply<'_>,
    mut exchange: Exchange,
    format: BodyFormat,
    error: &UpstreamError,
) -> Response<AnswerBody> {
    exchange.failed(FailureReason::from(error), error);
    let mut rejection = Rejection::from(refusal_for(error));
    if let UpstreamError::CircuitOpen { retry_after_ms } = error {
        rejection = rejection.with_retry_after_ms(*retry_after_ms);
    }
    let response = reply.snapshot.renderer.render(&rejection, format);
    reply.send_own(exchange, Some(rejection.refusal), response)
}

impl Reply<'_> {
    /// Sends an answer of the gateway's own.
    fn own(self, mut exchange: Exchange, answered: Answered, request: &HeaderMap) -> Response<AnswerBody> {
        exchange.phase = answered.phase;
        let refusal = answered.answer.refusal();
        let response = answered.answer.into_response(self.snapshot, request, self.may_call);
        self.send_own(exchange, refusal, response)
    }

    fn send_own(
        self,
        mut exchange: Exchange,
        refusal: Option<Refusal>,
        response: Response<bytes::Bytes>,
    ) -> Response<AnswerBody> {
        if let Some(refusal) = refusal {
            self.core.metrics.refused(refusal);
            exchange.refused(refusal);
        }
        // Errors of gRPC have the status 200 and say what they are elsewhere; the log says it here.
        let of_refusal = refusal.map(|refusal| refusal.status(self.snapshot.compat));
        exchange.status = Some(of_refusal.unwrap_or(response.status()));
        // The length stays, as it would be for GET.
        let body_wanted = !exchange.is_head();
        let response = response.map(|body| if body_wanted { body } else { bytes::Bytes::new() });
        let mut response = response.map(|body| AnswerBody::new(Source::Own(body), exchange));
        self.complete(&mut response);
        response
    }

    /// The last phase: what every answer carries.
    pub(super) fn complete(self, response: &mut Response<AnswerBody>) {
        let headers = response.headers_mut();
        self.snapshot.rules.apply_to_response(headers);
        if let Some(rules) = self.rules {
            rules.apply(self.cors, headers);
        }
        if !self.snapshot.compat {
            headers.insert(request_id::CORRELATION_ID, self.id);
        }
        if let Some(standing) = self.standing {
            headers.insert(RATE_LIMIT_POLICY, standing.policy);
            headers.insert(RATE_LIMIT, standing.limit);
        }
        // HTTP/2 says the same with a frame of its own.
        if self.core.is_draining() && self.version < Version::HTTP_2 {
            headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

fn refusal_for(error: &UpstreamError) -> Refusal {
    match error {
        UpstreamError::Busy
        | UpstreamError::CircuitOpen { .. }
        | UpstreamError::NoToken(_)
        | UpstreamError::Connect(_)
        | UpstreamError::Tls(_) => Refusal::BackendUnreachable,
        UpstreamError::ConnectTimeout
        | UpstreamError::Timeout
        | UpstreamError::TotalTimeout
        | UpstreamError::ClientDeadline => Refusal::BackendTimeout,
        UpstreamError::Exchange(_)
        | UpstreamError::Unusable
        | UpstreamError::Framing
        | UpstreamError::AnswerTooLarge
        | UpstreamError::AllFailed => Refusal::BackendBroken,
        UpstreamError::Unaddressable => Refusal::UriTooLong,
        UpstreamError::Client => Refusal::BadRequest,
        UpstreamError::ClientTimeout => Refusal::RequestTimeout,
        UpstreamError::BodyTooLarge => Refusal::BodyTooLarge,
    }
}
