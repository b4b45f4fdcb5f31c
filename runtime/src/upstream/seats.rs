//! Seats of origins in the lists that cores keep of them. They are few, so that they can be used as an index, and given back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Nobody's number.
pub(super) const NOBODY: usize = 0;

/// Hands seats out.
#[derive(Debug, Default)]
pub(crate) struct Seats(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// Who has each seat.
    owners: Vec<usize>,
    free: Vec<u32>,
    last: usize,
}

/// The seat of one owner, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    /// Where the owner is in lists. Another may be there later.
    pub(super) index: u32,
    /// Number of the owner, which never is another's. Later owners have larger ones.
    pub(super) owner: usize,
    seats: Arc<Seats>,
}

impl Seats {
    /// Gives a new owner a seat.
    pub(super) fn take(self: &Arc<Self>) -> Seat {
        let mut taken = self.lock();
        taken.last += 1;
        let owner = taken.last;
        let index = taken.free.pop().unwrap_or(taken.owners.len() as u32);
        match taken.owners.get_mut(index as usize) {
            Some(free) => *free = owner,
            None => taken.owners.push(owner),
        }
        Seat {
            index,
            owner,
            seats: Arc::clone(self),
        }
    }

    /// Returns who has each seat now.
    pub(super) fn owners(&self) -> Vec<usize> {
        self.lock().owners.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        if let Some(owner) = taken.owners.get_mut(self.index as usize) {
            *owner = NOBODY;
            taken.free.push(self.index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_taken_again_by_others() {
        let seats = Arc::new(Seats::default());
        let (first, second) = (seats.take(), seats.take());
        assert_eq!((first.index, second.index), (0, 1));
        assert_eq!(seats.owners(), [first.owner, second.owner]);
        let (gone, kept) = (first.owner, second.owner);
        drop(first);
        assert_eq!(seats.owners(), [NOBODY, kept]);
        let third = seats.take();
        assert_eq!((third.index, seats.take().index), (0, 2));
        assert!(third.owner > kept && kept > gone, "numbers are nobody else's");
    }
}
