//! Pulls that are killed, that meet, and that find no room: the old or the new state is there, never half of one.

#[cfg(unix)]
mod no_room;
mod readers;
#[cfg(target_os = "linux")]
mod steps;
#[cfg(target_os = "linux")]
mod unchanged;

use crate::pull::Case;
use mgw_fixtures::simulator::{Effect, Fault};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// Pulls that are killed at random; `PULL_KILLS` asks for more, and for every step of every command.
const KILLS: u64 = 20;

type Files = Vec<(PathBuf, Vec<u8>)>;

/// What counts of a project: everything but former states and what the next run clears away.
fn state(case: &Case) -> Files {
    let mut files = case.place.files();
    files.retain(|(path, _)| !path.components().any(|part| is_own_folder(part.as_os_str())));
    files
}

fn is_own_folder(name: &std::ffi::OsStr) -> bool {
    name == ".mgw" || name == ".mgw-pull"
}

fn start(case: &Case, label: &str) -> Child {
    case.command(&["pull", "shop", "--label", label])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

fn kills() -> Option<u64> {
    std::env::var("PULL_KILLS").ok()?.parse().ok()
}

fn is_asked_for_more() -> bool {
    kills().is_some()
}

/// The states between which everything below moves; the last one is in place afterwards.
fn both(case: &Case, labels: [&str; 2]) -> [Files; 2] {
    labels.map(|label| {
        case.mgw(&["pull", "shop", "--label", label]).exits(0);
        state(case)
    })
}

/// Numbers that look random and can be had again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A point of a pull at which it is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// So many requests have been asked.
    Requests(usize),
    /// A path below the project is there.
    Exists(&'static str),
    /// A path below the project is gone after it was there.
    Gone(&'static str),
}

const STAGED: [&str; 6] = [
    ".mgw-pull/gen",
    ".mgw-pull/gen/control-plane/policies.json",
    ".mgw-pull/mgw.lock",
    ".mgw-pull/complete",
    ".mgw-pull/old",
    ".mgw-pull/generation",
];

impl Point {
    fn any(numbers: &mut Numbers, requests: usize) -> Self {
        let path = STAGED[usize::try_from(numbers.below(STAGED.len() as u64)).expect("it is small")];
        match numbers.below(3) {
            0 => Self::Requests(usize::try_from(numbers.below(requests as u64 + 1)).expect("it is small")),
            1 => Self::Exists(path),
            _ => Self::Gone(path),
        }
    }

    /// Waits for the point, or for the end of the pull.
    fn wait(self, case: &Case, project: &Path, child: &mut Child) {
        let mut was_there = false;
        while child.try_wait().expect("the child is ours").is_none() {
            let reached = match self {
                Self::Requests(count) => case.simulator.requests().len() >= count,
                Self::Exists(path) => project.join(path).exists(),
                Self::Gone(path) => {
                    let is_there = project.join(path).exists();
                    was_there |= is_there;
                    was_there && !is_there
                }
            };
            if reached {
                return;
            }
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_pull_that_is_killed_leaves_the_old_or_the_new_state() {
    let case = Case::signed_in();
    let states = both(&case, ["prod", "dev"]);
    case.simulator.clear_requests();
    case.mgw(&["pull", "shop", "--label", "prod"]).exits(0);
    let requests = case.simulator.requests().len();
    let kills = kills().unwrap_or(KILLS);
    let seed = RandomState::new().hash_one(0_u8);
    let mut numbers = Numbers(seed);
    let project = case.place.path().join("shop");
    let (mut killed, mut moved) = (0, 0);
    let mut before = state(&case);
    for round in 0..kills {
        case.simulator.clear_requests();
        let label = if before == states[0] { "dev" } else { "prod" };
        let point = Point::any(&mut numbers, requests);
        let mut child = start(&case, label);
        point.wait(&case, &project, &mut child);
        for _ in 0..numbers.below(50) {
            std::thread::yield_now();
        }
        // SIGKILL; the child may have ended by itself just now.
        let _ = child.kill();
        let ended = child.wait_with_output().expect("the child is ours");
        killed += u64::from(!ended.status.success());
        // Whoever reads the project next finishes or undoes what was begun.
        let told = format!("seed {seed}, round {round}, {point:?}");
        let checked = case.mgw(&["status", "shop", "--offline", "--exit-code"]);
        assert_eq!(checked.code, 34, "{told}: {checked:?}");
        let now = state(&case);
        assert!(states.contains(&now), "{told}: neither the old nor the new state");
        assert!(!project.join(".mgw-pull").exists(), "{told}");
        moved += u64::from(now != before);
        before = now;
    }
    assert!(
        killed > 0 && moved > 0,
        "{killed} of {kills} were killed, {moved} moved on; seed {seed}"
    );
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    assert_eq!(state(&case), states[1]);
    case.mgw(&["rollback", "shop", "--list"]).exits(0);
}

#[test]
fn two_pulls_at_once_do_not_mix() {
    let case = Case::signed_in();
    let states = both(&case, ["prod", "dev"]);
    // The first is held back until the second has been told.
    case.simulator
        .set_fault(Fault::new("/api/am/admin/throttling", Effect::Latency { ms: 600_000 }));
    case.simulator.clear_requests();
    let mut first = start(&case, "prod");
    Point::Exists(".mgw-pull/gen/api_definitions").wait(&case, &case.place.path().join("shop"), &mut first);
    case.mgw(&["pull", "shop", "--label", "dev"])
        .exits(7)
        .says("another mgw process is pulling");
    assert_eq!(state(&case), states[1]);
    // Readers go on meanwhile, with the old state.
    case.mgw(&["build", "shop", "--locked"]).exits(0);
    first.kill().expect("the child is ours");
    first.wait().expect("the child is ours");
    case.simulator.clear_faults();
    case.mgw(&["pull", "shop", "--label", "prod"]).exits(0);
    let mut now = state(&case);
    now.retain(|(path, _)| !path.components().any(|part| part.as_os_str() == "target"));
    assert_eq!(now, states[0]);
}
