//! `mgw doctor`

use super::credentials::SessionArgs;
use super::run::key_and_value;
use crate::admin::AdminArgs;
use crate::context::Context;
use crate::diagnostics::nearest;
use crate::doctor::support;
use crate::doctor::{CHECKS, Check, Looked, Sight, SightOptions, Verdict, examine, named};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::serve::{BundleSource, GatewaySettings};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `mgw doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Project folder to look at as well, or bundle file.
    #[arg(value_name = "DIR|BUNDLE", default_value = ".")]
    pub project: PathBuf,
    /// Connect to nothing.
    #[arg(long)]
    pub offline: bool,
    /// Also connect to the backends of the project, without a request.
    #[arg(long, conflicts_with = "offline")]
    pub backends: bool,
    /// Make these checks alone; several with commas between them.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Say which checks there are, and make none.
    #[arg(long, conflicts_with_all = ["only", "support"])]
    pub list: bool,
    /// Also write what was found, and what surrounds it, into a file for those who help: a ZIP without a secret in it.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    pub support: Option<PathBuf>,
    /// With --support: host names and addresses are replaced as well.
    #[arg(long, requires = "support")]
    pub hide_addresses: bool,
    /// With --support: replace the file where there is one.
    #[arg(long, requires = "support")]
    pub force: bool,
    /// Gateway settings to look at [default: conf/micro-gw.conf of MGW_CONF_DIR or the project]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override a setting, as `mgw run` would (repeatable).
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub sets: Vec<(String, String)>,
    /// Where the gateway keeps what it makes itself [default: in the user's configuration]
    #[arg(long, value_name = "DIR", env = "MGW_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The admin listener of the gateway that may run here [default: the one of the gateway settings]
    #[arg(long, value_name = "URL", env = "MGW_ADMIN_URL")]
    pub url: Option<String>,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

/// The result with `--output json`.
#[derive(Serialize)]
struct Report<'a> {
    checks: &'a [Looked],
    problems: usize,
    warnings: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    support: Option<support::Written>,
}

/// Looks at everything that stands between the user and a running gateway.
pub fn run(args: DoctorArgs, context: &Context) -> Result<ExitCode, Failure> {
    if args.list {
        list(context);
        return Ok(ExitCode::Success);
    }
    let checks = chosen(&args.only)?;
    if let Some(path) = &args.support {
        support::refuse_taken(path, args.force)?;
    }
    let sight = Arc::new(sight(&args, context));
    let progress = context.ui.progress("Looking");
    let mut looked = examine(&checks, &sight);
    drop(progress);
    // Some quote what somebody wrote, and may have put a secret in by mistake.
    support::redact(&mut looked, &sight);
    let support = match &args.support {
        Some(path) => Some(support::write(path, &looked, &sight, args.hide_addresses, args.force)?),
        None => None,
    };
    let count = |verdict| looked.iter().filter(|one| one.finding.verdict == verdict).count();
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    let text: Vec<String> = looked
        .iter()
        // Who asks for some of them wants to know of each.
        .filter(|one| one.finding.verdict != Verdict::Skipped || context.ui.is_verbose() || !args.only.is_empty())
        .map(line)
        .collect();
    let report = Report {
        checks: &looked,
        problems,
        warnings,
        support,
    };
    context.ui.result(text.join("\n"), &report);
    if let Some(written) = &report.support {
        written.tell(&context.ui);
    }
    Ok(if problems == 0 {
        ExitCode::Success
    } else {
        ExitCode::Environment
    })
}

fn sight(args: &DoctorArgs, context: &Context) -> Sight {
    let environment = &context.environment;
    let of_folder = environment
        .get("MGW_CONF_DIR")
        .map(|folder| PathBuf::from(folder).join("micro-gw.conf"));
    let own = BundleSource::at(&args.project).runtime_config();
    let options = SightOptions {
        source: args.project.clone(),
        offline: args.offline,
        backends: args.backends,
        settings: GatewaySettings {
            file: args.config.clone().or(of_folder).or(own),
            sets: args.sets.clone(),
        },
        data_dir: args.data_dir.clone(),
        admin: args.url.clone().map(|url| AdminArgs { url }),
    };
    Sight::new(options, &args.session, environment, &context.ui)
}

/// The checks that are wanted: all of them, where none is named.
fn chosen(only: &[String]) -> Result<Vec<&'static Check>, Failure> {
    if only.is_empty() {
        return Ok(CHECKS.iter().collect());
    }
    // In the order in which they are always told, each once.
    for id in only {
        if named(id).is_none() {
            let failure = Failure::new(ExitCode::Usage, format!("there is no check `{id}`"));
            return Err(match nearest(id, CHECKS.iter().map(|check| check.id)) {
                Some(near) => failure.hint(format!("Did you mean `{near}`?")),
                None => failure.hint("`mgw doctor --list` says which there are."),
            });
        }
    }
    Ok(CHECKS
        .iter()
        .filter(|check| only.iter().any(|id| id == check.id))
        .collect())
}

fn list(context: &Context) {
    let width = CHECKS.iter().map(|check| check.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for check in CHECKS {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:width$}  {}", check.id, check.about);
    }
    let all: Vec<serde_json::Value> = CHECKS
        .iter()
        .map(|check| serde_json::json!({ "id": check.id, "subject": check.subject, "about": check.about }))
        .collect();
    context.ui.result(text.trim_end(), &all);
}

fn line(looked: &Looked) -> String {
    let mark = match looked.finding.verdict {
        Verdict::Ok => "ok     ",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
        Verdict::Skipped => "skipped",
    };
    let mut line = format!("{mark}  {:<14} {}", looked.subject, looked.finding.text);
    if let Some(remedy) = &looked.finding.remedy {
        line.push_str(&format!("\n{:24} {remedy}", ""));
    }
    line
}
