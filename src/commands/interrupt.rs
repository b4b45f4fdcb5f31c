//! Ctrl-C while a command waits for the network.

use crate::cloud::session::renewals_ended;
use crate::failure::Failure;
use std::time::Duration;

/// How long a renewal of the session that was begun may take to its end. Cut off, it would end the session: the server
/// takes no refresh token twice.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a future until it ends or the user presses Ctrl-C.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        biased;
        result = work => result,
        _ = tokio::signal::ctrl_c() => {
            renewals_ended(PATIENCE).await;
            Err(Failure::interrupted())
        }
    }
}
