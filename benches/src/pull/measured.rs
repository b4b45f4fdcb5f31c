//! One pull, and what it took.

use super::control_plane::ControlPlane;
use crate::failure::Failure;
use crate::process::{CpuTime, peak_bytes};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest that a pull may take.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a pull took.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub name: &'static str,
    /// From the start of the process to its end.
    pub seconds: f64,
    /// Processor time, user and system, until shortly before its end.
    pub cpu_seconds: f64,
    /// Requests that were answered.
    pub requests: usize,
    /// Answers that only told that nothing had changed.
    pub unchanged: usize,
    /// Largest resident memory.
    pub peak_bytes: u64,
    /// What is pulled, as files.
    pub pulled_bytes: u64,
}

impl Measured {
    /// Pulls once.
    pub(super) async fn of(name: &'static str, plane: &ControlPlane, project: &Path) -> Result<Self, Failure> {
        let arguments = vec![
            "pull".into(),
            project.into(),
            "--label=bulk".into(),
            "--verbose".into(),
            "--output=json".into(),
        ];
        let begin = Instant::now();
        let mut running = plane.command(name, arguments).start()?;
        let (mut peak, mut cpu) = (0, Duration::ZERO);
        // At its end a process has neither; the last figures count then.
        let look = |pid| {
            peak = peak_bytes(pid).unwrap_or(peak).max(peak);
            cpu = CpuTime::of(pid).map_or(cpu, |time| (time.user + time.system).max(cpu));
        };
        running.finish(PATIENCE, look).await?;
        let seconds = begin.elapsed().as_secs_f64();
        let told = std::fs::read_to_string(running.log()).map_err(Failure::file("read", running.log()))?;
        let statuses: Vec<u16> = told.lines().filter_map(answered).collect();
        Ok(Self {
            name,
            seconds,
            cpu_seconds: cpu.as_secs_f64(),
            requests: statuses.len(),
            unchanged: statuses.iter().filter(|status| **status == 304).count(),
            peak_bytes: peak,
            pulled_bytes: size(&project.join("gen"))?,
        })
    }
}

/// The status that a line tells of a request: `detail: GET HOST/PATH STATUS TIME ms`.
fn answered(line: &str) -> Option<u16> {
    let mut words = line.strip_prefix("detail:")?.trim_end().rsplit(' ');
    let (unit, time, status) = (words.next()?, words.next()?, words.next()?);
    let _: u64 = time.parse().ok()?;
    status.parse().ok().filter(|_| unit == "ms")
}

fn size(folder: &Path) -> Result<u64, Failure> {
    let mut total = 0;
    for entry in std::fs::read_dir(folder).map_err(Failure::file("read", folder))? {
        let path = entry.map_err(Failure::file("read", folder))?.path();
        let about = std::fs::metadata(&path).map_err(Failure::file("read", &path))?;
        total += if about.is_dir() { size(&path)? } else { about.len() };
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::answered;

    #[test]
    fn requests_are_told_from_other_details() {
        for (line, expected) in [
            ("detail: GET 127.0.0.1:9443/api/am/publisher/apis 200 12 ms", Some(200)),
            ("detail: GET localhost:1/swagger 304 0 ms", Some(304)),
            ("detail: sending GET localhost:1/a again in 1000 ms", None),
            ("detail: GET localhost:1/a failed after 3 ms: reset", None),
            ("warning: 200 12 ms", None),
            ("", None),
        ] {
            assert_eq!(answered(line), expected, "{line}");
        }
    }
}
