//! A file lists URLs.

use super::candidate::Candidate;
use super::sink::Sink;
use crate::watched_files::{Turn, WatchedFiles};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two looks at the file.
const INTERVAL: Duration = Duration::from_secs(1);

/// Largest file, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// Returns where the file is: in the operator's folder, whatever the bundle says.
pub(super) fn below(folder: &Path, path: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(path);
    let mut components = path.components();
    if path.as_os_str().is_empty() || !components.all(|component| matches!(component, Component::Normal(_))) {
        return Err("names a file that is not below the folder of such files");
    }
    Ok(folder.join(path))
}

/// Reads the file again whenever it changed. Ends when it is aborted.
pub(super) async fn watch(path: PathBuf, sink: Sink) {
    let sink = Arc::new(Mutex::new(sink));
    let watched = Arc::new((WatchedFiles::new([path.as_path()]), path));
    let mut first = true;
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (sink, watched) = (Arc::clone(&sink), Arc::clone(&watched));
        // Folders may be on slow disks, and the control thread has others to serve.
        let looked = tokio::task::spawn_blocking(move || look(&watched.0, &watched.1, &sink, first)).await;
        first = first && looked.is_err();
    }
}

fn look(watched: &WatchedFiles, path: &Path, sink: &Mutex<Sink>, first: bool) {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    let mut take_over = || match read(path) {
        Ok(text) => match candidates(&text) {
            Ok(candidates) => {
                sink.found(candidates);
                Ok(())
            }
            Err(reason) => {
                sink.refuse(reason);
                // Said once; only another change can help.
                Ok(())
            }
        },
        Err(error) if first && error.kind() == std::io::ErrorKind::NotFound => {
            sink.missing();
            Err(())
        }
        // A file may be away for a moment while it is replaced.
        Err(error) => {
            sink.failed(error);
            Err(())
        }
    };
    if first {
        let _ = take_over();
    } else {
        let _: Turn<()> = watched.turn(take_over);
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other("the file is larger than 64 KiB"));
    }
    Ok(text)
}

/// Reads a list of URLs: one a line, with `#` before remarks, or a JSON array of texts.
pub(super) fn candidates(text: &str) -> Result<Vec<Candidate>, &'static str> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('[') {
        let urls: Vec<String> = serde_json::from_str(text).map_err(|_| "is no JSON array of URLs")?;
        return listed(urls.iter().map(String::as_str));
    }
    listed(text.lines().map(without_remark))
}

/// A line up to its remark, which begins the line or stands behind a blank: no URL has one, and `#` alone may be part of it.
fn without_remark(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') {
        return "";
    }
    match line.split_once(char::is_whitespace) {
        Some((url, rest)) if rest.trim_start().starts_with('#') => url,
        _ => line,
    }
}

fn listed<'a>(urls: impl Iterator<Item = &'a str>) -> Result<Vec<Candidate>, &'static str> {
    let all: Vec<Candidate> = urls
        .map(str::trim)
        .filter(|url| !url.is_empty())
        .map(Candidate::equal)
        .collect();
    if all.is_empty() { Err("names no URL") } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_arrays_are_lists() {
        let list = |urls: &[&str]| Ok(urls.iter().copied().map(Candidate::equal).collect());
        for (text, expected) in [
            ("http://a\nhttp://b\n", list(&["http://a", "http://b"])),
            ("\u{feff}# today\r\n\r\n  http://a/v1 \r\n", list(&["http://a/v1"])),
            (
                "http://a # remark\n http://b\t#http://c\n\t# http://d\n",
                list(&["http://a", "http://b"]),
            ),
            (
                "http://a/#x\nhttp://b x # y\n",
                list(&["http://a/#x", "http://b x # y"]),
            ),
            ("[\"http://a\", \" http://b\"]", list(&["http://a", "http://b"])),
            ("", Err("names no URL")),
            ("# none\n", Err("names no URL")),
            ("[]", Err("names no URL")),
            ("[1]", Err("is no JSON array of URLs")),
            ("[\"http://a\"", Err("is no JSON array of URLs")),
        ] {
            assert_eq!(candidates(text), expected, "{text:?}");
        }
    }

    #[test]
    fn files_outside_the_folder_are_not_read() {
        let folder = Path::new("/etc/mgw");
        assert_eq!(below(folder, "shop/urls"), Ok(PathBuf::from("/etc/mgw/shop/urls")));
        for path in ["", "/etc/passwd", "../passwd", "shop/../../passwd", "."] {
            assert!(below(folder, path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            if let Ok(candidates) = candidates(&text) {
                prop_assert!(!candidates.is_empty());
                prop_assert!(candidates.iter().all(|candidate| text.contains(&candidate.url) || text.starts_with('[')
                    || text.trim_start().starts_with('[')));
            }
        }
    }
}
