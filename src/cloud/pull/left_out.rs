//! Why subscriptions are left out.

use crate::ui::count::Counted;
use mgw_bundle::snapshot::{Application, SnapshotSource, Subscription};
use std::collections::BTreeSet;

/// Applications as they are read, and those that say too little to be of use.
#[derive(Debug, Default)]
pub(super) struct ReadApplications {
    pub(super) applications: Vec<Application>,
    /// Ids of those that have no name.
    nameless: BTreeSet<String>,
    /// How many have no id.
    without_id: usize,
}

impl ReadApplications {
    /// Reads an application, whose rest follows from its id and name.
    pub(super) fn take(
        &mut self,
        id: Option<String>,
        name: Option<String>,
        application: impl FnOnce(String, String) -> Application,
    ) {
        match (id, name) {
            (Some(id), Some(name)) => self.applications.push(application(id, name)),
            (Some(id), None) => {
                self.nameless.insert(id);
            }
            (None, _) => self.without_id += 1,
        }
    }

    /// Why these subscriptions have no application among those that were read: whole sentences.
    pub(super) fn reasons(&self, source: SnapshotSource, left_out: &[Subscription]) -> Vec<String> {
        let (nameless, others): (Vec<_>, Vec<_>) = left_out
            .iter()
            .partition(|subscription| self.nameless.contains(&subscription.application));
        let mut reasons = Vec::new();
        let mut tell = |count: usize, what: &str, more: &str| {
            if count > 0 {
                let counted = Counted(count, "subscription is", "subscriptions are");
                reasons.push(format!("{counted} of applications {what}, and left out{more}"));
            }
        };
        tell(nameless.len(), "that are listed without a name", "");
        if self.without_id > 0 {
            let listed = Counted(self.without_id, "application is", "applications are");
            let more = format!(": {listed} listed without one");
            tell(others.len(), "that are not listed with an id", &more);
        } else if source == SnapshotSource::InternalData {
            tell(others.len(), "that the data for gateways does not have", "");
        } else {
            tell(others.len(), "of others, which you may not see", "");
        }
        reasons
    }
}
