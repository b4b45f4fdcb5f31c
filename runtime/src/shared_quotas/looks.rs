//! When to look at which lease again.

use mgw_quota::Counter;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Counters in the order of time.
#[derive(Debug, Default)]
pub(super) struct Looks(BinaryHeap<Reverse<Look>>);

#[derive(Debug)]
struct Look {
    at_ms: u64,
    counter: Arc<Counter>,
}

impl Looks {
    pub(super) fn plan(&mut self, at_ms: u64, counter: Arc<Counter>) {
        self.0.push(Reverse(Look { at_ms, counter }));
    }

    /// When the first is due.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.0.peek().map(|Reverse(look)| look.at_ms)
    }

    /// Takes one that is due.
    pub(super) fn due(&mut self, now_ms: u64) -> Option<Arc<Counter>> {
        if self.next_ms()? > now_ms {
            return None;
        }
        self.0.pop().map(|Reverse(look)| look.counter)
    }
}

impl PartialEq for Look {
    fn eq(&self, other: &Self) -> bool {
        self.at_ms == other.at_ms
    }
}

impl Eq for Look {}

impl PartialOrd for Look {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Look {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at_ms.cmp(&other.at_ms)
    }
}
