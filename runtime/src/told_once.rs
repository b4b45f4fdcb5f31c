//! What goes on failing for the same reason is told once: pauses end at half a minute, outages last for hours.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Reasons that are remembered: a few brokers, each with a few of them.
const MOST: usize = 64;

/// The reasons that were told since the last success.
#[derive(Debug, Default)]
pub(crate) struct ToldOnce(Mutex<BTreeSet<String>>);

impl ToldOnce {
    /// Whether this reason is to be told: it was not since the last success.
    pub(crate) fn is_new(&self, reason: &str) -> bool {
        let mut told = self.told();
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(reason.to_owned())
    }

    /// After a success, whatever fails next is told.
    pub(crate) fn forget(&self) {
        self.told().clear();
    }

    fn told(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_once_between_two_successes() {
        let told = ToldOnce::default();
        let is_new = ["a", "b", "a", "b"].map(|reason| told.is_new(reason));
        assert_eq!(is_new, [true, true, false, false]);
        told.forget();
        assert!(told.is_new("a"));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let told = ToldOnce::default();
        for number in 0..10 * MOST {
            assert!(told.is_new(&number.to_string()));
            assert!(told.told().len() <= MOST);
        }
    }
}
