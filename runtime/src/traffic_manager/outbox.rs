//! Events that wait for the receivers of one group, and whose turn it is to take them.

use crate::config::Sharing;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most bytes that wait.
const MAX_BYTES: usize = 64 << 20;
/// Most bytes that are taken at a time, unless one event alone has more.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// Events that wait for the receivers of one group. Those that a receiver has taken count until it has settled them.
#[derive(Debug)]
pub(super) struct Outbox {
    sharing: Sharing,
    capacity: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    events: VecDeque<Bytes>,
    /// Events that were taken and not settled.
    taken: usize,
    /// Bytes of all of them.
    bytes: usize,
    receivers: Vec<Known>,
    /// Batches that were taken so far.
    batches: u64,
    closed: bool,
}

/// What is known of a receiver.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    there: bool,
    /// It waits for its turn.
    idle: bool,
    /// The last batch that it took.
    served: u64,
}

/// Events that a receiver has taken. They have to be settled.
#[derive(Debug)]
pub(super) struct Batch(pub(super) Vec<Bytes>);

impl Outbox {
    /// Makes one in which at most `capacity` events wait, for so many receivers.
    pub(super) fn new(sharing: Sharing, capacity: usize, receivers: usize) -> Self {
        Self {
            sharing,
            capacity,
            state: Mutex::new(State {
                events: VecDeque::new(),
                taken: 0,
                bytes: 0,
                receivers: vec![Known::default(); receivers],
                batches: 0,
                closed: false,
            }),
            changed: Notify::new(),
        }
    }

    /// Adds events; returns how many found no room.
    pub(super) fn push(&self, events: &[Bytes]) -> u64 {
        if events.is_empty() {
            return 0;
        }
        let mut dropped = 0;
        {
            let mut state = self.state();
            for event in events {
                let full = state.events.len() + state.taken >= self.capacity || state.bytes + event.len() > MAX_BYTES;
                if full || state.closed {
                    dropped += 1;
                } else {
                    state.bytes += event.len();
                    state.events.push_back(event.clone());
                }
            }
        }
        self.changed.notify_waiters();
        dropped
    }

    /// Waits for the turn of a receiver and takes at most `most` events; `None`: there will be no more.
    pub(super) async fn take(&self, receiver: usize, most: usize) -> Option<Batch> {
        let _idle = Idle::new(self, receiver);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if state.is_turn_of(receiver, self.sharing) && !state.events.is_empty() {
                    let batch = state.take(receiver, most);
                    if !state.events.is_empty() {
                        // Those who let this one go first.
                        self.changed.notify_waiters();
                    }
                    return Some(batch);
                }
                if state.closed && state.events.is_empty() && state.taken == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Ends the account of what was taken. `returned` is what others shall have, in its order.
    pub(super) fn settle(&self, batch: Batch, returned: Vec<Bytes>) {
        {
            let mut state = self.state();
            state.taken = state.taken.saturating_sub(batch.0.len());
            let kept: usize = returned.iter().map(Bytes::len).sum();
            let gone = batch.0.iter().map(Bytes::len).sum::<usize>().saturating_sub(kept);
            state.bytes = state.bytes.saturating_sub(gone);
            returned
                .into_iter()
                .rev()
                .for_each(|event| state.events.push_front(event));
        }
        self.changed.notify_waiters();
    }

    /// Tells whether a receiver is there.
    pub(super) fn set_there(&self, receiver: usize, there: bool) {
        self.change(receiver, |known| known.there = there);
    }

    /// Takes no more events. Those that wait are still taken.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_waiters();
    }

    /// Returns how many events wait or are on their way.
    pub(super) fn waiting(&self) -> usize {
        let state = self.state();
        state.events.len() + state.taken
    }

    /// Returns how many receivers are there.
    pub(super) fn there(&self) -> usize {
        self.state().receivers.iter().filter(|known| known.there).count()
    }

    /// Returns how many receivers there could be.
    pub(super) fn receivers(&self) -> usize {
        self.state().receivers.len()
    }

    fn change(&self, receiver: usize, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.state().receivers.get_mut(receiver) {
            change(known);
        }
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A receiver that waits for its turn, until it no longer does.
struct Idle<'a> {
    outbox: &'a Outbox,
    receiver: usize,
}

impl<'a> Idle<'a> {
    fn new(outbox: &'a Outbox, receiver: usize) -> Self {
        outbox.change(receiver, |known| known.idle = true);
        Self { outbox, receiver }
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.outbox.change(self.receiver, |known| known.idle = false);
    }
}

impl State {
    /// Of those that share, whoever waits and was served least lately goes first.
    fn is_turn_of(&self, receiver: usize, sharing: Sharing) -> bool {
        let there = || self.receivers.iter().enumerate().filter(|(_, known)| known.there);
        let first = match sharing {
            Sharing::Failover => there().next(),
            Sharing::LoadBalance => there()
                .filter(|(place, known)| known.idle || *place == receiver)
                .min_by_key(|(_, known)| known.served),
        };
        first.is_some_and(|(place, _)| place == receiver)
    }

    fn take(&mut self, receiver: usize, most: usize) -> Batch {
        self.batches += 1;
        if let Some(known) = self.receivers.get_mut(receiver) {
            known.served = self.batches;
        }
        let mut bytes = 0;
        let fitting = self.events.iter().take(most).take_while(|event| {
            let first = bytes == 0;
            bytes += event.len();
            first || bytes <= MAX_BATCH_BYTES
        });
        let count = fitting.count();
        let events: Vec<_> = self.events.drain(..count).collect();
        self.taken += events.len();
        Batch(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn events(numbers: std::ops::Range<u8>) -> Vec<Bytes> {
        numbers.map(|number| vec![number].into()).collect()
    }

    /// What a receiver gets at once; `None`: it would wait.
    fn taken(outbox: &Outbox, receiver: usize, most: usize) -> Option<Option<Batch>> {
        outbox.take(receiver, most).now_or_never()
    }

    fn batch(outbox: &Outbox, receiver: usize, most: usize) -> Batch {
        taken(outbox, receiver, most).expect("no wait").expect("events")
    }

    #[test]
    fn the_first_of_a_group_has_the_turn_and_all_of_one_that_shares() {
        for (sharing, there, turns) in [
            (Sharing::LoadBalance, [false, false, false], [false, false, false]),
            (Sharing::LoadBalance, [true, false, true], [true, false, true]),
            (Sharing::Failover, [false, false, false], [false, false, false]),
            (Sharing::Failover, [true, true, true], [true, false, false]),
            (Sharing::Failover, [false, true, true], [false, true, false]),
        ] {
            let outbox = Outbox::new(sharing, 10, 3);
            outbox.push(&events(0..9));
            (0..3).for_each(|receiver| outbox.set_there(receiver, there[receiver]));
            let found = [0, 1, 2].map(|receiver| taken(&outbox, receiver, 1).is_some());
            assert_eq!(found, turns, "{sharing:?} {there:?}");
            assert_eq!(outbox.there(), there.iter().filter(|there| **there).count());
        }
    }

    #[test]
    fn those_that_wait_go_first_if_they_were_served_less_lately() {
        let outbox = Outbox::new(Sharing::LoadBalance, 10, 3);
        (0..3).for_each(|receiver| outbox.set_there(receiver, true));
        outbox.push(&events(0..1));
        outbox.settle(batch(&outbox, 0, 1), Vec::new());
        let mut second = Box::pin(outbox.take(1, 1));
        assert!(second.as_mut().now_or_never().is_none());
        outbox.push(&events(1..4));
        // The second waits and the third does not.
        assert!(taken(&outbox, 0, 1).is_none());
        let one = second.now_or_never().flatten().expect("its turn");
        outbox.settle(one, Vec::new());
        let mut third = Box::pin(outbox.take(2, 1));
        assert!(third.as_mut().now_or_never().is_some());
        assert_eq!(batch(&outbox, 0, 1).0.concat(), [3]);
        // One that waited and has gone keeps nobody waiting.
        let mut second = Box::pin(outbox.take(1, 1));
        assert!(second.as_mut().now_or_never().is_none());
        outbox.push(&events(4..5));
        drop(second);
        assert_eq!(batch(&outbox, 0, 1).0.concat(), [4]);
    }

    #[test]
    fn what_is_taken_keeps_its_room_and_comes_back_in_order() {
        let outbox = Outbox::new(Sharing::LoadBalance, 5, 1);
        outbox.set_there(0, true);
        assert_eq!(outbox.push(&events(0..7)), 2);
        let first = batch(&outbox, 0, 3);
        assert_eq!((first.0.len(), outbox.waiting(), outbox.push(&events(7..8))), (3, 5, 1));
        let returned = first.0[1..].to_vec();
        outbox.settle(first, returned);
        assert_eq!((outbox.waiting(), outbox.push(&events(8..10))), (4, 1));
        let rest = batch(&outbox, 0, 100);
        assert_eq!(rest.0.concat(), [1, 2, 3, 4, 8]);
        outbox.settle(rest, Vec::new());
        assert_eq!((outbox.waiting(), outbox.state().bytes), (0, 0));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let outbox = Outbox::new(Sharing::LoadBalance, usize::MAX, 1);
        outbox.set_there(0, true);
        let large = Bytes::from(vec![0; MAX_BATCH_BYTES - 1]);
        let dropped = outbox.push(&vec![large; 20]);
        assert_eq!(dropped, 20 - (MAX_BYTES / (MAX_BATCH_BYTES - 1)) as u64);
        assert_eq!(batch(&outbox, 0, 100).0.len(), 1);
        let outbox = Outbox::new(Sharing::LoadBalance, usize::MAX, 1);
        outbox.set_there(0, true);
        outbox.push(&[Bytes::from(vec![0; MAX_BATCH_BYTES + 1]), Bytes::from_static(b"x")]);
        assert_eq!(batch(&outbox, 0, 100).0.len(), 1);
    }

    #[test]
    fn a_closed_one_ends_when_everything_is_settled() {
        let outbox = Outbox::new(Sharing::LoadBalance, 5, 2);
        outbox.set_there(0, true);
        outbox.push(&events(0..3));
        let first = batch(&outbox, 0, 2);
        outbox.close();
        assert_eq!(outbox.push(&events(3..4)), 1);
        let second = batch(&outbox, 0, 2);
        // The other receiver may still be needed.
        assert!(taken(&outbox, 1, 2).is_none());
        let returned = first.0.clone();
        outbox.settle(first, returned);
        outbox.settle(second, Vec::new());
        outbox.set_there(1, true);
        let again = batch(&outbox, 1, 2);
        outbox.settle(again, Vec::new());
        assert!(
            [0, 1]
                .iter()
                .all(|receiver| matches!(taken(&outbox, *receiver, 2), Some(None)))
        );
    }

    #[tokio::test]
    async fn whoever_waits_is_woken() {
        let outbox = Outbox::new(Sharing::Failover, 5, 2);
        let took = async { outbox.take(1, 2).await.map(|batch| batch.0.concat()) };
        let changes = async {
            outbox.push(&events(0..1));
            tokio::task::yield_now().await;
            outbox.set_there(0, true);
            outbox.set_there(1, true);
            tokio::task::yield_now().await;
            outbox.set_there(0, false);
        };
        assert_eq!(tokio::join!(took, changes).0, Some(vec![0]));
    }
}
