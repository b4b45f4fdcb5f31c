//! The decisions about an API or a resource, which depend on the request.

use super::Cell;
use super::conditions::Conditions;
use super::decisions::Unapplied;
use crate::throttle::Call;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most groups of conditions of one key.
pub(super) const MAX_GROUPS: usize = 64;

/// Which group of conditions of a policy a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum GroupName {
    /// The group with this number.
    Numbered(u32),
    /// The requests of no group.
    Default,
}

/// The decisions about one API or resource, one for each group of conditions. While there are none, asking is one load.
#[derive(Debug, Default)]
pub(crate) struct Conditioned {
    /// When the last decision expires, in milliseconds since the epoch.
    latest_ms: AtomicU64,
    groups: ArcSwap<Vec<Group>>,
}

#[derive(Debug, Clone)]
struct Group {
    name: GroupName,
    cell: Arc<Cell>,
    conditions: Arc<Conditions>,
}

impl Conditioned {
    /// Returns until when the quota that a request falls under is used up; `None`: it is not.
    ///
    /// A group's decision is about the requests that meet its conditions. The default's conditions are those of the other
    /// groups, and its decision is about the requests that meet none of them.
    pub(crate) fn until(&self, call: &Call<'_>, now_ms: u64) -> Option<u64> {
        if self.latest_ms.load(Ordering::Acquire) < now_ms {
            return None;
        }
        let groups = self.groups.load();
        groups.iter().find_map(|group| {
            let until_ms = group.cell.until(now_ms)?;
            let about_them = group.conditions.met(call);
            (about_them != (group.name == GroupName::Default)).then_some(until_ms)
        })
    }

    /// Returns whether there is nothing to be asked.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.load().is_empty()
    }

    /// Adds a group, or replaces its conditions. Without `conditions` those that are known stay. The caller has the others
    /// wait who change this.
    pub(super) fn put(
        &self,
        name: GroupName,
        cell: &Arc<Cell>,
        conditions: Option<Arc<Conditions>>,
    ) -> Result<(), Unapplied> {
        let before = self.groups.load();
        let known = before.iter().find(|group| group.name == name);
        let changed = match (known, conditions) {
            (Some(known), Some(conditions)) if !Arc::ptr_eq(&known.conditions, &conditions) => Some(conditions),
            (Some(_), _) => None,
            (None, Some(conditions)) => Some(conditions),
            // The default of a policy without groups is about every request.
            (None, None) if name == GroupName::Default => Some(Arc::default()),
            (None, None) => return Err(Unapplied::Conditions),
        };
        if let Some(conditions) = changed {
            if known.is_none() && before.len() >= MAX_GROUPS {
                return Err(Unapplied::NoRoom);
            }
            let mut groups: Vec<_> = before.iter().filter(|group| group.name != name).cloned().collect();
            groups.push(Group {
                name,
                cell: Arc::clone(cell),
                conditions,
            });
            // In an order of their own, not that of arrival: what is asked first shows in how long a client is told to wait.
            groups.sort_unstable_by_key(|group| group.name);
            self.groups.store(Arc::new(groups));
        }
        self.latest_ms.fetch_max(cell.raw(), Ordering::Release);
        Ok(())
    }

    /// Forgets groups whose decision has expired or was taken back. The caller has the others wait who change this.
    pub(super) fn prune(&self, now_ms: u64) {
        let before = self.groups.load();
        let groups: Vec<_> = before
            .iter()
            .filter(|group| group.cell.until(now_ms).is_some())
            .cloned()
            .collect();
        if groups.len() < before.len() {
            let latest = groups.iter().map(|group| group.cell.raw()).max();
            self.groups.store(Arc::new(groups));
            self.latest_ms.store(latest.unwrap_or(0), Ordering::Release);
        }
    }
}
