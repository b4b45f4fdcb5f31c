//! Whether what was pulled is still what `mgw.lock` says.

use crate::cloud::pull::Selection;
use crate::doctor::{Finding, Sight};
use crate::failure::Failure;
use crate::line_ends;
use crate::lock::{LockError, verify};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    if !sight.is_project() {
        return vec![Finding::skipped("there is no project")];
    }
    let is_there = sight.layout.lock().exists();
    decide(is_there, verify(&sight.layout, &Selection::default()))
}

fn decide(is_there: bool, verified: Result<(), LockError>) -> Vec<Finding> {
    /// More are for mgw status to tell.
    const SHOWN: usize = 3;
    vec![match verified {
        Ok(()) if is_there => Finding::ok("files and selection are as they were pulled"),
        Ok(()) => Finding::skipped("nothing was pulled"),
        Err(LockError::OutOfDate { differences, line_ends }) => {
            let mut told: Vec<&str> = differences.iter().take(SHOWN).map(String::as_str).collect();
            let more = format!("{} more", differences.len().saturating_sub(SHOWN));
            if differences.len() > SHOWN {
                told.push(&more);
            }
            let remedy = match line_ends == differences.len() {
                true => line_ends::REMEDY,
                false => "Run mgw pull; mgw build --locked ends with 15 until then.",
            };
            Finding::warning(format!("mgw.lock is out of date: {}", told.join("; ")), remedy)
        }
        Err(error @ LockError::Missing { .. }) => Finding::of(&Failure::from(error)).at_most_a_warning(),
        Err(error) => Finding::of(&Failure::from(error)),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn differences_are_told_in_short() {
        assert_eq!(decide(false, Ok(()))[0].verdict, Verdict::Skipped);
        assert_eq!(decide(true, Ok(()))[0].verdict, Verdict::Ok);
        let differences = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let told =
            |differences, line_ends| decide(true, Err(LockError::OutOfDate { differences, line_ends })).remove(0);
        let finding = told(differences.clone(), 4);
        assert_eq!(finding.text, "mgw.lock is out of date: a; b; c; 2 more");
        assert_eq!(finding.verdict, Verdict::Warning);
        let remedies = [finding.remedy, told(differences, 5).remedy];
        assert_ne!(remedies[0], remedies[1]);
    }
}
