//! Why a bundle was refused.

/// Why a bundle was refused. Every variant leaves nothing behind: readers work in memory.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not a zip archive, or a damaged one.
    #[error("not a readable zip archive")]
    Archive(#[source] zip::result::ZipError),
    /// An entry could not be unpacked.
    #[error("entry {name} could not be unpacked")]
    Entry {
        /// Entry name.
        name: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Larger than the reader accepts.
    #[error("{what} exceeds the limit of {limit}")]
    TooLarge {
        /// What was measured.
        what: String,
        /// The bound, in bytes or entries.
        limit: u64,
    },
    /// A name that could leave the bundle or stands twice.
    #[error("entry name {name:?} is not allowed")]
    Name {
        /// Entry name.
        name: String,
    },
    /// A required entry is missing.
    #[error("entry {name} is missing")]
    Missing {
        /// Entry name.
        name: String,
    },
    /// An entry that the manifest does not list.
    #[error("entry {name} is not listed in the manifest")]
    Unlisted {
        /// Entry name.
        name: String,
    },
    /// Contents differ from the manifest.
    #[error("entry {name} does not match its digest")]
    Digest {
        /// Entry name.
        name: String,
    },
    /// A signature that is not of the key that it names, over this manifest.
    #[error("the signature by key {key} is not genuine")]
    Signature {
        /// The key's identifier.
        key: crate::Digest,
    },
    /// The archive around the entries differs from what was written.
    #[error("the archive does not match its checksum")]
    Checksum,
    /// The archive has more in it than its entries: an entry that stands twice, or bytes between them. Other programs may
    /// find another bundle in it.
    #[error("the archive has more in it than its entries")]
    Hidden,
    /// Written in a format that this version does not read.
    #[error("{name} has format version {found}, this version reads {supported}")]
    Format {
        /// Entry name.
        name: String,
        /// Version found.
        found: u64,
        /// Version supported.
        supported: u32,
    },
    /// Malformed JSON.
    #[error("entry {name} is malformed")]
    Malformed {
        /// Entry name.
        name: String,
        /// Cause.
        #[source]
        source: serde_json::Error,
    },
}
