//! What the gateway makes of the security schemes of a definition.

use super::transports::is_token;
use crate::openapi::Definition;
use crate::yaml::Node;
use mgw_bundle::config::{ApiKeyLocation, Scheme};
use openapiv3::{APIKeyLocation, ReferenceOr, SecurityScheme};

/// A kind of credentials that the gateway checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Bearer tokens.
    Oauth2,
    /// Basic authentication.
    Basic,
    /// API keys.
    ApiKey,
}

/// The security schemes of a definition.
#[derive(Debug)]
pub(super) struct SchemeTable<'a> {
    definition: &'a Definition,
}

impl<'a> SchemeTable<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        Self { definition }
    }

    /// The gateway's counterpart of a scheme, or why it has none. `None`: not defined. A scheme that is defined but
    /// malformed has been reported where it stands and counts as one without a counterpart.
    pub(super) fn get(&self, name: &str) -> Option<Result<Scheme, &'static str>> {
        match self.scheme(name) {
            Some(scheme) => Some(counterpart(scheme)),
            None => self.is_written(name).then_some(Err("its definition is wrong")),
        }
    }

    /// The names of all schemes.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        let components = self.definition.model.components.as_ref();
        components
            .into_iter()
            .flat_map(|components| components.security_schemes.keys().map(String::as_str))
    }

    /// Every API key scheme, whether required anywhere or not.
    pub(super) fn api_keys(&self) -> Vec<Scheme> {
        self.names()
            .filter_map(|name| self.get(name)?.ok())
            .filter(|scheme| matches!(scheme, Scheme::ApiKey { .. }))
            .collect()
    }

    fn scheme(&self, name: &str) -> Option<&'a SecurityScheme> {
        let components = self.definition.model.components.as_ref()?;
        components.security_schemes.get(name).and_then(ReferenceOr::as_item)
    }

    fn is_written(&self, name: &str) -> bool {
        let document = &self.definition.document;
        [
            document.at(["components", "securitySchemes", name]),
            document.at(["securityDefinitions", name]),
        ]
        .into_iter()
        .flatten()
        .any(|node: &Node| !node.is_null())
    }
}

fn counterpart(scheme: &SecurityScheme) -> Result<Scheme, &'static str> {
    match scheme {
        SecurityScheme::OAuth2 { .. } | SecurityScheme::OpenIDConnect { .. } => Ok(Scheme::Oauth2),
        SecurityScheme::HTTP { scheme, .. } => match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "jwt" => Ok(Scheme::Oauth2),
            "basic" => Ok(Scheme::Basic),
            "mutualtls" => Err("mutual TLS is switched on for a whole API with `x-wso2-mutual-ssl`"),
            _ => Err("of the `http` schemes it knows `basic` and `bearer`"),
        },
        SecurityScheme::APIKey { location, name, .. } => {
            let location = match location {
                APIKeyLocation::Header if is_token(name) => ApiKeyLocation::Header,
                APIKeyLocation::Header => return Err("the name of its header is not possible"),
                APIKeyLocation::Query => ApiKeyLocation::Query,
                APIKeyLocation::Cookie => return Err("API keys are not read from cookies"),
            };
            Ok(Scheme::ApiKey {
                location,
                name: name.clone(),
            })
        }
    }
}
