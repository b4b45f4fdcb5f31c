//! What the gateway makes of the security schemes of a definition.

use super::transports::is_token;
use crate::openapi::{self, Definition, Dialect};
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

/// What a `security` that names a scheme finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Something that the gateway checks.
    Usable(Scheme),
    /// Nothing that it could check, and why.
    Unusable(&'static str),
    /// Something that cannot be read, which is an error where it stands.
    Faulty,
    /// Nothing.
    Undefined,
}

/// The security schemes of a definition.
#[derive(Debug)]
pub(super) struct SchemeTable<'a> {
    definition: &'a Definition,
    /// Those below a misspelt key.
    lost: Option<&'a Node>,
}

impl<'a> SchemeTable<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        let lost = openapi::lost_schemes(&definition.document, definition.dialect);
        Self {
            definition,
            lost: lost.map(|(_, schemes)| schemes),
        }
    }

    /// What the gateway makes of the scheme of this name.
    pub(super) fn get(&self, name: &str) -> Found {
        let dialect = self.definition.dialect;
        let other = match dialect {
            Dialect::Swagger20 => Dialect::OpenApi30,
            Dialect::OpenApi30 | Dialect::OpenApi31 => Dialect::Swagger20,
        };
        match self.scheme(name).map(counterpart) {
            Some(Ok(scheme)) => Found::Usable(scheme),
            Some(Err(why)) => Found::Unusable(why),
            None if self.is_written(dialect, name) => Found::Faulty,
            None if self.lost.is_some_and(|schemes| has(schemes, name)) => Found::Faulty,
            None if self.is_written(other, name) => {
                Found::Unusable("it stands where another version of OpenAPI has it")
            }
            None => Found::Undefined,
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
            .filter_map(|name| match self.get(name) {
                Found::Usable(scheme @ Scheme::ApiKey { .. }) => Some(scheme),
                _ => None,
            })
            .collect()
    }

    fn scheme(&self, name: &str) -> Option<&'a SecurityScheme> {
        let components = self.definition.model.components.as_ref()?;
        components.security_schemes.get(name).and_then(ReferenceOr::as_item)
    }

    /// Whether a scheme stands where one of a version is looked for.
    fn is_written(&self, dialect: Dialect, name: &str) -> bool {
        let section = match dialect {
            Dialect::Swagger20 => self.definition.document.get("securityDefinitions"),
            Dialect::OpenApi30 | Dialect::OpenApi31 => self.definition.document.at(["components", "securitySchemes"]),
        };
        section.is_some_and(|schemes| has(schemes, name))
    }
}

fn has(schemes: &Node, name: &str) -> bool {
    schemes.get(name).is_some_and(|node| !node.is_null())
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
