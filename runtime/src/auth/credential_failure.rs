//! Why a credential is not accepted. The client only ever learns a code; logs and whoever explains requests tell the reasons
//! apart.

use super::jwt::JwtFailure;

/// Why a credential is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFailure {
    /// A signed token, or an API key, is not what it has to be.
    #[error(transparent)]
    Jwt(#[from] JwtFailure),
    /// It is good, but somebody took it back.
    #[error("token is revoked")]
    Revoked,
    /// It is no signed token, and nobody is asked about others.
    #[error("it is no signed token, and there is no key manager that knows other tokens")]
    Opaque,
    /// The key manager does not know it, or no longer.
    #[error("the key manager says that it is not active")]
    Inactive,
    /// The key manager knows it, as a token of another kind.
    #[error("the key manager says that it is no access token")]
    NoAccess,
    /// Nobody can say which credential is meant.
    #[error("it was sent more than once, or is no text")]
    Ambiguous,
    /// The authorisation header has another scheme, or none.
    #[error("it is of a scheme that the resource does not take")]
    Scheme,
    /// An API key that names other APIs.
    #[error("the API key is not for this API")]
    ApiKeyForOthers,
    /// An API key that is restricted to other addresses or pages.
    #[error("the API key may not be used from this address or page")]
    ApiKeyFromElsewhere,
    /// The API demands a client certificate.
    #[error("no client certificate was shown")]
    NoCertificate,
    /// The API accepts other client certificates.
    #[error("the client certificate that was shown is none of those that the API accepts")]
    OtherCertificate,
}
