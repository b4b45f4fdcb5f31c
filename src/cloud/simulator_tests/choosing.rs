//! Pulling by tag and everything, with a look first, and under the lock.

use super::*;
use crate::cloud::pull::Selection;
use crate::lock::LockFile;
use crate::project::Layout;

fn lock(bench: &Bench) -> LockFile {
    LockFile::load(&Layout::new(bench.project()).lock()).unwrap().unwrap()
}

fn names(bench: &Bench) -> Vec<String> {
    let apis = lock(bench).apis;
    apis.iter().map(|api| format!("{} {}", api.name, api.version)).collect()
}

#[test]
fn a_tag_is_pulled_and_remembered() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    assert_eq!(bench.pull(&["--tag", "shop"]).unwrap(), ExitCode::Success);
    assert_eq!(names(&bench), ["Catalog 1.2.0", "Orders 1.0.0", "Orders 2.0.0"]);
    assert_eq!(lock(&bench).source.tags, ["shop"]);
    let before = contents(&bench.project());
    bench.pull(&[]).unwrap();
    assert_eq!(contents(&bench.project()), before);
    let text = "format = 1\nname = \"shop\"\n[pull]\ntags = [\"shop\"]\n";
    std::fs::write(Layout::new(bench.project()).settings(), text).unwrap();
    crate::lock::verify(&Layout::new(bench.project()), &Selection::default()).unwrap();
    assert_eq!(code(bench.pull(&["--tag", "nobody"])), ExitCode::Invalid);
}

#[test]
fn everything_that_can_be_served_is_pulled() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    assert_eq!(bench.pull(&["--all"]).unwrap(), ExitCode::Success);
    let all = lock(&bench);
    assert!(all.source.all);
    assert_eq!(all.apis.len(), 8);
    // A draft is not even asked about.
    let draft = "c0000000-0000-4000-8000-000000000007";
    assert!(!bench.asked().iter().any(|asked| asked.contains(draft)));
}

#[test]
fn a_dry_run_changes_nothing_and_tells() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let look = ["--label", "dev", "--dry-run", "--exit-code"];
    assert_eq!(bench.pull(&look).unwrap(), ExitCode::Changes);
    assert!(contents(&bench.project()).is_empty());
    bench.pull(&["--label", "dev"]).unwrap();
    let before = contents(&bench.project());
    assert_eq!(bench.pull(&look).unwrap(), ExitCode::NothingChanged);
    assert_eq!(
        bench.pull(&["--label", "dev", "--exit-code"]).unwrap(),
        ExitCode::NothingChanged
    );
    assert_eq!(
        bench.pull(&["--label", "prod", "--dry-run"]).unwrap(),
        ExitCode::Success
    );
    assert_eq!(contents(&bench.project()), before);
}

#[test]
fn under_the_lock_the_same_files_come_back_and_nothing_else() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    assert_eq!(
        code(bench.pull(&["--label", "dev", "--locked"])),
        ExitCode::LockOutOfDate,
        "there is no lock"
    );
    bench.pull(&["--label", "dev"]).unwrap();
    let before = contents(&bench.project());
    std::fs::remove_dir_all(Layout::new(bench.project()).generated()).unwrap();
    assert_eq!(bench.pull(&["--locked"]).unwrap(), ExitCode::Success);
    assert_eq!(contents(&bench.project()), before);
    let failure = bench.pull(&["--label", "prod", "--locked"]).unwrap_err();
    assert_eq!(failure.code, ExitCode::LockOutOfDate);
    let causes = format!("{failure:?}");
    assert!(causes.contains("Weather 1.0.0 is gone"), "{causes}");
    assert_eq!(contents(&bench.project()), before);
}

#[test]
fn apis_that_are_gone_stop_a_pull_until_somebody_agrees() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev", "--label", "prod"]).unwrap();
    // As if the control plane had one more then.
    let path = Layout::new(bench.project()).lock();
    let mut old = lock(&bench);
    let mut extra = old.apis[0].clone();
    extra.name = "Ancient".into();
    extra.path = "gen/api_definitions/ancient.json".into();
    old.apis.push(extra);
    std::fs::write(&path, old.to_text().unwrap()).unwrap();
    let before = contents(&bench.project());
    let failure = bench.pull(&[]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Gate);
    assert!(format!("{failure:?}").contains("Ancient 1.2.0"), "{failure:?}");
    assert_eq!(contents(&bench.project()), before);
    assert_eq!(bench.pull(&["--dry-run"]).unwrap(), ExitCode::Success);
    assert_eq!(bench.pull(&["--prune"]).unwrap(), ExitCode::Success);
    assert!(!names(&bench).iter().any(|name| name.starts_with("Ancient")));
    // Who asks for less knows that.
    assert_eq!(bench.pull(&["--label", "dev"]).unwrap(), ExitCode::Success);
}

#[test]
fn a_plan_is_applied_as_it_was_reviewed_or_not_at_all() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let project = bench.project().display().to_string();
    let plan = bench.folder.path().join("plan.json").display().to_string();
    let apply = || bench.run(&["apply", &plan, &project]);
    assert_eq!(
        bench.pull(&["--label", "dev", "--plan", &plan, "--exit-code"]).unwrap(),
        ExitCode::Changes
    );
    assert!(contents(&bench.project()).is_empty(), "a plan changes nothing");
    let text = std::fs::read_to_string(&plan).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["counts"]["breaking"], 0);
    assert!(written["changes"].as_array().unwrap().len() >= 4, "{text}");
    // As if the control plane had changed in the meantime.
    let digest = written["wanted"]["api"][0]["sha256"].as_str().unwrap();
    std::fs::write(&plan, text.replace(digest, &mgw_bundle::Digest::of(b"x").to_string())).unwrap();
    let failure = apply().unwrap_err();
    assert_eq!(failure.code, ExitCode::LockOutOfDate);
    assert!(
        format!("{failure:?}").contains("Catalog 1.2.0 has changed"),
        "{failure:?}"
    );
    assert!(contents(&bench.project()).is_empty());
    std::fs::write(&plan, &text).unwrap();
    assert_eq!(apply().unwrap(), ExitCode::Success);
    assert_eq!(names(&bench).len(), 4);
    // The lock is another now: a plan is applied once.
    assert_eq!(code(apply()), ExitCode::LockOutOfDate);
    // What goes away is told as such, and only over files that are as they were pulled.
    let planned = || bench.pull(&["--label", "prod", "--plan", &plan]);
    assert_eq!(planned().unwrap(), ExitCode::Success);
    let text = std::fs::read_to_string(&plan).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_ne!(written["counts"]["breaking"], 0, "{text}");
    let layout = Layout::new(bench.project());
    std::fs::remove_file(&plan).unwrap();
    std::fs::rename(layout.generated(), layout.root().join("aside")).unwrap();
    assert_eq!(code(planned()), ExitCode::LockOutOfDate);
    assert!(!Path::new(&plan).exists());
    std::fs::rename(layout.root().join("aside"), layout.generated()).unwrap();
    assert_eq!(
        bench.pull(&["--plan", &plan, "--exit-code"]).unwrap(),
        ExitCode::NothingChanged
    );
}
