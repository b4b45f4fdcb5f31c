//! `mgw check --fix` where the system refuses in the middle of it: all files are new ones, or all are as they were, and what
//! is said says which.

#![cfg(target_os = "linux")]

use crate::support::{Place, traced};
use std::process::Output;

const FILES: [&str; 3] = ["api_definitions/a.yaml", "api_definitions/b.yaml", "mgw.toml"];

fn project() -> Place {
    let place = Place::new();
    for name in ["a", "b"] {
        place.write(
            &format!("shop/api_definitions/{name}.yaml"),
            &format!(
                "openapi: 3.0.0\ninfo: {{title: {name}, version: 1.0.0}}\nx-wso2-base-path: /{name}\n\
                 x-wso2-production-endpoints: {{urls: [https://b.example]}}\n\
                 paths: {{/items: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n"
            ),
        );
    }
    place.write("shop/mgw.toml", "format = \"1\"\nname = \"shop\"\n");
    place
}

fn contents(place: &Place) -> [String; 3] {
    FILES.map(|file| place.read(&format!("shop/{file}")))
}

/// What is in the project's folders besides.
fn others(place: &Place) -> Vec<String> {
    let files = place.files().into_iter();
    let names = files.map(|(path, _)| path.strip_prefix(place.path()).expect("inside").display().to_string());
    names
        .filter(|name| !FILES.iter().any(|file| *name == format!("shop/{file}")))
        .collect()
}

/// The command while the calls that `fault` names are refused.
fn faulty(place: &Place, fault: &str) -> Output {
    let kind = fault.split(':').next().unwrap_or_default();
    let (trace, inject) = (format!("trace={kind}"), format!("inject={fault}"));
    let command = place.command(&["check", "shop", "--fix"]);
    let options = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
    traced(&command, &options).output().expect("strace can be run")
}

const RENAMES: &str = "?rename,?renameat,?renameat2";

#[test]
fn a_rename_that_is_refused_leaves_everything_as_it_was() {
    let place = project();
    let old = contents(&place);
    let healthy = project();
    healthy.mgw(&["check", "shop", "--fix"]).exits(0);
    let new = contents(&healthy);
    assert!(old.iter().zip(&new).all(|(old, new)| old != new), "{new:?}");
    let mut refused = 0;
    for step in 1..10 {
        let place = project();
        let output = faulty(&place, &format!("{RENAMES}:error=EIO:when={step}"));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(others(&place).is_empty(), "{step}: {:?}", others(&place));
        if output.status.success() {
            assert_eq!(contents(&place), new, "{told}");
            break;
        }
        refused += 1;
        assert_eq!(output.status.code(), Some(7), "{told}");
        assert!(told.contains("error: cannot write shop/"), "{told}");
        assert!(told.contains("No file of the project was changed."), "{told}");
        assert_eq!(contents(&place), old, "{step}: {told}");
    }
    assert_eq!(refused, FILES.len());
}

#[test]
fn what_cannot_be_put_back_is_named_and_kept() {
    let place = project();
    let old = contents(&place);
    let output = faulty(&place, &format!("{RENAMES}:error=EIO:when=3+"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{told}");
    assert!(!told.contains("No file of the project was changed."), "{told}");
    assert!(
        told.contains("cannot write shop/mgw.toml, nor restore what was replaced before it"),
        "{told}"
    );
    let kept = others(&place);
    assert_eq!(kept.len(), 2, "{kept:?}");
    for (file, old) in FILES.iter().zip(&old).take(2) {
        let said = format!("shop/{file} is repaired; what it was is in ");
        let former = told.split(&said).nth(1).and_then(|rest| rest.split(".\n").next());
        let former = former.unwrap_or_else(|| panic!("no {said}: {told}"));
        assert_eq!(place.read(former), *old);
    }
    assert_eq!(place.read("shop/mgw.toml"), old[2]);
}

#[test]
fn a_disk_without_space_leaves_everything_as_it_was() {
    let mut refused = 0;
    for step in 1..200 {
        let place = project();
        let old = contents(&place);
        // The first writes go to the copy.
        let output = faulty(&place, &format!("?write,?writev,?pwrite64:error=ENOSPC:when={step}"));
        let told = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            break;
        }
        refused += 1;
        assert_eq!(contents(&place), old, "{step}: {told}");
        assert!(others(&place).is_empty(), "{step}: {:?}", others(&place));
    }
    // What is told after the files are there is told to nobody.
    assert!(refused > 6, "{refused}");
}
