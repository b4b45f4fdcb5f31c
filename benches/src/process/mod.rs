//! Processes that the benchmark starts, and what they cost.

mod accounting;
mod ready;
mod running;

pub(crate) use accounting::{CpuTime, peak_bytes, resident_bytes};
pub(crate) use ready::{free_address, wait_for_listener};
pub(crate) use running::{Launch, Running};

use std::path::Path;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// Returns the first line that `program FLAG` prints, on whichever stream; `None` when there is no such program. The
/// exit code is ignored, as some programs end with an error after telling their version.
pub(crate) async fn version(program: &Path, flag: &str) -> Option<String> {
    let output = Command::new(program).arg(flag).kill_on_drop(true).output().await.ok()?;
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said)
        .lines()
        .next()
        .map(|line| line.trim().to_owned())
}

/// Returns when this program is asked to stop.
pub(crate) async fn stop_signal() {
    let next = async |kind| match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        // Without a handler the signal ends this program by itself.
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = next(SignalKind::interrupt()) => {}
        () = next(SignalKind::terminate()) => {}
        () = next(SignalKind::hangup()) => {}
    }
}
