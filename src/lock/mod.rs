//! `mgw.lock` and the pulled files it vouches for.
//!
//! - [`LockFile`] is the file: which APIs were pulled from where, and the SHA-256 of every file under `gen/`.
//! - [`Transaction`] replaces `gen/` and the lock together: killed at any moment, the old or the new state is there, at
//!   the latest after [`recover`].
//! - Each replacement that changes something keeps the former state as a [`Generation`]; [`roll_back`] returns to one.
//! - [`steadily`] reads one state of a project while others pull into it.
//! - [`verify`] tells whether files and settings are still those that were pulled.

mod durable;
mod entries;
mod error;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod generations;
mod interrupted;
mod rollback;
#[cfg(test)]
mod sample;
mod stage;
mod steady;
mod transaction;
mod unchanged;
mod unseen;
mod verify;

pub use error::LockError;
pub(crate) use error::{NEWER, REMEDY};
pub(crate) use file::{LockFile, LockedApi, LockedFile, LockedSource, ReadLock};
pub(crate) use generations::{Generation, generations};
pub(crate) use interrupted::recover;
pub(crate) use rollback::roll_back;
pub(crate) use steady::steadily;
pub(crate) use transaction::Transaction;
pub(crate) use unseen::Unseen;
pub(crate) use verify::verify;

#[cfg(test)]
pub(crate) mod tests;
