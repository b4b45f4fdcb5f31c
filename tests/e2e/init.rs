//! `mgw init` through the binary.

use crate::support::Place;

#[test]
fn an_existing_folder_is_left_as_it_was() {
    let place = Place::new();
    place.write("shop/notes.txt", "mine");
    let before = place.files();
    let outcome = place.mgw(&["init", "shop"]);
    assert_ne!(outcome.code, 0);
    assert!(outcome.stderr.contains("shop"), "{}", outcome.stderr);
    assert_eq!(place.files(), before);
}

#[test]
fn commands_that_are_shown_can_be_copied() {
    let place = Place::new();
    place.write("api.yaml", crate::build::DEFINITION);
    place.write("team's files/notes.txt", "");
    place
        .mgw(&["init", "team's files/shop", "--api", "api.yaml"])
        .exits(0)
        .says(r"`mgw run 'team'\''s files/shop' --local-issuer`");
    place
        .mgw(&["verify", "team's files/shop"])
        .exits(7)
        .says(r"`mgw build 'team'\''s files/shop'`");
}

#[test]
fn what_a_killed_one_has_staged_is_removed() {
    let place = Place::new();
    place.write(".mgw-init-dead/new/mgw.toml", "");
    // The only copy of a project, maybe.
    place.write(".mgw-init-replacing/old/mgw.toml", "");
    place.mgw(&["init", "shop"]).exits(0);
    assert!(!place.path().join(".mgw-init-dead").exists());
    assert!(place.path().join(".mgw-init-replacing/old/mgw.toml").exists());
}

#[test]
fn a_control_plane_is_kept_in_the_settings() {
    let place = Place::new();
    place
        .mgw(&["init", "shop", "--url", "apim.example:9443/", "--kind", "apim-3.2"])
        .exits(0);
    let settings = place.read("shop/mgw.toml");
    assert!(
        settings.contains("[control-plane]\nurl = \"https://apim.example:9443\"\nkind = \"apim-3.2\"\n"),
        "{settings}"
    );
    place.mgw(&["init", "cloud", "--kind", "api-cloud"]).exits(0);
    let settings = place.read("cloud/mgw.toml");
    assert!(
        settings.contains("url = \"https://gateway.api.cloud.wso2.com\"\nkind = \"api-cloud\"\n"),
        "{settings}"
    );
    // What names no place is told, before anything is written.
    let before = place.files();
    place
        .mgw(&["init", "other", "--kind", "apim-4.2"])
        .exits(2)
        .says("--url");
    place.mgw(&["init", "other", "--url", "http://apim.example"]).exits(2);
    assert_eq!(place.files(), before);
}

#[test]
fn a_place_that_takes_no_project_says_what_to_do() {
    let place = Place::new();
    let before = place.files();
    let told = place
        .mgw(&["init", "a/b"])
        .exits(7)
        .says("cannot create a/b: there is no folder a\n")
        .says("Create a first");
    assert!(!told.stderr.contains(".mgw-init-"), "{}", told.stderr);
    place.mgw(&["init", "."]).exits(2).says("as in `mgw init shop`");
    assert_eq!(place.files(), before);
}

#[test]
fn a_server_that_is_not_there_is_told_in_one_line() {
    let place = Place::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/openapi.yaml", listener.local_addr().expect("bound"));
    drop(listener);
    let told = place
        .mgw(&["init", "shop", "--api", &url])
        .exits(7)
        .says("caused by: the connection was refused")
        .says("that a server listens there");
    assert_eq!(told.stderr.matches("caused by").count(), 1, "{}", told.stderr);
    assert!(!told.stderr.contains("--insecure"), "{}", told.stderr);
}
