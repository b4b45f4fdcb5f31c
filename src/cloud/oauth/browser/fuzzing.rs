//! What a browser brings back, for the fuzz targets.

use super::answer::{self, Arrival, Refused};

/// What the line is.
pub(crate) enum Back {
    /// The control plane, or the user, said no.
    Refused(Refused),
    /// Anything else.
    Other,
}

/// Reads a request line.
pub(crate) fn read(line: &str, state: &str) -> Back {
    match answer::read(line, state) {
        Arrival::Refused(refused) => Back::Refused(refused),
        Arrival::Code(_) | Arrival::Foreign | Arrival::Elsewhere | Arrival::Malformed => Back::Other,
    }
}
