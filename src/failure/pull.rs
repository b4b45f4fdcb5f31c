//! Failures of pulling and of the lock.

use super::Failure;
use crate::cloud::control_plane::LifeCycle;
use crate::cloud::pull::PullError;
use crate::diagnostics::{nearest, similar};
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
            PullError::UnknownLabel { label, known } => {
                near(invalid(), (&label, &label), &as_they_are(&known), "The labels are")
            }
            PullError::EmptyLabel { not_served, .. } => empty(invalid(), "label", &not_served),
            PullError::UnknownApi { reference, known } => near(
                invalid(),
                (api_name(&reference), &reference),
                &by_name(&known),
                "Visible are",
            ),
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
            PullingError::Unlocked(error) => Self::file("read", &error.path, error.source).hint("Nothing was changed."),
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

/// Names as they are compared, and as they are shown.
type Names<'a> = Vec<(&'a str, &'a str)>;

/// Suggests the likeliest name, and lists the others: all where they are few, else those that are similar.
fn near(failure: Failure, (compared, typed): (&str, &str), known: &Names<'_>, intro: &str) -> Failure {
    let shown: Vec<&str> = known.iter().map(|(_, shown)| *shown).collect();
    let failure = match nearest(typed, shown.iter().copied()) {
        Some(name) => failure.hint(format!("Did you mean {name}?")),
        None => failure,
    };
    if shown.is_empty() {
        return failure.hint("There are none that you may see.");
    }
    if shown.len() <= LISTED {
        return failure.hint(format!("{intro} {}.", listed(&shown)));
    }
    let similar = similar(compared, known.iter().copied());
    let count = similar.len();
    match similar.get(..count.min(LISTED)).unwrap_or_default() {
        [] => failure.hint(format!(
            "None of the {} that you may see has a similar name.",
            shown.len()
        )),
        some => failure.hint(format!("Similar names: {}.", enumerated(some, count))),
    }
}

fn as_they_are(names: &[String]) -> Names<'_> {
    names.iter().map(|name| (name.as_str(), name.as_str())).collect()
}

/// References to APIs, by the names in them: any version may be meant.
fn by_name(references: &[String]) -> Names<'_> {
    let named = references.iter();
    named
        .map(|reference| (api_name(reference), reference.as_str()))
        .collect()
}

/// The name in a reference, which is `NAME:VERSION` or `PROVIDER/NAME:VERSION`.
fn api_name(reference: &str) -> &str {
    let name = reference.rsplit_once(':').map_or(reference, |(name, _)| name);
    name.split_once('/').map_or(name, |(_, name)| name)
}

fn listed(names: &[impl AsRef<str>]) -> String {
    let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names.dedup();
    enumerated(names.get(..LISTED).unwrap_or(&names), names.len())
}

/// The first of so many names.
fn enumerated(names: &[&str], all: usize) -> String {
    let text = names.join(", ");
    match all - names.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let message = error.to_string();
        match error {
            LockError::File { action, path, source } => Self::file(action, Path::new(&path), source),
            LockError::Settings(error) => error.into(),
            LockError::Parse { .. } => Self::new(ExitCode::Invalid, message).hint(crate::lock::REMEDY),
            LockError::Format { .. } => Self::new(ExitCode::Invalid, message).hint(crate::lock::NEWER),
            LockError::Damaged { .. } => {
                Self::new(ExitCode::Invalid, message).hint("Nothing was changed. Return to another generation.")
            }
            LockError::Edited { .. } => {
                Self::new(ExitCode::Environment, message).hint("Nothing was changed. Run the command again.")
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
            LockError::OutOfDate { differences, line_ends } => {
                let failure = Self::new(ExitCode::LockOutOfDate, message).because(differences.join("\n             "));
                let failure = match line_ends {
                    0 => failure,
                    _ => failure.hint(crate::line_ends::REMEDY),
                };
                match line_ends < differences.len() {
                    true => {
                        failure.hint("Run mgw pull and commit the result, or take the files back from version control.")
                    }
                    false => failure,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(reference: &str, known: Vec<String>) -> Vec<String> {
        let reference = reference.to_owned();
        Failure::from(PullError::UnknownApi { reference, known }).hints
    }

    #[test]
    fn many_apis_are_not_listed_but_those_of_similar_names() {
        let others = (0..10_000).map(|number| format!("{number}-of-many:1.0.0"));
        let mut known: Vec<String> = others.collect();
        assert_eq!(
            hints("Nope:1", known.clone()),
            ["None of the 10000 that you may see has a similar name."]
        );
        known.extend((0..20).map(|version| format!("Orders:{version}")));
        known.push("Ordrs:1".into());
        let hints = hints("ana/Orders:77", known);
        assert!(
            hints.last().is_some_and(
                |hint| hint.starts_with("Similar names: Orders:0, Orders:1, ") && hint.ends_with(" and 9 more.")
            ),
            "{hints:?}"
        );
    }

    #[test]
    fn few_apis_are_listed() {
        let known = vec!["B:1".to_owned(), "A:1".to_owned()];
        assert_eq!(hints("Nope:1", known), ["Visible are A:1, B:1."]);
        assert_eq!(hints("Nope:1", Vec::new()), ["There are none that you may see."]);
    }
}
