//! `mgw diff`

mod sides;

pub(crate) use sides::Served;

use super::pull::PullOptions;
use super::toolkit;
use crate::context::Context;
use crate::diff::{Change, Class, Counts, compare, markdown, text};
use crate::exit::ExitCode;
use crate::failure::{Failure, not_a_project};
use crate::project::shown;
use crate::shell;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `mgw diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// What there is: a project folder or a bundle
    #[arg(value_name = "BEFORE", default_value = ".")]
    pub before: PathBuf,
    /// What there would be: a project folder or a bundle [default: BEFORE after a pull]
    #[arg(value_name = "AFTER", conflicts_with_all = OF_A_PULL)]
    pub after: Option<PathBuf>,
    /// How the changes are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: DiffFormat,
    /// End with code 4 when there is a change of one of these classes
    #[arg(long, value_name = "CLASS", value_enum, value_delimiter = ',')]
    pub fail_on: Vec<Class>,
    /// End with code 20 when there are changes, and with 34 when there are none
    #[arg(long)]
    pub exit_code: bool,
    /// Without AFTER: what to pull, and as whom.
    #[command(flatten)]
    pub pull: PullOptions,
}

/// What only a pull makes use of: [`PullOptions`]. With two sides at hand, it would be passed over in silence.
const OF_A_PULL: [&str; 17] = [
    "labels",
    "tags",
    "apis",
    "all",
    "url",
    "config",
    "truststore",
    "insecure",
    "email",
    "org",
    "username",
    "password_stdin",
    "password",
    "save",
    "profile",
    "ca",
    "headers",
];

/// How changes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DiffFormat {
    /// For a terminal
    Text,
    /// For a comment under a change that is reviewed
    Markdown,
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct DiffResult<'a> {
    before: &'a str,
    after: &'a str,
    counts: Counts,
    changes: &'a [Change],
}

/// Tells what changes.
pub fn run(args: DiffArgs, context: &Context) -> Result<ExitCode, Failure> {
    if args.after.is_none() && args.before.is_file() {
        if let Some(failure) = not_a_project(&args.before) {
            return Err(failure);
        }
        let before = shown(&args.before);
        let message =
            format!("{before} is a file, which nothing is pulled into, and there is nothing else to compare it with");
        return Err(Failure::new(ExitCode::Usage, message).hint(format!(
            "Name a project folder or another bundle behind it, as in `mgw diff {} .`.",
            shell::path(&args.before)
        )));
    }
    let (before, after) = match &args.after {
        Some(after) => (Served::at(&args.before, context)?, Served::at(after, context)?),
        None => {
            let layout = toolkit::layout(&args.before, args.pull.source.config.as_deref())?;
            let before = Served::project(&layout, context)?;
            let after = Served::after_a_pull(&layout, &args.pull, context).map_err(|failure| {
                let project = shell::path(&args.before);
                failure.hint(format!(
                    "Two projects or bundles are compared without a control plane: `mgw diff BEFORE {project}`."
                ))
            })?;
            (before, after)
        }
    };
    let changes = compare(before.side(), after.side());
    let written = match args.format {
        DiffFormat::Text => text(&changes),
        DiffFormat::Markdown => markdown(&changes),
    };
    let result = DiffResult {
        before: &before.name,
        after: &after.name,
        counts: Counts::of(&changes),
        changes: &changes,
    };
    context.ui.result(written, &result);
    Ok(code(&args, &changes))
}

/// A shut gate comes before everything else.
fn code(args: &DiffArgs, changes: &[Change]) -> ExitCode {
    if changes.iter().any(|change| args.fail_on.contains(&change.class)) {
        return ExitCode::Gate;
    }
    match (args.exit_code, changes.is_empty()) {
        (false, _) => ExitCode::Success,
        (true, false) => ExitCode::Changes,
        (true, true) => ExitCode::NothingChanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_comparison_of_two_takes_nothing_that_only_a_pull_makes_use_of() {
        let of_a_pull = <PullOptions as clap::Args>::augment_args(clap::Command::new("pull"));
        let all: BTreeSet<&str> = of_a_pull.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        // These ask for another one of them.
        let with_others = BTreeSet::from(["api_version", "truststore_password"]);
        let named: BTreeSet<&str> = OF_A_PULL.into_iter().chain(with_others).collect();
        assert_eq!(named, all);
    }
}
