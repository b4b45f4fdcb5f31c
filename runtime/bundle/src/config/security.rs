//! Who may call a resource.

use serde::{Deserialize, Serialize};

/// The credentials a resource accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// `false`: anybody may call, no credentials are looked at.
    pub enabled: bool,
    /// The application's credentials may be missing, because mutual TLS is mandatory (`x-wso2-application-security`).
    pub optional: bool,
    /// Any one of these admits the caller. Never empty while `enabled`.
    pub alternatives: Vec<Requirement>,
}

/// Schemes that must all be satisfied together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// At least one scheme.
    pub schemes: Vec<Scheme>,
}

/// Why no request can satisfy a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Impossible {
    /// A token and a password are asked for together, and one header cannot hold two credentials.
    TokenAndPassword,
    /// An API key is asked for in the header in which tokens and passwords are looked for, and nothing else.
    KeyInCredentialsHeader,
}

impl Requirement {
    /// Why no request can satisfy it, where `header` is the one with tokens and passwords.
    pub fn impossible(&self, header: &str) -> Option<Impossible> {
        let is_misplaced = |scheme: &Scheme| match scheme {
            Scheme::ApiKey { location, name } => {
                *location == ApiKeyLocation::Header && name.eq_ignore_ascii_case(header)
            }
            Scheme::Oauth2 | Scheme::Basic => false,
        };
        if self.schemes.contains(&Scheme::Oauth2) && self.schemes.contains(&Scheme::Basic) {
            Some(Impossible::TokenAndPassword)
        } else if self.schemes.iter().any(is_misplaced) {
            Some(Impossible::KeyInCredentialsHeader)
        } else {
            None
        }
    }
}

/// One way to prove who is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scheme {
    /// A bearer token: a JWT of a configured issuer, or an opaque token.
    Oauth2,
    /// HTTP basic authentication against the gateway's own users.
    Basic,
    /// An API key.
    ApiKey {
        /// Where the key is sent.
        location: ApiKeyLocation,
        /// Name of the header or query parameter.
        name: String,
    },
}

/// Where an API key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiKeyLocation {
    /// A request header.
    Header,
    /// A query parameter.
    Query,
}

/// Scopes that a token must carry. No scopes: every token passes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scopes {
    /// Whether one of them suffices or all are needed.
    #[serde(rename = "match")]
    pub rule: ScopeMatch,
    /// The scope names, sorted.
    pub names: Vec<String>,
}

impl Scopes {
    /// Whether a token can carry a scope of this name: in tokens, blanks stand between scopes (RFC 6749, section 3.3).
    pub fn is_name(name: &str) -> bool {
        !name.is_empty() && !name.contains(|c: char| c.is_ascii_whitespace())
    }

    /// Whether some token can carry what is asked for.
    pub fn can_be_carried(&self) -> bool {
        let mut names = self.names.iter().map(|name| Self::is_name(name));
        match self.rule {
            _ if self.names.is_empty() => true,
            ScopeMatch::Any => names.any(|is_name| is_name),
            ScopeMatch::All => names.all(|is_name| is_name),
        }
    }
}

/// How several scopes combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeMatch {
    /// One of them suffices.
    #[default]
    Any,
    /// All are needed.
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_request_can_hold_is_known() {
        let key = |location, name: &str| Scheme::ApiKey {
            location,
            name: name.to_owned(),
        };
        let misplaced = || key(ApiKeyLocation::Header, "Authorization");
        for (schemes, expected) in [
            (vec![Scheme::Oauth2], None),
            (vec![Scheme::Oauth2, key(ApiKeyLocation::Header, "X-Key")], None),
            (vec![key(ApiKeyLocation::Query, "authorization")], None),
            (vec![Scheme::Basic, Scheme::Oauth2], Some(Impossible::TokenAndPassword)),
            (vec![misplaced()], Some(Impossible::KeyInCredentialsHeader)),
            (
                vec![Scheme::Oauth2, misplaced()],
                Some(Impossible::KeyInCredentialsHeader),
            ),
        ] {
            let requirement = Requirement { schemes };
            assert_eq!(requirement.impossible("authorization"), expected, "{requirement:?}");
        }
        let moved = Requirement {
            schemes: vec![misplaced()],
        };
        assert_eq!(moved.impossible("x-token"), None);
    }
}
