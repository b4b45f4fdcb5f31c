//! What a key manager says about a subscription beyond the name of its policy.

use mgw_bundle::config::{Burst, Policy};
use std::borrow::Cow;

/// Terms of one subscription. Absent: those of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubscriptionTerms {
    /// Whether requests over the quota are refused.
    pub stop_on_quota: Option<bool>,
    /// Rate limit inside the quota's window. A policy that has one keeps its own.
    pub burst: Option<Burst>,
}

impl SubscriptionTerms {
    /// Returns the policy under these terms.
    pub(super) fn applied_to<'p>(&self, policy: &'p Policy) -> Cow<'p, Policy> {
        if *self == Self::default() {
            return Cow::Borrowed(policy);
        }
        Cow::Owned(Policy {
            stop_on_quota: self.stop_on_quota.unwrap_or(policy.stop_on_quota),
            burst: policy.burst.or(self.burst),
            ..policy.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_bundle::config::Quota;

    #[test]
    fn terms_fill_what_the_policy_leaves_open() {
        let burst = |count| Some(Burst { count, window_ms: 1000 });
        let policy = |stop_on_quota, burst| Policy {
            name: "Gold".into(),
            quota: Quota::Unlimited,
            stop_on_quota,
            burst,
            strict: false,
            conditional: Vec::new(),
        };
        for (terms, given, expected) in [
            (SubscriptionTerms::default(), policy(true, None), policy(true, None)),
            (
                SubscriptionTerms {
                    stop_on_quota: Some(false),
                    burst: burst(5),
                },
                policy(true, None),
                policy(false, burst(5)),
            ),
            (
                SubscriptionTerms {
                    stop_on_quota: Some(true),
                    burst: burst(5),
                },
                policy(false, burst(3)),
                policy(true, burst(3)),
            ),
        ] {
            assert_eq!(*terms.applied_to(&given), expected);
        }
    }
}
