//! Where a figure comes from: the processor time of a subject before and after a known number of requests.

use crate::answer::{Answer, ask};
use crate::failure::Failure;
use crate::load::Generator;
use crate::process::{CpuTime, resident_bytes};
use crate::project::Traffic;
use crate::scenario::Case;
use crate::subject::Subject;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Seconds of load before each measurement: connections to the backend are open and caches filled afterwards.
const WARM_UP_SECONDS: u32 = 1;

/// How often a subject is asked before its answer counts: a quota must be used up first.
const QUESTIONS: usize = 3;

/// Characters of an unexpected answer that an error repeats.
const SAID: usize = 400;

/// One round of one case.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Sample {
    /// Processor time of the subject per request, in microseconds.
    pub cpu_us: f64,
    /// The part of it in the program.
    pub user_us: f64,
    /// The part of it in the kernel.
    pub system_us: f64,
    pub requests_per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// Resident memory after the round, in bytes.
    pub resident_bytes: f64,
    pub requests: u64,
}

/// Makes sure that a subject gives the answer which the case is about.
pub(crate) async fn check(case: Case, subject: &mut Subject, traffic: &Traffic) -> Result<(), Failure> {
    let address = address(case, subject)?;
    let mut found = Err(String::new());
    for _ in 0..QUESTIONS {
        found = ask(address, &traffic.sample).await;
        if matches!(&found, Ok(answer) if answer.status == case.scenario.status()) {
            return Ok(());
        }
    }
    subject.running.check()?;
    let (found, said) = match found {
        Ok(Answer { status, body }) => (status.to_string(), body),
        Err(reason) => ("nothing".into(), reason),
    };
    Err(unexpected(case, found, said.chars().take(SAID).collect()))
}

/// Measures one round.
pub(crate) async fn round(
    case: Case,
    subject: &mut Subject,
    traffic: &Traffic,
    generator: &Generator,
    seconds: u32,
) -> Result<Sample, Failure> {
    let address = address(case, subject)?;
    let pid = subject.running.pid();
    generator.run(address, &traffic.file, WARM_UP_SECONDS).await?;
    subject.running.empty_log()?;

    let before = CpuTime::of(pid)?;
    let report = generator.run(address, &traffic.file, seconds).await?;
    let used = CpuTime::of(pid)?.since(before);

    subject.running.check()?;
    if report.broken > 0 {
        return Err(Failure::Transport {
            subject: case.subject.name(),
            scenario: case.scenario.name(),
            count: report.broken,
        });
    }
    let refused = if case.scenario.status() >= 400 {
        report.requests
    } else {
        0
    };
    if report.refused != refused {
        let found = format!("{} refusals among {} answers", report.refused, report.requests);
        return Err(unexpected(case, found, String::new()));
    }
    let per_request = |time: Duration| time.as_secs_f64() * 1e6 / report.requests as f64;
    Ok(Sample {
        cpu_us: per_request(used.user + used.system),
        user_us: per_request(used.user),
        system_us: per_request(used.system),
        requests_per_second: report.requests as f64 * 1e6 / report.duration_us as f64,
        p50_us: report.p50_us as f64,
        p99_us: report.p99_us as f64,
        resident_bytes: resident_bytes(pid)? as f64,
        requests: report.requests,
    })
}

fn address(case: Case, subject: &Subject) -> Result<SocketAddr, Failure> {
    subject
        .address(case.scenario)
        .ok_or_else(|| unexpected(case, "nothing".into(), "it does not serve this scenario".into()))
}

fn unexpected(case: Case, found: String, said: String) -> Failure {
    Failure::Answer {
        subject: case.subject.name(),
        scenario: case.scenario.name(),
        expected: case.scenario.status(),
        found,
        said,
    }
}
