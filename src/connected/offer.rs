//! Bundles that are offered to a gateway that follows its control plane.

use mgw_bundle::{Bundle, Digest};
use std::sync::Arc;
use tokio::sync::watch;

/// What was offered last. One that could not be read does not take the place of a bundle that nobody has looked at yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Offered {
    pub(super) bundle: Option<Arc<Bundle>>,
    /// Why what came after the bundle is none.
    pub(super) unusable: Option<String>,
}

/// Waits until another bundle than the base is offered, for ever where the gateway ends before: everything ends with it then. A
/// reload for the sake of certificates offers the same bundle again, which is no reason to begin anew.
pub(super) async fn another(mut offered: watch::Receiver<Offered>, base: Digest) {
    while offered.changed().await.is_ok() {
        let is_another = offered
            .borrow_and_update()
            .bundle
            .as_ref()
            .is_some_and(|bundle| bundle.digest != base);
        if is_another {
            return;
        }
    }
    std::future::pending().await
}
