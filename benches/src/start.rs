//! How long the gateway takes from its start to the first answer of a backend, and what it holds when idle.

use crate::answer::ask;
use crate::failure::Failure;
use crate::load::Request;
use crate::process::resident_bytes;
use crate::project;
use crate::statistics::median;
use crate::subject::{Binary, Surroundings};
use serde::Serialize;
use std::time::{Duration, Instant};

/// APIs in the bundle.
const APIS: usize = 100;

/// How often the gateway is started.
const STARTS: usize = 5;

/// The longest that a start may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time between two attempts to get an answer.
const ATTEMPT: Duration = Duration::from_millis(1);

/// Time after the first answer until memory counts as idle.
const SETTLING: Duration = Duration::from_secs(1);

/// What the starts took.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Start {
    /// APIs in the bundle.
    pub apis: usize,
    /// Median time from the start of `mgw run` to the first answer of the backend, in milliseconds.
    pub first_answer_ms: f64,
    /// Resident memory a second later, in bytes.
    pub idle_resident_bytes: f64,
}

/// Starts a gateway with many APIs several times, on whatever processors there are.
pub(crate) async fn measure(around: &Surroundings<'_>, binary: &Binary) -> Result<Start, Failure> {
    let project = project::write_for_start(around.folder, APIS, around.backend)?;
    let bundle = binary.build(&project, around.folder).await?;
    let request = Request {
        path: project::first_path_for_start(),
        token: None,
    };
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let gateway = around.gateway(binary, bundle.clone(), false)?;
        let begin = Instant::now();
        let mut running = gateway.start(None)?;
        loop {
            if matches!(ask(gateway.address(), &request).await, Ok(answer) if answer.status == 200) {
                break;
            }
            running.check()?;
            if begin.elapsed() > PATIENCE {
                return Err(running.late("pass on a request", PATIENCE));
            }
            tokio::time::sleep(ATTEMPT).await;
        }
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(SETTLING).await;
        memory.push(resident_bytes(running.pid())? as f64);
        running.end().await;
    }
    Ok(Start {
        apis: APIS,
        first_answer_ms: median(times).unwrap_or_default(),
        idle_resident_bytes: median(memory).unwrap_or_default(),
    })
}
