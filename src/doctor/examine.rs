//! Running checks side by side.

use super::{Check, Finding, Looked, Sight};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// What a check may take: each connection that it makes is bounded by less. A file system that hangs, or a resolver, is
/// bounded by nothing else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs checks side by side and returns what they found, in their order.
pub(crate) fn examine(checks: &[&'static Check], sight: &Arc<Sight>) -> Vec<Looked> {
    let (results, found) = channel();
    for (number, check) in checks.iter().copied().enumerate() {
        let (sight, result) = (Arc::clone(sight), results.clone());
        let look = move || {
            // Nobody waits any more for one that took too long.
            let _ = result.send((number, (check.look)(&sight)));
        };
        let thread = std::thread::Builder::new().name(format!("doctor-{}", check.id));
        if let Err(error) = thread.spawn(look) {
            let remedy = "Raise the limit of processes of this user (ulimit -u).";
            let _ = results.send((
                number,
                vec![Finding::warning(format!("not looked at: {error}"), remedy)],
            ));
        }
    }
    drop(results);
    let mut all: Vec<Option<Vec<Finding>>> = vec![None; checks.len()];
    let deadline = Instant::now() + PATIENCE;
    // Until every check has told, or panicked, or the time is over.
    while let Ok((number, findings)) = found.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        all[number] = Some(findings);
    }
    let looked = |(check, findings): (&&'static Check, Option<Vec<Finding>>)| {
        let findings = findings.unwrap_or_else(|| vec![unfinished()]);
        let (id, subject) = (check.id, check.subject);
        findings.into_iter().map(move |finding| Looked { id, subject, finding })
    };
    checks.iter().zip(all).flat_map(looked).collect()
}

fn unfinished() -> Finding {
    Finding::warning(
        format!("no end after {} s", PATIENCE.as_secs()),
        "Something that was asked does not answer: a name server, or a network file system.",
    )
}
