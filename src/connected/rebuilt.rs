//! What a state folder is known by when its record is damaged: the bundles that are there, and a note of whose they are.

use mgw_bundle::Digest;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The longest note that is read, in bytes.
const LONGEST: u64 = 128;

/// The name of the note.
const BASE: &str = "base";

/// Where the note is.
pub(super) fn note_of_base(root: &Path) -> PathBuf {
    root.join(BASE)
}

/// What the note says of a base.
pub(super) fn note(base: Digest) -> Vec<u8> {
    format!("{base}\n").into_bytes()
}

/// The base that the bundles of a folder belong to; `None`: nobody knows, and they cannot go on.
pub(super) fn noted_base(root: &Path) -> Option<Digest> {
    let bytes = super::state_folder::read_bounded(&note_of_base(root), LONGEST).ok()??;
    std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?.parse().ok()
}

/// The bundles of a folder by their names, the latest last. Nobody has looked into them.
pub(super) fn named_bundles(folder: &Path) -> Vec<Digest> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(SystemTime, Digest)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let digest = name.to_str()?.strip_suffix(".zip")?.parse().ok()?;
            let written = entry.metadata().and_then(|metadata| metadata.modified());
            Some((written.unwrap_or(SystemTime::UNIX_EPOCH), digest))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, digest)| digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_note_says_one_base_or_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = Digest::of(b"base");
        assert_eq!(noted_base(folder.path()), None);
        let path = note_of_base(folder.path());
        std::fs::write(&path, note(base)).expect("written");
        assert_eq!(noted_base(folder.path()), Some(base));
        let text = base.to_string();
        for damaged in ["", "\n", &text, &text[..40], &format!("{text}{text}\n"), "\0\0\0\n"] {
            std::fs::write(&path, damaged).expect("written");
            assert_eq!(noted_base(folder.path()), None, "{damaged:?}");
        }
    }

    #[test]
    fn bundles_are_found_in_the_order_in_which_they_were_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let digest = |text: &str| Digest::of(text.as_bytes());
        let start = SystemTime::now();
        for (name, age) in [
            (format!("{}.zip", digest("older")), 9),
            (format!("{}.zip", digest("newer")), 3),
            (format!("{}.zip", digest("oldest")), 20),
            (format!("{}.zip.damaged", digest("damaged")), 1),
            ("thesis.zip".to_owned(), 0),
            (".new-x".to_owned(), 0),
        ] {
            let file = std::fs::File::create(folder.path().join(name)).expect("created");
            file.set_modified(start - Duration::from_secs(age)).expect("set");
        }
        let expected = [digest("oldest"), digest("older"), digest("newer")];
        assert_eq!(named_bundles(folder.path()), expected);
        assert!(named_bundles(&folder.path().join("none")).is_empty());
    }
}
