//! Keys that an issuer publishes at a URL.

mod document;
mod fetch;
mod kept;
mod source;

pub(super) use document::KeySet;
pub(super) use source::KeySource;
pub use source::KeySourceStatus;
