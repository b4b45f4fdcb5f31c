//! `mgw audit` through the binary: the gate, and suppressions in `mgw.toml`.

use crate::build::DEFINITION;
use crate::support::Place;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

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

/// A definition with nothing to find.
const SOUND: &str = "openapi: 3.0.0\n\
    info: {title: Shop, version: 1.0.0}\n\
    x-wso2-basePath: /shop\n\
    x-wso2-transports: [https]\n\
    x-wso2-production-endpoints: '#/x-wso2-endpoints/core'\n\
    x-wso2-endpoints: [{core: {urls: ['https://backend.example']}}]\n\
    components: {securitySchemes: {oauth: {type: oauth2, flows: {}}, key: {type: apiKey, in: query, name: k}, basic: {type: http, scheme: basic}}}\n\
    paths:\n  /items:\n    get:\n      responses: {}\n    post:\n      responses: {}\n";

/// What is to be found, what of the definition is written otherwise, and the settings.
type Example = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const EXAMPLES: &[Example] = &[
    ("admin-exposed", &[], "[adminConfig]\nhost = \"0.0.0.0\"\n"),
    (
        "any-audience",
        &[],
        "[[jwtTokenConfig]]\nissuer = \"x\"\njwksURL = \"https://idp.example/keys\"\n",
    ),
    (
        "any-origin",
        &[(
            "paths:",
            "x-wso2-cors: {corsConfigurationEnabled: true, accessControlAllowOrigins: ['*'], accessControlAllowMethods: [GET]}\npaths:",
        )],
        "",
    ),
    // Wildcards together with credentials: `check` tells that already.
    (
        "cors",
        &[(
            "paths:",
            "x-wso2-cors: {corsConfigurationEnabled: true, accessControlAllowOrigins: ['*'], accessControlAllowMethods: [GET], accessControlAllowCredentials: true}\npaths:",
        )],
        "",
    ),
    ("backend-in-the-clear", &[("https://backend", "http://backend")], ""),
    // The settings put another backend in the place of the definition's.
    (
        "backend-in-the-clear",
        &[],
        "core_prod_endpoint_0 = \"http://other.example\"\n",
    ),
    (
        "backends-unchecked",
        &[],
        "[httpClients]\ndisableSslVerification = true\n",
    ),
    ("certificate", &[], ""),
    (
        "certificate-expiry",
        &[],
        "[listenerConfig]\ncertificateFile = \"soon.pem\"\nprivateKeyFile = \"soon.key\"\n",
    ),
    ("credentials-in-the-clear", &[("[https]", "[http, https]")], ""),
    (
        "deprecated-api",
        &[("paths:", "x-mgw-life-cycle: DEPRECATED\npaths:")],
        "",
    ),
    (
        "issuer-in-the-clear",
        &[],
        "[[jwtTokenConfig]]\nissuer = \"x\"\naudience = [\"a\"]\njwksURL = \"http://idp.example/keys\"\n",
    ),
    (
        "key-in-query",
        &[("    get:\n", "    get:\n      security: [{key: []}]\n")],
        "",
    ),
    (
        "open-operation",
        &[("    get:\n", "    get:\n      x-wso2-disable-security: true\n")],
        "",
    ),
    (
        "open-unlimited",
        &[("    get:\n", "    get:\n      x-wso2-disable-security: true\n")],
        "",
    ),
    (
        "subscriptions-unchecked",
        &[],
        "[security]\nvalidateSubscriptions = false\n",
    ),
    // Dead and shadowed routes: `check` tells that already.
    ("unreachable-operation", &[("  /items:", "  /items%2Fa:")], ""),
    (
        "unscoped-operation",
        &[("    get:\n", "    get:\n      security: [{oauth: [read]}]\n")],
        "",
    ),
    (
        "weak-certificate",
        &[],
        "[httpClients.sslConfig]\ncaFile = \"weak.pem\"\n",
    ),
    (
        "weak-hash",
        &[("    get:\n", "    get:\n      security: [{basic: []}]\n")],
        "[b7a.users.jim]\npassword = \"a94a8fe5ccb19ba61c4c0873d391e987982fbbd3\"\n",
    ),
];

/// A key with its certificate, as `NAME.key` and `NAME.pem`.
fn certificate(folder: &Path, name: &str, kind: &str, days: &str) {
    let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
    openssl(
        folder,
        &[
            "req", "-x509", "-newkey", kind, "-nodes", "-days", days, "-subj", "/CN=x", "-keyout", &key, "-out", &file,
        ],
    );
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    let output = output.expect("openssl is there");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn example(code: &str, changes: &[(&str, &str)], settings: &str) -> Place {
    let place = Place::new();
    let mut definition = SOUND.to_owned();
    for (from, to) in changes {
        assert!(definition.contains(from), "{from}");
        definition = definition.replacen(from, to, 1);
    }
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    place.write("shop/api_definitions/shop.yaml", &definition);
    let limit = if code == "open-unlimited" {
        ", stopOnQuota: false"
    } else {
        ""
    };
    place.write(
        "shop/policies.yaml",
        &format!("subscriptionPolicies:\n- Unauthenticated: {{count: 5, unitTime: 1, timeUnit: min{limit}}}\n- Default: {{count: 5, unitTime: 1, timeUnit: min}}\n"),
    );
    if !settings.is_empty() {
        place.write("shop/conf/micro-gw.conf", settings);
    }
    let conf = place.path().join("shop/conf");
    if settings.contains("soon.pem") {
        certificate(&conf, "soon", "rsa:2048", "10");
    }
    if settings.contains("weak.pem") {
        certificate(&conf, "weak", "rsa:1024", "365");
    }
    if code == "certificate" {
        place.write(
            "shop/gen/control-plane/certificates.json",
            r#"{"format": 1, "clients": [], "backends": [{"backend": "https://backend.example:443", "alias": "core", "file": "core.pem"}]}"#,
        );
        certificate(&place.path().join("shop/gen/control-plane"), "core", "rsa:2048", "10");
    }
    place
}

#[test]
fn every_rule_finds_its_example() {
    let codes = |place: &Place| -> BTreeSet<String> {
        let found = place
            .mgw(&["audit", "shop", "--fail-on", "never", "--output", "json"])
            .exits(0)
            .json();
        let found = found["diagnostics"].as_array().expect("a list").iter();
        found
            .map(|finding| finding["code"].as_str().expect("a text").to_owned())
            .collect()
    };
    assert_eq!(codes(&example("", &[], "")), BTreeSet::new());
    for (code, changes, settings) in EXAMPLES {
        let place = example(code, changes, settings);
        let found = codes(&place);
        // Operations without a limit are open, always.
        let expected = match *code {
            "open-unlimited" => BTreeSet::from(["open-operation".to_owned(), "open-unlimited".to_owned()]),
            code => BTreeSet::from([code.to_owned()]),
        };
        // The gateway itself may have something to say of such settings.
        let by_rules: BTreeSet<String> = found
            .iter()
            .filter(|code| *code != "doubtful-setting")
            .cloned()
            .collect();
        assert_eq!(by_rules, expected, "{changes:?} {settings}");
        // Each can be agreed to.
        let mut suppressed = "format = 1\nname = \"shop\"\n".to_owned();
        for code in &found {
            suppressed.push_str(&format!(
                "[[audit.suppress]]\nrule = \"{code}\"\nreason = \"an example\"\nuntil = \"9999-12-31\"\n"
            ));
        }
        place.write("shop/mgw.toml", &suppressed);
        place
            .mgw(&["audit", "shop", "--fail-on", "note"])
            .exits(0)
            .says("no problems, ");
    }
}

#[test]
fn a_low_cost_of_bcrypt_is_found() {
    for (cost, is_weak) in [("04", true), ("09", true), ("10", false), ("12", false)] {
        let hash = format!("$2b${cost}$abcdefghijklmnopqrstuu{}", "a".repeat(31));
        let settings = format!("[b7a.users.jim]\npassword = \"{hash}\"\n");
        let basic = [("    get:\n", "    get:\n      security: [{basic: []}]\n")];
        let told = example("weak-hash", &basic, &settings).mgw(&["audit", "shop", "--fail-on", "never"]);
        assert_eq!(told.stderr.contains("warning[weak-hash]"), is_weak, "{}", told.stderr);
    }
}

#[test]
fn no_rule_is_without_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostics/explanations");
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let code = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let has_example = EXAMPLES.iter().any(|(example, ..)| *example == code);
        assert!(has_example || !text.contains("A rule of `mgw audit`"), "{code}");
    }
}

/// Files of micro-gw work unchanged.
#[test]
fn keys_of_micro_gw_without_effect_are_told_and_do_not_shut_the_gate() {
    let place = example("", &[], "[validationConfig]\nenableRequestValidation = true\n");
    for fail_on in ["warning", "note"] {
        place
            .mgw(&["audit", "shop", "--fail-on", fail_on, "--junit", "out.xml"])
            .exits(0)
            .says("note[setting-without-effect]: `validationConfig.enableRequestValidation`")
            .says("Audited shop: 1 note");
        assert!(!place.read("out.xml").contains("<failure"));
    }
}

/// What is replaced by the environment of the gateway counts as well.
#[test]
fn backends_of_the_environment_are_looked_at() {
    let place = example("", &[], "");
    // With credentials in it, the gateway does not even start.
    for (url, code) in [("http://other.example", 4), ("http://user:canary@other.example", 3)] {
        let mut command = place.command(&["audit", "shop"]);
        command.env("core_prod_endpoint_0", url);
        let outcome = crate::support::Outcome::of(command).exits(code);
        let told = outcome.stderr.replace("http://other.example/", "http://other.example");
        assert!(
            told.contains("http://other.example in the clear, as the setting `core_prod_endpoint_0` says"),
            "{told}"
        );
        assert!(!told.contains("canary"), "{told}");
    }
}
