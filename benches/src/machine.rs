//! What the run happened on: processors, pinning, tools.

use crate::process;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The machine and the tools of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    /// Model name of the processor, when the system tells.
    pub processor: Option<String>,
    /// Processors this program may use.
    pub cores: usize,
    /// Who runs where; `None` without `taskset` or a second processor.
    pub pinning: Option<Pinning>,
    /// Load average of the last minute when the run started: what else the machine was doing.
    pub load_average: Option<f64>,
    /// Version line of `wrk`, when it is used.
    pub wrk: Option<String>,
    /// Version line of HAProxy, when it is used.
    pub haproxy: Option<String>,
}

/// Processor numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Pinning {
    /// Runs the subjects.
    pub gateway: usize,
    /// Runs the load generator.
    pub load: usize,
    /// Runs the sample backend: the load's when there are only two.
    pub backend: usize,
}

impl Machine {
    /// Looks at the machine. `wrk` and `haproxy` are the programs to ask for their version.
    pub(crate) async fn look(wrk: Option<&Path>, haproxy: Option<&Path>) -> Self {
        let allowed = read("/proc/self/status")
            .and_then(|status| field(&status, "Cpus_allowed_list").map(processors))
            .unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, Into::into);
        let taskset = process::version(Path::new("taskset"), "-V").await.is_some();
        Self {
            processor: read("/proc/cpuinfo").and_then(|info| field(&info, "model name").map(str::to_owned)),
            cores,
            pinning: taskset.then(|| pinning(&allowed)).flatten(),
            load_average: read("/proc/loadavg").and_then(|text| text.split_whitespace().next()?.parse().ok()),
            wrk: version(wrk, "-v").await,
            haproxy: version(haproxy, "-v").await,
        }
    }
}

/// Returns HAProxy's program when it is installed. It lives in a folder that not every user has in the search path.
pub(crate) async fn find_haproxy(given: Option<&Path>) -> Option<PathBuf> {
    let candidates = match given {
        Some(given) => vec![given],
        None => vec![Path::new("haproxy"), Path::new("/usr/sbin/haproxy")],
    };
    for candidate in candidates {
        if process::version(candidate, "-v").await.is_some() {
            return Some(candidate.to_owned());
        }
    }
    None
}

async fn version(program: Option<&Path>, flag: &str) -> Option<String> {
    process::version(program?, flag).await
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// The value of the first `name: value` line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

/// The numbers in a list such as `0-2,5`.
fn processors(list: &str) -> Vec<usize> {
    list.split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
        })
        .flatten()
        .collect()
}

/// The gateway has a processor for itself.
fn pinning(allowed: &[usize]) -> Option<Pinning> {
    let (gateway, load) = (*allowed.first()?, *allowed.get(1)?);
    let backend = allowed.get(2).copied().unwrap_or(load);
    Some(Pinning { gateway, load, backend })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_lists_have_ranges() {
        assert_eq!(processors("0-1"), [0, 1]);
        assert_eq!(processors("0-2,5,8-9"), [0, 1, 2, 5, 8, 9]);
        assert_eq!(processors("3"), [3]);
        assert!(processors("").is_empty());
        assert!(processors("x-y").is_empty());
    }

    #[test]
    fn the_backend_moves_out_when_there_is_room() {
        assert_eq!(pinning(&[0]), None);
        assert_eq!(
            pinning(&[2, 3]),
            Some(Pinning {
                gateway: 2,
                load: 3,
                backend: 3
            })
        );
        assert_eq!(
            pinning(&[0, 1, 4, 5]),
            Some(Pinning {
                gateway: 0,
                load: 1,
                backend: 4
            })
        );
    }

    #[test]
    fn fields_are_found_by_name() {
        let status = "Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n";
        assert_eq!(field(status, "Cpus_allowed_list"), Some("0-1"));
        assert_eq!(field(status, "VmRSS"), None);
    }
}
