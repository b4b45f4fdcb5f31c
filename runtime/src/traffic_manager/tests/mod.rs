//! Events on their way to a traffic manager, on real sockets.

mod binary;
mod bounds;
mod failures;
mod http;
mod setup;
