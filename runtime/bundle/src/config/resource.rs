//! One operation of an API.

use super::{Endpoints, PolicyRef, Scopes, Security};
use serde::{Deserialize, Serialize};

/// A (path template, method) pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Path template below the base path, as [`crate::template`] reads it.
    pub template: String,
    /// HTTP method.
    pub method: Method,
    /// Who may call.
    pub security: Security,
    /// Scopes that the caller's token must carry. Not checked for API keys.
    pub scopes: Scopes,
    /// Limit over all callers of this resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// Backends of this resource where they differ from the API's.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub endpoints: Endpoints,
}

impl Resource {
    /// A resource that anybody may call, without limits, with the API's backends: whoever makes one sets what is different about
    /// it.
    pub fn open(template: &str, method: Method) -> Self {
        Self {
            template: template.to_owned(),
            method,
            security: Security {
                enabled: false,
                optional: false,
                alternatives: Vec::new(),
            },
            scopes: Scopes::default(),
            policy: None,
            endpoints: Endpoints::default(),
        }
    }
}

fn is_empty(endpoints: &Endpoints) -> bool {
    endpoints.production.is_none() && endpoints.sandbox.is_none()
}

/// The methods that a definition may declare and the gateway routes; TRACE is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// PUT
    Put,
    /// POST
    Post,
    /// DELETE
    Delete,
    /// HEAD
    Head,
    /// OPTIONS
    Options,
    /// PATCH
    Patch,
}

impl Method {
    /// Every method, in the order in which `Allow` lists them.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Put,
        Self::Post,
        Self::Delete,
        Self::Head,
        Self::Options,
        Self::Patch,
    ];

    /// Returns the method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
        }
    }
}
