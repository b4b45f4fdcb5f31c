//! Tests of the store against a reference, and of the connection against real servers.

mod interleavings;
pub(crate) mod meanings;
pub(crate) mod plane;
mod states;
