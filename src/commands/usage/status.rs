//! `mgw usage status`

use crate::admin::{AdminArgs, AdminClient, AdminError};
use crate::commands::interrupt::interruptible;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use jiff::Timestamp;
use mgw_runtime::usage::UsageStatus;

/// Arguments of `mgw usage status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Which gateway.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Shows how it goes.
pub fn run(args: StatusArgs, context: &Context) -> Result<ExitCode, Failure> {
    let client = AdminClient::new(&args.admin, &context.ui)?;
    let asked = async { Ok(client.get::<UsageStatus>("/usage", &[]).await) };
    let status = context.block_on(interruptible(asked))?.map_err(|error| {
        let keeps_none = !matches!(error, AdminError::Unreachable { .. } | AdminError::Address { .. });
        let mut failure = Failure::from(error);
        if keeps_none {
            let likely = "A gateway keeps usage records only with `analytics.fileUpload.enable = true`.";
            failure.hints.insert(0, likely.to_owned());
        }
        failure
    })?;
    context.ui.result(text(&status, Timestamp::now()), &status);
    Ok(ExitCode::Success)
}

fn text(status: &UsageStatus, now: Timestamp) -> String {
    let [answered, throttled, failed] = status.written;
    let lost = &status.dropped;
    let mut lines = vec![
        format!("written   {answered} of answered requests, {throttled} of throttled, {failed} of failed"),
        format!(
            "dropped   {} (queue {}, disk {}, spool {}, no room {}, torn {}, undated {})",
            lost.queue + lost.disk + lost.spool + lost.no_room + lost.torn + lost.undated,
            lost.queue,
            lost.disk,
            lost.spool,
            lost.no_room,
            lost.torn,
            lost.undated
        ),
        format!("on disk   {} of {} bytes", status.spool_bytes, status.spool_limit),
        format!(
            "files     {} wait, {} uploaded and kept, {} set aside, {} unusable",
            status.files_waiting, status.files_uploaded, status.files_refused, status.files_unusable
        ),
    ];
    if let Some(oldest) = status.oldest {
        let closed = i64::try_from(oldest.closed_ms).unwrap_or(i64::MAX);
        let seconds = (now.as_millisecond() - closed).max(0) / 1000;
        lines.push(format!("oldest    closed {seconds} s ago"));
    }
    lines.push(match status.uploads {
        None => "uploads   none: `analytics.fileUpload.taskUploadFiles` is false".to_owned(),
        Some(uploads) => format!(
            "uploads   {} accepted, {} there already, {} renamed, {} refused, {} too large, {} without right credentials, {} unreached, {} failed",
            uploads.accepted,
            uploads.duplicate,
            uploads.collided,
            uploads.refused,
            uploads.too_large,
            uploads.credentials,
            uploads.unreached,
            uploads.failed
        ),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_runtime::usage::{Dropped, OldestFile};

    #[test]
    fn every_count_has_its_place() {
        let status = UsageStatus {
            written: [5, 2, 1],
            dropped: Dropped {
                queue: 1,
                spool: 2,
                ..Dropped::default()
            },
            spool_bytes: 10,
            spool_limit: 100,
            files_waiting: 3,
            files_uploaded: 0,
            files_refused: 1,
            files_unusable: 0,
            oldest: Some(OldestFile { closed_ms: 1000 }),
            uploads: None,
        };
        let now = Timestamp::from_second(61).expect("a time");
        insta::assert_snapshot!(text(&status, now), @r"
        written   5 of answered requests, 2 of throttled, 1 of failed
        dropped   3 (queue 1, disk 0, spool 2, no room 0, torn 0, undated 0)
        on disk   10 of 100 bytes
        files     3 wait, 0 uploaded and kept, 1 set aside, 0 unusable
        oldest    closed 60 s ago
        uploads   none: `analytics.fileUpload.taskUploadFiles` is false
        ");
    }
}
