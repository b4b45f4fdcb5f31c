//! Every step at which something on the disk changes, one kill each: `strace` kills the program as it is about to take
//! it. So each phase of a replacement is met for certain, however short it is.

use super::{Files, both, is_asked_for_more, state};
use crate::pull::Case;
use crate::support::traced;
use mgw_fixtures::seed::ApiState;
use mgw_fixtures::simulator::Edit;
use std::collections::BTreeSet;
use std::path::Path;

/// Kinds of steps, by the names that they have on different machines.
const RENAME: &str = "?rename,?renameat,?renameat2";
const LINK: &str = "?link,?linkat";
const MAKE: &str = "?mkdir,?mkdirat";
const SYNC: &str = "?fsync";
const REMOVE: &str = "?unlink,?unlinkat,?rmdir";

/// Far more steps of a kind than there are.
const MANY: u32 = 500;

/// How far a replacement had come, by what it left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Nothing is staged.
    Begun,
    /// Files are staged, not all of them.
    Staging,
    /// All are, and nothing says so yet.
    Staged,
    /// The marker is there, and everything in its old place.
    Marked,
    /// The old `gen/` is out of its place, and the new one not in it.
    MovedOut,
    /// The new `gen/` is in its place, and its lock is not.
    MovedIn,
    /// Both are, and the old ones are about to be kept.
    Placed,
    /// Only clearing up is left.
    ClearingUp,
}

impl Phase {
    const ALL: [Self; 8] = [
        Self::Begun,
        Self::Staging,
        Self::Staged,
        Self::Marked,
        Self::MovedOut,
        Self::MovedIn,
        Self::Placed,
        Self::ClearingUp,
    ];

    /// `None` after the end.
    fn of(project: &Path, was_put_in_place: bool) -> Option<Self> {
        let is_there = |name: &str| project.join(".mgw-pull").join(name).exists();
        Some(match (is_there("complete"), is_there("mgw.lock")) {
            (true, true) if is_there("old") && is_there("gen") => Self::MovedOut,
            (true, true) if is_there("gen") => Self::Marked,
            (true, true) => Self::MovedIn,
            (true, false) => Self::Placed,
            (false, true) => Self::Staged,
            (false, false) if was_put_in_place && is_there("") => Self::ClearingUp,
            (false, false) if was_put_in_place => return None,
            (false, false) if is_there("gen") => Self::Staging,
            (false, false) => Self::Begun,
        })
    }
}

/// The program, killed as it takes the given step of a kind; whether it was.
fn is_killed(case: &Case, words: &[&str], kind: &str, step: u32) -> bool {
    let (traced_calls, injected) = (
        format!("trace={kind}"),
        format!("inject={kind}:signal=SIGKILL:when={step}"),
    );
    let options = ["-o", "/dev/null", "-e", &traced_calls, "-e", &injected];
    let mut command = traced(&case.command(words), &options);
    let output = command.output().expect("strace can be run");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        matches!(output.status.code(), None | Some(0 | 137)),
        "{kind} {step}: {:?} {told}",
        output.status
    );
    !output.status.success()
}

/// Kills `words` at every step of the given kinds. It moves the project from the first state to the second;
/// `mgw rollback` leads back.
fn kill_everywhere(case: &Case, words: &[&str], states: &[Files; 2], kinds: &[&str]) -> BTreeSet<Phase> {
    let project = case.place.path().join("shop");
    let lock = |state: &Files| {
        let found = state.iter().find(|(path, _)| path.ends_with("shop/mgw.lock"));
        found.map(|(_, bytes)| bytes.clone())
    };
    let new_lock = lock(&states[1]);
    assert_ne!(lock(&states[0]), new_lock);
    let mut phases = BTreeSet::new();
    for kind in kinds {
        for step in 1..MANY {
            assert!(state(case) == states[0], "{kind} {step}: it begins somewhere else");
            let was_killed = is_killed(case, words, kind, step);
            let told = format!("{words:?}, killed at {kind} {step}");
            let was_put_in_place = std::fs::read(project.join("mgw.lock")).ok() == new_lock;
            phases.extend(Phase::of(&project, was_put_in_place));
            // Whoever reads the project next finishes or undoes what was begun.
            let checked = case.mgw(&["status", "shop", "--offline", "--exit-code"]);
            assert_eq!(checked.code, 34, "{told}: {checked:?}");
            assert!(!project.join(".mgw-pull").exists(), "{told}");
            let now = state(case);
            assert!(states.contains(&now), "{told}: neither the old nor the new state");
            assert!(was_killed || now == states[1], "{told}: it ended, and did nothing");
            if now == states[1] {
                case.mgw(&["rollback", "shop"]).exits(0);
            }
            if !was_killed {
                assert!(step > 1, "{kind} is no step of {words:?}");
                break;
            }
            assert!(step + 1 < MANY, "{kind} does not end");
        }
    }
    phases
}

/// The steps in which phases differ, and the others where all are asked for.
fn kinds() -> &'static [&'static str] {
    match is_asked_for_more() {
        true => &[RENAME, LINK, MAKE, SYNC, REMOVE],
        false => &[RENAME, SYNC],
    }
}

#[test]
fn a_pull_is_killed_at_every_step() {
    let case = Case::signed_in();
    let states = both(&case, ["prod", "dev"]);
    let phases = kill_everywhere(
        &case,
        &["pull", "shop", "--label", "prod"],
        &[states[1].clone(), states[0].clone()],
        &[RENAME, LINK, MAKE, SYNC, REMOVE],
    );
    assert_eq!(phases, BTreeSet::from(Phase::ALL));
}

#[test]
fn a_rollback_is_killed_at_every_step() {
    let case = Case::signed_in();
    let [prod, dev] = both(&case, ["prod", "dev"]);
    let phases = kill_everywhere(&case, &["rollback", "shop"], &[dev, prod], kinds());
    assert!(phases.is_superset(&BTreeSet::from([Phase::MovedOut, Phase::MovedIn, Phase::Placed])));
}

#[test]
fn a_plan_is_killed_at_every_step_as_it_is_applied() {
    let case = Case::signed_in();
    let [prod, dev] = both(&case, ["prod", "dev"]);
    case.mgw(&["pull", "shop", "--label", "prod", "--plan", "plan.json"])
        .exits(0);
    let with_plan = |mut state: Files| {
        let path = case.place.path().join("plan.json");
        state.push((path.clone(), std::fs::read(path).expect("the plan was written")));
        state.sort();
        state
    };
    let states = [with_plan(dev), with_plan(prod)];
    let phases = kill_everywhere(&case, &["apply", "plan.json", "shop"], &states, kinds());
    assert!(phases.is_superset(&BTreeSet::from([Phase::MovedOut, Phase::MovedIn, Phase::Placed])));
}

#[test]
fn a_pull_that_removes_apis_is_killed_at_every_step() {
    let case = Case::signed_in();
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let before = state(&case);
    let edit = Edit::LifeCycle {
        api: "Orders:2.0.0".into(),
        state: ApiState::Created,
    };
    case.simulator.edit(edit).expect("the API is there");
    case.mgw(&["pull", "shop"])
        .exits(4)
        .says("1 API that was pulled before is gone");
    assert_eq!(state(&case), before);
    case.mgw(&["pull", "shop", "--prune"])
        .exits(0)
        .says("Removed Orders 2.0.0");
    let after = state(&case);
    case.mgw(&["rollback", "shop"]).exits(0);
    let phases = kill_everywhere(&case, &["pull", "shop", "--prune"], &[before, after], kinds());
    assert!(phases.is_superset(&BTreeSet::from([Phase::MovedOut, Phase::MovedIn, Phase::Placed])));
}
