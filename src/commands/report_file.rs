//! Files that reports are written to. What is there is replaced by a report of the same kind, and by nothing else.

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::folder::folder_of;
use crate::project::{Layout, shown};
use crate::public_file;
use quick_xml::events::Event;
use serde::de::IgnoredAny;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// So many bytes of a file are looked at to tell whether it is a report.
const MOST_OF_JSON: u64 = 256 << 20;
const MOST_OF_JUNIT: u64 = 64 << 10;

/// What of a project is read, so that a report there would be taken for something else.
const READ_FOLDERS: [&str; 4] = ["api_definitions", "grpc_definitions", "gen", "remote"];

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    Sarif,
    Junit,
    /// What a pull would change.
    Plan,
}

impl Report {
    /// The option that names its file.
    const fn option(self) -> &'static str {
        match self {
            Self::Sarif => "--sarif",
            Self::Junit => "--junit",
            Self::Plan => "--plan",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Sarif => "SARIF log",
            Self::Junit => "JUnit report",
            Self::Plan => "plan of a pull",
        }
    }

    /// Whether a file is one of these, by what is in it. An empty one holds nothing that could be lost.
    fn is_in(self, file: impl Read) -> bool {
        let mut file = BufReader::new(file);
        if file.fill_buf().is_ok_and(<[u8]>::is_empty) {
            return true;
        }
        match self {
            Self::Sarif => is_sarif(file.take(MOST_OF_JSON)),
            Self::Plan => is_plan(file.take(MOST_OF_JSON)),
            Self::Junit => is_junit(file.take(MOST_OF_JUNIT)),
        }
    }

    /// Refuses a file that is there and is something else.
    fn refuse_other(self, path: &Path) -> Result<(), Failure> {
        let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_file || File::open(path).is_ok_and(|file| self.is_in(file)) {
            return Ok(());
        }
        let message = format!(
            "{} is there, and is no {}: it is not replaced",
            shown(path),
            self.kind()
        );
        Err(Failure::new(ExitCode::Environment, message)
            .hint(format!("Name another file with {}, or remove this one.", self.option())))
    }

    /// Writes a report, whole or not at all.
    ///
    /// # Errors
    ///
    /// When something else is there, or it cannot be written.
    pub(super) fn write(self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        self.refuse_other(path)?;
        let is_special = path
            .metadata()
            .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        // Nothing takes the place of a pipe or a device.
        let written = match is_special {
            true => File::options()
                .write(true)
                .open(path)
                .and_then(|mut file| file.write_all(bytes)),
            false => public_file::replace(path, bytes),
        };
        written.map_err(|error| Failure::file("write", path, error))
    }
}

/// Refuses reports that would take the place of each other, of another file or of one of the project, before anything is done.
pub(super) fn refuse(reports: &[(Report, Option<&Path>)], layout: &Layout) -> Result<(), Failure> {
    let named = || {
        reports
            .iter()
            .filter_map(|(report, path)| path.map(|path| (*report, path)))
    };
    for (number, (report, path)) in named().enumerate() {
        if let Some(what) = read_there(path, layout) {
            let message = format!("{} is where {what}: no report goes there", shown(path));
            return Err(
                Failure::new(ExitCode::Usage, message).hint(format!("Name another file with {}.", report.option()))
            );
        }
        report.refuse_other(path)?;
        let is_same = |other: &Path| !is_shared(path) && place(other) == place(path);
        if let Some((other, _)) = named().take(number).find(|(_, other)| is_same(other)) {
            let message = format!("{} and {} name the same file", other.option(), report.option());
            return Err(Failure::new(ExitCode::Usage, message).hint("Name a file for each."));
        }
    }
    Ok(())
}

/// Whether several reports can go there, as to a device.
fn is_shared(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// What the project has at a place, or would look for there.
fn read_there(path: &Path, layout: &Layout) -> Option<&'static str> {
    let root = layout.root().canonicalize().ok()?;
    let place = place(path);
    let files = [
        (layout.settings(), "the settings of the project are"),
        (layout.policies(), "the policies of the project are"),
        (layout.lock(), "`mgw pull` writes what it pulled"),
        (layout.remote_lock(), "files of other servers are pinned"),
        (layout.runtime_config(), "the settings of the gateway are"),
        (layout.toolkit_config(), "the settings of the toolkit are"),
        (layout.deployment_config(), "the settings of containers are"),
    ];
    if let Some((_, what)) = files.into_iter().find(|(file, _)| self::place(file) == place) {
        return Some(what);
    }
    let first = place.strip_prefix(root).ok()?.components().next()?;
    let is_read = READ_FOLDERS.iter().any(|folder| first.as_os_str() == *folder);
    is_read.then_some("the project keeps what it reads")
}

/// One path for all that lead to the same file, whether it is there or not.
fn place(path: &Path) -> PathBuf {
    let absent = || Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize()
        .ok()
        .or_else(absent)
        .unwrap_or_else(|| path.to_owned())
}

fn is_sarif(file: impl Read) -> bool {
    #[derive(serde::Deserialize)]
    struct Log {
        version: String,
        #[serde(rename = "runs")]
        _runs: Vec<IgnoredAny>,
    }
    serde_json::from_reader(BufReader::new(file)).is_ok_and(|log: Log| log.version.starts_with("2."))
}

fn is_plan(file: impl Read) -> bool {
    #[derive(serde::Deserialize)]
    struct Plan {
        #[serde(rename = "format")]
        _format: u32,
        #[serde(rename = "changes")]
        _changes: Vec<IgnoredAny>,
        #[serde(rename = "wanted")]
        _wanted: IgnoredAny,
    }
    serde_json::from_reader(BufReader::new(file)).is_ok_and(|_: Plan| true)
}

fn is_junit(file: impl Read) -> bool {
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(file));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        return match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                matches!(element.name().as_ref(), "testsuites" | "testsuite")
            }
            Ok(Event::Decl(_) | Event::Comment(_) | Event::PI(_)) => continue,
            Ok(Event::Text(text)) if text.trim().is_empty() => continue,
            _ => false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_known_by_what_is_in_them() {
        let sarif = r#"{"version": "2.1.0", "$schema": "x", "runs": [{"results": []}]}"#;
        let junit = "<?xml version=\"1.0\"?>\n<!-- a -->\n<testsuites tests=\"0\"/>";
        for (text, is_sarif, is_junit) in [
            (sarif, true, false),
            (junit, false, true),
            ("<testsuite name='a'></testsuite>", false, true),
            ("", true, true),
            ("format = 1\nname = \"shop\"\n", false, false),
            (r#"{"openapi": "3.0.0", "version": "2.1.0"}"#, false, false),
            ("<project><testsuites/></project>", false, false),
            ("a<testsuites/>", false, false),
            (&sarif[..40], false, false),
        ] {
            assert_eq!(Report::Sarif.is_in(text.as_bytes()), is_sarif, "{text}");
            assert_eq!(Report::Junit.is_in(text.as_bytes()), is_junit, "{text}");
            assert_eq!(Report::Plan.is_in(text.as_bytes()), text.is_empty(), "{text}");
        }
        let plan = r#"{"format": 1, "counts": {}, "changes": [{}], "wanted": {"format": 1}}"#;
        assert!(Report::Plan.is_in(plan.as_bytes()) && !Report::Sarif.is_in(plan.as_bytes()));
    }

    #[test]
    fn nothing_but_reports_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let layout = Layout::new(folder.path().join("shop"));
        std::fs::create_dir_all(path("shop/api_definitions")).expect("writable");
        std::fs::write(path("notes"), "mine").expect("writable");
        std::os::unix::fs::symlink("out.xml", path("link")).expect("a link");
        let refused = |sarif: &str, junit: &str| {
            let (sarif, junit) = (path(sarif), path(junit));
            let reports = [(Report::Sarif, Some(&*sarif)), (Report::Junit, Some(&*junit))];
            refuse(&reports, &layout).err().map(|failure| failure.message)
        };
        Report::Junit
            .write(&path("out.xml"), b"<testsuites/>")
            .expect("written");
        Report::Sarif
            .write(&path("notes"), b"{}")
            .expect_err("it is something else");
        assert_eq!(std::fs::read(path("notes")).expect("there"), b"mine");
        assert_eq!(refused("new", "out.xml"), None);
        for (sarif, junit, reason) in [
            ("new", "new", "name the same file"),
            ("shop/../new", "new", "name the same file"),
            ("notes", "out.xml", "is no SARIF log"),
            ("new", "notes", "is no JUnit report"),
            ("link", "new", "is no SARIF log"),
            ("shop/mgw.toml", "new", "the settings of the project are"),
            ("new", "shop/api_definitions/a.xml", "the project keeps what it reads"),
        ] {
            let message = refused(sarif, junit).unwrap_or_default();
            assert!(message.contains(reason), "{sarif} {junit}: {message}");
        }
        let devices = [
            (Report::Sarif, Some(Path::new("/dev/null"))),
            (Report::Junit, Some(Path::new("/dev/null"))),
        ];
        refuse(&devices, &layout).expect("a device takes both");
        Report::Sarif.write(Path::new("/dev/null"), b"{}").expect("written");
        assert!(!Path::new("/dev/null").is_file());
    }
}
