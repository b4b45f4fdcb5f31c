//! `valgrind` counts the instructions that a process executes.

use super::PATIENCE;
use crate::failure::Failure;
use crate::process::{Launch, version};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const VALGRIND: &str = "valgrind";

/// A counter of instructions. Processes are counted one after the other.
#[derive(Debug)]
pub(crate) struct Valgrind {
    version: String,
    folder: PathBuf,
}

impl Valgrind {
    /// Returns the counter, whose files go to `folder`; `None` where it is not installed.
    pub(super) async fn find(folder: &Path) -> Option<Self> {
        Some(Self {
            version: version(Path::new(VALGRIND), "--version").await?,
            folder: folder.to_owned(),
        })
    }

    /// What it calls itself.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Has a process counted: the program becomes an argument.
    pub(crate) fn around<'a>(&'a self, launch: Launch<'a>) -> Launch<'a> {
        let mut log = OsString::from("--log-file=");
        log.push(self.log());
        let mut arguments: Vec<OsString> = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
            .map(Into::into)
            .to_vec();
        arguments.extend([log, launch.program.into()]);
        arguments.extend(launch.arguments);
        Launch {
            program: Path::new(VALGRIND),
            arguments,
            ..launch
        }
    }

    /// Runs a process to its end and returns its count.
    pub(super) async fn count(&self, launch: Launch<'_>) -> Result<u64, Failure> {
        self.around(launch).output(PATIENCE).await?;
        self.counted()
    }

    /// The count of the process that ended last.
    pub(super) fn counted(&self) -> Result<u64, Failure> {
        let log = self.log();
        let report = std::fs::read_to_string(&log).map_err(Failure::file("read", &log))?;
        parse(&report).ok_or(Failure::InstructionReport { said: report })
    }

    fn log(&self) -> PathBuf {
        self.folder.join("valgrind.log")
    }
}

/// The count in valgrind's last words: `==4711== I   refs:      1,234,567`.
fn parse(report: &str) -> Option<u64> {
    let line = report
        .lines()
        .find(|line| line.contains("refs:") && line.contains(" I "))?;
    let (_, count) = line.split_once("refs:")?;
    count.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_the_report() {
        let report =
            "==7== Cachegrind, a cache and branch-prediction profiler\n==7== \n==7== I   refs:      1,234,567\n";
        assert_eq!(parse(report), Some(1_234_567));
        assert_eq!(parse("==7== D   refs: 12\n"), None);
        assert_eq!(parse(""), None);
    }
}
