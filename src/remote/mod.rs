//! Files of other servers that definitions refer to: fetched when somebody says so, kept in the project, and used from there.
//!
//! A build opens no connection for them. What is in [`RemoteLock`] is read from its copy in `remote/`, and only while the copy
//! has the digest that the lock says. [`fetch`] gets it when somebody says that it may.

mod fetch;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod lock;

pub(crate) use fetch::{FetchError, Fetched, fetch};
pub(crate) use lock::{RemoteFile, RemoteLock, RemoteLockError};
