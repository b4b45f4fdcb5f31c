//! The golden corpus: broken inputs of every format that the program reads, and what it says about each.
//!
//! `tests/broken/README.md` tells how a case is written. A new case is a new folder; `MGW_CASE=FORMAT/CASE` runs one, and
//! `UPDATE_GOLDEN=1` writes down what is said now. Whatever a case expects, the promises of [`promises`] hold for it.

mod archive;
mod damage;
mod description;
mod make;
pub(crate) mod promises;
mod repairs;
mod stage;

use description::Format;
use stage::Case;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken");

/// Commands that run at a time.
const WORKERS: usize = 4;

/// The folders of a folder, in order.
fn folders(of: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = of
        .read_dir()
        .unwrap_or_else(|error| panic!("{}: {error}", of.display()))
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn name(path: &Path) -> String {
    path.file_name().expect("a folder has a name").display().to_string()
}

/// The formats with their folders.
fn formats() -> Vec<(PathBuf, Format)> {
    folders(Path::new(CORPUS))
        .into_iter()
        .map(|folder| {
            let format = Format::read(&folder.join("format.toml"));
            (folder, format)
        })
        .collect()
}

/// The cases of a format.
fn cases(folder: &Path, format: &Format) -> Vec<Case> {
    let only = std::env::var("MGW_CASE").ok();
    folders(folder)
        .into_iter()
        .filter(|case| !case.ends_with("base"))
        .map(|case| Case::read(folder, &case, format))
        .filter(|case| only.as_deref().is_none_or(|only| case.name.starts_with(only)))
        .collect()
}

/// Does `work` with everything of a list, several at a time, and returns the problems in order.
fn in_parallel<T: Sync>(all: &[T], work: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((index, one)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    all.get(index).map(|one| (index, one))
                } {
                    let found = work(one);
                    problems.lock().expect("no thread panics here").push((index, found));
                }
            });
        }
    });
    let mut problems = problems.into_inner().expect("no thread panics here");
    problems.sort();
    problems.into_iter().flat_map(|(_, found)| found).collect()
}

#[test]
fn every_broken_input_is_answered_as_written_down() {
    let cases: Vec<Case> = formats()
        .iter()
        .flat_map(|(folder, format)| cases(folder, format))
        .collect();
    assert!(!cases.is_empty(), "there is no such case");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let problems = in_parallel(&cases, |case| case.check(update));
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// Whatever is wrong, repairs make it better and nothing worse, and are done with at once.
#[test]
fn every_broken_input_is_repaired_as_far_as_it_can_be() {
    let cases: Vec<Case> = formats()
        .iter()
        .flat_map(|(folder, format)| cases(folder, format))
        .collect();
    let problems = in_parallel(&cases, Case::repaired);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// Whatever keeps a gateway from starting is found before it is started.
#[test]
fn every_broken_input_that_stops_a_start_is_found_before_it() {
    let cases: Vec<Case> = formats()
        .iter()
        .flat_map(|(folder, format)| cases(folder, format))
        .filter(Case::starts)
        .collect();
    assert!(cases.len() > 20 || std::env::var_os("MGW_CASE").is_some());
    let problems = in_parallel(&cases, Case::found_before_a_start);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// The corpus is a promise: it does not shrink unnoticed.
#[test]
fn every_format_has_its_share_of_cases() {
    for (folder, format) in formats() {
        let found = folders(&folder).len();
        assert!(
            found > format.at_least,
            "{}: {found} folders, cases and base together, and {} cases are promised",
            folder.display(),
            format.at_least
        );
    }
}

/// What is not broken is not complained about: a base that is wrong would hide what its cases show.
#[test]
fn the_base_of_every_format_is_good() {
    let mut problems = Vec::new();
    for (folder, format) in formats() {
        let base = Case::base(&folder, &format);
        problems.extend(base.is_good());
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// Good files, cut off and overwritten at random places, always the same ones.
#[test]
fn damaged_files_are_refused_or_taken_and_never_more() {
    let mut damaged = Vec::new();
    for (folder, format) in formats() {
        for seed in 0..format.damaged {
            damaged.push(Case::base(&folder, &format).damaged_by(seed));
        }
    }
    let problems = in_parallel(&damaged, Case::holds);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
