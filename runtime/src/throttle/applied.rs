//! The limits of a request, for whoever explains them.

use super::level::Limits;
use super::{Level, LevelKind, Levels};
use mgw_quota::Counter;

/// A limit that a request is under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedLimit {
    /// The level.
    pub level: LevelKind,
    /// What is counted, and how much of it passes; `None`: the policy is one that nobody defined.
    pub quantity: Option<AppliedQuantity>,
}

/// What is counted, and how much of it passes in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedQuantity {
    /// `requests`, `burst` or `bytes`.
    pub what: &'static str,
    /// How much passes.
    pub count: u64,
    /// Length of the window in milliseconds.
    pub window_ms: u64,
    /// `false`: more is counted, and passes.
    pub stops: bool,
}

impl Levels<'_> {
    /// Returns every limit, in the order in which they answer.
    pub(crate) fn applied(&self) -> Vec<AppliedLimit> {
        let mut applied = Vec::new();
        for (level, limits) in self.each() {
            match limits {
                Level::Unlimited => {}
                Level::Unknown | Level::Conditional(_) => applied.push(AppliedLimit { level, quantity: None }),
                Level::Limited(limits) => limits.add_to(level, &mut applied),
            }
        }
        applied
    }
}

impl Limits {
    fn add_to(&self, level: LevelKind, applied: &mut Vec<AppliedLimit>) {
        let mut add = |what, counter: &Counter, stops| {
            applied.push(AppliedLimit {
                level,
                quantity: Some(AppliedQuantity {
                    what,
                    count: counter.limit(),
                    window_ms: counter.window_ms(),
                    stops,
                }),
            });
        };
        if let Some(counter) = &self.burst {
            add("burst", counter, true);
        }
        if let Some(counter) = &self.requests {
            add("requests", counter, self.stop_on_quota);
        }
        if let Some(counter) = &self.bandwidth {
            add("bytes", counter, self.stop_on_quota);
        }
    }
}
