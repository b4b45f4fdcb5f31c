//! The control plane's data for gateways, by the session's credentials, where the settings do not say anything about them.

use super::account::Account;
use super::files::replace;
use crate::cloud::account::UserName;
use crate::cloud::generation::generation;
use mgw_runtime::config::{RuntimeConfig, SubscriptionDataSettings};
use std::path::PathBuf;

/// What became of the data for gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derived {
    /// They are followed.
    Followed,
    /// The operator decided.
    Decided,
    /// The control plane has no such data.
    NotOffered,
    /// They take a password, and none is known.
    NoPassword,
}

/// Sets them where the control plane has such data, the password is known and the operator said nothing. `user` is who is
/// signed in. The authority that is trusted for the control plane is written to `ca_file`.
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
) -> std::io::Result<Derived> {
    if config.subscription_data.is_some() || config.subscription_data_refused {
        return Ok(Derived::Decided);
    }
    let Some(data) = generation(account.kind).internal_data else {
        return Ok(Derived::NotOffered);
    };
    let Some((user, password)) = user.and_then(|user| Some((user, account.password_of(user)?))) else {
        return Ok(Derived::NoPassword);
    };
    let ca_file = match roots {
        Some(pem) => {
            replace(&ca_file, pem.as_bytes())?;
            Some(ca_file)
        }
        None => None,
    };
    config.subscription_data = Some(SubscriptionDataSettings {
        url: account.address.join(data.iter().copied()),
        username: user.to_string(),
        password,
        ca_file,
        tenant_header: None,
        tenant: user.tenant().to_owned(),
        limits: config.subscription_data_limits,
    });
    Ok(Derived::Followed)
}
