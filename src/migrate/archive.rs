//! Zip archives that somebody else made: read into memory within bounds, never extracted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

/// Largest archive, in bytes.
pub(super) const MAX_ARCHIVE: u64 = 128 << 20;
/// Largest unpacked file, in bytes: that of a definition.
const MAX_ENTRY: u64 = crate::yaml::limits::MAX_FILE_BYTES;
/// Most bytes of all files together.
const MAX_TOTAL: u64 = 512 << 20;
/// Most files and folders of one archive.
const MAX_ENTRIES: usize = 20_000;
/// Most files and folders of all archives inside another one or a folder.
const MAX_ENTRIES_TOGETHER: usize = 200_000;
/// Longest name, in bytes.
const MAX_NAME: usize = 1024;

/// Why an archive is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// No zip archive, or a damaged one.
    #[error("it is no readable zip archive")]
    Damaged(#[source] zip::result::ZipError),
    /// A file in it cannot be unpacked.
    #[error("its file {name:?} cannot be unpacked")]
    Entry {
        /// The file.
        name: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Larger than anything that belongs there.
    #[error("{what} {limit}")]
    TooLarge {
        /// What is too large, up to "more than".
        what: String,
        /// The bound.
        limit: String,
    },
    /// Larger together with the files and archives before.
    #[error("with what was unpacked before, there are more than {} MB or {MAX_ENTRIES_TOGETHER} files", MAX_TOTAL >> 20)]
    Together,
    /// A name that leads out of the archive.
    #[error("the name {name:?} in it leads out of the archive")]
    Escape {
        /// The name.
        name: String,
    },
    /// Two names that some file systems hold for one.
    #[error("the name {name:?} stands in it twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// One name of several files; which of them is meant, every reader decides otherwise.
    #[error("several files in it have one name")]
    SameName,
    /// A link.
    #[error("{name:?} in it is a link")]
    Link {
        /// Its name.
        name: String,
    },
    /// An encrypted file.
    #[error("{name:?} in it is encrypted")]
    Encrypted {
        /// Its name.
        name: String,
    },
}

/// How much may still be unpacked of several archives together.
#[derive(Debug)]
pub(in crate::migrate) struct Budget {
    bytes: u64,
    entries: usize,
}

impl Budget {
    /// That of one archive.
    pub(in crate::migrate) fn of_one() -> Self {
        Self {
            bytes: MAX_TOTAL,
            entries: MAX_ENTRIES,
        }
    }

    /// That of all archives inside another one or a folder.
    pub(in crate::migrate) fn of_many() -> Self {
        Self {
            bytes: MAX_TOTAL,
            entries: MAX_ENTRIES_TOGETHER,
        }
    }
}

/// The files of an archive by name, with `/` between the parts. What is unpacked counts towards the budget, also that of
/// an archive that is refused.
pub(super) fn unpack(archive: &[u8], budget: &mut Budget) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(ArchiveError::Damaged)?;
    // The library keeps the last of them, and has no name for it.
    if zip.has_duplicate_names() {
        return Err(ArchiveError::SameName);
    }
    if zip.len() > MAX_ENTRIES {
        return Err(ArchiveError::TooLarge {
            what: "it has more than".into(),
            limit: format!("{MAX_ENTRIES} files"),
        });
    }
    budget.entries = budget.entries.checked_sub(zip.len()).ok_or(ArchiveError::Together)?;
    let mut files = BTreeMap::new();
    let mut folded = BTreeSet::new();
    for index in 0..zip.len() {
        let file = zip.by_index_raw(index).map_err(ArchiveError::Damaged)?;
        let name = file.name().map_err(ArchiveError::Damaged)?.into_owned();
        let (is_folder, is_link, is_encrypted) = (file.is_dir(), file.is_symlink(), file.encrypted());
        drop(file);
        if !is_safe(name.strip_suffix('/').unwrap_or(&name)) {
            return Err(ArchiveError::Escape { name });
        }
        if is_link {
            return Err(ArchiveError::Link { name });
        }
        if is_folder {
            continue;
        }
        if is_encrypted {
            return Err(ArchiveError::Encrypted { name });
        }
        if !folded.insert(name.to_lowercase()) {
            return Err(ArchiveError::Twice { name });
        }
        // The sizes in the archive's directory are claims; what is read is bounded independently of them.
        let file = zip.by_index(index).map_err(ArchiveError::Damaged)?;
        let bound = MAX_ENTRY.min(budget.bytes);
        let mut bytes = Vec::new();
        file.take(bound + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| ArchiveError::Entry {
                name: name.clone(),
                source,
            })?;
        let length = bytes.len() as u64;
        budget.bytes = budget.bytes.saturating_sub(length);
        if length > bound {
            return Err(too_large(&name, bound));
        }
        files.insert(name, bytes);
    }
    Ok(files)
}

fn too_large(name: &str, bound: u64) -> ArchiveError {
    if bound < MAX_ENTRY {
        ArchiveError::Together
    } else {
        ArchiveError::TooLarge {
            what: format!("its file {name:?} has more than"),
            limit: format!("{} MB", MAX_ENTRY >> 20),
        }
    }
}

fn is_safe(name: &str) -> bool {
    name.len() <= MAX_NAME
        && !name.contains(['\\', '\0', ':'])
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn unpack(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
        super::unpack(archive, &mut Budget::of_one())
    }

    /// An archive of these files; a name that ends in `/` is a folder.
    pub(in crate::migrate) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            if name.ends_with('/') {
                writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
            } else {
                writer.start_file(*name, SimpleFileOptions::default()).unwrap();
                writer.write_all(bytes).unwrap();
            }
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_are_read_and_folders_passed_over() {
        let files = unpack(&zipped(&[("a/", b""), ("a/b.yaml", b"x"), ("c", b"")])).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a/b.yaml", "c"]);
        assert_eq!(files["a/b.yaml"], b"x");
    }

    #[test]
    fn hostile_names_are_refused() {
        for name in ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "C:/x", "a//b", "./a"] {
            let refused = unpack(&zipped(&[("ok", b""), (name, b"x")]));
            assert!(
                matches!(refused, Err(ArchiveError::Escape { .. })),
                "{name}: {refused:?}"
            );
        }
        let twice = unpack(&zipped(&[("api.yaml", b""), ("API.yaml", b"")]));
        assert!(matches!(twice, Err(ArchiveError::Twice { .. })), "{twice:?}");
        // No writer gives one name to two files.
        let mut same = zipped(&[("api.yaml", b"one"), ("api.yamm", b"two")]);
        for at in 0..same.len() - 8 {
            if same[at..].starts_with(b"api.yamm") {
                same[at + 7] = b'l';
            }
        }
        let twice = unpack(&same);
        assert!(matches!(twice, Err(ArchiveError::SameName)), "{twice:?}");
    }

    #[test]
    fn links_are_refused() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer
            .add_symlink("api.yaml", "/etc/passwd", SimpleFileOptions::default())
            .unwrap();
        let archive = writer.finish().unwrap().into_inner();
        assert!(matches!(unpack(&archive), Err(ArchiveError::Link { .. })));
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0_u8; usize::try_from(MAX_ENTRY).unwrap() + 1];
        let error = unpack(&zipped(&[("bomb", &zeros)])).unwrap_err();
        assert_eq!(error.to_string(), "its file \"bomb\" has more than 32 MB");
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|number| number.to_string()).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        let error = unpack(&zipped(&files)).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 20000 files");
    }

    #[test]
    fn several_archives_share_a_budget() {
        let archive = zipped(&[("a", &[0; 600]), ("b", b"")]);
        let mut budget = Budget {
            bytes: 1_000,
            entries: 5,
        };
        assert!(super::unpack(&archive, &mut budget).is_ok());
        let second = super::unpack(&archive, &mut budget);
        assert!(matches!(second, Err(ArchiveError::Together)), "{second:?}");
        // What was refused has cost something too.
        assert_eq!((budget.bytes, budget.entries), (0, 1));
        let third = super::unpack(&archive, &mut budget);
        assert!(matches!(third, Err(ArchiveError::Together)), "{third:?}");
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let archive = zipped(&[("a", b"some text that is long enough to be packed")]);
        for bytes in [&b""[..], b"PK\x03\x04", &archive[..archive.len() / 2]] {
            assert!(matches!(unpack(bytes), Err(ArchiveError::Damaged(_))));
        }
        let mut changed = archive;
        changed[35] ^= 0xff;
        assert!(unpack(&changed).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), at in 0_usize..120) {
            let _ = unpack(&bytes);
            let mut archive = zipped(&[("a/b.yaml", b"text"), ("c", b"more")]);
            let end = (at + bytes.len().min(8)).min(archive.len());
            let start = at.min(end);
            archive.splice(start..end, bytes.into_iter().take(8));
            let _ = unpack(&archive);
        }
    }
}
