//! Changes of the control plane that the store does not hold: a new bundle has to bring them.

use super::SubscriptionData;
use crate::event_hub::Event;
use tokio::sync::watch;

/// How the names of further events begin that are about APIs, their policies or certificates.
const PREFIXES: [&str; 7] = [
    "API_",
    "DEPLOY_",
    "REMOVE_API_",
    "POLICY_",
    "CUSTOM_POLICY_",
    "ENDPOINT_CERTIFICATE_",
    "SCOPE_",
];

/// Whether an event is about something that bundles hold.
pub(super) fn concerns_bundle(event: &Event) -> bool {
    match event {
        Event::ApiChanged(_) | Event::ApiRemoved(_) | Event::PolicyChanged(_) | Event::PolicyRemoved(_) => true,
        Event::Other(kind) => PREFIXES.iter().any(|prefix| kind.starts_with(prefix)),
        Event::ApplicationChanged(_)
        | Event::ApplicationRemoved(_)
        | Event::KeyMappingAdded(_)
        | Event::KeyMappingRemoved(_)
        | Event::SubscriptionChanged(_)
        | Event::SubscriptionRemoved(_) => false,
    }
}

impl SubscriptionData {
    /// Returns what counts the changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Counts a change. Whoever looks late sees many as one.
    pub(super) fn bundle_outdated(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_hub::{PolicyEvent, PolicyKind};

    #[test]
    fn callers_are_no_matter_of_bundles() {
        let policy = PolicyEvent {
            kind: PolicyKind::Api,
            name: "Gold".to_owned(),
        };
        assert!(concerns_bundle(&Event::PolicyChanged(policy.clone())));
        assert!(concerns_bundle(&Event::PolicyRemoved(policy)));
        for (kind, concerned) in [
            ("DEPLOY_API_IN_GATEWAY", true),
            ("REMOVE_API_FROM_GATEWAY", true),
            ("ENDPOINT_CERTIFICATE_ADD", true),
            ("SCOPE_UPDATE", true),
            ("GA_CONFIG_UPDATE", false),
            ("REMOVE_APPLICATION_KEYMAPPING", false),
            ("TENANT_UPDATE", false),
        ] {
            assert_eq!(concerns_bundle(&Event::Other(kind.to_owned())), concerned, "{kind}");
        }
    }
}
