//! `mgw inspect quotas`

use crate::admin::{AdminArgs, AdminClient, moment};
use crate::commands::interrupt::interruptible;
use crate::compile::describe_window;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::{table, visible};
use serde::{Deserialize, Serialize};

/// Arguments of `mgw inspect quotas`.
#[derive(Debug, clap::Args)]
pub struct QuotasArgs {
    /// Those of one level.
    #[arg(long, short, value_enum)]
    pub level: Option<LevelArg>,
    /// Those whose key holds this text.
    #[arg(long, short, value_name = "TEXT")]
    pub key: Option<String>,
    /// Those whose limit is reached.
    #[arg(long)]
    pub full: bool,
    /// Show at most so many; those used most come first.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Which gateway.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// A level of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LevelArg {
    /// All callers of an API.
    Api,
    /// All callers of a resource.
    Resource,
    /// An application at an API, or an address.
    Subscription,
    /// A user of an application.
    Application,
    /// A key of a custom policy.
    Custom,
}

impl LevelArg {
    /// As the gateway calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Resource => "resource",
            Self::Subscription => "subscription",
            Self::Application => "application",
            Self::Custom => "custom",
        }
    }
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WhatArg {
    /// Requests of the long window.
    Requests,
    /// Requests of the short window.
    Burst,
    /// Bytes.
    Bytes,
}

impl WhatArg {
    /// As the gateway calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Burst => "burst",
            Self::Bytes => "bytes",
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
struct Quotas {
    total: u64,
    quotas: Vec<Quota>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Quota {
    level: String,
    key: String,
    what: String,
    limit: u64,
    used: u64,
    used_here: u64,
    left: u64,
    full: bool,
    window_ms: u64,
    ends_at_ms: u64,
    shared: bool,
}

/// Shows how far limits are used.
pub fn run(args: QuotasArgs, context: &Context) -> Result<ExitCode, Failure> {
    let client = AdminClient::new(&args.admin, &context.ui)?;
    let limit = args.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(args.level.map(|level| ("level", level.name())));
    query.extend(args.key.as_deref().map(|key| ("key", key)));
    query.extend(args.full.then_some(("full", "true")));
    let asked = async { Ok(client.get::<Quotas>("/quotas", &query).await?) };
    let quotas = context.block_on(interruptible(asked))?;
    context.ui.result(text(&quotas), &quotas);
    let shown = quotas.quotas.len() as u64;
    if quotas.total > shown {
        context.ui.hint(format_args!(
            "{} more are there; --limit, --level, --key and --full choose among them.",
            quotas.total - shown
        ));
    }
    Ok(ExitCode::Success)
}

fn text(quotas: &Quotas) -> String {
    if quotas.quotas.is_empty() {
        return "nothing is counted that this asks for".to_owned();
    }
    let head = ["level", "key", "used", "limit", "what", "per", "until", ""].map(str::to_owned);
    let rows = quotas.quotas.iter().map(|quota| {
        let key = if quota.shared {
            "(keys that share a count)".to_owned()
        } else {
            visible(&quota.key)
        };
        [
            visible(&quota.level),
            key,
            quota.used.to_string(),
            quota.limit.to_string(),
            visible(&quota.what),
            describe_window(quota.window_ms),
            moment(quota.ends_at_ms),
            if quota.full { "full" } else { "" }.to_owned(),
        ]
    });
    table(
        std::iter::once(head).chain(rows),
        [false, false, true, true, false, false, false, false],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_a_table_and_no_control_characters() {
        let quota = |level: &str, key: &str, used: u64, limit: u64, shared: bool| Quota {
            level: level.into(),
            key: key.into(),
            what: "requests".into(),
            limit,
            used,
            used_here: used,
            left: limit.saturating_sub(used),
            full: used >= limit,
            window_ms: 60_000,
            ends_at_ms: 1_700_000_040_000,
            shared,
        };
        let quotas = Quotas {
            total: 3,
            quotas: vec![
                quota("application", "7:ana\u{1b}[2J\n\u{202e}", 10, 10, false),
                quota("api", "/shop/1.0.0", 5, 1000, false),
                quota("subscription", "", 1, 1000, true),
            ],
        };
        insta::assert_snapshot!(text(&quotas), @r"
        level         key                          used  limit  what      per  until
        application   7:ana\u{1b}[2J\u{a}\u{202e}    10     10  requests  min  2023-11-14T22:14:00Z  full
        api           /shop/1.0.0                     5   1000  requests  min  2023-11-14T22:14:00Z
        subscription  (keys that share a count)       1   1000  requests  min  2023-11-14T22:14:00Z
        ");
        assert_eq!(
            text(&Quotas {
                total: 0,
                quotas: Vec::new()
            }),
            "nothing is counted that this asks for"
        );
    }
}
