//! The loop: attempts when they are due, at once when something says so, for as long as the gateway serves.

use super::attempt::{Missed, MissedKind, Taken, reason};
use super::ledger::Ledger;
use super::offer::{Offered, another};
use super::schedule::{GATHERING, LEAST, jitter, wait};
use super::take_over::{TakeOver, unix_ms};
use crate::failure::Failure;
use crate::watched_file::WatchedFile;
use mgw_bundle::Bundle;
use mgw_runtime::{Freshness, RefusedBundle};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot, watch};

/// How often it is looked whether somebody has signed in.
const LOOK: Duration = Duration::from_secs(1);

/// A control plane that is being followed, on a thread of its own, from [`begin`](Self::begin) on. Dropped, it is followed
/// no longer.
#[derive(Debug)]
pub(crate) struct Following {
    bases: watch::Sender<Offered>,
    begun: Arc<Notify>,
    /// Ends the thread when it is dropped.
    _stop: oneshot::Sender<()>,
}

impl Following {
    /// # Errors
    ///
    /// When no thread can be started.
    pub(super) fn start(take_over: TakeOver, ledger: Ledger) -> std::io::Result<Self> {
        let (bases, offered) = watch::channel(Offered::default());
        let follower = Follower {
            changes: take_over.gateway.control_plane_changes(),
            session: WatchedFile::new(take_over.account.session_file()),
            take_over,
            ledger,
            offered,
        };
        let (stop, stopped) = oneshot::channel();
        let begun = Arc::new(Notify::new());
        let begins = Arc::clone(&begun);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new()
            .name("mgw-connected".into())
            .spawn(move || {
                runtime.block_on(async {
                    let following = async {
                        begins.notified().await;
                        follower.run().await;
                    };
                    tokio::select! {
                        () = following => {}
                        // Dropping an attempt half-way changes nothing.
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })?;
        Ok(Self {
            bases,
            begun,
            _stop: stop,
        })
    }

    /// Has the first attempt made. What it says in the log comes after what was said before: that the gateway serves.
    pub(crate) fn begin(&self) {
        self.begun.notify_one();
    }

    /// Offers a bundle to begin anew with, which takes the place of one that is waiting; does not wait itself.
    ///
    /// Whether somebody takes it: the thread may have ended by a fault.
    pub(crate) fn offer(&self, bundle: Bundle) -> bool {
        let bundle = Some(Arc::new(bundle));
        let unusable = None;
        self.bases.send(Offered { bundle, unusable }).is_ok()
    }

    /// Tells that there was a bundle to offer which could not even be read; whether somebody hears it.
    pub(crate) fn refuse(&self, failure: &Failure) -> bool {
        let reason = reason(failure);
        self.bases.send_modify(|offered| offered.unusable = Some(reason));
        !self.bases.is_closed()
    }
}

struct Follower {
    take_over: TakeOver,
    ledger: Ledger,
    /// Counts what the event hub tells; `None`: there is none.
    changes: Option<watch::Receiver<u64>>,
    session: WatchedFile,
    offered: watch::Receiver<Offered>,
}

/// What ends a wait.
enum Woken {
    Due,
    Offered(Offered),
    /// The gateway is ending.
    End,
}

impl Follower {
    async fn run(mut self) {
        self.ledger.log_state(Instant::now());
        loop {
            if let Some(changes) = &mut self.changes {
                // What was told before is answered by this attempt.
                changes.mark_unchanged();
            }
            // Whoever gives a gateway a new bundle wants it served, however slow the control plane is.
            let called_off = another(self.offered.clone(), self.take_over.base.digest);
            let result = self.take_over.attempt(called_off).await;
            // What the attempt itself wrote is no reason for another one; what somebody else wrote meanwhile is.
            if let Some(written) = self.take_over.account.store.written() {
                self.session.know(written);
            }
            let pause = result.transpose().map_or(Duration::ZERO, |result| self.after(&result));
            match self.wait(pause).await {
                Woken::Due => {}
                Woken::Offered(offered) => self.take_offered(offered).await,
                Woken::End => return,
            }
        }
    }

    /// Notes what came of an attempt; returns how long to wait.
    fn after(&mut self, result: &Result<Taken, Missed>) -> Duration {
        let (now, now_ms) = (Instant::now(), unix_ms());
        if let Some(clocks) = self.take_over.clocks {
            self.ledger.note_clocks(clocks);
        }
        let clocks_differ = self.ledger.report.clock_skew.is_some();
        let account = &self.take_over.account;
        let remedy = result.as_ref().err();
        let remedy = remedy.and_then(|missed| account.remedy(missed, clocks_differ));
        self.ledger.report.credentials_refused = account.sign_in_refused.stands();
        self.ledger.note_notices(&self.take_over.notices);
        self.ledger.note(result, remedy, now, now_ms);
        let report = &self.ledger.report;
        let is_busy = matches!(result, Err(missed) if missed.kind == MissedKind::Busy);
        let pause = wait(report.poll, report.failures_in_a_row, is_busy, jitter());
        if matches!(result, Ok(Taken::Changed)) {
            let digest = self.take_over.gateway.bundle();
            tracing::info!(bundle = %digest, apis = self.take_over.served.apis.len(), "the control plane's changes are served");
        }
        self.ledger.report.next_attempt_ms = Some(now_ms.saturating_add(pause.as_millis() as u64));
        self.tell();
        pause
    }

    fn tell(&mut self) {
        let TakeOver {
            folder,
            state_error,
            base,
            served,
            gateway,
            ..
        } = &self.take_over;
        self.ledger.note_state_folder(folder.kept(), state_error.clone());
        self.ledger.report.base = base.digest.to_string();
        self.ledger.report.locked_apis = served.apis.len();
        self.ledger.log_state(Instant::now());
        gateway.report_connected(self.ledger.report.clone());
    }

    /// Waits until the next attempt is due, or something asks for it earlier.
    async fn wait(&mut self, pause: Duration) -> Woken {
        let due = tokio::time::sleep(pause);
        tokio::pin!(due);
        // After a failure only the pause counts: events must not make a control plane that is in trouble busier.
        let has_failed = self.ledger.report.failures_in_a_row > 0;
        // Also what is told all the time makes no more than one attempt a second.
        let earliest = tokio::time::Instant::now() + LEAST.min(pause);
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = &mut due => return Woken::Due,
                offered = self.offered.changed() => {
                    return match offered {
                        Ok(()) => Woken::Offered(self.offered.borrow_and_update().clone()),
                        Err(_) => Woken::End,
                    };
                }
                () = changed(&mut self.changes), if !has_failed => {
                    tokio::time::sleep(GATHERING).await;
                    tokio::time::sleep_until(earliest).await;
                    return Woken::Due;
                }
                _ = look.tick() => {
                    self.ledger.log_state(Instant::now());
                    // Whoever signs in mends something, or finds out whether it is mended; so does who changes a secret.
                    let has_new_session = self.session.changed();
                    let has_new_secrets = self.take_over.renew_secrets();
                    if (has_new_session || has_new_secrets) && has_failed {
                        tokio::time::sleep_until(earliest).await;
                        return Woken::Due;
                    }
                }
            }
        }
    }

    /// Serves what was offered; what cannot be served is told until a good bundle comes.
    async fn take_offered(&mut self, offered: Offered) {
        let refused = match offered.bundle {
            Some(bundle) => {
                let digest = Some(bundle.digest.to_string());
                let refusal = self.rebase(bundle).await.err();
                refusal.map(|missed| (digest, missed.reason))
            }
            None => None,
        };
        // It came after the bundle.
        let refused = offered.unusable.map(|reason| (None, reason)).or(refused);
        self.ledger.note_bundle(refused.map(|(digest, reason)| RefusedBundle {
            digest,
            reason,
            at_ms: unix_ms(),
        }));
        self.tell();
    }

    async fn rebase(&mut self, bundle: Arc<Bundle>) -> Result<(), Missed> {
        if bundle.digest == self.take_over.base.digest {
            return Ok(());
        }
        let rebased = self.take_over.rebase(bundle).await;
        match &rebased {
            Ok(()) => {
                self.ledger.report.freshness = Freshness::never(Instant::now());
                self.ledger.report.last_success_ms = None;
                tracing::info!(bundle = %self.take_over.base.digest, "a new bundle is served and followed");
            }
            Err(missed) => {
                let reason = missed.reason.as_str();
                tracing::error!(reason, "the new bundle is not taken; what is served goes on");
            }
        }
        rebased
    }
}

/// Waits for what the event hub tells, for ever where there is none.
async fn changed(changes: &mut Option<watch::Receiver<u64>>) {
    if let Some(changes) = changes
        && changes.changed().await.is_ok()
    {
        return;
    }
    // There is none, or the gateway is ending.
    std::future::pending().await
}
