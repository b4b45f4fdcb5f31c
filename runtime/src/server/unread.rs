//! Answers on one HTTP/2 connection that wait for the client to make room.
//!
//! A client that keeps its flow-control window shut blocks no write, so the connection itself looks idle. Answers that
//! wait are counted in two groups, of the present turn and of the one before; a turn lasts as long as a client may take.
//! Whoever is still in the older group when a turn ends has waited for a whole turn at least.

use super::connection::Order;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// The answers that wait. Only the connection's own core uses it.
#[derive(Debug, Default)]
pub(super) struct Unread {
    groups: [AtomicU32; 2],
    /// Which group takes answers that begin to wait.
    present: AtomicU8,
    turn_began_ms: AtomicU64,
    /// Turns that ended with answers in the older group.
    missed: AtomicU8,
}

/// The group that a waiting answer was counted in.
#[derive(Debug)]
#[must_use = "the answer stays counted until it is given back"]
pub(crate) struct Waiting(u8);

impl Unread {
    pub(super) fn begin(&self) -> Waiting {
        let present = self.present.load(Relaxed);
        self.change(present, 1);
        Waiting(present)
    }

    pub(super) fn end(&self, waiting: &Waiting) {
        self.change(waiting.0, u32::MAX);
    }

    /// Decides at `now_ms`: other requests of the connection may finish first, then it is over.
    pub(super) fn verdict(&self, now_ms: u64, turn_ms: u64) -> Order {
        let is_over = now_ms.saturating_sub(self.turn_began_ms.load(Relaxed)) >= turn_ms;
        if is_over {
            self.turn_began_ms.store(now_ms, Relaxed);
            let older = self.present.load(Relaxed) ^ 1;
            if self.count(older) == 0 {
                self.missed.store(0, Relaxed);
                self.present.store(older, Relaxed);
            } else {
                self.missed.store(self.missed.load(Relaxed).saturating_add(1), Relaxed);
            }
        }
        match self.missed.load(Relaxed) {
            0 => Order::Serve,
            1 => Order::Finish,
            _ => Order::Abort,
        }
    }

    fn count(&self, group: u8) -> u32 {
        self.groups
            .get(usize::from(group))
            .map_or(0, |count| count.load(Relaxed))
    }

    fn change(&self, group: u8, by: u32) {
        if let Some(count) = self.groups.get(usize::from(group)) {
            count.store(count.load(Relaxed).wrapping_add(by), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_waits_for_whole_turns_ends_the_connection() {
        let unread = Unread::default();
        assert_eq!(unread.verdict(100, 100), Order::Serve);
        let stuck = unread.begin();
        assert_eq!(unread.verdict(199, 100), Order::Serve);
        assert_eq!(unread.verdict(200, 100), Order::Serve, "it may have begun a moment ago");
        assert_eq!(unread.verdict(299, 100), Order::Serve);
        assert_eq!(unread.verdict(300, 100), Order::Finish);
        assert_eq!(unread.verdict(399, 100), Order::Finish);
        assert_eq!(unread.verdict(400, 100), Order::Abort);
        unread.end(&stuck);
    }

    #[test]
    fn answers_that_go_on_are_left_alone() {
        let unread = Unread::default();
        let mut waiting = unread.begin();
        for now in 1..100 {
            let next = unread.begin();
            unread.end(&waiting);
            waiting = next;
            assert_eq!(unread.verdict(now * 60, 100), Order::Serve, "{now}");
        }
        unread.end(&waiting);
    }
}
