//! What a load generator reports: one line of JSON behind a mark, among whatever else it prints.

use crate::failure::Failure;
use serde::{Deserialize, Serialize};

/// Begins the line; the `wrk` script writes the same.
const MARK: &str = "mgw-bench ";

/// The outcome of one round of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoadReport {
    /// Answered requests, whatever the status.
    pub requests: u64,
    /// How long the load really took, in microseconds.
    pub duration_us: u64,
    /// Half of the answers came within these microseconds.
    pub p50_us: u64,
    /// 99 of 100 answers came within these microseconds.
    pub p99_us: u64,
    /// Answers with a status of 400 or above.
    pub refused: u64,
    /// Requests without an answer.
    pub broken: u64,
}

impl LoadReport {
    /// Finds the report in what a generator printed.
    pub(crate) fn find(output: &str) -> Result<Self, Failure> {
        output
            .lines()
            .find_map(|line| serde_json::from_str(line.strip_prefix(MARK)?).ok())
            .filter(|report: &Self| report.requests > 0 && report.duration_us > 0)
            .ok_or_else(|| Failure::LoadReport {
                said: output.to_owned(),
            })
    }

    /// The report as a line that [`find`](Self::find) finds.
    pub(crate) fn line(&self) -> Result<String, Failure> {
        Ok(format!("{MARK}{}", serde_json::to_string(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: LoadReport = LoadReport {
        requests: 9,
        duration_us: 1_000,
        p50_us: 3,
        p99_us: 7,
        refused: 2,
        broken: 0,
    };

    #[test]
    fn a_report_is_found_among_other_lines() {
        let output = format!("Running 1s test\n{}\nRequests/sec: 9\n", REPORT.line().unwrap());
        assert_eq!(LoadReport::find(&output).unwrap(), REPORT);
    }

    #[test]
    fn the_script_writes_the_same_names() {
        let script = include_str!("wrk.lua");
        let line = REPORT.line().unwrap();
        for name in line.split('"').skip(1).step_by(2) {
            assert!(script.contains(&format!("\"{name}\":")), "{name}");
        }
        assert!(script.contains(&format!("'{MARK}")));
    }

    #[test]
    fn no_requests_are_no_report() {
        let none = LoadReport { requests: 0, ..REPORT };
        assert!(LoadReport::find(&none.line().unwrap()).is_err());
        assert!(LoadReport::find("unable to connect").is_err());
    }
}
