//! Ctrl-C while a command waits for the network.

use crate::failure::Failure;

/// Runs a future until it ends or the user presses Ctrl-C.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        biased;
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
    }
}
