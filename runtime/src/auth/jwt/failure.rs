//! Why a token is not accepted. The client only ever learns 900901; metrics and logs may tell the reasons apart.

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwtFailure {
    #[error("token is longer than allowed")]
    TooLong,
    #[error("token is not three parts of canonical base64url")]
    Encoding,
    #[error("token has base64 padding")]
    Padding,
    #[error("header or claims are not a strict JSON object")]
    Json,
    #[error("header is of a kind that is not accepted")]
    Header,
    #[error("no configured issuer matches")]
    Issuer,
    #[error("algorithm is not accepted for this issuer")]
    Algorithm,
    #[error("no key for this token")]
    Key,
    #[error("signature does not verify")]
    Signature,
    #[error("token has expired or does not say when it expires")]
    Expired,
    #[error("token is not valid yet")]
    NotYetValid,
    #[error("audience does not match")]
    Audience,
    #[error("a required claim is missing or of the wrong type")]
    Claim,
}
