//! Cross-origin rules: of one API (`x-wso2-cors`), or of the gateway's own services.

use serde::{Deserialize, Serialize};

/// What browsers on other origins may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Exact origins, or a single `*`.
    pub allow_origins: Vec<String>,
    /// Methods, upper case, or a single `*`.
    pub allow_methods: Vec<String>,
    /// Request headers, lower case, or a single `*`.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// Whether credentials may be sent.
    pub allow_credentials: bool,
    /// How long a browser may keep a pre-flight answer, in seconds; the header is left out when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u32>,
}
