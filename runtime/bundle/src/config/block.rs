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

impl Block {
    /// Reads `owner:name`, as control planes name an application. The name may have colons, the owner may not.
    pub fn application(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once(':')?;
        Some(Self::Application {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Reads `context:version:owner-application:keyType`, as API Manager 4 names a subscription; the context has the version
    /// already. Where the owner has a hyphen, the parts are told apart by whoever knows owners.
    pub fn subscription(text: &str) -> Option<Self> {
        let (context, rest) = text.split_once(':')?;
        let (_version, rest) = rest.split_once(':')?;
        let (caller, key_type) = match rest.rsplit_once(':') {
            Some((caller, key_type @ ("PRODUCTION" | "SANDBOX"))) => (caller, Some(key_type.to_owned())),
            // A colon of the application's name.
            _ => (rest, None),
        };
        let (owner, application) = caller.split_once('-')?;
        Some(Self::Subscription {
            context: context.to_owned(),
            owner: owner.to_owned(),
            application: application.to_owned(),
            key_type,
        })
    }
}
