//! Which files make room for new records.

use super::folder::SpoolFile;
use super::names::Kind;
use std::io;

/// Returns the file that is dropped first; `None`: there is none that may be. Uploaded ones go first, for nothing is lost with
/// them; then the oldest.
pub(super) fn first_to_go(files: &[SpoolFile], is_busy: impl Fn(&str) -> bool) -> Option<&SpoolFile> {
    let free = |file: &&SpoolFile| file.kind != Kind::Part && !is_busy(&file.stem);
    let uploaded = files.iter().filter(free).find(|file| file.kind == Kind::Uploaded);
    uploaded.or_else(|| files.iter().find(free))
}

/// Whether something failed for want of room: the disk is full, or this user's part of it.
pub(super) fn wants_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(closed_ms: u64, kind: Kind) -> SpoolFile {
        SpoolFile {
            name: String::new(),
            stem: closed_ms.to_string(),
            closed_ms,
            written_ms: closed_ms,
            kind,
            bytes: 1,
        }
    }

    #[test]
    fn uploaded_files_go_first_and_then_the_oldest() {
        let files = [
            file(1, Kind::Part),
            file(2, Kind::Packed),
            file(3, Kind::Closed),
            file(4, Kind::Uploaded),
        ];
        for (busy, expected) in [
            (&[][..], Some(4)),
            (&["4"], Some(2)),
            (&["2", "4"], Some(3)),
            (&["2", "3", "4"], None),
        ] {
            let found = first_to_go(&files, |stem| busy.contains(&stem));
            assert_eq!(found.map(|file| file.closed_ms), expected, "{busy:?}");
        }
    }

    #[test]
    fn a_full_disk_and_a_used_up_quota_want_room() {
        for (kind, expected) in [
            (io::ErrorKind::StorageFull, true),
            (io::ErrorKind::QuotaExceeded, true),
            // A file that may not grow wants another file.
            (io::ErrorKind::FileTooLarge, false),
            (io::ErrorKind::PermissionDenied, false),
        ] {
            assert_eq!(wants_room(&kind.into()), expected, "{kind}");
        }
    }
}
