//! Signals and changed bundles, from the start of a gateway to its end.

use super::WatchedSource;
use super::watched_source::Look;
use crate::connected::{Following, reason};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::stop::{self, Stop};
use crate::ui::Ui;
use crate::ui::count::Counted;
use mgw_runtime::RunningGateway;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::SignalKind;

/// What SIGHUP means, which comes from operators, and where a terminal is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HangUp {
    /// What is served is looked at again.
    Reload,
    /// The gateway ends with its terminal.
    Stop,
}

/// How often a bundle file is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until SIGTERM or Ctrl-C, then drains; a second signal ends at once. SIGHUP, where it means that, and, for a bundle file, a change of
/// the file since the first load replace what is served; a bundle that cannot be served is reported and the old one goes on. Where a control
/// plane is followed, from the announcement on, a new bundle is what following it begins anew with.
///
/// `announce` is called once signals are listened to: whoever reads that the gateway serves may stop it at once.
///
/// # Errors
///
/// When the signals cannot be listened to.
pub(crate) async fn supervise(
    gateway: Arc<RunningGateway>,
    mut source: WatchedSource,
    following: Option<&Following>,
    on_hang_up: HangUp,
    drain: Duration,
    ui: &Ui,
    announce: impl FnOnce(&RunningGateway),
) -> Result<ExitCode, Failure> {
    let (mut stop, mut hang_up) = match on_hang_up {
        HangUp::Reload => (Stop::new()?, Some(stop::listen(SignalKind::hangup())?)),
        HangUp::Stop => (Stop::with_terminal()?, None),
    };
    announce(&gateway);
    if let Some(following) = following {
        following.begin();
    }
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    loop {
        tokio::select! {
            () = stop.requested() => break,
            () = stop::received(&mut hang_up) => {
                // What the signal has taken up, or refused, is not taken up again for being another file.
                source.asked_for();
                reload(&gateway, &mut source, Look::New, following, ui);
            }
            _ = look.tick() => {
                if let Some(why) = source.due(Instant::now()) {
                    reload(&gateway, &mut source, why, following, ui);
                }
            }
        }
    }
    ui.status(
        "Draining",
        format_args!("for up to {} s; a second signal stops at once", drain.as_secs()),
    );
    let (report, drained) = tokio::sync::oneshot::channel();
    // A thread of its own: the process may end without waiting for it.
    std::thread::spawn(move || report.send(gateway.drain(drain)));
    let report = tokio::select! {
        report = drained => report.unwrap_or_default(),
        () = stop.requested() => return Ok(ExitCode::Interrupted),
    };
    if report.aborted > 0 {
        let cut = Counted(report.aborted, "connection was", "connections were");
        ui.warn(format_args!("{cut} cut at the deadline"));
    }
    ui.line("Stopped");
    Ok(ExitCode::Success)
}

fn reload(gateway: &RunningGateway, source: &mut WatchedSource, why: Look, following: Option<&Following>, ui: &Ui) {
    if why == Look::New && gateway.reload_files() {
        ui.status("Serving", "changed keys and certificates");
    }
    let loaded = source.load(ui);
    if let Err(failure) = &loaded {
        let is_told = source.refuse(failure, Instant::now());
        if is_told && why == Look::Again {
            return;
        }
        gateway.refuse_bundle(reason(failure));
    }
    if let Some(following) = following {
        let is_followed = match &loaded {
            Ok(bundle) => following.offer(bundle.clone()),
            Err(failure) => following.refuse(failure),
        };
        if is_followed && loaded.is_ok() {
            return;
        }
        if !is_followed {
            ui.warn("the control plane is not followed any more: restart the gateway");
        }
    }
    let taken = loaded.and_then(|bundle| {
        let digest = bundle.digest;
        if digest == gateway.bundle() {
            gateway.keep_bundle();
            return Ok(None);
        }
        gateway.reload(&bundle)?;
        Ok(Some(digest))
    });
    match taken {
        Ok(Some(digest)) => ui.status("Serving", format_args!("bundle {digest}")),
        Ok(None) => ui.detail("the bundle has not changed"),
        Err(mut failure) => {
            // Standard output is for what is served: nobody may be reading it any more.
            failure.reported = true;
            ui.failure(&failure);
            ui.warn("the bundle that was served before goes on");
        }
    }
}
