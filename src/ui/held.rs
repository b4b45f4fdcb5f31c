//! What commands print while others print as well.

use std::sync::{Arc, Mutex, PoisonError};

/// What was printed, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<Vec<Said>>>);

/// Something that was printed.
#[derive(Debug)]
pub(super) enum Said {
    /// To standard error.
    Line(String),
    /// To standard output.
    Data(Vec<u8>),
    /// The result of a command, where that is JSON.
    Result(serde_json::Value),
}

impl Held {
    pub(super) fn keep(&self, said: Said) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    }

    pub(super) fn take(&self) -> Vec<Said> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
