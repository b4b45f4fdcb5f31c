//! `mgw apply`

use super::pull::{SourceArgs, Wanted, lock_bytes, prepare_at, told};
use crate::cloud::pull::Selection;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::pulling::{Plan, PlanError, content_differences};
use crate::whole_file;
use std::path::{Path, PathBuf};

/// The largest plan that is read.
const LARGEST: u64 = 64 << 20;

/// Arguments of `mgw apply`.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// The plan that mgw pull --plan wrote
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Project folder
    #[arg(value_name = "PROJECT", default_value = ".")]
    pub project: PathBuf,
    /// As whom. What is pulled, the plan says.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Pulls again, and puts in place what the plan says or nothing.
pub fn run(args: ApplyArgs, context: &Context) -> Result<ExitCode, Failure> {
    let layout = Layout::new(&args.project);
    crate::lock::recover(&layout)?;
    let lock = lock_bytes(&layout)?;
    let plan = Plan::read(&read(&args.plan)?, lock.as_deref()).map_err(|error| refused(&args.plan, error))?;
    let wanted = Wanted::These(Selection::new(&plan.source().wanted())?);
    let prepared = prepare_at(&layout, &layout, &args.source, wanted, context)?;
    // Another pull may have come in between; from here on none can.
    plan.check_base(lock_bytes(&layout)?.as_deref())
        .map_err(|error| refused(&args.plan, error))?;
    let differences = content_differences(plan.wanted(), &prepared.outcome().lock);
    if !differences.is_empty() {
        return Err(Failure::new(
            ExitCode::LockOutOfDate,
            "the control plane has something else than the plan",
        )
        .because(differences.join("\n             "))
        .hint("Nothing was changed. Make another plan with mgw pull --plan, and have it reviewed."));
    }
    Ok(told(&prepared.commit()?, context))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    whole_file::read_public(path, LARGEST).map_err(|error| Failure::file("read", path, error))
}

fn refused(path: &Path, error: PlanError) -> Failure {
    let message = format!("{}: {error}", path.display());
    match error {
        PlanError::Malformed(source) => Failure::new(ExitCode::Invalid, message)
            .because(source)
            .hint("Give the file that mgw pull --plan wrote, as it was written."),
        PlanError::Format { .. } => {
            Failure::new(ExitCode::Invalid, message).hint("Apply it with the version that wrote it.")
        }
        PlanError::Base => Failure::new(ExitCode::LockOutOfDate, message)
            .hint("Take mgw.lock back from version control, or make another plan with mgw pull --plan."),
    }
}
