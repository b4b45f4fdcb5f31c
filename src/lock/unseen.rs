//! What the control plane does not show to whoever pulled.

use serde::{Deserialize, Serialize};

/// A part of the control plane's state that a pull could not see, and did without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unseen {
    /// Throttling policies as administrators see them: with conditions and burst limits.
    Policies,
    /// The block list.
    BlockList,
    /// The data for gateways, where the control plane has such data: applications, keys and subscriptions of everybody.
    GatewayData,
    /// Any applications, keys and subscriptions.
    Subscriptions,
}
