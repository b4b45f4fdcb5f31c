//! The block list that gateways are told, for whoever may not see the administrator's.

use super::*;
use crate::lock::{LockFile, Unseen};
use crate::project::Layout;
use mgw_bundle::config::{Block, Policies};
use mgw_fixtures::simulator::{Effect, Fault};

fn pulled(bench: &Bench, password: Option<&str>) -> (Vec<Block>, bool) {
    let project = bench.project().display().to_string();
    let words = ["pull", project.as_str(), "--label", "dev"];
    let variables: Vec<_> = password
        .into_iter()
        .map(|password| ("MGW_PASSWORD", password))
        .collect();
    assert_eq!(bench.run_with(&words, &variables).unwrap(), ExitCode::Success);
    let layout = Layout::new(bench.project());
    let policies: Policies = serde_json::from_slice(&std::fs::read(layout.pulled_policies()).unwrap()).unwrap();
    let lock = LockFile::load(&layout.lock()).unwrap().unwrap();
    let unseen = lock.unseen.expect("it is noted");
    (policies.blocks, unseen.contains(&Unseen::BlockList))
}

#[test]
fn a_password_opens_the_block_list_for_gateways() {
    for (shape, hidden, list, expected) in [
        // Ranges of addresses came with 3.1.
        (Shape::Apim26, "v0.14/throttling/blacklist", "throttle", 3),
        (Shape::Apim30, "v0.15/throttling/blacklist", "throttle", 3),
        (Shape::Apim31, "v0.16/throttling/blacklist", "throttle", 4),
        (Shape::Apim32, "v1/throttling/blacklist", "internal", 4),
        (Shape::Apim42, "v4/throttling/deny-policies", "internal", 4),
    ] {
        let bench = Bench::signed_in(shape, ADMIN);
        let (seen, _) = pulled(&bench, None);
        assert_eq!(seen.len(), expected, "{shape:?}");
        let of_gateways = format!("/{list}/data/v1/block");
        let asked = || bench.simulator.request_count("GET", &of_gateways);
        assert_eq!(pulled(&bench, Some("demo-password")), (seen.clone(), false));
        assert_eq!(asked(), 0, "{shape:?}: the administrator's list is enough");

        std::fs::remove_dir_all(bench.project()).unwrap();
        std::fs::create_dir(bench.project()).unwrap();
        bench.simulator.set_fault(Fault::new(
            format!("/api/am/admin/{hidden}"),
            Effect::Status {
                status: 403,
                retry_after: None,
            },
        ));
        assert_eq!(pulled(&bench, None), (Vec::new(), true), "{shape:?}");
        assert_eq!(pulled(&bench, Some("wrong")), (Vec::new(), true), "{shape:?}");
        let once = if list == "throttle" { 1 } else { 0 };
        assert_eq!(
            asked(),
            once,
            "{shape:?}: a password that is wrong elsewhere is not tried here"
        );
        assert_eq!(pulled(&bench, Some("demo-password")), (seen, false), "{shape:?}");
    }
}

#[test]
fn a_block_list_in_trouble_fails_the_pull() {
    let bench = Bench::signed_in(Shape::Apim31, ADMIN);
    for (path, status) in [
        ("/api/am/admin/v0.16/throttling/blacklist", 403),
        ("/throttle/data/v1/block", 503),
    ] {
        let retry_after = None;
        bench
            .simulator
            .set_fault(Fault::new(path, Effect::Status { status, retry_after }));
    }
    let project = bench.project().display().to_string();
    let words = ["pull", project.as_str(), "--label", "dev"];
    let failure = bench
        .run_with(&words, &[("MGW_PASSWORD", "demo-password")])
        .unwrap_err();
    assert!(format!("{failure:?}").contains("503"), "{failure:?}");
    assert!(!Layout::new(bench.project()).lock().exists());
}
