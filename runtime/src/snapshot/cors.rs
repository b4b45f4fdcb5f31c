//! Cross-origin answers, decided from prebuilt rules.

use crate::route::{MethodSet, routed};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};
use mgw_bundle::config::{self, Cors};

/// The rules of one API, or of the gateway's own services.
#[derive(Debug, Clone)]
pub(crate) struct CorsRules {
    origins: Allowed<String>,
    methods: Allowed<String>,
    headers: Allowed<String>,
    expose: Option<HeaderValue>,
    credentials: bool,
    max_age: Option<HeaderValue>,
}

/// Everything, for a single `*`, or what is listed.
#[derive(Debug, Clone)]
enum Allowed<T> {
    Everything,
    Listed(Vec<T>),
}

impl Allowed<String> {
    fn compile(listed: &[String]) -> Self {
        match listed {
            [only] if only == "*" => Self::Everything,
            listed => Self::Listed(listed.iter().map(|entry| entry.trim().to_owned()).collect()),
        }
    }

    fn has(&self, wanted: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Listed(listed) => listed.iter().any(|entry| wanted(entry)),
        }
    }
}

/// What a granted pre-flight request is told.
#[derive(Debug)]
pub(crate) struct Preflight {
    method: HeaderValue,
    headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

impl CorsRules {
    pub(super) fn compile(cors: &Cors) -> Self {
        let expose = cors.expose_headers.join(", ");
        Self {
            origins: Allowed::compile(&cors.allow_origins),
            methods: Allowed::compile(&cors.allow_methods),
            headers: Allowed::compile(&cors.allow_headers),
            expose: HeaderValue::try_from(expose).ok().filter(|value| !value.is_empty()),
            credentials: cors.allow_credentials,
            max_age: cors.max_age_seconds.map(HeaderValue::from),
        }
    }

    /// Returns the request's origin when its answer may be read there.
    pub(crate) fn granted_origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(ORIGIN)?;
        let text = origin.to_str().ok().filter(|text| text.contains("://"))?;
        let allowed = text.split(' ').all(|one| self.origins.has(|listed| listed == one));
        allowed.then(|| origin.clone())
    }

    /// Decides about a pre-flight request for a path that declares `methods`. The origin is granted already.
    pub(crate) fn preflight(&self, request: &HeaderMap, methods: MethodSet) -> Option<Preflight> {
        if request.get(ORIGIN)?.as_bytes().contains(&b' ') {
            return None;
        }
        let mut asked = request.get_all(ACCESS_CONTROL_REQUEST_METHOD).iter();
        let (Some(method), None) = (asked.next(), asked.next()) else {
            return None;
        };
        let declared = match routed(&Method::from_bytes(method.as_bytes()).ok()?)? {
            config::Method::Head => methods.contains(config::Method::Head) || methods.contains(config::Method::Get),
            other => methods.contains(other),
        };
        let text = method.to_str().ok()?;
        if !declared || !self.methods.has(|listed| listed == text) {
            return None;
        }
        let headers = request.get(ACCESS_CONTROL_REQUEST_HEADERS);
        if let Some(headers) = headers {
            let mut names = headers
                .to_str()
                .ok()?
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            if !names.all(|name| self.headers.has(|listed| listed.eq_ignore_ascii_case(name))) {
                return None;
            }
        }
        Some(Preflight {
            method: method.clone(),
            headers: headers.cloned(),
            max_age: self.max_age.clone(),
        })
    }

    /// Adds what every answer carries, and what answers to a granted origin carry besides. Who may read an answer is for these
    /// rules to say: what a backend says about that is left out.
    pub(crate) fn apply(&self, granted: Option<HeaderValue>, response: &mut HeaderMap) {
        for name in [
            ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            ACCESS_CONTROL_EXPOSE_HEADERS,
        ] {
            response.remove(name);
        }
        // Caches must not give one origin's answer to another.
        response.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = granted else { return };
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(expose) = &self.expose {
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
    }
}

impl Preflight {
    pub(crate) fn apply(self, response: &mut HeaderMap) {
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, self.method);
        if let Some(headers) = self.headers {
            response.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        if let Some(max_age) = self.max_age {
            response.insert(ACCESS_CONTROL_MAX_AGE, max_age);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(origins: &[&str]) -> CorsRules {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        CorsRules::compile(&Cors {
            allow_origins: list(origins),
            allow_methods: list(&["GET", "HEAD"]),
            allow_headers: list(&["authorization", "x-a"]),
            expose_headers: list(&["X-CUSTOM-HEADER"]),
            allow_credentials: true,
            max_age_seconds: None,
        })
    }

    fn request(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn origins_are_compared_exactly() {
        for (listed, origin, granted) in [
            ("http://www.m3.com", "http://www.m3.com", true),
            ("http://www.m3.com", "http://www.m3.com.evil", false),
            ("http://www.m3.com", "http://abc.com", false),
            ("http://www.m3.com", "http://www.m3.com http://abc.com", false),
            ("*", "http://abc.com", true),
            ("*", "null", false),
        ] {
            let granted_origin = rules(&[listed]).granted_origin(&request(&[("origin", origin)]));
            assert_eq!(granted_origin.is_some(), granted, "{listed} {origin}");
        }
    }

    #[test]
    fn preflights_are_granted_or_not() {
        let methods = MethodSet::default()
            .with(config::Method::Get)
            .with(config::Method::Post);
        let asks = |method, headers| {
            let request = request(&[
                ("origin", "http://a"),
                ("access-control-request-method", method),
                ("access-control-request-headers", headers),
            ]);
            rules(&["http://a"]).preflight(&request, methods).is_some()
        };
        assert!(asks("GET", "Authorization, X-A"));
        assert!(asks("HEAD", ""), "HEAD may stand on GET");
        assert!(!asks("POST", ""), "declared but not allowed");
        assert!(!asks("DELETE", ""), "not declared");
        assert!(!asks("GET", "x-b"));
        assert!(!asks("TRACE", ""));
    }

    #[test]
    fn answers_echo_the_origin() {
        let mut response = HeaderMap::new();
        rules(&["*"]).apply(Some(HeaderValue::from_static("http://a")), &mut response);
        assert_eq!(response["access-control-allow-origin"], "http://a");
        assert_eq!(response["access-control-expose-headers"], "X-CUSTOM-HEADER");
        assert_eq!(response["access-control-allow-credentials"], "true");
        assert_eq!(response["vary"], "Origin");
    }
}
