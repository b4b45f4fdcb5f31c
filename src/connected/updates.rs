//! Whether a poll has to ask for everything. API Cloud says in one answer which APIs have changed lately; while that is none,
//! and everything was asked for not long ago, nothing more is asked.
//!
//! The service tells nothing of deleted APIs, policies, blocks and subscriptions. So everything is asked for from time to
//! time whatever it says, and whenever it cannot vouch for all the time since it was asked last.

use super::account::Account;
use super::attempt::{Missed, sentence};
use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::generation::generation;
use crate::cloud::session::Connection;
use crate::cloud::updated_apis::{LOOK_BACK, updated_apis};
use mgw_runtime::config::ConnectedSettings;
use secrecy::SecretString;
use std::time::{Duration, Instant};
use url::Url;

/// What the service vouches for less than it looks back: it may be a little behind.
const MARGIN: Duration = Duration::from_secs(60);

/// What is known of the time since everything was asked for.
#[derive(Debug)]
pub(super) struct Updates {
    /// The service; `None`: there is none, or it is not to be asked.
    service: Option<Url>,
    /// It does not let the credentials pass, or is not there.
    is_refused: bool,
    /// Time between two pulls of everything.
    full_pull: Duration,
    known: Option<Known>,
    /// Why the service did not say anything, as it was told.
    told: Option<String>,
    /// It could not say anything, and an attempt has failed for it; everything that was asked for since was answered.
    has_failed: bool,
}

/// Moments at which it was begun to ask.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// For everything, and it is served.
    everything: Instant,
    /// Until when nothing has changed since.
    quiet: Instant,
}

impl Updates {
    pub(super) fn new(account: &Account, settings: &ConnectedSettings) -> Self {
        let segments = generation(account.kind)
            .updated_apis
            .filter(|_| settings.ask_what_changed);
        let own = segments.map(|segments| account.address.services().join(segments.iter().copied()));
        Self {
            service: own.map(|own| settings.updated_apis.clone().unwrap_or(own)),
            is_refused: false,
            full_pull: settings.full_pull,
            known: None,
            told: None,
            has_failed: false,
        }
    }

    /// Whether no API has changed since it was asked last, so that nothing has to be pulled. In doubt something has.
    ///
    /// # Errors
    ///
    /// When the service is in trouble, or asks for patience: so may be the control plane, which is not asked for everything
    /// instead. A service that is away while the control plane answers costs one attempt and no more.
    pub(super) async fn are_none(
        &mut self,
        connection: &Connection,
        user: &UserName,
        password: Option<&SecretString>,
    ) -> Result<bool, Missed> {
        let now = Instant::now();
        let (Some(service), Some(password), Some(known)) = (&self.service, password, self.known) else {
            return Ok(false);
        };
        if self.is_refused || !known.can_be_told_about(now, self.full_pull) {
            return Ok(false);
        }
        match updated_apis(connection.http(), service, user, password).await {
            Ok(ids) => {
                self.told = None;
                self.has_failed = false;
                if ids.is_empty() {
                    self.known = Some(Known { quiet: now, ..known });
                }
                Ok(ids.is_empty())
            }
            Err(error) if wants_patience(&error) || (is_trouble(&error) && !self.has_failed) => {
                self.has_failed = true;
                Err(error.into())
            }
            Err(error) => {
                self.tell(&error);
                if matches!(error.status(), Some(401 | 403 | 404)) {
                    // What is refused again and again locks the account.
                    self.is_refused = true;
                }
                Ok(false)
            }
        }
    }

    /// Notes that everything was asked for, from that moment on, and is served.
    pub(super) fn pulled(&mut self, since: Instant) {
        self.known = Some(Known {
            everything: since,
            quiet: since,
        });
    }

    /// There are other credentials.
    pub(super) fn may_be_asked(&mut self) {
        self.is_refused = false;
    }

    /// Has everything asked for next.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    fn tell(&mut self, error: &CloudError) {
        let reason = sentence(error);
        if self.told.as_ref() != Some(&reason) {
            tracing::info!(
                reason,
                "it is not told which APIs have changed; everything is asked for instead"
            );
            self.told = Some(reason);
        }
    }
}

fn wants_patience(error: &CloudError) -> bool {
    error.status() == Some(429)
}

/// Whether the service cannot answer for now, as against what it answers.
fn is_trouble(error: &CloudError) -> bool {
    match error {
        CloudError::Unreachable { .. } | CloudError::TimedOut { .. } => true,
        error => error.status().is_some_and(|status| status >= 500),
    }
}

impl Known {
    /// Whether the service's word is enough now.
    fn can_be_told_about(self, now: Instant, full_pull: Duration) -> bool {
        now.duration_since(self.everything) < full_pull && now.duration_since(self.quiet) <= LOOK_BACK - MARGIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_word_counts_for_the_time_that_it_vouches_for() {
        const MINUTE: Duration = Duration::from_secs(60);
        let start = Instant::now();
        for (everything, quiet, full_pull, expected) in [
            (0, 0, 15, true),
            (10, 10, 15, true),
            (14, 14, 15, true),
            (14, 0, 15, true),
            (15, 1, 15, false),
            (15, 1, 60, true),
            // Gaps in what it was asked about.
            (15, 15, 60, false),
            (59, 14, 60, true),
            (59, 15, 60, false),
            (60, 1, 60, false),
        ] {
            let now = start + 60 * MINUTE;
            let known = Known {
                everything: now - everything * MINUTE,
                quiet: now - quiet * MINUTE,
            };
            assert_eq!(
                known.can_be_told_about(now, full_pull * MINUTE),
                expected,
                "{everything} {quiet} {full_pull}"
            );
        }
    }
}
