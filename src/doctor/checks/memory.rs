//! Memory, of the machine or the container.

use super::disk_space::size;
use super::process::number;
use crate::doctor::{Finding, Sight};

/// A gateway with a hundred APIs is idle with 20 MiB; under load it needs buffers.
const LITTLE: u64 = 128 << 20;
const TOO_LITTLE: u64 = 32 << 20;
/// What files of the kernel say where there is no limit: about the largest number.
const NO_LIMIT: u64 = 1 << 60;

pub(in crate::doctor) fn look(_sight: &Sight) -> Vec<Finding> {
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limit = limits.iter().find_map(number).filter(|limit| *limit < NO_LIMIT);
    let available = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available(&text));
    vec![decide(limit, available)]
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib.saturating_mul(1024))
}

fn decide(limit: Option<u64>, available: Option<u64>) -> Finding {
    let (bytes, text) = match (limit, available) {
        (Some(limit), Some(available)) if available < limit => (available, format!("{} available", size(available))),
        (Some(limit), _) => (limit, format!("limited to {}", size(limit))),
        (None, Some(available)) => (available, format!("{} available, without a limit", size(available))),
        (None, None) => return Finding::skipped("it cannot be told here"),
    };
    let remedy = "Give the container or machine 128 MiB or more.";
    match bytes {
        ..TOO_LITTLE => Finding::problem(format!("{text}: too little to serve"), remedy),
        TOO_LITTLE..LITTLE => Finding::warning(format!("{text}: little for a gateway under load"), remedy),
        _ => Finding::ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn the_smaller_of_limit_and_rest_counts() {
        const GIB: u64 = 1 << 30;
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
        for (limit, available, verdict) in [
            (None, None, Verdict::Skipped),
            (None, Some(GIB), Verdict::Ok),
            (Some(2 * GIB), Some(GIB), Verdict::Ok),
            (Some(64 << 20), Some(GIB), Verdict::Warning),
            (Some(16 << 20), Some(GIB), Verdict::Problem),
            (Some(GIB), Some(16 << 20), Verdict::Problem),
        ] {
            assert_eq!(decide(limit, available).verdict, verdict, "{limit:?} {available:?}");
        }
    }
}
