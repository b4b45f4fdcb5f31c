//! `mgw audit` through the binary: the gate, and suppressions in `mgw.toml`.

use crate::build::DEFINITION;
use crate::support::Place;

/// A project with one open operation, limited, and a backend on this machine.
fn open() -> Place {
    let place = Place::new();
    let text = DEFINITION.replace(
        "    get:\n",
        "    get:\n      x-wso2-disable-security: true\n      x-wso2-throttling-tier: 10kPerMin\n",
    );
    place.write("openapi.yaml", &text);
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place
}

#[test]
fn a_finding_shuts_the_gate_until_somebody_gives_a_reason() {
    let place = open();
    place
        .mgw(&["audit", "shop", "--sarif", "out.sarif"])
        .exits(4)
        .says("warning[open-operation]: everybody may call GET /items/{id} of Shop:1.0.0")
        .says("shop/api_definitions/openapi.yaml:10:5")
        .says("the audit of shop has 1 warning");
    assert!(place.read("out.sarif").contains("\"ruleId\": \"open-operation\""));
    place
        .mgw(&["audit", "shop", "--fail-on", "never"])
        .exits(0)
        .says("1 warning");
    // What is found does not keep a project from being built.
    place.mgw(&["check", "shop"]).exits(0).says("no problems");

    let settings = place.read("shop/mgw.toml");
    let suppress = |until: &str| {
        let suppression = format!(
            "\n[[audit.suppress]]\nrule = \"open-operation\"\napi = \"Shop:1.0.0\"\nreason = \"the catalogue is public\"\nuntil = \"{until}\"\n"
        );
        place.write("shop/mgw.toml", &format!("{settings}{suppression}"));
    };
    suppress("9999-12-31");
    place
        .mgw(&["audit", "shop"])
        .exits(0)
        .says("Audited shop: no problems, 1 suppressed");
    let before = place.mgw(&["build", "shop"]).exits(0);
    suppress("2020-01-01");
    place
        .mgw(&["audit", "shop"])
        .exits(4)
        .says("the suppression of `open-operation` ended on 2020-01-01")
        .says("2 warnings");
    // Reasons are for those who look at the project, and are no part of what is served.
    assert_eq!(place.mgw(&["build", "shop"]).exits(0).stdout, before.stdout);
}

#[test]
fn what_cannot_be_built_is_not_audited() {
    let place = open();
    let text = place.read("shop/api_definitions/openapi.yaml");
    place.write(
        "shop/api_definitions/openapi.yaml",
        &text.replace("  version: 1.0.0\n", ""),
    );
    place
        .mgw(&["audit", "shop"])
        .exits(3)
        .says("error[info]")
        .says("cannot be audited");
}
