//! Usage records: who called what, for the statistics of the control plane.
//!
//! A request leaves one [`UsageRecord`] in the [`UsageQueue`] of its core and goes on. A thread of its own makes lines of
//! them and appends these to the spool, a folder of bounded size; another compresses the files that are full; a task uploads
//! them. Nothing here ever waits on the request path, and nothing of it is there while usage records are switched off.

mod api;
mod format;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
#[cfg(test)]
mod kills;
mod queue;
mod record;
mod spool;
mod start;
mod status;
mod texts;
mod upload;
mod values;
mod writer;

pub use spool::{Archive, Folder, FolderLock, Holder, SpoolError};
pub use start::UsageError;
pub use status::{Dropped, OldestFile, UploadCounts, UsageStatus};
pub use upload::{Outcome, Service, UploadClient, UploadTarget};

pub(crate) use api::{UsageApi, UsageApis};
pub(crate) use queue::UsageQueue;
pub(crate) use record::{Ending, Marks, UsageRecord};
pub(crate) use start::{Usage, UsageHandle};
pub(crate) use texts::Texts;
