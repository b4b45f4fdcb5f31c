//! Which headers the gateway itself changes, apart from those that belong to one hop.

use crate::config::RuntimeConfig;
use http::header::{SERVER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The operator's header rules.
#[derive(Debug)]
pub(crate) struct HeaderRules {
    /// `Server` of answers whose backend sent none.
    server: Option<HeaderValue>,
    /// Replaced where present, in requests and responses.
    replaced: Vec<(HeaderName, HeaderValue)>,
}

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
        }
    }

    pub(crate) fn apply_to_request(&self, headers: &mut HeaderMap) {
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
