//! What went wrong, told without filling the log.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two times that the same trouble is told: what fails may succeed now and then in between.
const AGAIN: Duration = Duration::from_secs(3600);

/// What was told when.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<HashMap<(&'static str, io::ErrorKind), Instant>>);

impl Troubles {
    /// Whether a trouble is to be told `now`, which is noted.
    pub(super) fn is_news(&self, what: &'static str, error: &io::Error, now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (what, error.kind());
        let is_news = told.get(&key).is_none_or(|last| now.duration_since(*last) >= AGAIN);
        if is_news {
            told.insert(key, now);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_once_and_another_beside_it() {
        let (troubles, start) = (Troubles::default(), Instant::now());
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        for (what, error, seconds, expected) in [
            ("write", &full, 0, true),
            ("write", &full, 1, false),
            ("write", &denied, 2, true),
            ("close", &full, 3, true),
            ("write", &full, 3599, false),
            ("write", &full, 3600, true),
        ] {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(troubles.is_news(what, error, now), expected, "{what} {error} {seconds}");
        }
    }
}
