//! Asks backends at regular times whether they are well, and leaves out those that are not.

use super::send::Upstream;
use super::state::EndpointState;
use super::target::Target;
use crate::pause::jittered;
use futures_util::future::join_all;
use http::StatusCode;
use mgw_bundle::config::HealthCheck;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Between two rounds at least, whatever a bundle says.
const SHORTEST: Duration = Duration::from_millis(10);

/// What is known of the health of an endpoint's targets. Requests read one word.
#[derive(Debug)]
pub(crate) struct Health {
    settings: HealthCheck,
    /// One bit for each target that is not to be used.
    unhealthy: AtomicU64,
    /// What is asked; replaced when a new configuration has the same endpoint.
    asked: Mutex<Arc<[Target]>>,
}

/// Answers in a row that say something else than what is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Streak {
    unhealthy: bool,
    contrary: u32,
}

impl Streak {
    /// Takes an answer. Returns whether what is believed changes.
    fn observe(&mut self, well: bool, settings: &HealthCheck) -> bool {
        if well != self.unhealthy {
            self.contrary = 0;
            return false;
        }
        self.contrary += 1;
        let enough = if self.unhealthy {
            settings.healthy_after
        } else {
            settings.unhealthy_after
        };
        if self.contrary < enough {
            return false;
        }
        *self = Self {
            unhealthy: !self.unhealthy,
            contrary: 0,
        };
        true
    }
}

impl Health {
    pub(super) fn new(settings: HealthCheck, targets: &Arc<[Target]>) -> Self {
        Self {
            settings,
            unhealthy: AtomicU64::new(0),
            asked: Mutex::new(Arc::clone(targets)),
        }
    }

    /// Has these targets asked from now on, which are where those before were.
    pub(super) fn ask(&self, targets: &Arc<[Target]>) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(targets);
    }

    /// Whether these are asked.
    #[cfg(test)]
    pub(super) fn asks(&self, targets: &Arc<[Target]>) -> bool {
        Arc::ptr_eq(&self.asked.lock().unwrap_or_else(PoisonError::into_inner), targets)
    }

    /// The targets that are not to be used, one bit each.
    pub(crate) fn unhealthy(&self) -> u64 {
        self.unhealthy.load(Relaxed)
    }

    /// Whether a target is not to be used.
    pub(crate) fn is_unhealthy(&self, position: usize) -> bool {
        self.unhealthy() & bit(position) != 0
    }

    fn is_well(&self, status: StatusCode) -> bool {
        match &*self.settings.statuses {
            [] => (200..400).contains(&status.as_u16()),
            listed => listed.contains(&status.as_u16()),
        }
    }
}

fn bit(position: usize) -> u64 {
    u32::try_from(position)
        .ok()
        .and_then(|position| 1_u64.checked_shl(position))
        .unwrap_or(0)
}

/// Asks until the endpoint is gone.
pub(super) async fn watch(state: Weak<EndpointState>, upstream: Arc<Upstream>) {
    let mut streaks: Vec<Streak> = Vec::new();
    loop {
        let Some(interval) = round(&state, &upstream, &mut streaks).await else {
            return;
        };
        tokio::time::sleep(jittered(interval)).await;
    }
}

/// Asks every target once. Returns the time until the next round, `None` when the endpoint is gone.
async fn round(state: &Weak<EndpointState>, upstream: &Upstream, streaks: &mut Vec<Streak>) -> Option<Duration> {
    let (settings, targets) = {
        let state = state.upgrade()?;
        let health = state.health.as_ref()?;
        let targets = Arc::clone(&health.asked.lock().unwrap_or_else(PoisonError::into_inner));
        (health.settings.clone(), targets)
    };
    let timeout = Duration::from_millis(settings.timeout_ms);
    let answers = join_all(targets.iter().map(|target| async {
        let asked = upstream.probe(target, &settings.path, timeout);
        tokio::time::timeout(timeout, asked).await.ok().flatten()
    }))
    .await;
    let state = state.upgrade()?;
    let health = state.health.as_ref()?;
    streaks.resize_with(targets.len(), Streak::default);
    for (position, (answer, streak)) in answers.into_iter().zip(streaks).enumerate() {
        let well = answer.is_some_and(|status| health.is_well(status));
        if streak.observe(well, &settings) {
            let bit = bit(position);
            let unhealthy = if streak.unhealthy {
                health.unhealthy.fetch_or(bit, Relaxed) | bit
            } else {
                health.unhealthy.fetch_and(!bit, Relaxed) & !bit
            };
            report(&state, position, streak.unhealthy, answer, unhealthy);
        }
    }
    Some(Duration::from_millis(settings.interval_ms).max(SHORTEST))
}

fn report(state: &EndpointState, position: usize, unhealthy: bool, answer: Option<StatusCode>, all: u64) {
    let about = &state.about;
    let target = about.urls.get(position).map_or("", |url| url.as_str());
    let status = answer.map(|status| status.as_u16());
    if !unhealthy {
        tracing::info!(api = about.api, target, "a backend is healthy again");
    } else if all.count_ones() as usize == about.urls.len() {
        tracing::error!(
            api = about.api,
            target,
            status,
            "every backend of the endpoint is unhealthy; all are used as if they were healthy"
        );
    } else {
        tracing::warn!(api = about.api, target, status, "a backend is unhealthy and not used");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beliefs_change_after_answers_in_a_row() {
        let settings = HealthCheck {
            path: "/".into(),
            interval_ms: 1,
            timeout_ms: 1,
            unhealthy_after: 3,
            healthy_after: 2,
            statuses: Vec::new(),
        };
        let mut streak = Streak::default();
        let (well, ill) = (true, false);
        for (step, (answer, changes, unhealthy)) in [
            (well, false, false),
            (ill, false, false),
            (ill, false, false),
            (well, false, false),
            (ill, false, false),
            (ill, false, false),
            (ill, true, true),
            (ill, false, true),
            (well, false, true),
            (ill, false, true),
            (well, false, true),
            (well, true, false),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(streak.observe(answer, &settings), changes, "{step}");
            assert_eq!(streak.unhealthy, unhealthy, "{step}");
        }
    }
}
