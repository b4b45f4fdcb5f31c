//! Throttling policies as the control plane sends them; what they mean is decided elsewhere.

use serde_json::Value;

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyLevel {
    /// One application on one API.
    Subscription,
    /// An application on all its APIs.
    Application,
    /// An API or an operation.
    Advanced,
}

/// Whose view of the policies it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyView {
    /// The administrator's: complete.
    Admin,
    /// Everybody's: without burst limits, conditions and the kind of the quota.
    Publisher,
}

/// All policies, undigested.
#[derive(Debug, Clone)]
pub(crate) struct PolicyDocuments {
    /// Whose view.
    pub(crate) view: PolicyView,
    /// The policies with their level.
    pub(crate) policies: Vec<(PolicyLevel, Value)>,
    /// The kinds of which the user may see none at all.
    pub(crate) hidden: Vec<PolicyLevel>,
    /// Names of custom rules; `None` when the user may not see them.
    pub(crate) custom_rules: Option<Vec<String>>,
    /// The block list; `None` when the user may not see it.
    pub(crate) blocks: Option<Vec<Value>>,
}
