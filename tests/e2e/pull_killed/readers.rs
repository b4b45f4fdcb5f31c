//! Builds while pulls go on: every bundle is of one pull.

use super::both;
use crate::pull::Case;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bundles of one pull or the other that have to be seen, and builds after which that is given up.
const BUNDLES: usize = 20;
const BUILDS: usize = 400;

fn digest(case: &Case) -> String {
    let built = case.mgw(&["build", "shop", "--locked", "--output", "json"]).exits(0);
    built.json()["digest"].as_str().expect("it is built").to_owned()
}

#[test]
fn every_bundle_is_of_one_pull() {
    let case = Case::signed_in();
    both(&case, ["prod", "dev"]);
    let dev = digest(&case);
    case.mgw(&["pull", "shop", "--label", "prod"]).exits(0);
    let prod = digest(&case);
    assert_ne!(dev, prod);
    let stop = AtomicBool::new(false);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut given_up, mut builds) = (0, 0);
    std::thread::scope(|scope| {
        let pulling = scope.spawn(|| {
            let moves: [&[&str]; 4] = [
                &["pull", "shop", "--label", "dev"],
                &["rollback", "shop"],
                &["rollback", "shop"],
                &["pull", "shop", "--label", "prod"],
            ];
            for words in moves.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                case.mgw(words).exits(0);
            }
        });
        let is_enough = |seen: &BTreeMap<String, usize>| seen.len() > 1 && seen.values().sum::<usize>() >= BUNDLES;
        while !is_enough(&seen) && builds < BUILDS && !pulling.is_finished() {
            builds += 1;
            let built = case.mgw(&["build", "shop", "--locked", "--output", "json"]);
            if built.code == 7 {
                built.says("times that it was read");
                given_up += 1;
                continue;
            }
            let built = built.exits(0);
            let digest = built.json()["digest"].as_str().unwrap_or_default().to_owned();
            *seen.entry(digest).or_default() += 1;
        }
        stop.store(true, Ordering::Relaxed);
        pulling.join().expect("every pull and rollback succeeds");
    });
    assert_eq!(
        seen.keys().collect::<Vec<_>>(),
        Vec::from_iter(std::collections::BTreeSet::from([&dev, &prod])),
        "{seen:?}, {given_up} given up of {builds}"
    );
}
