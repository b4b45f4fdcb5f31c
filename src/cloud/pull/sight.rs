//! How much of the control plane's state a pull could see.

use super::gather::Subscribers;
use crate::cloud::control_plane::{PolicyDocuments, PolicyView};
use crate::lock::Unseen;

/// What the control plane did not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Parts that were done without.
    pub(crate) unseen: Vec<Unseen>,
    /// Whether certificates of clients or backends are not shown.
    pub(crate) hides_certificates: bool,
    /// Whether the data for gateways were refused for the password's sake.
    pub(crate) refuses_password: bool,
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
