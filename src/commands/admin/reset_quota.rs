//! `mgw admin reset-quota`

use crate::admin::{AdminArgs, AdminClient};
use crate::commands::inspect::quotas::{LevelArg, WhatArg};
use crate::commands::interrupt::changing;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::count::Counted;
use crate::ui::visible;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Arguments of `mgw admin reset-quota`.
#[derive(Debug, clap::Args)]
pub struct ResetQuotaArgs {
    /// The whole key, as `mgw inspect quotas` shows it.
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Its level.
    #[arg(long, short, value_enum)]
    pub level: LevelArg,
    /// One of the key's limits only.
    #[arg(long, value_enum)]
    pub what: Option<WhatArg>,
    /// Which gateway.
    #[command(flatten)]
    pub admin: AdminArgs,
}

#[derive(Debug, Deserialize, Serialize)]
struct Reset {
    reset: u64,
}

/// Starts counts again.
pub fn run(args: ResetQuotaArgs, context: &Context) -> Result<ExitCode, Failure> {
    let client = AdminClient::new(&args.admin, &context.ui)?;
    let mut body = json!({ "level": args.level.name(), "key": args.key });
    if let (Some(what), Some(members)) = (args.what, body.as_object_mut()) {
        members.insert("what".into(), what.name().into());
    }
    let asked = client.post::<Reset>("/quotas/reset", &body);
    let reset = context.block_on(changing(asked, "`mgw inspect quotas` shows what is counted."))?;
    let reset =
        reset.map_err(|error| error.with_hint("`mgw inspect quotas` shows what is counted, with levels and keys."))?;
    let counters = Counted(usize::try_from(reset.reset).unwrap_or(usize::MAX), "count", "counts");
    let begin = if reset.reset == 1 { "begins" } else { "begin" };
    let text = format!(
        "{counters} of {} {} {begin} again",
        args.level.name(),
        visible(&args.key)
    );
    context.ui.result(text, &reset);
    Ok(ExitCode::Success)
}
