//! `mgw.lock` and the pulled files it vouches for.
//!
//! - [`LockFile`] is the file: which APIs were pulled from where, and the SHA-256 of every file under `gen/`.
//! - [`Transaction`] replaces `gen/` and the lock together: killed at any moment, the old or the new state is there, at
//!   the latest after [`recover`].
//! - [`verify`] tells whether files and settings are still those that were pulled.

mod error;
mod file;
mod transaction;
mod verify;

pub use error::LockError;
pub(crate) use file::{LockFile, LockedApi, LockedFile, LockedSource};
pub(crate) use transaction::{Transaction, recover};
pub(crate) use verify::verify;

#[cfg(test)]
mod tests;
