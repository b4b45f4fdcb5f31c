//! Why a signed token is not accepted.

/// Why a signed token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtFailure {
    /// Longer than the settings allow.
    #[error("token is longer than allowed")]
    TooLong,
    /// Not three parts of canonical base64url.
    #[error("token is not three parts of canonical base64url")]
    Encoding,
    /// Base64 with padding.
    #[error("token has base64 padding")]
    Padding,
    /// Header or claims are no JSON object, or not a strict one.
    #[error("header or claims are not a strict JSON object")]
    Json,
    /// A header with members that change what a token means, or of another kind.
    #[error("header is of a kind that is not accepted")]
    Header,
    /// Of an issuer that is not configured.
    #[error("no configured issuer matches")]
    Issuer,
    /// Signed in a way that is not accepted.
    #[error("algorithm is not accepted for this issuer")]
    Algorithm,
    /// Signed with a key that its issuer does not publish.
    #[error("no key for this token")]
    Key,
    /// The signature is wrong.
    #[error("signature does not verify")]
    Signature,
    /// Past its time, or without one.
    #[error("token has expired or does not say when it expires")]
    Expired,
    /// Before its time.
    #[error("token is not valid yet")]
    NotYetValid,
    /// For somebody else.
    #[error("audience does not match")]
    Audience,
    /// A claim that is demanded is not there, or of the wrong type.
    #[error("a required claim is missing or of the wrong type")]
    Claim,
}
