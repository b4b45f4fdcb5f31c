//! Why a request is refused, and how to get it through.

use super::steps::{Found, accepted, has_key_type, key_type, list, needed};
use crate::compile::{Said, SaidOfApi, why_impossible};
use crate::diagnostics::nearest;
use mgw_bundle::config::{Api, ApiState, MutualTls};
use mgw_runtime::auth::{CredentialFailure, JwtFailure};
use mgw_runtime::explain::ExplainedAnswer;
use mgw_runtime::refusal::Refusal;
use std::collections::BTreeSet;

/// Why a request is refused.
pub(super) struct Why {
    pub(super) reason: String,
    /// How to get it through; `None` where nothing is to be done but to wait or to give up.
    pub(super) remedy: Option<String>,
    pub(super) places: Vec<String>,
}

impl Why {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            remedy: Some(remedy.into()),
            places: Vec::new(),
        }
    }

    fn at(mut self, found: &Found<'_>, places: impl IntoIterator<Item = Option<String>>) -> Self {
        self.places = found.places(places);
        self
    }
}

/// Explains a refusal of `phase`; without a `refusal` the request could not be read as HTTP.
pub(super) fn why(found: &Found<'_>, phase: &str, refusal: Option<Refusal>, answer: &ExplainedAnswer) -> Why {
    let Some(refusal) = refusal else {
        return Why::new(
            format!(
                "the request cannot be read as HTTP, which is answered {} at once",
                answer.status
            ),
            "Send a shorter head, and only what HTTP allows in it.",
        );
    };
    match refusal {
        Refusal::UriTooLong | Refusal::HeadersTooLarge | Refusal::BodyTooLarge => too_large(found, phase, refusal),
        Refusal::BadRequest | Refusal::Loop | Refusal::UpgradeRequired => malformed(found, phase, refusal),
        Refusal::NotFound => not_found(found),
        Refusal::MethodNotAllowed => method(found, answer),
        Refusal::MissingCredentials | Refusal::WrongScheme | Refusal::InvalidCredentials => credentials(found, refusal),
        Refusal::WrongPassword => Why::new(
            "no user of the gateway has this name and password",
            "Check name and password against `b7a.users` of the gateway's settings.",
        )
        .at(found, [found.said(Said::Security)]),
        Refusal::BasicWithoutColon => Why::new(
            "what follows `Basic` is not `name:password` in Base64",
            "Encode name, colon and password together.",
        ),
        Refusal::Blocked | Refusal::NotSubscribed | Refusal::SubscriptionInactive => subscription(found, refusal),
        Refusal::MissingScope => scope(found),
        Refusal::ApiQuota
        | Refusal::ResourceQuota
        | Refusal::SubscriptionQuota
        | Refusal::ApplicationQuota
        | Refusal::CustomQuota => quota(found),
        Refusal::BlockingCondition => Why::new(
            "a block is about this request: set by an operator, or in the control plane",
            "`mgw inspect blocks` lists the blocks of a running gateway; `mgw admin unblock` removes those of operators.",
        ),
        Refusal::UnknownPolicy => unknown_policy(found),
        Refusal::NoSandboxEndpoint | Refusal::NoProductionEndpoint => endpoint(found, refusal),
        _ => Why {
            reason: format!("{}: {}", answer.status, refusal.texts(found.told.settings.compat).0),
            remedy: None,
            places: Vec::new(),
        },
    }
}

fn too_large(found: &Found<'_>, phase: &str, refusal: Refusal) -> Why {
    let settings = found.told.settings;
    let listener = &settings.listener;
    let (what, key, limit) = match refusal {
        Refusal::UriTooLong if phase == "upstream" => {
            return Why::new(
                "the endpoint's path and the request's are together longer than a request target can be",
                "Send a shorter path.",
            );
        }
        Refusal::UriTooLong => (
            "path and query are",
            "listenerConfig.maxUriLength",
            Some(listener.max_uri_length),
        ),
        Refusal::HeadersTooLarge => (
            "the headers are together",
            "listenerConfig.maxHeaderSize",
            Some(listener.max_header_size),
        ),
        _ => {
            let limit = listener.max_body_size.and_then(|size| usize::try_from(size).ok());
            ("the body is", "listenerConfig.maxEntityBodySize", limit)
        }
    };
    let limit = limit.map_or_else(String::new, |limit| format!("the {limit} bytes of "));
    Why::new(
        format!("{what} longer than {limit}`{key}`"),
        format!("Send less, or raise `{key}` in the gateway's settings."),
    )
    .at(found, [settings.places.of_key(key).map(ToString::to_string)])
}

fn malformed(found: &Found<'_>, phase: &str, refusal: Refusal) -> Why {
    match (refusal, phase) {
        (Refusal::UpgradeRequired, _) => Why::new(
            "the endpoint is a WebSocket, and this is no handshake for one",
            "Open a WebSocket, or give the operation an endpoint that starts with http.",
        )
        .at(found, [found.said(Said::Production)]),
        (Refusal::Loop, _) => Why::new(
            "the request has passed this gateway too often",
            "Look which endpoint leads back to the gateway.",
        ),
        (_, "route") if !found.told.target.starts_with('/') => Why::new(
            "the request names no path, and APIs are found by their paths",
            "Send it for the path of a resource.",
        ),
        (_, "route") => Why::new(
            "backends would read this path in different ways: as one resource or as another",
            "Write the path without `.` and `..` segments, doubled slashes, backslashes and encoded slashes; see `mgw help routing`.",
        ),
        (_, "listener") if found.told.method == "CONNECT" => Why::new(
            "CONNECT asks a proxy for a tunnel, and the gateway makes none",
            "Send the request itself; over HTTP/2 a WebSocket is opened by a client that speaks RFC 8441.",
        ),
        (_, "listener") => Why::new(
            "`Host`, `Content-Length`, `Transfer-Encoding` or the method is not as HTTP wants it",
            "Send one `Host` that names a host, and one length at the most, which is that of the body.",
        ),
        _ => Why {
            reason: "the method cannot be passed on".to_owned(),
            remedy: None,
            places: Vec::new(),
        },
    }
}

/// Whether a path is a base path, or below it.
fn is_below(path: &str, base: &str) -> bool {
    let base = base.trim_end_matches('/');
    path.strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn not_found(found: &Found<'_>) -> Why {
    let told = found.told;
    let path = told.target.split(['?', '#']).next().unwrap_or_default();
    let apis = &told.bundle.config.apis;
    if let Some(api) = found.api {
        let reason = format!("API {} {} has no resource for this path", api.name, api.version);
        let remedy = match near_template(api, path) {
            Some(template) => format!("Did you mean `{template}`? `mgw inspect` lists what there is."),
            None => "`mgw inspect` lists what there is.".to_owned(),
        };
        return Why::new(reason, remedy).at(found, [found.base_path()]);
    }
    let bases = |api: &Api| std::iter::once(api.base_path.clone()).chain(api.default_version_path.clone());
    // A longer base path is the nearer one.
    let elsewhere = apis
        .iter()
        .filter(|api| bases(api).any(|base| is_below(path, &base)))
        .max_by_key(|api| api.base_path.len());
    if let Some(api) = elsewhere {
        let (this, other, flag) = match told.is_tls {
            true => ("TLS", "plain", "--plain"),
            false => ("plain", "TLS", "--tls"),
        };
        let place = told.places.map(|places| places.of_api(api));
        let transports = place
            .as_ref()
            .and_then(|place| place.said_of_api(SaidOfApi::Transports));
        let mutual_tls = place.as_ref().and_then(|place| place.said_of_api(SaidOfApi::MutualTls));
        return Why::new(
            format!("API {} {} is not offered by the {this} listener", api.name, api.version),
            format!("Send it to the {other} listener ({flag}), or change `x-wso2-transports`."),
        )
        .at(
            found,
            [transports, mutual_tls].map(|place| place.map(|place| place.to_string())),
        );
    }
    let all: Vec<String> = apis.iter().flat_map(bases).collect();
    let near = |base: &&String| nearest(beginning(path, base), [base.as_str()]).is_some();
    let remedy = match all.iter().find(near) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => {
            const SHOWN: usize = 8;
            let more = if all.len() > SHOWN { ", …" } else { "" };
            let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
            format!("Base paths are: {}{more}.", shown.join(", "))
        }
    };
    Why::new("no API has a base path that this path begins with", remedy)
}

/// As many segments of a path as a base path has.
fn beginning<'p>(path: &'p str, base: &str) -> &'p str {
    let slashes = base.matches('/').count();
    let end = path.match_indices('/').nth(slashes).map_or(path.len(), |(end, _)| end);
    path.get(..end).unwrap_or(path)
}

fn near_template<'a>(api: &'a Api, path: &str) -> Option<&'a str> {
    let below = path.strip_prefix(api.base_path.as_str())?;
    nearest(below, api.resources.iter().map(|resource| resource.template.as_str()))
}

fn method(found: &Found<'_>, answer: &ExplainedAnswer) -> Why {
    let method = found.told.method;
    let allowed = answer.headers.iter().find(|(name, _)| name == "allow");
    match allowed {
        Some((_, methods)) => Why::new(
            format!("the path has no {method} operation"),
            format!("It has: {methods}."),
        ),
        None => Why::new(format!("{method} is not served"), "Use another method."),
    }
    .at(found, [found.base_path()])
}

fn credentials(found: &Found<'_>, refusal: Refusal) -> Why {
    let settings = found.told.settings;
    let header = found.api.and_then(|api| api.auth_header.as_deref());
    let header = header.unwrap_or(settings.authentication.header.as_str());
    let accepted = found.resource.map(|resource| accepted(resource, header));
    let accepted = accepted.filter(|accepted| !accepted.is_empty());
    let places = [found.operation(), found.said(Said::Security)];
    let certified = found.api.is_some_and(|api| api.mutual_tls.is_some()) && refusal == Refusal::InvalidCredentials;
    let impossible = found
        .resource
        .filter(|resource| !resource.security.optional)
        .and_then(|resource| why_impossible(&resource.security.alternatives, header));
    if let Some((reason, remedy)) = impossible.filter(|_| !certified) {
        return Why::new(format!("no request is let in: {reason}"), remedy).at(found, places);
    }
    match refusal {
        Refusal::MissingCredentials => {
            let wanted = accepted.unwrap_or_else(|| "credentials".to_owned());
            Why::new(
                "no credentials that the resource accepts were sent",
                format!("Send {wanted}."),
            )
        }
        Refusal::WrongScheme => {
            let wanted = accepted.unwrap_or_else(|| "other credentials".to_owned());
            Why::new(
                "the resource does not accept credentials of this kind",
                format!("Send {wanted}."),
            )
        }
        _ => invalid(found, header),
    }
    .at(found, places)
}

/// A credential that is not accepted. The client is told nothing but that.
fn invalid(found: &Found<'_>, header: &str) -> Why {
    let settings = found.told.settings;
    let Some(failure) = found.told.explanation.failure else {
        return Why::new(
            format!("the credential in `{header}` is not accepted"),
            "Send one access token of a trusted issuer.",
        );
    };
    let remedy = match failure {
        CredentialFailure::NoCertificate | CredentialFailure::OtherCertificate => {
            return Why::new(failure.to_string(), for_a_certificate(found));
        }
        CredentialFailure::Revoked | CredentialFailure::Inactive | CredentialFailure::Jwt(JwtFailure::Expired) => {
            "Get a new token.".to_owned()
        }
        CredentialFailure::NoAccess => "Send the access token that came with it.".to_owned(),
        CredentialFailure::Opaque => {
            "Send one access token of a trusted issuer; opaque tokens need a key manager in the settings.".to_owned()
        }
        CredentialFailure::Ambiguous | CredentialFailure::Scheme => {
            format!("Send one access token of a trusted issuer, as `{header}: Bearer TOKEN`.")
        }
        CredentialFailure::ApiKeyForOthers => "Use an API key for this API.".to_owned(),
        CredentialFailure::ApiKeyFromElsewhere => {
            "Use another API key, or send it from where it may be used.".to_owned()
        }
        CredentialFailure::Jwt(JwtFailure::Issuer) => {
            let issuers: Vec<String> = settings.issuers.iter().map(|issuer| issuer.issuer.clone()).collect();
            format!(
                "Trusted issuers are: {}. Add the token's with `[[jwtTokenConfig]]`; tokens of `mgw token` need --local-issuer.",
                list(&issuers)
            )
        }
        CredentialFailure::Jwt(JwtFailure::Audience) => {
            let audiences = settings.issuers.iter().flat_map(|issuer| issuer.audience.clone());
            let audiences: BTreeSet<String> = audiences.collect();
            format!("Get a token for one of: {}.", list(&Vec::from_iter(audiences)))
        }
        CredentialFailure::Jwt(JwtFailure::NotYetValid) => {
            "Wait until the token is valid, or look at the clocks of issuer and gateway.".to_owned()
        }
        CredentialFailure::Jwt(JwtFailure::TooLong) => {
            "Send a shorter token, or raise `authConfig.maxTokenBytes` in the gateway's settings.".to_owned()
        }
        CredentialFailure::Jwt(_) => {
            "Get a token that is signed by a trusted issuer, with a key and an algorithm that its settings allow."
                .to_owned()
        }
    };
    Why::new(format!("the credential is not accepted: {failure}"), remedy)
}

fn for_a_certificate(found: &Found<'_>) -> &'static str {
    match found.api.and_then(|api| api.mutual_tls) {
        Some(MutualTls::Optional) => "Show none, or one that the API accepts; see `mgw help mutual-tls`.",
        _ => "Show one that the API accepts (--client-cert); see `mgw help mutual-tls`.",
    }
}

fn subscription(found: &Found<'_>, refusal: Refusal) -> Why {
    let api = found
        .api
        .map_or_else(String::new, |api| format!("API {} {}", api.name, api.version));
    if refusal == Refusal::Blocked && found.api.is_some_and(|api| api.state == ApiState::Blocked) {
        return Why::new(
            format!("{api} is blocked in the control plane"),
            "Publish it there, pull and build.",
        )
        .at(found, [found.said_of_api(SaidOfApi::LifeCycle), found.base_path()]);
    }
    let identity = found.told.explanation.identity.as_ref();
    let key = identity.and_then(|identity| identity.consumer_key.as_deref());
    let who = key.map_or_else(|| "the caller".to_owned(), |key| format!("consumer key {key}"));
    let place = key
        .zip(found.told.places)
        .and_then(|(key, places)| places.consumer_key(key));
    let place = place.map(|place| place.to_string());
    match refusal {
        Refusal::Blocked => Why::new(
            format!("the subscription of {who} to {api} is blocked"),
            "Unblock it in the control plane, then pull and build.",
        ),
        Refusal::SubscriptionInactive => Why::new(
            format!("the subscription of {who} to {api} waits for approval"),
            "Approve it in the control plane, then pull and build.",
        ),
        _ => Why::new(
            format!("{who} has no subscription to {api} that admits the call"),
            "Subscribe the application in the control plane, then pull and build.",
        ),
    }
    .at(found, [place])
}

fn scope(found: &Found<'_>) -> Why {
    let held = found.told.explanation.identity.as_ref();
    let held = held.map_or(&[][..], |identity| identity.scopes.as_slice());
    let needed = found.resource.map_or_else(|| "a scope".to_owned(), needed);
    Why::new(
        format!("needs {needed}, the caller has {}", list(held)),
        format!("Get a token with {needed}."),
    )
    .at(found, [found.said(Said::Scopes), found.operation()])
}

fn quota(found: &Found<'_>) -> Why {
    let places: Vec<_> = found.limits.iter().map(|limit| limit.place.clone()).collect();
    Why::new("a limit is used up", "Wait for the next window, or raise the limit.").at(found, places)
}

fn unknown_policy(found: &Found<'_>) -> Why {
    let missing = found.limits.iter().find(|limit| limit.what.is_none());
    let policy = missing.and_then(|limit| Some((limit.level, limit.policy.as_deref()?)));
    match policy {
        Some((level, policy)) => Why::new(
            format!("the {level} policy `{policy}` is defined nowhere"),
            format!("Define `{policy}` in policies.yaml, or name another."),
        ),
        None => Why::new("a policy is defined nowhere", "Define it in policies.yaml."),
    }
    .at(found, [found.said(Said::Tier)])
}

fn endpoint(found: &Found<'_>, refusal: Refusal) -> Why {
    let identity = found.told.explanation.identity.as_ref();
    let has_key = identity.is_some_and(|identity| has_key_type(identity.credential));
    if refusal == Refusal::NoProductionEndpoint && !has_key {
        return Why::new(
            "calls without a token or API key count as production, and the API has no production endpoint",
            "Add `x-wso2-production-endpoints`, or have the operation take tokens or API keys.",
        )
        .at(found, [found.said(Said::Sandbox), found.operation()]);
    }
    let key = found.grant.map_or("PRODUCTION", |grant| key_type(grant.key_type));
    let (kind, said, extension) = match refusal {
        Refusal::NoSandboxEndpoint => ("sandbox", Said::Production, "x-wso2-sandbox-endpoints"),
        _ => ("production", Said::Sandbox, "x-wso2-production-endpoints"),
    };
    Why::new(
        format!("the caller has a {key} key, and the API no {kind} endpoint"),
        format!("Use a key of the other type, or add `{extension}`."),
    )
    .at(found, [found.said(said), found.operation()])
}
