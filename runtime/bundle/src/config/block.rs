//! Requests that the control plane has blocked.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// An active entry of the control plane's block list. Its requests are refused with 900805.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Block {
    /// All requests to an API.
    Api {
        /// The API's context with version.
        context: String,
    },
    /// The requests of an application.
    Application {
        /// Who owns it.
        owner: String,
        /// Its name.
        name: String,
    },
    /// The requests of a user.
    User {
        /// The user's name.
        name: String,
    },
    /// The requests of clients in a range of addresses, both ends included.
    Address {
        /// Lowest address.
        first: IpAddr,
        /// Highest address.
        last: IpAddr,
        /// Those of all other clients instead.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        inverted: bool,
    },
    /// The requests of an application to an API.
    Subscription {
        /// The API's context with version.
        context: String,
        /// Who owns the application.
        owner: String,
        /// The application's name.
        application: String,
        /// `PRODUCTION` or `SANDBOX`: only those with keys of this type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_type: Option<String>,
    },
}
