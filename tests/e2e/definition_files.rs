//! Definitions of several files, through the binary.

use crate::support::Place;

const MAIN: &str = "openapi: 3.0.0\n\
    info: {title: Shop, version: 1.0.0}\n\
    x-wso2-basePath: /shop\n\
    x-wso2-production-endpoints: {urls: [http://127.0.0.1:3000]}\n\
    paths:\n  /items: {$ref: '../common/items.json'}\n";

const ITEMS: &str = "{\"get\": {\"x-wso2-throttling-tier\": \"10kPerMin\", \"responses\": {\"200\": {\"description\": \"items\",\n\
    \"content\": {\"application/json\": {\"schema\": {\"$ref\": \"./schemas.yaml#/Item\"}}}}}}}";

fn several() -> Place {
    let place = Place::new();
    place.write("api/v1/shop.yaml", MAIN);
    place.write("api/common/items.json", ITEMS);
    place.write(
        "api/common/schemas.yaml",
        "Item: {properties: {parts: {items: {$ref: '#/Item'}}}}\n",
    );
    place
}

#[test]
fn what_a_definition_refers_to_comes_along_and_is_built_in() {
    let place = several();
    place
        .mgw(&["init", "shop", "--api", "api/v1/shop.yaml"])
        .exits(0)
        .says("Added api_definitions/v1/shop.yaml")
        .says("Added api_definitions/common/items.json")
        .says("Added api_definitions/common/schemas.yaml");
    let digest = || {
        let built = place.mgw(&["build", "shop", "--output", "json"]).exits(0).json();
        assert_eq!(built["summary"]["notes"], 0, "{built:#}");
        assert_eq!((&built["apis"], &built["operations"]), (&1.into(), &1.into()));
        built["digest"].as_str().unwrap().to_owned()
    };
    let first = digest();
    assert_eq!(digest(), first);
    let bundle = place.mgw(&["inspect", "shop", "--output", "json"]).exits(0).json();
    let resource = &bundle["config"]["apis"][0]["resources"][0];
    assert_eq!(resource["policy"]["name"], "10kPerMin", "{resource:#}");
    // The same again is no conflict as far as the parts go; the definition itself is not replaced unasked.
    place
        .mgw(&["add", "shop", "api/v1/shop.yaml"])
        .exits(7)
        .says("shop.yaml exists already");
    place.write(
        "api/v1/more.yaml",
        &MAIN.replace("Shop", "More").replace("/shop", "/more"),
    );
    place.mgw(&["add", "shop", "api/v1/more.yaml"]).exits(0);
    place.write("api/common/items.json", "{}");
    place.write("api/v1/less.yaml", MAIN);
    place
        .mgw(&["add", "shop", "api/v1/less.yaml"])
        .exits(7)
        .says("items.json exists already");
    assert_eq!(place.read("shop/api_definitions/common/items.json"), ITEMS);
}

#[test]
fn findings_are_in_the_file_that_they_are_about() {
    let place = several();
    place.mgw(&["init", "shop", "--api", "api/v1/shop.yaml"]).exits(0);
    place.write(
        "shop/api_definitions/common/items.json",
        &ITEMS.replace("10kPerMin", "10kPerMinute").replace("#/Item", "#/Itm"),
    );
    let checked = place
        .mgw(&["check", "shop", "--output", "json", "--quiet"])
        .exits(3)
        .json();
    let found: Vec<String> = checked["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}:{}:{}", one["code"], one["file"], one["line"], one["column"]))
        .collect();
    assert_eq!(
        found,
        [
            "\"unknown-policy\" \"shop/api_definitions/common/items.json\":1:36",
            "\"reference\" \"shop/api_definitions/common/items.json\":2:53",
        ]
    );
    // A part that nothing refers to any more is told.
    place.write(
        "shop/api_definitions/v1/shop.yaml",
        &MAIN.replace("{$ref: '../common/items.json'}", "{get: {}}"),
    );
    place
        .mgw(&["check", "shop"])
        .exits(3)
        .says("api_definitions/common/items.json:1:1")
        .says("api_definitions/common/schemas.yaml:1:1");
}

#[cfg(unix)]
#[test]
fn nothing_outside_the_project_is_read() {
    let place = several();
    place.mgw(&["init", "shop", "--api", "api/v1/shop.yaml"]).exits(0);
    place.write("secret.yaml", "canary: {type: object}\n");
    std::os::unix::fs::symlink(place.path().join("secret.yaml"), place.path().join("shop/link.yaml")).unwrap();
    let with = |target: &str| {
        let schema = format!("components: {{schemas: {{A: {{$ref: '{target}'}}}}}}\n");
        place.write("shop/api_definitions/v1/shop.yaml", &format!("{MAIN}{schema}"));
        place.mgw(&["build", "shop"])
    };
    let absolute = place.path().join("secret.yaml").display().to_string();
    for (target, reason) in [
        ("../../../secret.yaml", "leads out of the project folder"),
        ("../../link.yaml", "leads out of the project folder by a link"),
        (absolute.as_str(), "is an absolute path"),
        (&format!("file://{absolute}"), "begins with `file:`"),
        ("https://h.example/a.yaml", "leads to another server"),
        ("../../../../../../../dev/zero", "leads out of the project folder"),
    ] {
        let outcome = with(target).exits(3).says(reason);
        assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
        assert!(!place.path().join("shop/target/shop.zip").exists());
    }
    // Inside, a link is as good as a file.
    place.write("shop/schemas/a.yaml", "type: object\n");
    std::fs::remove_file(place.path().join("shop/link.yaml")).unwrap();
    std::os::unix::fs::symlink("schemas/a.yaml", place.path().join("shop/link.yaml")).unwrap();
    with("../../link.yaml").exits(0);
}
