//! Bounds of a file that a user or a server hands in.

/// Largest file, in bytes. The largest public definitions are around 10 MB.
pub const MAX_FILE_BYTES: u64 = 32 << 20;

/// Deepest nesting. Real definitions stay below 40 levels; each level costs stack while reading.
pub const MAX_DEPTH: usize = 96;

/// Most values in one file, after aliases have been followed.
pub const MAX_NODES: usize = 4_000_000;

/// Most aliases (`*name`) and anchors (`&name`).
pub const MAX_ALIASES: usize = 50_000;

/// Most values that aliases may repeat, all together.
pub const MAX_ALIASED_NODES: usize = 500_000;
