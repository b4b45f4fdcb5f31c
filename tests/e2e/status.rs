//! What `mgw status` says where there is little to compare: to somebody who is new, too.

use crate::pull::Case;
use crate::serve::run;
use crate::support::Place;
use serde_json::json;

const OPENAPI: &str = "openapi: 3.0.0\ninfo: {title: Hello, version: 1.0.0}\nx-wso2-basePath: /hello\n\
    x-wso2-production-endpoints: {urls: ['http://127.0.0.1:9']}\n\
    paths: {/x: {get: {responses: {'200': {description: ok}}}}}\n";

#[test]
fn a_folder_that_is_no_project_is_told() {
    let place = Place::new();
    place
        .mgw(&["status"])
        .exits(3)
        .says("is not a project folder")
        .says("mgw init");
    place.mgw(&["status", "nowhere"]).exits(3).says("mgw init");
    place.mgw(&["init", "shop"]).exits(0);
    let told = place.mgw(&["status", "shop", "--exit-code"]).exits(34);
    assert!(told.stdout.contains("nothing was pulled"), "{}", told.stdout);
}

#[test]
fn what_cannot_be_looked_at_says_what_to_do() {
    let case = Case::signed_in();
    let place = &case.place;
    place.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let looked = place.mgw(&["status", "shop"]).exits(0);
    assert!(looked.stderr.contains("Asking https://"), "{}", looked.stderr);
    assert!(!looked.stderr.contains("Pulling"), "{}", looked.stderr);

    case.simulator.forget_tokens();
    let ended = place.mgw(&["status", "shop", "--exit-code"]).exits(11);
    assert!(
        ended.stdout.contains("ended\n                 Run mgw login"),
        "{}",
        ended.stdout
    );
    place.mgw(&["logout"]).exits(0);
    let away = ["status", "shop", "--exit-code", "--gateway", "http://127.0.0.1:9"];
    let told = place.mgw(&away).exits(11);
    assert!(
        told.stdout
            .contains("not looked at: not signed in\n                 Run mgw login.\n"),
        "{}",
        told.stdout
    );
    assert!(
        told.stdout.contains("--gateway names its admin listener"),
        "{}",
        told.stdout
    );
    let document = place.mgw(&[&away, ["--output", "json"].as_slice()].concat()).json();
    assert_eq!(document["control_plane"]["hints"], json!(["Run mgw login."]));
    assert_eq!(document["files"].get("hints"), None);
}

#[test]
fn a_gateway_of_another_project_is_told_by_its_name() {
    let place = Place::new();
    place.write("openapi.yaml", OPENAPI);
    for project in ["one", "two"] {
        place.mgw(&["init", project, "--api", "openapi.yaml"]).exits(0);
    }
    let (gateway, _, admin) = run(&place, "one", &[]);
    let told = place
        .mgw(&["status", "one", "--gateway", &admin, "--exit-code"])
        .exits(34);
    assert!(told.stdout.contains("serves this project"), "{}", told.stdout);
    let told = place
        .mgw(&["status", "two", "--gateway", &admin, "--exit-code"])
        .exits(20);
    assert!(
        told.stdout.contains("it serves another project, one ("),
        "{}",
        told.stdout
    );
    gateway.signal("TERM");
    gateway.end().exits(0);
}

#[test]
fn the_gateway_of_the_environment_is_looked_at() {
    let place = Place::new();
    place.mgw(&["init", "shop"]).exits(0);
    let mut command = place.command(&["status", "shop", "--offline"]);
    command.env("MGW_ADMIN_URL", "http://127.0.0.1:9");
    let told = crate::support::Outcome::of(command).exits(0);
    assert!(told.stdout.contains("Gateway"), "{}", told.stdout);
}
