//! What is told about the attempts so far.

use super::attempt::{Missed, MissedKind, Taken};
use crate::cloud::http::Clocks;
use crate::cloud::sign_in::ClockSkew;
use mgw_runtime::{ConnectedReport, ConnectedState, Freshness, RefusedBundle};
use std::collections::BTreeSet;
use std::time::Instant;

/// Notices of one pull that are told in the log.
const MOST_NOTICES: usize = 20;

/// The report as it stands, and what of it was said in the log.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) report: ConnectedReport,
    logged: Option<String>,
    is_skew_logged: bool,
    /// What the last pull left out.
    notices: BTreeSet<String>,
    state: Option<ConnectedState>,
}

impl Ledger {
    pub(super) fn new(report: ConnectedReport) -> Self {
        Self {
            report,
            logged: None,
            is_skew_logged: false,
            notices: BTreeSet::new(),
            state: None,
        }
    }

    /// Notes what came of an attempt.
    ///
    /// `remedy` is what somebody has to do about one that failed.
    pub(super) fn note(&mut self, result: &Result<Taken, Missed>, remedy: Option<String>, now: Instant, unix_ms: u64) {
        let report = &mut self.report;
        report.last_attempt_ms = Some(unix_ms);
        match result {
            Ok(taken) => {
                let count = match taken {
                    Taken::Changed => &mut report.pulls.changed,
                    Taken::Unchanged => &mut report.pulls.unchanged,
                    Taken::Spared => &mut report.pulls.spared,
                };
                *count += 1;
                report.freshness = Freshness::renewed(now);
                report.last_success_ms = Some(unix_ms);
                report.last_error = None;
                report.remedy = None;
                report.failures_in_a_row = 0;
                report.signed_in = true;
                if self.logged.take().is_some() {
                    tracing::info!("the control plane's state is taken over again");
                }
            }
            Err(missed) => {
                let count = match missed.kind {
                    MissedKind::Refused => &mut report.pulls.refused,
                    _ => &mut report.pulls.failed,
                };
                *count += 1;
                report.failures_in_a_row += 1;
                report.last_error = Some(missed.reason.clone());
                report.remedy = remedy;
                match missed.kind {
                    MissedKind::NotSignedIn => report.signed_in = false,
                    MissedKind::Refused => report.signed_in = true,
                    MissedKind::Failed | MissedKind::Busy => {}
                }
                // Once for every reason, however often it comes again.
                if self.logged.as_ref() != Some(&missed.reason) {
                    let reason = missed.reason.as_str();
                    let remedy = report.remedy.as_deref();
                    tracing::warn!(
                        reason,
                        remedy,
                        "the control plane's state is not taken over; what is served goes on"
                    );
                    self.logged = Some(missed.reason.clone());
                }
            }
        }
    }

    /// Tells in the log what the last pull left out, where the one before did not.
    pub(super) fn note_notices(&mut self, notices: &[String]) {
        let new = self.new_notices(notices);
        for notice in new.iter().take(MOST_NOTICES) {
            tracing::warn!(notice, "the control plane's state is pulled in part");
        }
        if let Some(more) = new.len().checked_sub(MOST_NOTICES).filter(|more| *more > 0) {
            tracing::warn!(more, "there are more such notices: mgw pull says all of them");
        }
    }

    /// The notices that the pull before had not, which are forgotten with it.
    fn new_notices(&mut self, notices: &[String]) -> Vec<String> {
        let now: BTreeSet<String> = notices.iter().cloned().collect();
        let before = std::mem::replace(&mut self.notices, now);
        self.notices.difference(&before).cloned().collect()
    }

    /// Notes whether what is served can be kept on disk.
    pub(super) fn note_state_folder(&mut self, kept: usize, error: Option<String>) {
        if error != self.report.state_error
            && let Some(reason) = &error
        {
            tracing::warn!(
                reason,
                "what is served cannot be kept on disk; a restart would begin with what was kept before"
            );
        }
        self.report.kept = kept;
        self.report.state_error = error;
    }

    /// Notes what the clocks said with the last answer of the control plane.
    pub(super) fn note_clocks(&mut self, clocks: Clocks) {
        let Clocks { server, here } = clocks;
        self.report.clock_ahead_seconds = Some(server.duration_since(here).as_secs());
        let skew = ClockSkew::between(server, here).map(ClockSkew::sentence);
        match &skew {
            Some(reason) if !self.is_skew_logged => {
                tracing::warn!(reason, "clocks differ: tokens are misjudged; set the wrong one right");
            }
            None if self.is_skew_logged => tracing::info!("the clocks agree again"),
            _ => {}
        }
        self.is_skew_logged = skew.is_some();
        self.report.clock_skew = skew;
    }

    /// Notes whether the bundle that the gateway was given last is served.
    pub(super) fn note_bundle(&mut self, refused: Option<RefusedBundle>) {
        self.report.refused_bundle = refused;
    }

    /// Tells in the log of another state than last time.
    pub(super) fn log_state(&mut self, now: Instant) {
        let state = self.report.state(now);
        if self.state.replace(state) == Some(state) {
            return;
        }
        let (state_name, age_seconds) = (state.name(), self.report.freshness.age(now).as_secs());
        match state {
            ConnectedState::Fresh => tracing::info!(state = state_name, "what the control plane says is served"),
            ConnectedState::Stale if self.report.freshness.is_never() => {
                tracing::info!(
                    state = state_name,
                    "the control plane has not been asked yet; the last good state is served"
                );
            }
            _ => tracing::warn!(
                state = state_name,
                age_seconds,
                "the control plane has not been heard for a while; what it said last is served"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_runtime::{Pulls, Thresholds};
    use std::time::Duration;

    fn ledger(now: Instant) -> Ledger {
        Ledger::new(ConnectedReport {
            control_plane: "https://cp.example".into(),
            freshness: Freshness::never(now),
            thresholds: Thresholds {
                stale: Duration::from_secs(60),
                emergency: Duration::from_secs(600),
                expired: Duration::from_secs(6000),
            },
            expired_refuses: false,
            last_success_ms: None,
            last_attempt_ms: None,
            last_error: None,
            remedy: None,
            failures_in_a_row: 0,
            signed_in: false,
            credentials_refused: false,
            clock_ahead_seconds: None,
            clock_skew: None,
            base: String::new(),
            kept: 0,
            state_error: None,
            poll: Duration::from_secs(20),
            next_attempt_ms: None,
            pulls: Pulls::default(),
            locked_apis: 0,
            refused_bundle: None,
        })
    }

    #[test]
    fn attempts_are_counted_and_only_good_ones_renew() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ledger = ledger(start);
        assert_eq!(ledger.report.state(at(0)), ConnectedState::Stale);
        ledger.note(&Ok(Taken::Changed), None, at(1), 1000);
        assert_eq!(ledger.report.state(at(2)), ConnectedState::Fresh);
        assert!(ledger.report.signed_in);

        let missed = |kind| Err(Missed::new(kind, "why"));
        ledger.note(&missed(MissedKind::Failed), None, at(100), 100_000);
        ledger.note(&missed(MissedKind::Refused), None, at(101), 101_000);
        let remedy = Some("Sign in.".to_owned());
        ledger.note(&missed(MissedKind::NotSignedIn), remedy.clone(), at(102), 102_000);
        assert_eq!(ledger.report.remedy, remedy);
        assert_eq!(ledger.report.state(at(102)), ConnectedState::Stale);
        assert_eq!(ledger.report.state(at(700)), ConnectedState::Emergency);
        assert_eq!(ledger.report.failures_in_a_row, 3);
        assert_eq!(
            (ledger.report.last_success_ms, ledger.report.last_attempt_ms),
            (Some(1000), Some(102_000))
        );
        assert_eq!(ledger.report.last_error.as_deref(), Some("why"));
        assert!(!ledger.report.signed_in);

        ledger.note(&Ok(Taken::Unchanged), None, at(800), 800_000);
        assert_eq!(ledger.report.remedy, None);
        assert_eq!(ledger.report.state(at(800)), ConnectedState::Fresh);
        assert_eq!((ledger.report.failures_in_a_row, &ledger.report.last_error), (0, &None));
        let pulls = ledger.report.pulls;
        assert_eq!(
            (pulls.changed, pulls.unchanged, pulls.failed, pulls.refused),
            (1, 1, 2, 1)
        );
    }

    #[test]
    fn notices_are_told_once_while_they_last() {
        let mut ledger = ledger(Instant::now());
        let mut told = |notices: &[&str]| {
            let notices: Vec<String> = notices.iter().map(|&notice| notice.to_owned()).collect();
            ledger.new_notices(&notices)
        };
        assert_eq!(told(&["a", "b"]), ["a", "b"]);
        assert_eq!(told(&["c", "b", "a"]), ["c"]);
        assert_eq!(told(&["a"]), [""; 0]);
        assert_eq!(told(&["a", "b"]), ["b"]);
    }

    #[test]
    fn clocks_are_compared_with_every_answer() {
        let mut ledger = ledger(Instant::now());
        let clocks = |ahead: i64| {
            let here: jiff::Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
            let server = here + jiff::SignedDuration::from_secs(ahead);
            Clocks { server, here }
        };
        for (ahead, word) in [
            (0, None),
            (86_400, Some("1 day behind")),
            (-86_400, Some("1 day ahead of")),
            (60, None),
        ] {
            ledger.note_clocks(clocks(ahead));
            assert_eq!(ledger.report.clock_ahead_seconds, Some(ahead));
            let told = ledger.report.clock_skew.as_deref();
            assert_eq!(told.is_some(), word.is_some(), "{told:?}");
            assert!(told.unwrap_or_default().contains(word.unwrap_or_default()), "{told:?}");
        }
    }
}
