//! Counts in sentences.

use std::fmt::{Display, Formatter, Result};

/// A count with the right form of its noun: `1 API`, `2 APIs`.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a, N = usize>(pub N, pub &'a str, pub &'a str);

impl<N: Display + PartialEq + From<bool>> Display for Counted<'_, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(count, one, many) = self;
        let is_one = *count == N::from(true);
        write!(f, "{count} {}", if is_one { one } else { many })
    }
}

/// So many APIs.
pub(crate) fn apis(count: usize) -> Counted<'static> {
    Counted(count, "API", "APIs")
}

/// So many bytes.
pub(crate) fn bytes(count: u64) -> Counted<'static, u64> {
    Counted(count, "byte", "bytes")
}

/// So many operations.
pub(crate) fn operations(count: usize) -> Counted<'static> {
    Counted(count, "operation", "operations")
}
