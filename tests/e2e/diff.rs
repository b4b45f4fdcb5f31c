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
