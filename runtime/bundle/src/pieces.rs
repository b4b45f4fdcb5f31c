//! Whether an archive is its entries and nothing else.
//!
//! What a zip archive holds is a matter of who reads it: some go by the directory at its end, some by what stands before
//! each entry, and where a name stands twice some take the first and some the last. An archive that is one entry after the
//! other, and a directory that says the same of each, is the same for all of them.

/// Bytes before an entry's data and of a directory's line, both without the name, and of the archive's end without the
/// comment.
const HEAD: usize = 30;
const LINE: usize = 46;
const END: usize = 22;
/// What a head says of its entry, from the version to the lengths of name and further fields, and where a line repeats it.
const SAID: usize = 4;
const REPEATED: usize = 6;
const SAID_LENGTH: usize = 26;
/// What the archive's end begins with.
const END_MARK: [u8; 4] = *b"PK\x05\x06";

/// Where an entry is in the archive.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Of what stands before its data.
    pub(crate) start: u64,
    /// Bytes of its data.
    pub(crate) packed: u64,
    /// Of its line in the directory.
    pub(crate) listed: u64,
    /// Its name.
    pub(crate) name: String,
}

/// Whether the pieces follow each other from the beginning to the directory, and the directory has a line for each of them
/// that says the same, and nothing else up to the end.
pub(crate) fn are_all(archive: &[u8], directory: u64, mut pieces: Vec<Piece>) -> bool {
    all(archive, directory, &mut pieces).unwrap_or(false)
}

/// `None` where a place is outside of the archive.
fn all(archive: &[u8], directory: u64, pieces: &mut [Piece]) -> Option<bool> {
    pieces.sort_by_key(|piece| piece.start);
    let mut at = 0;
    for piece in pieces.iter() {
        if piece.start != at {
            return Some(false);
        }
        let (head, line) = (from(archive, piece.start)?, from(archive, piece.listed)?);
        let said = [(head, SAID), (line, REPEATED)].map(|(bytes, field)| bytes.get(field..field + SAID_LENGTH));
        let names = [(head, HEAD), (line, LINE)].map(|(bytes, field)| bytes.get(field..field + piece.name.len()));
        if said[0]? != said[1]? || names.iter().any(|name| *name != Some(piece.name.as_bytes())) {
            return Some(false);
        }
        // Nothing else is said of an entry: what further fields mean is a matter of who reads them.
        if number(head, 28)? != 0 || number(line, 32)? != 0 {
            return Some(false);
        }
        at += (HEAD + piece.name.len()) as u64 + piece.packed;
    }
    if at != directory {
        return Some(false);
    }
    pieces.sort_by_key(|piece| piece.listed);
    for piece in pieces.iter() {
        if piece.listed != at {
            return Some(false);
        }
        at += (LINE + piece.name.len()) as u64;
    }
    let end = from(archive, at)?;
    let comment = usize::from(number(end, 20)?);
    Some(end.starts_with(&END_MARK) && end.len() == END + comment)
}

fn from(archive: &[u8], at: u64) -> Option<&[u8]> {
    archive.get(usize::try_from(at).ok()?..)
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk::<2>()
        .map(|bytes| u16::from_le_bytes(*bytes))
}
