//! Revoked tokens as the control plane tells them: the topic `tokenRevocation`.

use super::DecodeError;
use super::fields::Fields;
use secrecy::SecretString;

/// Longest token.
const MAX_TOKEN: usize = 70_000;
/// Longest name of a kind of token.
const MAX_KIND: usize = 64;

/// One revoked token.
#[derive(Debug, Clone)]
pub struct TokenRevocation {
    /// An opaque token, the `jti` of a JWT, its third part, or all of it: control planes do not tell which.
    pub token: SecretString,
    /// When the token expires, since the epoch, in milliseconds or, by some senders, in seconds. `None`: it was not told.
    pub expires: Option<u64>,
    /// The field `ttl`, whose unit and meaning differ between senders. `None`: it was not told.
    pub ttl: Option<u64>,
    /// What kind of token it is, as the control plane calls it.
    pub kind: Option<String>,
}

impl TokenRevocation {
    /// Reads a revocation. Numbers below 1 stand for nothing told.
    pub(super) fn read(message: &Fields) -> Result<Self, DecodeError> {
        let positive = |name| {
            let number = message.integer(name)?;
            Ok(number
                .and_then(|number| u64::try_from(number).ok())
                .filter(|number| *number > 0))
        };
        Ok(Self {
            token: message.required("revokedToken", MAX_TOKEN)?.into(),
            expires: positive("expiryTime")?,
            ttl: positive("ttl")?,
            kind: message.text("type", MAX_KIND)?.map(str::to_owned),
        })
    }
}
