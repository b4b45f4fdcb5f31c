//! Asking again about APIs that are not listed any more. A list that is cut short must not take APIs out of service.

use super::attempt::{Missed, MissedKind};
use crate::cloud::control_plane::{ApiDetails, ApiSummary, ControlPlane, LifeCycle};
use crate::cloud::pull::Selection;
use crate::lock::{LockFile, LockedApi};

/// The APIs of `old` that `new` does not have.
pub(super) fn missing<'a>(old: &'a LockFile, new: &LockFile) -> Vec<&'a LockedApi> {
    let is_missing = |api: &&LockedApi| {
        !new.apis
            .iter()
            .any(|other| other.name == api.name && other.version == api.version)
    };
    old.apis.iter().filter(is_missing).collect()
}

/// Whether the control plane says of an API, which it answered with these details, that it is to be served no longer.
fn is_given_up(details: &ApiDetails, selection: &Selection) -> bool {
    !details.state.is_served() || !selection.means(details)
}

/// As a list would have named it; its state and revision are what is asked for.
fn listed(api: &LockedApi) -> ApiSummary {
    ApiSummary {
        id: api.id.clone(),
        name: api.name.clone(),
        version: api.version.clone(),
        provider: api.provider.clone(),
        state: LifeCycle::unknown(),
        revision: None,
    }
}

/// Asks about each of them.
///
/// # Errors
///
/// When one of them is still there, published and meant, or cannot be asked about: the list was not right.
pub(super) async fn confirm(
    plane: &impl ControlPlane,
    missing: &[&LockedApi],
    selection: &Selection,
) -> Result<(), Missed> {
    for api in missing {
        match plane.api(&listed(api)).await {
            Ok(details) if is_given_up(&details, selection) => {}
            // A page of a proxy is nobody's word.
            Err(error) if error.is_absence() => {}
            Ok(_) => {
                let reason = format!(
                    "the control plane did not list {} {}, which is published all the same",
                    api.name, api.version
                );
                return Err(Missed::new(MissedKind::Refused, reason));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
