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
    /// Plans a look, unless one at this counter is planned.
    pub(super) fn plan(&mut self, at_ms: u64, counter: Arc<Counter>) {
        if counter.plan_look() {
            self.0.push(Reverse(Look { at_ms, counter }));
        }
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
        let Reverse(look) = self.0.pop()?;
        look.counter.looking();
        Some(look.counter)
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

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_quota::LeaseTerms;

    #[test]
    fn counters_come_when_they_are_due_and_stand_in_line_once() {
        let terms = LeaseTerms {
            gateways: 1,
            tolerance: 0,
            horizon_ms: 1000,
            idle_ms: 1000,
        };
        let counter = |limit| Arc::new(Counter::new(limit, 1000, 0).shared([0; 16], &terms, 0));
        let (early, late) = (counter(1), counter(2));
        let mut looks = Looks::default();
        for (at_ms, counter) in [(20, &late), (10, &early), (5, &late), (15, &early)] {
            looks.plan(at_ms, Arc::clone(counter));
        }
        assert_eq!(looks.next_ms(), Some(10));
        assert!(looks.due(9).is_none());
        let limits: Vec<_> = std::iter::from_fn(|| looks.due(30))
            .map(|counter| counter.limit())
            .collect();
        assert_eq!(limits, [1, 2]);
        looks.plan(40, late);
        assert_eq!(looks.next_ms(), Some(40));
    }
}
