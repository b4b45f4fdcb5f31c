//! Former states, and how project and control plane compare.

use super::*;
use crate::project::Layout;

fn status(bench: &Bench, arguments: &[&str]) -> ExitCode {
    let project = bench.project().display().to_string();
    let mut words = vec!["status", project.as_str(), "--exit-code"];
    words.extend(arguments);
    bench.run(&words).unwrap()
}

#[test]
fn a_pull_is_undone_and_redone() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let project = bench.project().display().to_string();
    let rollback = |arguments: &[&str]| {
        let mut words = vec!["rollback", project.as_str()];
        words.extend(arguments);
        bench.run(&words)
    };
    assert_eq!(code(rollback(&[])), ExitCode::Invalid, "there is nothing to return to");
    let in_place = || {
        let mut found = contents(&bench.project());
        found.retain(|(name, _)| !name.starts_with(".mgw/"));
        found
    };
    bench.pull(&["--label", "dev"]).unwrap();
    let dev = in_place();
    bench.pull(&["--label", "prod"]).unwrap();
    let prod = in_place();
    assert_eq!(rollback(&["--list"]).unwrap(), ExitCode::Success);
    assert_eq!(in_place(), prod);
    assert_eq!(rollback(&[]).unwrap(), ExitCode::Success);
    assert_eq!(in_place(), dev);
    assert_eq!(rollback(&[]).unwrap(), ExitCode::Success);
    assert_eq!(in_place(), prod);
    assert_eq!(rollback(&["--to", "1"]).unwrap(), ExitCode::Success);
    assert_eq!(in_place(), dev);
    assert_eq!(code(rollback(&["--to", "77"])), ExitCode::Invalid);
    let compiled = crate::compile::compile_project(&Layout::new(bench.project())).unwrap();
    assert_eq!(compiled.config.apis.len(), 4);
}

#[test]
fn edits_and_news_are_told_apart_from_nothing() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let project = bench.project().display().to_string();
    assert_eq!(code(bench.run(&["status", &project])), ExitCode::Invalid, "it is empty");
    std::fs::create_dir(bench.project().join("api_definitions")).unwrap();
    assert_eq!(status(&bench, &[]), ExitCode::NothingChanged, "nothing was pulled");
    bench.pull(&["--label", "dev"]).unwrap();
    let before = contents(&bench.project());
    assert_eq!(status(&bench, &[]), ExitCode::NothingChanged);
    assert_eq!(
        status(&bench, &["--label", "prod"]),
        ExitCode::Changes,
        "the control plane has others"
    );
    assert_eq!(
        status(&bench, &["--offline", "--label", "prod"]),
        ExitCode::NothingChanged
    );
    assert_eq!(contents(&bench.project()), before);
    // Without a session the rest is still told; nobody takes it for nothing.
    std::fs::remove_file(bench.session_file()).unwrap();
    assert_eq!(status(&bench, &[]), ExitCode::NotSignedIn);
    assert_eq!(status(&bench, &["--offline"]), ExitCode::NothingChanged);
    std::fs::write(Layout::new(bench.project()).pulled_policies(), "{}").unwrap();
    assert_eq!(status(&bench, &[]), ExitCode::Changes);
}
