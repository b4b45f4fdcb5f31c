//! Usage records on their way by hand: one file with everything that waited, and a manifest that tells whether it is whole.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod manifest;
mod progress;
mod read;
mod upload;
mod write;

pub(crate) use progress::Progress;
pub(crate) use read::Import;
pub use upload::SameName;
pub(crate) use upload::{Fate, upload};
pub(crate) use write::{export, remove};

#[cfg(test)]
mod tests;
