//! Failures of pulling and of the lock.

use super::Failure;
use crate::cloud::control_plane::LifeCycle;
use crate::cloud::pull::PullError;
use crate::exit::ExitCode;
use crate::lock::LockError;
use crate::pulling::PullingError;
use std::path::Path;

/// How many names a hint lists.
const LISTED: usize = 12;

impl From<PullError> for Failure {
    fn from(error: PullError) -> Self {
        let message = error.to_string();
        let invalid = || Self::new(ExitCode::Invalid, message.clone());
        match error {
            PullError::Cloud(error) => error.into(),
            PullError::NothingSelected => Self::new(ExitCode::Usage, message).hint(
                "Give --label LABEL, --tag TAG, --api NAME:VERSION or --all, or name them under [pull] in mgw.toml.",
            ),
            PullError::Reference(_) => Self::new(ExitCode::Usage, message)
                .hint("Write NAME:VERSION, or PROVIDER/NAME:VERSION where several have that name."),
            PullError::Label(_) => {
                Self::new(ExitCode::Usage, message).hint("Give the name of a label as the control plane shows it.")
            }
            PullError::Tag(_) => Self::new(ExitCode::Usage, message).hint("Give a tag as the publisher shows it."),
            PullError::EmptyTag { not_served, .. } => empty(invalid(), "tag", &not_served),
            PullError::NothingServed => invalid().hint("Publish an API first, then pull again."),
            PullError::Stage(error) => not_replaced(error),
            PullError::UnknownDefinition(_) => Self::new(ExitCode::Internal, message),
            PullError::Document(source) => Self::new(ExitCode::Internal, message).because(source),
            PullError::UnknownLabel { label, known } => near(invalid(), &label, &known, "The labels are"),
            PullError::EmptyLabel { not_served, .. } => empty(invalid(), "label", &not_served),
            PullError::UnknownApi { reference, known } => near(invalid(), &reference, &known, "Visible are"),
            PullError::NotServed { state, .. } if state == LifeCycle::NotDeployed.name() => {
                invalid().hint("Deploy a revision of it to a gateway environment in the publisher, then pull again.")
            }
            PullError::NotServed { .. } => invalid().hint("Publish it first, or pull another version."),
            PullError::AmbiguousApi { candidates, .. } => {
                invalid().hint(format!("Say which one: {}.", listed(&candidates)))
            }
            PullError::SameName { providers, .. } => invalid().hint(format!(
                "They are of {}; take the label off one, or pull it as PROVIDER/NAME:VERSION.",
                listed(&providers)
            )),
            PullError::SeveralRevisions { deployed, .. } => invalid()
                .hint(format!("It is deployed as {}.", deployed.join(" and as ")))
                .hint("Pull one environment at a time, or deploy the same revision to both."),
            PullError::Apis { failed, .. } => {
                let mut failed = failed.into_iter();
                let Some((name, first)) = failed.next() else {
                    return Self::new(ExitCode::Internal, message);
                };
                let mut causes = vec![format!("{name}: {first}")];
                causes.extend(failed.map(|(name, error)| format!("{name}: {error}")));
                let first = Self::from(first);
                let mut failure = Self::new(first.code, message);
                failure.hints = first.hints;
                failure.because(causes.join("\n             "))
            }
        }
    }
}

impl From<PullingError> for Failure {
    fn from(error: PullingError) -> Self {
        let message = error.to_string();
        match error {
            PullingError::Pull(error) => error.into(),
            PullingError::Lock(error) => not_replaced(error),
            PullingError::LockText(source) => Self::new(ExitCode::Internal, message).because(source),
        }
    }
}

/// What was pulled could not be replaced: by another pull, or by a former one.
pub(crate) fn not_replaced(error: LockError) -> Failure {
    let is_file = matches!(error, LockError::File { .. });
    let failure = Failure::from(error);
    if is_file {
        failure.hint("Nothing was changed.")
    } else {
        failure
    }
}

/// Tells what to do about a label or tag of no API that is served.
fn empty(failure: Failure, what: &str, not_served: &[String]) -> Failure {
    let failure = failure.hint(format!(
        "Add the {what} to a published API in the publisher, then pull again; from API Manager 4.0 on a label is a gateway \
         environment, to which a revision is deployed."
    ));
    if not_served.is_empty() {
        failure
    } else {
        failure.hint(format!("Not served: {}.", listed(not_served)))
    }
}

/// Suggests the likeliest name, and lists the others.
fn near(failure: Failure, typed: &str, known: &[String], intro: &str) -> Failure {
    let failure = match crate::diagnostics::nearest(typed, known.iter().map(String::as_str)) {
        Some(name) => failure.hint(format!("Did you mean {name}?")),
        None => failure,
    };
    if known.is_empty() {
        failure.hint("There are none that you may see.")
    } else {
        failure.hint(format!("{intro} {}.", listed(known)))
    }
}

fn listed(names: &[String]) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let text = names.join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let message = error.to_string();
        match error {
            LockError::File { action, path, source } => Self::file(action, Path::new(&path), source),
            LockError::Settings(error) => error.into(),
            LockError::Parse { .. } | LockError::Format { .. } => Self::new(ExitCode::Invalid, message)
                .hint("Take the file back from version control, or remove it and pull again."),
            LockError::Damaged { .. } => {
                Self::new(ExitCode::Invalid, message).hint("Nothing was changed. Return to another generation.")
            }
            LockError::Busy { .. } => {
                Self::new(ExitCode::Environment, message).hint("Wait for the other process, or end it.")
            }
            LockError::Unfinished { source } => Self::new(ExitCode::Environment, message)
                .because(source)
                .hint("Mend this; the next mgw command on the project puts the rest in its place."),
            LockError::InTheWay { differences, .. } => Self::new(ExitCode::Environment, message)
                .because(differences.join("\n             "))
                .hint("To undo the pull, take gen/ and mgw.lock back together: git checkout -- gen mgw.lock, and remove what was not pulled.")
                .hint("To finish it, move gen/ away, and run the command again."),
            LockError::Unsteady { .. } => {
                Self::new(ExitCode::Environment, message).hint("Run the command again when nobody is pulling.")
            }
            LockError::Missing { .. } => {
                Self::new(ExitCode::LockOutOfDate, message).hint("Run mgw pull and commit mgw.lock.")
            }
            LockError::Differs { differences } => Self::new(ExitCode::LockOutOfDate, message)
                .because(differences.join("\n             "))
                .hint(
                    "Nothing was changed. Run mgw pull and commit the result, or undo the change in the control plane.",
                ),
            LockError::OutOfDate { differences } => Self::new(ExitCode::LockOutOfDate, message)
                .because(differences.join("\n             "))
                .hint("Run mgw pull and commit the result, or take the files back from version control."),
        }
    }
}
