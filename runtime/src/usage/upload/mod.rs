//! Uploads compressed files, oldest first and one at a time.

mod client;
mod outcome;
mod request;
mod round;
mod task;

pub use client::{UploadClient, UploadTarget};
pub use outcome::{Outcome, Service};

#[cfg(test)]
pub(super) use round::Round;
pub(super) use task::{RequestToken, UploadTask};
