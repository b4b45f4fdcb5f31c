//! Which headers the gateway itself changes, apart from those that belong to one hop.

use crate::config::RuntimeConfig;
use http::header::{SERVER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The operator's header rules.
#[derive(Debug, Clone)]
pub(crate) struct HeaderRules {
    /// `Server` of answers whose backend sent none.
    server: Option<HeaderValue>,
    /// Replaced where present, in requests and responses.
    replaced: Vec<(HeaderName, HeaderValue)>,
    forward_method_override: bool,
}

/// Headers that ask a backend to take a request for one with another method. Written with underscores they reach
/// application servers under the same name.
const METHOD_OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

impl HeaderRules {
    pub(super) fn compile(config: &RuntimeConfig) -> Self {
        let replaced = config
            .server
            .rules
            .iter()
            .filter(|rule| !rule.preserve)
            .filter_map(|rule| {
                let value = HeaderValue::try_from(rule.value.as_str()).ok()?;
                Some((rule.name.clone(), value))
            });
        Self {
            server: config
                .server
                .header
                .as_deref()
                .and_then(|value| HeaderValue::try_from(value).ok()),
            replaced: replaced.collect(),
            forward_method_override: config.server.forward_method_override,
        }
    }

    /// The headers that clients have no say in.
    pub(super) fn protected(&self) -> impl Iterator<Item = HeaderName> {
        let overrides = METHOD_OVERRIDES.iter().filter(|_| !self.forward_method_override);
        let replaced = self.replaced.iter().map(|(name, _)| name.clone());
        overrides.map(|name| HeaderName::from_static(name)).chain(replaced)
    }

    pub(crate) fn apply_to_request(&self, headers: &mut HeaderMap) {
        if !self.forward_method_override {
            remove_method_overrides(headers);
        }
        for (name, value) in &self.replaced {
            if name == USER_AGENT || headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }

    pub(crate) fn apply_to_response(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.replaced {
            if headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        if let Some(server) = &self.server
            && !headers.contains_key(SERVER)
        {
            headers.insert(SERVER, server.clone());
        }
    }
}

fn remove_method_overrides(headers: &mut HeaderMap) {
    // Almost no request has one.
    while let Some(name) = headers.keys().find(|name| overrides_method(name)).cloned() {
        headers.remove(name);
    }
}

fn overrides_method(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    METHOD_OVERRIDES.iter().any(|known| {
        name.len() == known.len()
            && name
                .iter()
                .zip(known.as_bytes())
                .all(|(byte, known)| byte == known || *byte == b'_' && *known == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn rules(settings: &str) -> HeaderRules {
        let sources = Sources {
            file: Some(("micro-gw.conf", settings)),
            ..Sources::default()
        };
        HeaderRules::compile(&RuntimeConfig::load(sources).expect("the settings are valid").0)
    }

    #[test]
    fn a_method_that_was_not_checked_does_not_reach_the_backend() {
        let names = [
            "x-http-method-override",
            "x_http_method_override",
            "x-http-method",
            "x-method_override",
            "x-http-methods",
        ];
        let sent: HeaderMap = names
            .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("DELETE")))
            .into_iter()
            .collect();
        let mut left = sent.clone();
        rules("").apply_to_request(&mut left);
        assert_eq!(
            left.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["x-http-methods"]
        );
        let mut left = sent.clone();
        rules("[server]\nforwardMethodOverride = true\n").apply_to_request(&mut left);
        assert_eq!(left, sent);
    }
}
