//! Being told to stop: Ctrl-C, and SIGTERM, which build servers and service managers send.

use crate::exit::ExitCode;
use crate::failure::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens to one kind of signal from now on, in place of what the system does with it.
///
/// # Errors
///
/// When the system lets no signals be listened to.
pub(crate) fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(ExitCode::Environment, "cannot listen to signals").because(error))
}

/// Listens to both.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From now on.
    ///
    /// # Errors
    ///
    /// When the system lets no signals be listened to.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them; again for the next.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
