//! Being told to stop: Ctrl-C, and SIGTERM, which build servers and service managers send; for what serves nothing without its
//! terminal, also that this is closed.

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

/// Waits for a signal, for ever where it is not listened to.
pub(crate) async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Listens to them.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
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
            hang_up: None,
        })
    }

    /// The same, and SIGHUP, unless whoever started the process wants it to outlive the terminal, as `nohup` does.
    ///
    /// # Errors
    ///
    /// When the system lets no signals be listened to.
    pub(crate) fn with_terminal() -> Result<Self, Failure> {
        // Where nobody can tell, the system goes on doing what it was told.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let is_ignored = is_hang_up_ignored(&status).unwrap_or(true);
        let stop = Self::new()?;
        Ok(Self {
            hang_up: match is_ignored {
                true => None,
                false => Some(listen(SignalKind::hangup())?),
            },
            ..stop
        })
    }

    /// Waits for one of them; again for the next.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = received(&mut self.hang_up) => {}
        }
    }
}

/// Whether the process ignores SIGHUP, by what Linux tells of it; `None`: it does not say so.
fn is_hang_up_ignored(status: &str) -> Option<bool> {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let ignored = u64::from_str_radix(ignored.trim(), 16).ok()?;
    // The lowest bit is that of signal 1.
    Some(ignored & (1 << (SignalKind::hangup().as_raw_value() - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::is_hang_up_ignored;

    #[test]
    fn what_is_ignored_is_a_bit_for_each_signal() {
        for (ignored, expected) in [
            ("0000000000000001", Some(true)),
            ("0000000000001006", Some(false)),
            ("0000000000001007", Some(true)),
            ("soon", None),
        ] {
            let status =
                format!("Name:\tmgw\nSigBlk:\t0000000000000001\nSigIgn:\t{ignored}\nSigCgt:\t0000000000000001\n");
            assert_eq!(is_hang_up_ignored(&status), expected, "{ignored}");
        }
        assert_eq!(is_hang_up_ignored(""), None);
    }
}
