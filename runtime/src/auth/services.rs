//! Services of the gateway itself on its TLS listeners: the key manager's token endpoints, and issuing of API keys.
//!
//! They pass none of the phases of an API. A service that is not configured does not exist: its path is routed like any
//! other, and where that leads nowhere, the answer is one that clients of the service can read.

use super::api_key_issuer::ApiKeyIssuer;
use super::token_proxy::TokenProxy;
use crate::refusal::Refusal;
use crate::route::{MethodSet, is_readable, routed};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use mgw_bundle::config::Method as Routed;
use std::sync::Arc;

/// A service, by path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `POST /token`
    Token,
    /// `POST /revoke`
    Revoke,
    /// `GET /authorize`
    Authorize,
    /// `GET /userinfo`
    UserInfo,
    /// `GET` or `POST /apikey`
    ApiKey,
}

/// A request for a service.
#[derive(Debug)]
pub struct ServiceRequest {
    /// Method.
    pub method: Method,
    /// Path and query as received.
    pub target: String,
    /// Header fields: as received, or as they go on where somebody else answers.
    pub headers: HeaderMap,
    /// The whole body, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
}

/// Largest body of a request for a service, in bytes.
pub const MAX_BODY: usize = 65_536;

/// The services that are configured.
#[derive(Debug, Default)]
pub struct Services {
    pub(super) tokens: Option<Arc<TokenProxy>>,
    pub(super) api_keys: Option<ApiKeyIssuer>,
}

impl Service {
    const ALL: [(&'static str, Self); 5] = [
        ("/token", Self::Token),
        ("/revoke", Self::Revoke),
        ("/authorize", Self::Authorize),
        ("/userinfo", Self::UserInfo),
        ("/apikey", Self::ApiKey),
    ];

    /// Returns the service of a path: its own, or any below it.
    fn of(path: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(own, _)| {
                path.strip_prefix(own)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .map(|(_, service)| service)
    }

    /// Returns the path of a service.
    pub(crate) fn path(self) -> &'static str {
        let of = Self::ALL.into_iter().find(|(_, service)| *service == self);
        of.map_or("/", |(path, _)| path)
    }

    /// Returns the methods that a service has.
    pub(crate) fn methods(self) -> MethodSet {
        let none = MethodSet::default();
        match self {
            Self::Token | Self::Revoke => none.with(Routed::Post),
            Self::Authorize | Self::UserInfo => none.with(Routed::Get),
            Self::ApiKey => none.with(Routed::Get).with(Routed::Post),
        }
    }

    /// Returns whether the key manager answers.
    pub(crate) fn is_forwarded(self) -> bool {
        self != Self::ApiKey
    }

    fn accepts(self, method: &Method) -> bool {
        routed(method).is_some_and(|method| self.methods().contains(method))
    }
}

impl Services {
    /// Returns whether a path is a service's, configured or not.
    pub fn is_path(path: &str) -> bool {
        Service::of(path).is_some()
    }

    /// Returns the configured service of a path.
    pub fn find(&self, path: &str) -> Option<Service> {
        let service = Service::of(path)?;
        let configured = match service {
            Service::ApiKey => self.api_keys.is_some(),
            _ => self.tokens.is_some(),
        };
        configured.then_some(service)
    }

    /// Returns whether a path and query is one with which the service can be asked.
    pub(crate) fn admits(&self, service: Service, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or(target);
        let leads_there = |proxy: &Arc<TokenProxy>| proxy.address(target).is_some();
        is_readable(path) && (!service.is_forwarded() || self.tokens.as_ref().is_some_and(leads_there))
    }

    /// Returns the challenge for a refusal, where HTTP asks for one.
    pub(crate) fn challenge(&self, service: Service, refusal: Refusal) -> Option<&HeaderValue> {
        match (service, &self.api_keys) {
            (Service::ApiKey, Some(issuer)) => issuer.challenge(refusal),
            // The key manager's own answers are passed on.
            _ => None,
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// The refusal to render.
    pub async fn answer(
        &self,
        service: Service,
        request: ServiceRequest,
        now_ms: u64,
    ) -> Result<Response<Bytes>, Refusal> {
        if !service.accepts(&request.method) {
            return Err(Refusal::MethodNotAllowed);
        }
        match (service, &self.tokens, &self.api_keys) {
            (Service::ApiKey, _, Some(issuer)) => issuer.issue(&request, now_ms).await,
            (Service::ApiKey, _, None) | (_, None, _) => Err(Refusal::NotFound),
            (_, Some(proxy), _) => {
                let address = proxy.address(&request.target).ok_or(Refusal::BadRequest)?;
                Ok(proxy.forward(service, address, request).await)
            }
        }
    }
}

/// Makes an answer with a body of text.
pub(super) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_whole_segments() {
        assert_eq!(Service::of("/token"), Some(Service::Token));
        assert_eq!(Service::of("/authorize/x"), Some(Service::Authorize));
        for path in ["/tokens", "/", "/api/token", "/Token", "/apikeys/1"] {
            assert_eq!(Service::of(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_not_configured_does_not_exist() {
        let services = Services::default();
        assert!(services.find("/token").is_none() && services.find("/apikey").is_none());
    }
}
