//! Takes over files that settings name and that changed while the gateway serves.
//!
//! The settings themselves stay as they were at the start. Files are taken over by part, each as a whole or not at all.

use super::StartError;
use super::control::Control;
use crate::auth::KeyMaterial;
use crate::metrics::FilePart;
use crate::server::TlsError;
use crate::watched_files::Turn;
use std::error::Error;
use std::sync::{Arc, PoisonError};

impl Control {
    /// Looks at all files. Returns whether something changed that is in use now. Blocks.
    pub(super) fn rotate_files(&self) -> bool {
        // Not while a bundle is taken over, which would go on with the keys of before.
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let certificates = self.tls.as_ref().map(|tls| tls.rotation().turn());
        let security = &self.continued.security;
        let turns = [
            certificates.is_some_and(|turn| self.settle(FilePart::Certificates, turn)),
            self.settle(
                FilePart::Keys,
                security.renew_keys::<StartError>(|keys| Ok(self.take_over_keys(keys)?)),
            ),
            self.settle(FilePart::Backends, self.continued.origins.renew(&self.config)),
            self.settle(FilePart::Revocations, security.renew_revocations()),
        ];
        turns.contains(&true)
    }

    /// Has handshakes and requests to come see other keys; fails before anything changed.
    fn take_over_keys(&self, keys: &Arc<KeyMaterial>) -> Result<(), TlsError> {
        let snapshot = Arc::new(self.snapshot.load().with_keys(Arc::clone(keys)));
        if let Some(tls) = &self.tls {
            tls.believe(snapshot.authenticator.client_trust())?;
        }
        self.serve(snapshot);
        Ok(())
    }

    /// Counts and logs what came of a look. Returns whether something changed that is in use now.
    fn settle<E: Error>(&self, part: FilePart, turn: Turn<E>) -> bool {
        let counters = &self.continued.metrics.files;
        let part_name = part.name();
        match turn {
            Turn::Unchanged => false,
            Turn::Replaced => {
                counters.taken(part);
                tracing::info!(part = part_name, "changed files are in use");
                true
            }
            Turn::Refused { error, changed } => {
                counters.refused(part);
                let cause = error.source().map(ToString::to_string);
                tracing::error!(
                    part = part_name, %error, cause, ?changed,
                    "changed files cannot be used; what was in use before goes on"
                );
                false
            }
        }
    }
}
