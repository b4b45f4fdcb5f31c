//! The file itself: a ZIP with sorted entries, for its owner's eyes.

use super::contents::Part;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::private_file::write_once;
use crate::ui::Ui;
use serde::Serialize;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What was written.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    path: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    about: &'static str,
    bytes: usize,
}

impl Written {
    /// Says what is in it: whoever hands it on has to know.
    pub(crate) fn tell(&self, ui: &Ui) {
        ui.status(
            "Wrote",
            format_args!("{}, which you alone can read, with", self.path.display()),
        );
        let width = self.entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
        for Entry { name, about, .. } in &self.entries {
            ui.line(format_args!("  {name:width$}  {about}"));
        }
        ui.hint("Look through it before you hand it on. Secrets are not in it; names of APIs and hosts are, unless --hide-addresses leaves the hosts out.");
    }
}

/// Refuses a name that is taken, before anything is looked at.
pub(crate) fn refuse_taken(path: &Path, force: bool) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() && !force {
        return Err(taken(path));
    }
    Ok(())
}

fn taken(path: &Path) -> Failure {
    Failure::new(ExitCode::Environment, format!("{} is there already", path.display()))
        .hint("Choose another name, or replace it with --force.")
}

pub(super) fn write(path: &Path, mut parts: Vec<Part>, force: bool) -> Result<Written, Failure> {
    parts.sort_by_key(|part| part.name);
    let failed = |error| Failure::file("write", path, error);
    let bytes = pack(&parts).map_err(|error| failed(std::io::Error::other(error)))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if force {
        replace(folder, path, &bytes).map_err(failed)?;
    } else {
        write_once(folder, path, &bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(path),
            _ => failed(error),
        })?;
    }
    let entries = parts.iter().map(|part| Entry {
        name: part.name,
        about: part.about,
        bytes: part.text.len(),
    });
    Ok(Written {
        path: path.to_owned(),
        entries: entries.collect(),
    })
}

/// Another file takes the name: one that others can read does not lend it its mode.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Temporary files are created with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn pack(parts: &[Part]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for part in parts {
        archive.start_file(part.name, options)?;
        archive.write_all(part.text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn parts() -> Vec<Part> {
        ["b.json", "a.json"]
            .map(|name| Part {
                name,
                about: "x",
                text: name.to_owned(),
            })
            .into()
    }

    #[test]
    fn it_is_sorted_private_and_replaces_nothing_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("support.zip");
        let written = write(&path, parts(), false).unwrap();
        assert_eq!(
            written.entries.iter().map(|entry| entry.name).collect::<Vec<_>>(),
            ["a.json", "b.json"]
        );
        assert_eq!(write(&path, parts(), false).unwrap_err().code, ExitCode::Environment);
        assert!(refuse_taken(&path, false).is_err() && refuse_taken(&path, true).is_ok());
        let first = std::fs::read(&path).unwrap();
        write(&path, parts(), true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
        let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let mut text = String::new();
        archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "a.json");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        }
    }
}
