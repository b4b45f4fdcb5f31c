//! Reading one state of a project while pulls go on.
//!
//! Readers take no lock, so that they work in folders that they may only read, and hold no pull up. They look at what
//! is in place before and after instead, and read again when it is not the same.

use super::stage::Stage;
use super::{LockError, recover};
use crate::project::Layout;
use mgw_runtime::FileStamp;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

/// So often a project is read before its reader gives up.
const READINGS: u32 = 3;

/// So long files are waited for that are being put in place. It takes milliseconds, with ten thousand files as well.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls `read` until nothing was pulled meanwhile: what it returns, an error as well, is about one state of the
/// project. Interrupted pulls are brought to their end first.
pub(crate) fn steadily<T, E: From<LockError>>(layout: &Layout, mut read: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    for _ in 0..READINGS {
        let before = settled(layout)?;
        let result = read();
        if Stamp::of(layout)? == Some(before) {
            return result;
        }
    }
    Err(LockError::Unsteady {
        path: layout.root().to_owned(),
        readings: READINGS,
    }
    .into())
}

/// What is in place, once it is.
fn settled(layout: &Layout) -> Result<Stamp, LockError> {
    let started = Instant::now();
    loop {
        recover(layout)?;
        if let Some(stamp) = Stamp::of(layout)? {
            return Ok(stamp);
        }
        if started.elapsed() > PATIENCE {
            return Err(LockError::Busy {
                path: layout.root().to_owned(),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Tells states of a project apart: a pull replaces `gen/` and the lock by others.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    generated: Option<FileStamp>,
    lock: Option<FileStamp>,
}

impl Stamp {
    /// `None` while files are being put in place.
    fn of(layout: &Layout) -> Result<Option<Self>, LockError> {
        let stamp = Self {
            generated: stamp_of(&layout.generated())?,
            lock: stamp_of(&layout.lock())?,
        };
        // Looked at last: what was put in place before is seen in the stamp.
        Ok((!Stage::of(layout).marker().exists()).then_some(stamp))
    }
}

fn stamp_of(path: &Path) -> Result<Option<FileStamp>, LockError> {
    match std::fs::metadata(path).and_then(|about| FileStamp::of(&about)) {
        Ok(stamp) => Ok(Some(stamp)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(LockError::file("read", path, source)),
    }
}
