//! Counts in sentences.

use std::fmt::{Display, Formatter, Result};

/// A count with the right form of its noun: `1 API`, `2 APIs`.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a>(pub usize, pub &'a str, pub &'a str);

impl Display for Counted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(count, one, many) = self;
        write!(f, "{count} {}", if *count == 1 { one } else { many })
    }
}

/// So many APIs.
pub(crate) fn apis(count: usize) -> Counted<'static> {
    Counted(count, "API", "APIs")
}

/// So many operations.
pub(crate) fn operations(count: usize) -> Counted<'static> {
    Counted(count, "operation", "operations")
}
