//! With which code `mgw diff` ends.

use crate::support::Place;

const CLASSES: [&str; 4] = ["breaking", "weakening", "compatible", "cosmetic"];

/// A project with one API of one operation; `info` and `paths` are more of its definition.
fn project(place: &Place, name: &str, info: &str, paths: &str) {
    let definition = format!(
        "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0{info}}}\nx-wso2-basePath: /shop\n\
         x-wso2-production-endpoints: {{urls: ['https://backend.example']}}\npaths:\n{paths}"
    );
    place.write(&format!("{name}/mgw.toml"), "format = 1\nname = \"shop\"\n");
    place.write(&format!("{name}/api_definitions/shop.yaml"), &definition);
}

#[test]
fn each_class_of_change_has_its_exit_codes() {
    const ORDERS: &str = "  /orders: {get: {responses: {'200': {description: ok}}}}\n";
    let place = Place::new();
    project(&place, "before", "", ORDERS);
    let more = format!("{ORDERS}  /items: {{get: {{responses: {{'200': {{description: ok}}}}}}}}\n");
    let open = ORDERS.replace("{get: {", "{get: {x-wso2-disable-security: true, ");
    project(&place, "breaking", "", &ORDERS.replace("/orders", "/items"));
    project(&place, "weakening", "", &open);
    project(&place, "compatible", "", &more);
    project(&place, "cosmetic", ", description: it sells", ORDERS);
    project(&place, "same", "", ORDERS);
    let ends = |after: &str, flags: &[&str]| {
        let words: Vec<&str> = ["diff", "before", after].iter().chain(flags).copied().collect();
        place.mgw(&words)
    };
    for class in CLASSES {
        ends(class, &[]).exits(0);
        ends(class, &["--exit-code"]).exits(20);
        let told = ends(class, &["--fail-on", class, "--exit-code", "--output", "json"])
            .exits(4)
            .json();
        assert!(told["counts"][class].as_u64() > Some(0), "{told}");
        for other in CLASSES {
            let has_other = told["counts"][other].as_u64() > Some(0);
            ends(class, &["--fail-on", other]).exits(if has_other { 4 } else { 0 });
        }
        ends(class, &["--fail-on", "breaking,weakening,compatible,cosmetic"]).exits(4);
    }
    ends(
        "same",
        &["--exit-code", "--fail-on", "breaking,weakening,compatible,cosmetic"],
    )
    .exits(34);
    ends("same", &[]).exits(0);
    ends("nowhere", &["--exit-code"]).exits(7);
}

/// What the definition promises, over files that refer to each other, between projects, and between a bundle and a project
/// in the words of another version.
#[test]
fn what_a_definition_promises_is_compared() {
    const OLD: &str = "swagger: '2.0'\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n\
        x-wso2-production-endpoints: {urls: ['https://backend.example']}\nproduces: [application/json]\n\
        paths:\n  /orders: {get: {responses: {200: {description: ok, schema: {$ref: 'models.yaml#/Order'}}}}}\n";
    const NEW: &str = "openapi: 3.0.3\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n\
        x-wso2-production-endpoints: {urls: ['https://backend.example']}\n\
        paths:\n  /orders: {get: {responses: {'200': {description: ok, content: {application/json: {schema: \
        {$ref: 'models.yaml#/Order'}}}}}}}\n";
    const ORDER: &str = "Order: {type: object, properties: {id: {type: integer}, next: {$ref: '#/Order'}}}\n";
    let place = Place::new();
    for (name, definition, order) in [
        ("old", OLD, ORDER),
        ("new", NEW, ORDER),
        ("changed", NEW, &ORDER.replace("integer", "string")),
    ] {
        place.write(&format!("{name}/mgw.toml"), "format = 1\nname = \"shop\"\n");
        place.write(&format!("{name}/api_definitions/shop.yaml"), definition);
        place.write(&format!("{name}/api_definitions/models.yaml"), order);
    }
    place.mgw(&["build", "old"]).exits(0);
    for before in ["old", "old/target/shop.zip"] {
        let same = place.mgw(&["diff", before, "new", "--output", "json"]).exits(0).json();
        let classes: Vec<_> = same["changes"]
            .as_array()
            .expect("changes")
            .iter()
            .map(|change| &change["class"])
            .collect();
        assert_eq!(classes, ["cosmetic"], "{same}");
        let told = place
            .mgw(&["diff", before, "changed", "--fail-on", "breaking"])
            .exits(4);
        let line = "  Shop 1.0.0 GET /orders: id of the body of the answer 200 is string, not integer\n";
        assert!(told.stdout.contains(line), "{}", told.stdout);
    }
}

/// The operation that the gateway takes for the one that is gone may be open, or for other calls.
#[test]
fn callers_of_an_operation_that_is_gone_are_followed() {
    const FIND: &str = "  /pets/find: {get: {responses: {'200': {description: ok}}}}\n";
    const ONE: &str = "  /pets/{id}: {get: {parameters: [{name: id, in: path, required: true, schema: {type: integer}}], \
        responses: {'200': {description: ok}}}}\n";
    const ALL: &str = "  /x/*: {get: {responses: {'200': {description: ok}}}}\n";
    const OPEN: &str = "  /x/{a}: {get: {responses: {'200': {description: ok}}}}\n  \
        /*: {get: {x-wso2-disable-security: true, responses: {'200': {description: ok}}}}\n";
    let place = Place::new();
    project(&place, "find", "", &format!("{FIND}{ONE}"));
    project(&place, "one", "", ONE);
    project(&place, "all", "", &format!("{ALL}{OPEN}"));
    project(&place, "open", "", OPEN);
    for (before, after, class, line) in [
        (
            "find",
            "one",
            "breaking",
            "Shop 1.0.0 GET /pets/find: `find` is no value of the path parameter id of GET /pets/{id}\n",
        ),
        (
            "all",
            "open",
            "weakening",
            "Shop 1.0.0 GET /x/*: anybody may call it, without credentials\n",
        ),
    ] {
        let told = place.mgw(&["diff", before, after, "--fail-on", class]).exits(4);
        assert!(told.stdout.contains(line), "{}", told.stdout);
    }
}

#[test]
fn two_sides_without_a_control_plane_are_offered() {
    let place = Place::new();
    project(
        &place,
        "shop",
        "",
        "  /orders: {get: {responses: {'200': {description: ok}}}}\n",
    );
    place.mgw(&["build", "shop"]).exits(0);
    place
        .mgw(&["diff", "shop/target/shop.zip"])
        .exits(2)
        .says("nothing else to compare it with")
        .says("`mgw diff shop/target/shop.zip .`");
    let told = place.mgw(&["diff", "shop"]).says("`mgw diff BEFORE shop`");
    assert_ne!(told.code, 0);
    // Nothing is pulled where there are two, so that nobody takes the answer for one about what was to be pulled.
    for flags in [
        &["--all"][..],
        &["--label", "prod"],
        &["--url", "https://cp.example"],
        &["--save"],
    ] {
        place
            .mgw(&[&["diff", "shop", "shop/target/shop.zip"], flags].concat())
            .exits(2)
            .says(flags[0]);
    }
}
