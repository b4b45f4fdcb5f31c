//! `WWW-Authenticate` values, built once per resource.

use http::HeaderValue;

/// The protection space that challenges name; the product's own.
const REALM: &str = "WSO2 API Microgateway";

/// What a resource accepts, as far as challenges are concerned.
#[derive(Debug, Clone, Default)]
pub struct Challenge {
    /// Bearer tokens.
    pub bearer: bool,
    /// User name and password.
    pub basic: bool,
    /// Client certificates.
    pub mutual_tls: bool,
    /// The scopes that the resource asks for.
    pub scopes: Vec<String>,
}

/// The challenges of one resource, one per kind of refusal.
#[derive(Debug, Clone)]
pub struct Challenges {
    /// The one text of micro-gw 3.2, for every 401.
    legacy: Option<HeaderValue>,
    /// The same where the client certificate was the reason.
    legacy_certificate: Option<HeaderValue>,
    missing: Option<HeaderValue>,
    invalid_token: Option<HeaderValue>,
    invalid_password: Option<HeaderValue>,
    insufficient_scope: Option<HeaderValue>,
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A bearer token, or what its bearer may do.
    BearerToken,
    /// A client certificate, or that there is none.
    Certificate,
    /// Anything else: another credential, or that there is none.
    Other,
}

impl Challenges {
    /// Builds the challenges of a resource. `compat` selects the text of micro-gw 3.2, which names non-standard schemes
    /// and always speaks of an expired token.
    pub fn build(accepted: &Challenge, compat: bool) -> Self {
        if compat {
            return Self {
                legacy: header(&legacy(accepted, false)),
                legacy_certificate: header(&legacy(accepted, true)),
                missing: None,
                invalid_token: None,
                invalid_password: None,
                insufficient_scope: None,
            };
        }
        let bearer = format!("Bearer realm=\"{REALM}\"");
        let basic = format!("Basic realm=\"{REALM}\", charset=\"UTF-8\"");
        let plain: Vec<&str> = [(accepted.bearer, bearer.as_str()), (accepted.basic, basic.as_str())]
            .into_iter()
            .filter_map(|(offered, text)| offered.then_some(text))
            .collect();
        let missing = header(&plain.join(", "));
        let invalid_token = accepted.bearer.then(|| {
            format!("{bearer}, error=\"invalid_token\", error_description=\"The access token is missing a valid signature, expired, revoked or not accepted here\"")
        });
        let insufficient_scope = accepted.bearer.then(|| {
            let mut text = format!(
                "{bearer}, error=\"insufficient_scope\", error_description=\"The access token lacks a required scope\""
            );
            let names = scope_list(&accepted.scopes);
            if !names.is_empty() {
                text.push_str(&format!(", scope=\"{names}\""));
            }
            text
        });
        Self {
            legacy: None,
            legacy_certificate: None,
            invalid_token: invalid_token.as_deref().and_then(header).or_else(|| missing.clone()),
            insufficient_scope: insufficient_scope.as_deref().and_then(header),
            invalid_password: if accepted.basic {
                header(&basic)
            } else {
                missing.clone()
            },
            missing,
        }
    }

    /// Returns the challenge of a refusal; `None` where HTTP asks for none. Errors of bearer tokens are told to those who
    /// sent one, and to nobody else: others are told what they could send.
    pub fn of(&self, refusal: super::Refusal, about: About) -> Option<&HeaderValue> {
        use super::Refusal;
        if let Some(legacy) = &self.legacy {
            let text = match about {
                About::Certificate => self.legacy_certificate.as_ref(),
                About::BearerToken | About::Other => Some(legacy),
            };
            return text.filter(|_| refusal.status(true) == http::StatusCode::UNAUTHORIZED);
        }
        match (refusal, about) {
            (
                Refusal::InvalidCredentials | Refusal::TokenExpired | Refusal::TokenInactive | Refusal::WrongTokenType,
                About::BearerToken,
            ) => self.invalid_token.as_ref(),
            (Refusal::MissingScope, About::BearerToken) => self.insufficient_scope.as_ref(),
            (Refusal::WrongPassword | Refusal::BasicWithoutColon, _) => self.invalid_password.as_ref(),
            _ => self
                .missing
                .as_ref()
                .filter(|_| refusal.status(false) == http::StatusCode::UNAUTHORIZED),
        }
    }
}

/// The scope attribute allows printable ASCII without quotes and backslashes (RFC 6749); other names are left out.
fn scope_list(scopes: &[String]) -> String {
    let allowed = |name: &&String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    let mut names = String::new();
    for name in scopes.iter().filter(allowed) {
        if names.len() + name.len() > 1024 {
            break;
        }
        if !names.is_empty() {
            names.push(' ');
        }
        names.push_str(name);
    }
    names
}

fn legacy(accepted: &Challenge, certificate: bool) -> String {
    let parts: Vec<String> = [
        (accepted.mutual_tls && certificate, "Mutual SSL"),
        (accepted.bearer, "OAuth2"),
        (accepted.basic, "Basic Auth"),
    ]
    .into_iter()
    .filter(|(offered, _)| *offered)
    .map(|(_, scheme)| format!("{scheme} realm=\"{REALM}\""))
    .collect();
    format!(
        "{}, error=\"invalid token\" , error_description=\"The access token expired\"",
        parts.join(" ")
    )
}

fn header(text: &str) -> Option<HeaderValue> {
    if text.is_empty() {
        return None;
    }
    HeaderValue::from_str(text).ok()
}
