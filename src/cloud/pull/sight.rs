//! How much of the control plane's state a pull could see.

use super::gather::Subscribers;
use crate::cloud::CloudError;
use crate::cloud::control_plane::{PolicyDocuments, PolicyView};
use crate::lock::Unseen;

/// What the control plane did not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Parts that were done without.
    pub(crate) unseen: Vec<Unseen>,
    /// Whether certificates of clients or backends are not shown.
    pub(crate) hides_certificates: bool,
    /// Whether the data for gateways were refused: to a wrong password, or for want of a role. `None`: neither refused nor
    /// read with a password.
    pub(crate) refuses_password: Option<bool>,
    /// The same for the block list for gateways.
    pub(crate) refuses_blocks: Option<bool>,
    /// Why the data for gateways could not be read this time, though they may be another time.
    pub(crate) failed_data: Option<FailedRead>,
}

/// A read that failed, and may succeed another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedRead {
    /// What went wrong, as a sentence without a full stop.
    pub(crate) reason: String,
    /// Whether the control plane asks for patience.
    pub(crate) is_busy: bool,
}

impl FailedRead {
    /// `None` where the answer is the same however often one asks: that there is nothing, or nothing for this user.
    pub(super) fn of(error: &CloudError) -> Option<Self> {
        let may_pass = match error {
            CloudError::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            CloudError::Answer { .. } | CloudError::Redirected { .. } => true,
            _ => false,
        };
        may_pass.then(|| Self {
            reason: error.to_string(),
            is_busy: error.status() == Some(429),
        })
    }
}

impl Sight {
    /// Notes which view the answers are.
    pub(super) fn look(&mut self, policies: &PolicyDocuments, subscribers: &Subscribers) {
        if policies.view != PolicyView::Admin {
            self.unseen.push(Unseen::Policies);
        }
        if policies.blocks.is_none() {
            self.unseen.push(Unseen::BlockList);
        }
        if let Subscribers::Store(data) = subscribers {
            self.unseen.push(Unseen::GatewayData);
            if data.subscriptions.is_none() || data.applications.is_none() {
                self.unseen.push(Unseen::Subscriptions);
            }
        }
    }
}
