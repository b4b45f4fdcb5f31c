//! Projects that git checks out with other line ends than they were committed with.

use crate::pull::Case;
use crate::support::Outcome;
use std::process::{Command, Stdio};

/// Runs git in the folder of a case, with nothing of the machine's settings.
fn git(case: &Case, words: &[&str]) -> Outcome {
    let mut command = Command::new("git");
    command
        .args(words)
        .current_dir(case.place.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", case.place.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "ana"), ("GIT_AUTHOR_EMAIL", "ana@shop.example")])
        .envs([
            ("GIT_COMMITTER_NAME", "ana"),
            ("GIT_COMMITTER_EMAIL", "ana@shop.example"),
        ])
        .stdin(Stdio::null());
    Outcome::of(command).exits(0)
}

fn commit(case: &Case, project: &str) {
    git(case, &["-C", project, "add", "--all"]);
    git(case, &["-C", project, "commit", "--quiet", "--message", "as it is"]);
}

/// Checks a committed project out again as a machine with `core.autocrlf` does.
fn clone(case: &Case, project: &str, to: &str) {
    git(case, &["-c", "core.autocrlf=true", "clone", "--quiet", project, to]);
    git(case, &["-C", to, "config", "core.autocrlf", "true"]);
}

#[test]
fn a_new_project_is_the_same_wherever_it_is_checked_out() {
    let case = Case::signed_in();
    case.mgw(&["init", "store"]).exits(0);
    case.mgw(&["pull", "store", "--label", "dev"]).exits(0);
    git(&case, &["init", "--quiet", "store"]);
    commit(&case, "store");
    clone(&case, "store", "copy/store");
    let digest = |project: &str| {
        let built = case.mgw(&["build", project, "--locked", "--output", "json"]).exits(0);
        built.json()["digest"].clone()
    };
    assert_eq!(digest("store"), digest("copy/store"));
}

#[test]
fn line_ends_that_git_changed_are_told_and_put_right() {
    let case = Case::signed_in();
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    git(&case, &["init", "--quiet", "shop"]);
    std::fs::write(case.place.path().join("shop/.gitignore"), "/target/\n").expect("the folder is writable");
    commit(&case, "shop");
    clone(&case, "shop", "copy");
    let told = case
        .mgw(&["build", "copy", "--locked"])
        .exits(15)
        .says("policies.json has CRLF at the ends of lines, where LF was pulled")
        .says("write `* -text` into the project's .gitattributes and commit it");
    assert!(!told.stderr.contains("mgw pull"), "{}", told.stderr);
    case.mgw(&["status", "copy", "--offline"])
        .prints("has CRLF at the ends of lines, where LF was pulled");
    // What was edited beside it is told as that.
    let policies = case.place.read("copy/gen/control-plane/policies.json");
    case.place.write(
        "copy/gen/control-plane/policies.json",
        &policies.replace("5000", "5001"),
    );
    case.mgw(&["build", "copy", "--locked"])
        .exits(15)
        .says("policies.json was changed")
        .says("Run mgw pull and commit the result");
    // The remedy, word by word.
    case.place.write("copy/.gitattributes", "* -text\n");
    git(
        &case,
        &["-C", "copy", "rm", "-r", "--quiet", "--force", "gen", "mgw.lock"],
    );
    git(&case, &["-C", "copy", "checkout", "HEAD", "--", "gen", "mgw.lock"]);
    case.mgw(&["build", "copy", "--locked"]).exits(0);
}
