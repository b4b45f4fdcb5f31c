//! Credentials wherever people leave them: none comes into a new project, or is said.

use super::{assert_no_canary, micro_gw, place_with, projects};
use crate::support::Place;

/// `password=canary-7f3a-base64`
const BASE64: &str = "cGFzc3dvcmQ9Y2FuYXJ5LTdmM2EtYmFzZTY0";

/// A definition with one in every place.
const DEFINITION: &str = "# Staging: password: canary-7f3a-comment\n\
    openapi: 3.0.0 # token = canary-7f3a-behind\n\
    info:\n  title: Leaky\n  version: 1.0.0\n  description: 'Call with Authorization: Bearer canary-7f3a-prose'\n\
    x-wso2-basePath: /leaky\n\
    x-wso2-production-endpoints: {urls: ['https://leaky.example']}\n\
    x-ops: &ops\n  dbPassword: canary-7f3a-extension\n  queue: amqp://u:canary-7f3a-url@queue.example\n  blob: BASE64\n\
    x-again: *ops\n\
    x-key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  canary-7f3a-pem\n  -----END RSA PRIVATE KEY-----\n\
    # -----BEGIN RSA PRIVATE KEY-----\n# canary-7f3a-pem-comment\n# -----END RSA PRIVATE KEY-----\n\
    # canary-7f3a-extension is the one\n\
    paths:\n  /a:\n    get:\n      parameters:\n      - {name: X-Api-Key, in: header, example: canary-7f3a-parameter, schema: {type: string}}\n      \
    responses:\n        '200':\n          description: fine # a comment that stays\n          content:\n            application/json:\n              \
    example: {user: ana, clientSecret: canary-7f3a-example}\n\
    components:\n  schemas:\n    User:\n      type: object\n      properties:\n        password: {type: string, example: canary-7f3a-property}\n";

#[test]
fn none_of_a_project_of_micro_gw_is_copied_or_said() {
    let place = micro_gw();
    let definition = DEFINITION.replace("BASE64", BASE64);
    place.write("petstore/api_definitions/leaky.yaml", &definition);
    place.write(
        "petstore/grpc_definitions/a.proto",
        "syntax = \"proto3\"; // password: canary-7f3a-proto\npackage a;\nmessage A { string password = 1; }\n",
    );
    for (file, line) in [
        ("petstore/policies.yaml", "# apiKey: canary-7f3a-policies\n"),
        (
            "petstore/conf/deployment-config.toml",
            "# password = 'canary-7f3a-deployment'\n",
        ),
        ("petstore/conf/toolkit-config.toml", "# token = 'canary-7f3a-toolkit'\n"),
        ("petstore/interceptors/validate.bal", "// password: canary-7f3a-bal\n"),
        ("micro-gw.conf", "# keyStorePassword = 'canary-7f3a-conf'\n"),
    ] {
        let text = place.read(file);
        place.write(file, &format!("{line}{text}"));
    }
    place.write("petstore/README.md", "password: canary-7f3a-readme\n");
    place.write("petstore/.env", "PASSWORD=canary-7f3a-env\n");
    let outcome = place
        .mgw(&["migrate", "petstore", "shop", "--config", "micro-gw.conf"])
        .exits(8);
    assert_no_canary(&place, "shop", &format!("{}{}", outcome.stdout, outcome.stderr));
    let new = place.read("shop/api_definitions/leaky.yaml");
    assert!(!new.contains(BASE64), "{new}");
    for line in [
        "leaky.yaml:1:1: a comment",
        "leaky.yaml:10:15: the value of `dbPassword`",
        "leaky.yaml:32:50: the value of `clientSecret`",
        "a.proto:1:1: what looks like a credential",
        "policies.yaml:1:1: a comment",
        "deployment-config.toml:1:1: a comment",
        "micro-gw.conf:1:1: a comment",
    ] {
        assert!(outcome.stdout.contains(line), "no {line:?} in {}", outcome.stdout);
    }
    assert!(
        place
            .read("shop/grpc_definitions/a.proto")
            .contains("string password = 1;")
    );
}

#[test]
fn none_of_an_export_is_copied_or_said() {
    let place = place_with("ledger");
    let definition = DEFINITION.replace("BASE64", BASE64);
    place.write("ledger/Definitions/swagger.yaml", &definition);
    place.write("ledger/.env", "PASSWORD=canary-7f3a-env\n");
    let text = place.read("ledger/api.yaml");
    let text = text.replace("https://core-b.", "https://u:canary-7f3a-user@core-b.");
    place.write("ledger/api.yaml", &format!("# password: canary-7f3a-comment\n{text}"));
    let outcome = place.mgw(&["migrate", "ledger", "shop"]).exits(8);
    assert_no_canary(&place, "shop", &format!("{}{}", outcome.stdout, outcome.stderr));
    assert!(!place.read("shop/api_definitions/Ledger-2.1.0.yaml").contains(BASE64));
}

#[test]
fn nothing_is_written_through_a_link_that_leads_out() {
    let place = Place::new();
    super::copy(
        &projects().join("petstore/api_definitions"),
        &place.path().join("old/api_definitions"),
    );
    place.write("elsewhere/mine.txt", "mine");
    place.write("micro-gw.conf", "[listenerConfig]\nhttpPort = 9090\n");
    std::os::unix::fs::symlink("../elsewhere", place.path().join("old/conf")).expect("a link");
    let before = place.files();
    for dry in [&[][..], &["--dry-run"]] {
        let words = [&["migrate", "old", "--config", "micro-gw.conf"], dry].concat();
        place
            .mgw(&words)
            .exits(3)
            .says("old/conf is a link that leads out of the project")
            .says("Nothing was changed.");
        assert_eq!(place.files(), before);
    }
}
