//! Being told to stop while a command waits for the network.

use crate::cloud::session::renewals_ended;
use crate::failure::Failure;
use crate::stop::Stop;
use std::time::Duration;

/// How long a renewal of the session that was begun may take to its end. Cut off, it would end the session: the server
/// takes no refresh token twice.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a future until it ends or the process is told to stop. What the future holds is put away then, such as keys in a
/// temporary folder.
///
/// # Errors
///
/// Those of the future; [`Failure::interrupted`]; when the system lets no signals be listened to.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut stop = Stop::new()?;
    tokio::select! {
        biased;
        result = work => result,
        () = stop.requested() => {
            renewals_ended(PATIENCE).await;
            Err(Failure::interrupted())
        }
    }
}
