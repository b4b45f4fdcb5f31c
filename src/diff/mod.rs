//! What changes between two configurations, in the terms of those who call and those who answer for it.
//!
//! [`compare`] looks at what would be served, not at the files it came from: the order of keys, comments and formats are
//! no change. Every change has a [`Class`]; pure functions decide it, one topic a file. Credentials and scopes are compared
//! by what they admit (see [`admission`]), so that another way to write the same is no change of security.

mod admission;
mod apis;
mod certificates;
mod change;
mod contract;
mod cors;
mod endpoints;
mod limits;
mod operations;
mod paths;
mod policies;
mod render;
mod requests;
mod security;
mod subscribers;
mod takeovers;
#[cfg(test)]
mod tests;

pub(crate) use change::{Change, Class, Counts};
pub(crate) use render::{markdown, text};

use change::Changes;
use mgw_bundle::{GatewayConfig, SubscriptionSnapshot};
use std::collections::BTreeMap;

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The configuration.
    pub(crate) config: &'a GatewayConfig,
    /// Subscription data, where there is such.
    pub(crate) snapshot: Option<&'a SubscriptionSnapshot>,
    /// Definitions and certificates by the name of their bundle entry.
    pub(crate) entries: &'a BTreeMap<String, Vec<u8>>,
}

/// Every change from `before` to `after`, the gravest first.
pub(crate) fn compare(before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    let mut changes = Changes::default();
    let regions = paths::regions(before, after);
    let replaced = paths::replaced(&regions);
    apis::compare(before, after, &replaced, &mut changes);
    takeovers::compare_at(before, after, &replaced, &mut changes);
    takeovers::compare_below(before, after, &regions, &mut changes);
    policies::compare(before.config, after.config, &mut changes);
    certificates::compare_backends(before, after, &mut changes);
    subscribers::compare(before, after, &mut changes);
    let [was, is] = [before, after].map(|side| side.config.service_cors.as_ref());
    cors::compare(was, is, &mut changes.about("token endpoints"));
    let faults = |side: Side<'_>| (side.config.api_fault_responses, side.config.global_fault_responses);
    if faults(before) != faults(after) {
        changes
            .about("gateway")
            .compatible("unknown paths are answered with other bodies");
    }
    changes.sorted()
}
