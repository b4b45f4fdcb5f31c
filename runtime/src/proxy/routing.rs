//! The second phase: which resource, or which answer when there is none.

use super::answer::{Answer, Answered};
use super::phase::Phase;
use crate::forwarding::MaxForwards;
use crate::refusal::Refusal;
use crate::route::{ApiIndex, MethodSet, PathRefusal, ResourceIndex, Route};
use crate::snapshot::{Api, CorsRules, Resource, Snapshot};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};
use mgw_bundle::config::Method;

/// What routing reads of a request.
pub(super) struct Asked<'r> {
    pub(super) uri: &'r Uri,
    pub(super) headers: &'r HeaderMap,
    pub(super) method: &'r http::Method,
    /// `None` for methods that no resource can declare.
    pub(super) routed: Option<Method>,
    /// The listener it came to.
    pub(super) tls: bool,
}

/// A request that found its resource.
#[derive(Debug)]
pub(super) struct Routed<'s, 'r> {
    pub(super) api_index: ApiIndex,
    pub(super) resource_index: ResourceIndex,
    pub(super) api: &'s Api,
    pub(super) resource: &'s Resource,
    /// Raw path below the base path.
    pub(super) below: &'r str,
}

/// What routing made of a request: the API where one was found, and where to go on or what to answer.
pub(super) struct Decision<'s, 'r> {
    pub(super) api: Option<&'s Api>,
    /// The origin that may read the answer.
    pub(super) cors: Option<HeaderValue>,
    pub(super) outcome: Result<Routed<'s, 'r>, Answered>,
}

/// Decides where a request goes.
pub(super) fn decide<'s, 'r>(snapshot: &'s Snapshot, asked: &Asked<'_>, uri: &'r Uri) -> Decision<'s, 'r> {
    let route = snapshot.routes.find(asked.routed, uri.path());
    let api_index = match &route {
        Route::Resource { api, .. }
        | Route::UndeclaredOptions { api, .. }
        | Route::MethodNotAllowed { api, .. }
        | Route::NoResource { api } => Some(*api),
        Route::NoApi | Route::Refused(_) => None,
    };
    // An API that this listener does not offer is not there.
    let api = api_index.and_then(|index| snapshot.api(index)).filter(|api| {
        if asked.tls {
            api.transports.https
        } else {
            api.transports.http
        }
    });
    let Some(api) = api else {
        let answer = match route {
            Route::Refused(refusal) => refused_path(refusal),
            _ => no_api(snapshot, asked),
        };
        return Decision {
            api: None,
            cors: None,
            outcome: Err(Answered::new(Phase::Route, answer)),
        };
    };
    let cors = api.cors.as_ref().and_then(|rules| rules.granted_origin(asked.headers));
    let route = match route {
        Route::Resource { api, .. } if ends_here(snapshot, asked) => Route::UndeclaredOptions {
            api,
            methods: snapshot.routes.methods_at(uri.path()),
        },
        route => route,
    };
    let answer = match route {
        Route::Resource {
            api: api_index,
            resource,
            below,
        } => match api.resource(resource) {
            Some(found) => {
                return Decision {
                    api: Some(api),
                    cors,
                    outcome: Ok(Routed {
                        api_index,
                        resource_index: resource,
                        api,
                        resource: found,
                        below,
                    }),
                };
            }
            None => Answer::Refused(Refusal::Internal.into()),
        },
        Route::UndeclaredOptions { methods, .. } => {
            let rules = api.cors.as_ref().filter(|_| cors.is_some());
            options(rules, asked.headers, methods)
        }
        Route::MethodNotAllowed { methods, .. } => Answer::Unserved {
            refusal: Refusal::MethodNotAllowed,
            json: snapshot.api_fault_responses,
            methods: Some(methods),
            text: Bytes::from_static(b"method not allowed"),
        },
        Route::NoResource { .. } => no_resource(snapshot, asked),
        Route::NoApi => no_api(snapshot, asked),
        Route::Refused(refusal) => refused_path(refusal),
    };
    // An OPTIONS answer that is no granted pre-flight carries no permission.
    let cors = cors.filter(|_| !matches!(answer, Answer::Options(_)));
    Decision {
        api: Some(api),
        cors,
        outcome: Err(Answered::new(Phase::Route, answer)),
    }
}

/// Whether an OPTIONS says that no intermediary behind this one may see it.
fn ends_here(snapshot: &Snapshot, asked: &Asked<'_>) -> bool {
    !snapshot.compat && MaxForwards::of(asked.method, asked.headers) == MaxForwards::Here
}

/// Answers an OPTIONS that nobody declares; `granted` are the rules that let the request's origin in.
pub(super) fn options(granted: Option<&CorsRules>, headers: &HeaderMap, methods: MethodSet) -> Answer {
    match granted.and_then(|rules| rules.preflight(headers, methods)) {
        Some(preflight) => Answer::Preflight(Box::new(preflight)),
        None => Answer::Options(methods),
    }
}

/// Both readings are refused as malformed: which of them it was helps nobody but an attacker.
fn refused_path(refusal: PathRefusal) -> Answer {
    match refusal {
        PathRefusal::NotAbsolute | PathRefusal::Forbidden | PathRefusal::Ambiguous => {
            Answer::Refused(Refusal::BadRequest.into())
        }
    }
}

fn no_api(snapshot: &Snapshot, asked: &Asked<'_>) -> Answer {
    let json = snapshot.global_fault_responses;
    Answer::Unserved {
        refusal: Refusal::NotFound,
        json,
        methods: None,
        text: if json {
            Bytes::new()
        } else {
            format!("no matching service found for path : {}", asked.uri.path()).into()
        },
    }
}

fn no_resource(snapshot: &Snapshot, asked: &Asked<'_>) -> Answer {
    let json = snapshot.api_fault_responses;
    Answer::Unserved {
        refusal: Refusal::NotFound,
        json,
        methods: None,
        text: if json {
            Bytes::new()
        } else {
            let path = without_matrix_parameters(asked.uri.path());
            let query = asked.uri.query().map_or_else(String::new, |query| format!("?{query}"));
            let method = asked.method;
            format!("no matching resource found for path : {path}{query} , method : {method}").into()
        },
    }
}

fn without_matrix_parameters(path: &str) -> String {
    let bare = path
        .split('/')
        .map(|segment| segment.split_once(';').map_or(segment, |(bare, _)| bare));
    bare.collect::<Vec<_>>().join("/")
}
