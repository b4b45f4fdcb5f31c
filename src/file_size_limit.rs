//! The limit on the size of files that a process may have (`ulimit -f`).

use signal_hook::consts::SIGXFSZ;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Has writes beyond the limit fail, as on a full disk, instead of ending the process. Programs that it starts are not
/// concerned.
pub fn outlive() {
    // Nobody asks whether it came: the failed write says so. Where it cannot be caught, it ends the process as ever.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}
