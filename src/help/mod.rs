//! The documentation in the binary: whoever has `mgw` has its pages, also where there is no network.

mod pages;
mod plain;

pub(crate) use pages::{PAGES, Page};
pub(crate) use plain::plain;
