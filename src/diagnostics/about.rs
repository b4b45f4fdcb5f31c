//! What of a project a finding is about.

use mgw_bundle::config::{Api, Method, Resource};

/// An API, and perhaps one operation of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// `NAME:VERSION`
    pub api: String,
    /// Method and path, where it is one operation.
    pub operation: Option<(Method, String)>,
}

impl About {
    /// An API as a whole.
    pub fn api(api: &Api) -> Self {
        Self {
            api: format!("{}:{}", api.name, api.version),
            operation: None,
        }
    }

    /// An operation of an API.
    pub fn operation(api: &Api, resource: &Resource) -> Self {
        Self {
            operation: Some((resource.method, resource.template.clone())),
            ..Self::api(api)
        }
    }
}
