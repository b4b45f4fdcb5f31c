//! The value of a key in etcd is the URL: read once, then told of changes by etcd.
//!
//! Spoken with the JSON gateway of etcd's version 3, which every etcd has and which needs no other protocol than HTTP.

mod client;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod lines;
mod watch;
mod wire;

pub(super) use client::{Etcd, EtcdSetUpError};
pub(super) use watch::watch;
