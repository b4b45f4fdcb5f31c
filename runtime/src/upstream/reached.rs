//! Which of an endpoint's backends a request went to, for whoever wants to know afterwards.

use super::place::Place;
use super::target::Chosen;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Filled in while a request is sent. It belongs to one request; atomics and the lock are there because futures move.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    position: AtomicUsize,
    found: Mutex<Option<Arc<Place>>>,
}

/// A backend that answered.
#[derive(Debug, Clone)]
pub(crate) struct AnsweredBy {
    /// Number of the target in its endpoint.
    pub(crate) position: usize,
    /// The place that discovery had found for it.
    pub(crate) found: Option<Arc<Place>>,
}

impl Reached {
    /// Notes where an attempt goes; later ones count.
    pub(super) fn note(&self, position: usize, place: &Chosen<'_>) {
        self.position.store(position, Relaxed);
        let place = match place {
            Chosen::Fixed(_) => None,
            Chosen::Found(place) => Some(Arc::clone(place)),
        };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    /// Where the last attempt went; asked once.
    pub(crate) fn answered(&self) -> AnsweredBy {
        AnsweredBy {
            position: self.position.load(Relaxed),
            found: self.found.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }
}
