//! Being told to stop while a command waits for the network.

use crate::cloud::session::renewals_ended;
use crate::exit::ExitCode;
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

/// Does the same with a request that changes something elsewhere. It is not known whether it got there; `look` says how to
/// find out.
///
/// # Errors
///
/// When the process is told to stop, or the system lets no signals be listened to.
pub(crate) async fn changing<T>(request: impl Future<Output = T>, look: &str) -> Result<T, Failure> {
    let answered = interruptible(async { Ok(request.await) }).await;
    answered.map_err(|failure| match failure.code {
        ExitCode::Interrupted => Failure::new(
            ExitCode::Interrupted,
            "interrupted; the change may have been made all the same",
        )
        .hint(look),
        _ => failure,
    })
}
