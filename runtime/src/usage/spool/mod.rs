//! The spool: records on disk until they are uploaded.
//!
//! Lines are appended to one file. When it is full it is renamed, which closes it; then it is compressed and deleted. Every
//! step is one rename, so that whoever kills the gateway in between leaves something that the next start goes on with:
//! a closed file is compressed, half of a compressed file is removed, and a closed file beside its compressed one is
//! removed. So no record is there twice.

mod current;
mod folder;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod lasting;
mod lock;
mod names;
mod pack;
mod room;
mod shared;
mod times;
mod trouble;
mod whole;

pub use folder::{Archive, Folder};
pub use lock::{FolderLock, Holder};
pub use whole::SpoolError;

pub(super) use folder::{SpoolFile, now_ms};
pub(super) use names::Kind;
pub(super) use shared::{Busy, Shared};
pub(super) use whole::{Spool, SpoolLimits};
