//! How the gateway shows backends who it is. There is no place for a secret here on purpose: secrets come from the operator,
//! under the name of the endpoint.

use serde::{Deserialize, Serialize};

/// Credentials towards a backend, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EndpointAuth {
    /// User and password in every request.
    Basic {
        /// User name as written in the definition.
        username: String,
    },
    /// User and password proved by digests (RFC 7616).
    Digest {
        /// User name as written in the definition.
        username: String,
    },
    /// A key.
    ApiKey {
        /// Where it goes.
        place: CredentialPlace,
    },
    /// A token of the client-credentials grant.
    OAuth2 {
        /// Where tokens are fetched, `http` or `https`.
        token_url: String,
        /// The gateway's client id there.
        client_id: String,
        /// Scopes to ask for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<String>,
        /// Send id and secret in the body instead of by Basic.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        credentials_in_body: bool,
    },
}

/// The part of a request that carries a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CredentialPlace {
    /// A header; lower-case name.
    Header(String),
    /// A query parameter.
    Query(String),
}
