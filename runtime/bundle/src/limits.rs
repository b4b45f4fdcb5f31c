//! What a reader accepts at the most. A bundle is input from outside until its digests have been checked.

/// Upper bounds for reading a bundle.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the archive itself.
    pub archive_bytes: u64,
    /// Bytes of one unpacked entry.
    pub entry_bytes: u64,
    /// Bytes of all unpacked entries together.
    pub total_bytes: u64,
    /// Number of entries.
    pub entries: usize,
}

impl Default for Limits {
    /// Room for 10,000 APIs with large definitions.
    fn default() -> Self {
        Self {
            archive_bytes: 512 << 20,
            entry_bytes: 256 << 20,
            total_bytes: 1 << 30,
            entries: 50_000,
        }
    }
}
