//! What an access token tells about itself. Informs the user, decides nothing: the control plane judges its tokens.

use crate::cloud::json;
use base64::Engine;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

/// The longest token that is looked into.
const LONGEST: usize = 64 * 1024;

/// Claims of a token that is a JWT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenClaims {
    /// `sub`.
    pub(crate) subject: Option<String>,
    /// `scope`; empty when it does not tell.
    pub(crate) scopes: Vec<String>,
    /// `iat`, else `nbf`.
    pub(crate) issued: Option<Timestamp>,
    /// `nbf`.
    pub(crate) not_before: Option<Timestamp>,
    /// `exp`.
    pub(crate) expires: Option<Timestamp>,
}

/// Reads the claims of a token; nothing of one that is opaque. The signature is not checked.
pub(crate) fn token_claims(token: &SecretString) -> TokenClaims {
    let token = token.expose_secret();
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return TokenClaims::default();
    };
    if token.len() > LONGEST {
        return TokenClaims::default();
    }
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap_or_default();
    let Ok(claims) = json::parse(&decoded) else {
        return TokenClaims::default();
    };
    let instant = |name: &str| {
        let seconds = i64::try_from(json::count(&claims, name)?).ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let mut scopes: Vec<String> = json::text(&claims, "scope")
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    scopes.sort();
    scopes.dedup();
    TokenClaims {
        subject: json::text(&claims, "sub"),
        scopes,
        issued: instant("iat").or_else(|| instant("nbf")),
        not_before: instant("nbf"),
        expires: instant("exp"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> SecretString {
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        format!("{}.{}.sig", engine.encode("{}"), engine.encode(claims)).into()
    }

    #[test]
    fn a_jwt_tells_and_an_opaque_token_does_not() {
        let claims = token_claims(&token(
            r#"{"sub":"ana@m.example@org","scope":"b a b","iat":1767225600,"nbf":1767225601,"exp":1767229200}"#,
        ));
        assert_eq!(claims.subject.as_deref(), Some("ana@m.example@org"));
        assert_eq!(claims.scopes, ["a", "b"]);
        assert_eq!(claims.issued.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(claims.not_before.unwrap().as_second(), 1_767_225_601);
        assert_eq!(claims.expires.unwrap().as_second(), 1_767_229_200);
        for opaque in [
            "",
            "6f0c1d9e-2b7a",
            "a.b.c",
            "a.b.c.d",
            "..",
            &format!("a.{}.c", "A".repeat(LONGEST)),
        ] {
            assert_eq!(
                token_claims(&opaque.to_owned().into()),
                TokenClaims::default(),
                "{}",
                opaque.len()
            );
        }
        assert_eq!(token_claims(&token("[1]")), TokenClaims::default());
        assert_eq!(token_claims(&token(r#"{"exp":-1,"sub":7}"#)).expires, None);
    }
}
