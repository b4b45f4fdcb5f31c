//! How a session came about, which decides how it goes on.

use serde::{Deserialize, Serialize};

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    /// User name and password, with a client that we registered.
    #[default]
    Password,
    /// A client's own credentials: new tokens come from those, there is no refresh token.
    ClientCredentials,
    /// In the browser.
    Browser,
    /// With a code that was typed in on another device.
    Device,
    /// With a token that was issued elsewhere.
    Token,
}

impl Method {
    /// As messages name it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ClientCredentials => "client credentials",
            Self::Browser => "browser",
            Self::Device => "device code",
            Self::Token => "token",
        }
    }

    /// Whether the session's tokens are nobody else's. Clients that the user named may serve others too, and servers
    /// issue the same token again for the same client; tokens that were issued elsewhere are in use there.
    pub(crate) fn owns_tokens(self) -> bool {
        matches!(self, Self::Password | Self::Browser | Self::Device)
    }
}
