//! Processor time and memory of a process, from `/proc`.

use crate::failure::Failure;
use std::time::Duration;

/// The unit of the times in `/proc/<pid>/stat` on every architecture this runs on: hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process and all its threads have used since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CpuTime {
    pub user: Duration,
    pub system: Duration,
}

impl CpuTime {
    /// Reads the time of a running process.
    pub(crate) fn of(pid: u32) -> Result<Self, Failure> {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .ok()
            .and_then(|stat| Self::parse(&stat))
            .ok_or(Failure::Accounting {
                what: "processor time",
                pid,
            })
    }

    /// Returns the time used between `earlier` and this reading.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }

    /// The command name stands in parentheses and may hold anything, so fields are counted from the last one.
    fn parse(stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<u32>);
        let mut next = || times.next()?.ok().map(|ticks| TICK * ticks);
        Some(Self {
            user: next()?,
            system: next()?,
        })
    }
}

/// Returns the memory that a process has resident, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, Failure> {
    memory(pid, "VmRSS:")
}

/// Returns the most memory that a process has ever had resident, in bytes.
pub(crate) fn peak_bytes(pid: u32) -> Result<u64, Failure> {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, name: &str) -> Result<u64, Failure> {
    std::fs::read_to_string(format!("/proc/{pid}/status"))
        .ok()
        .and_then(|status| parse_memory(&status, name))
        .ok_or(Failure::Accounting { what: "memory", pid })
}

fn parse_memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_fourteenth_and_fifteenth_field() {
        let stat = "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 2251 0 1 0 1203 456 7 8 20 0 3 0 99 1 2";
        let time = CpuTime::parse(stat).unwrap();
        assert_eq!(time.user, Duration::from_millis(12_030));
        assert_eq!(time.system, Duration::from_millis(4_560));
    }

    #[test]
    fn a_short_line_is_no_time() {
        assert_eq!(
            CpuTime::parse("4711 (x) S 1 4711 4711 0 -1 4194560 2251 0 1 0 1203"),
            None
        );
        assert_eq!(CpuTime::parse(""), None);
    }

    #[test]
    fn time_is_counted_between_readings() {
        let reading = |user, system| CpuTime {
            user: Duration::from_millis(user),
            system: Duration::from_millis(system),
        };
        assert_eq!(reading(500, 90).since(reading(100, 40)), reading(400, 50));
    }

    #[test]
    fn this_process_has_used_memory() {
        let own = std::process::id();
        assert!(resident_bytes(own).unwrap() > 100_000);
        assert!(peak_bytes(own).unwrap() > 100_000);
        assert!(CpuTime::of(std::process::id()).is_ok());
    }

    #[test]
    fn resident_memory_is_in_kibibytes() {
        assert_eq!(
            parse_memory("VmPeak:\t  9 kB\nVmRSS:\t    9216 kB\n", "VmRSS:"),
            Some(9_437_184)
        );
        assert_eq!(parse_memory("VmPeak:\t  9 kB\n", "VmRSS:"), None);
    }
}
