//! `valgrind` counts the instructions that a process executes.

use super::PATIENCE;
use crate::failure::Failure;
use crate::process::{Launch, version};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const VALGRIND: &str = "valgrind";

/// What the reports about threads are called, before their numbers.
const THREADS: &str = "threads.out";

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

    /// Has each thread of a process counted, with the functions that it runs.
    pub(crate) fn around_by_thread<'a>(&'a self, launch: Launch<'a>) -> Result<Launch<'a>, Failure> {
        for old in self.thread_reports()? {
            std::fs::remove_file(&old).map_err(Failure::file("remove", &old))?;
        }
        let mut reports = OsString::from("--callgrind-out-file=");
        reports.push(self.folder.join(THREADS));
        let mut arguments: Vec<OsString> = ["--tool=callgrind", "--separate-threads=yes"].map(Into::into).to_vec();
        arguments.extend([reports, launch.program.into()]);
        arguments.extend(launch.arguments);
        Ok(Launch {
            program: Path::new(VALGRIND),
            arguments,
            ..launch
        })
    }

    /// The counts of the process that ended last: of threads that run a function with one of these parts in its name, and of
    /// all others.
    pub(super) fn counted_by_thread(&self, functions: &[&str]) -> Result<[u64; 2], Failure> {
        let mut counts = [0; 2];
        for path in self.thread_reports()? {
            let report = std::fs::read_to_string(&path).map_err(Failure::file("read", &path))?;
            let runs = functions.iter().any(|function| report.contains(function));
            // Threads that did nothing have no count.
            counts[usize::from(!runs)] += total(&report).unwrap_or(0);
        }
        match counts {
            [_, 0] => Err(Failure::InstructionReport { said: String::new() }),
            counts => Ok(counts),
        }
    }

    fn thread_reports(&self) -> Result<Vec<PathBuf>, Failure> {
        let entries = std::fs::read_dir(&self.folder).map_err(Failure::file("read", &self.folder))?;
        let names = entries.flatten().filter(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| name.starts_with(THREADS))
        });
        Ok(names.map(|entry| entry.path()).collect())
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

/// The count in the report about a thread: `totals: 1234567`.
fn total(report: &str) -> Option<u64> {
    let line = report.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_a_thread_is_found() {
        assert_eq!(
            total("version: 1\nthread: 3\nevents: Ir\nfn=(1) main\n1 2\n\ntotals: 4711\n"),
            Some(4711)
        );
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn the_count_is_found_in_the_report() {
        let report =
            "==7== Cachegrind, a cache and branch-prediction profiler\n==7== \n==7== I   refs:      1,234,567\n";
        assert_eq!(parse(report), Some(1_234_567));
        assert_eq!(parse("==7== D   refs: 12\n"), None);
        assert_eq!(parse(""), None);
    }
}
