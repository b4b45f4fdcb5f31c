//! The control plane's data for gateways, by the session's credentials, where the settings do not say anything about them.

use super::account::Account;
use super::files::replace;
use crate::cloud::account::UserName;
use crate::cloud::generation::{GatewayService, generation};
use mgw_runtime::config::{
    PersistentRevocation, RuntimeConfig, SubscriptionDataLimits, SubscriptionDataSettings, ThrottleLists,
};
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The longest time between two fetches of a list, as the settings' own default.
const REFRESH: Duration = Duration::from_secs(60);

/// What became of something that the control plane has for gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derived {
    /// It is followed.
    Followed,
    /// The operator decided.
    Decided,
    /// The control plane has no such thing.
    NotOffered,
    /// It takes a password, and none is known.
    NoPassword,
}

/// What became of all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DerivedData {
    /// Applications, key mappings and subscriptions.
    pub(super) subscriptions: Derived,
    /// Revoked tokens.
    pub(super) revoked_tokens: Derived,
    /// Whether any data are asked for with the session's password.
    pub(super) takes_password: bool,
}

/// How the data are asked for.
struct Way<'a> {
    account: &'a Account,
    service: &'static GatewayService,
    user: &'a UserName,
    password: SecretString,
    ca_file: Option<PathBuf>,
}

/// Sets what the control plane has, where the password is known and the operator said nothing. `user` is who is signed in.
/// The authority that is trusted for the control plane is written to `ca_file`. Lists are fetched as often as it is polled,
/// and once a minute at least.
///
/// # Errors
///
/// When that file cannot be written.
pub(super) fn derive(
    config: &mut RuntimeConfig,
    account: &Account,
    user: Option<&UserName>,
    roots: Option<&str>,
    ca_file: PathBuf,
    poll: Duration,
) -> std::io::Result<DerivedData> {
    let service = generation(account.kind).gateway_data;
    let password = user.and_then(|user| account.password_of(user));
    let derived = |is_decided: bool, is_offered: bool| match (is_decided, is_offered, &password) {
        (true, ..) => Derived::Decided,
        (_, false, _) => Derived::NotOffered,
        (.., None) => Derived::NoPassword,
        (.., Some(_)) => Derived::Followed,
    };
    let revocation = &config.revocation;
    let has_other_source = revocation.realtime.is_some() || revocation.redis.is_some() || revocation.file.is_some();
    let mut data = DerivedData {
        subscriptions: derived(
            config.subscription_data.is_some() || config.subscription_data_refused,
            service.is_some_and(|service| service.has_subscriptions),
        ),
        revoked_tokens: derived(
            config.revocation.persistent.is_some() || config.revocation.persistent_refused,
            service.is_some_and(|service| service.has_revoked_tokens),
        ),
        takes_password: false,
    };
    if has_other_source && data.revoked_tokens == Derived::NoPassword {
        // Nobody has to be told of a way that is not needed.
        data.revoked_tokens = Derived::Decided;
    }
    let (Some(service), Some(user), Some(password)) = (service, user, password) else {
        return Ok(data);
    };
    data.takes_password = true;
    let ca_file = match roots {
        Some(pem) => {
            replace(&ca_file, pem.as_bytes())?;
            Some(ca_file)
        }
        None => None,
    };
    let way = Way {
        account,
        service,
        user,
        password,
        ca_file,
    };
    if data.subscriptions == Derived::Followed {
        config.subscription_data = Some(way.subscription_data(config.subscription_data_limits));
    }
    if data.revoked_tokens == Derived::Followed {
        config.revocation.persistent = Some(way.revoked_tokens(poll.min(REFRESH)));
    }
    // Where the traffic manager counts, blocks and the key templates of custom policies are in lists of their own.
    if let Some(throttling) = &mut config.global_throttling
        && !throttling.lists.is_set
    {
        throttling.lists = way.throttle_lists();
    }
    Ok(data)
}

impl Way<'_> {
    fn url(&self, list: Option<&str>) -> Url {
        let root = self.service.root.iter().copied();
        self.account.address.join(root.chain(list))
    }

    fn subscription_data(&self, limits: SubscriptionDataLimits) -> SubscriptionDataSettings {
        SubscriptionDataSettings {
            url: self.url(None),
            username: self.user.to_string(),
            password: self.password.clone(),
            ca_file: self.ca_file.clone(),
            tenant_header: None,
            tenant: self.user.tenant().to_owned(),
            limits,
        }
    }

    fn revoked_tokens(&self, refresh: Duration) -> PersistentRevocation {
        PersistentRevocation {
            url: self.url(Some("revokedjwt")),
            username: self.user.to_string(),
            password: self.password.clone(),
            ca_file: self.ca_file.clone(),
            refresh,
        }
    }

    fn throttle_lists(&self) -> ThrottleLists {
        ThrottleLists {
            url: self.url(None),
            username: self.user.to_string(),
            password: self.password.clone(),
            ca_file: self.ca_file.clone(),
            is_set: false,
        }
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
