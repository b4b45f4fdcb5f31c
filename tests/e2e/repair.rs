//! `mgw check --fix`: what is put right, what stays, and that nothing else is touched.

use crate::support::{Outcome, Place};
use std::process::Command;

/// A definition with mistakes that have one correction each, and comments, blanks and quotes that have to stay.
const DEFINITION: &str = "# The shop's API.\nopenapi: 3.0.0\n\
    info:   {title: Shop, version: 1.0.0}\n\
    x-wso2-base-path: /shop   # where it listens\n\
    x-wso2-production-endpoint:\n  url: [http://127.0.0.1:3000]\n\
    x-wso2-transports: https\n\
    paths:\n  items:\n    'gett':\n      x-wso2-throttling-tier: 10kPerMim\n      responses:\n        '200': {description: \"an item\"}\n";

const MENDED: &str = "# The shop's API.\nopenapi: 3.0.0\n\
    info:   {title: Shop, version: 1.0.0}\n\
    x-wso2-basePath: /shop   # where it listens\n\
    x-wso2-production-endpoints:\n  urls: [http://127.0.0.1:3000]\n\
    x-wso2-transports: [https]\n\
    paths:\n  /items:\n    'get':\n      x-wso2-throttling-tier: 10kPerMim\n      responses:\n        '200': {description: \"an item\"}\n";

const POLICIES: &str = "resourcePolicy:\r\n- 10kPerMin:\r\n  count: 10_000\r\n  unitTime: 1\r\n  timeUnit: h # one\r\nsubscriptionPolicies:\r\n- Default: {count: 5, unitTime: 1, timeUnit: min}\r\n";

const MENDED_POLICIES: &str = "resourcePolicies:\r\n- 10kPerMin:\r\n    count: 10_000\r\n    unitTime: 1\r\n    timeUnit: h # one\r\nsubscriptionPolicies:\r\n- Default: {count: 5, unitTime: 1, timeUnit: min}\r\n";

fn project() -> Place {
    let place = Place::new();
    place.write("shop/api_definitions/shop.yaml", DEFINITION);
    place.write(
        "shop/mgw.toml",
        "name = \"shop\"\r\nlabels = \"dev\" # one\r\n[pull]\r\n",
    );
    place
}

/// The same with settings that are right.
fn settled() -> Place {
    let place = project();
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    place
}

fn without(text: &str, part: &str) -> String {
    assert!(text.contains(part), "{text}");
    text.replace(part, "")
}

#[test]
fn everything_certain_is_put_right_and_nothing_else_is_touched() {
    let place = project();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    place.write("shop/api_definitions/shop.yaml", &without(DEFINITION, tier));
    place
        .mgw(&["check", "shop"])
        .exits(3)
        .says("of them can be repaired: `mgw check --fix shop`");
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(0)
        .says("Repaired shop/api_definitions/shop.yaml:4:1: `x-wso2-base-path` → `x-wso2-basePath` [unknown-extension]")
        .says("Repaired shop/mgw.toml:2:1: Move it to `[pull]` [unknown-setting]")
        .says("in 2 files; left: no problems")
        .says("Checked shop: 1 API, 1 operation, no problems");
    assert_eq!(place.read("shop/api_definitions/shop.yaml"), without(MENDED, tier));
    assert_eq!(
        place.read("shop/mgw.toml"),
        "format = 1\r\nname = \"shop\"\r\n[pull]\r\nlabels = [\"dev\"] # one\r\n"
    );
    place.mgw(&["check", "shop", "--fix"]).exits(0).says("nothing");
    place.mgw(&["check", "shop"]).exits(0);
}

#[test]
fn policies_and_names_are_put_right_together() {
    let place = project();
    place.write("shop/policies.yaml", POLICIES);
    // The letters of names that people give are not guessed.
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(3)
        .says("there is no resource policy `10kPerMim`");
    let policies = MENDED_POLICIES.replace("10_000", "10000").replace("h #", "hour #");
    assert_eq!(place.read("shop/policies.yaml"), policies);
    let place = project();
    let short = DEFINITION.replace("10kPerMim", "10kpermi");
    place.write("shop/api_definitions/shop.yaml", &short);
    place.write("shop/policies.yaml", POLICIES);
    place.mgw(&["check", "shop", "--fix"]).exits(0);
    assert!(place.read("shop/api_definitions/shop.yaml").contains("10kPerMin\n"));
}

#[test]
fn a_dry_run_prints_a_difference_that_can_be_applied() {
    let definition = DEFINITION.replace("10kPerMim", "10kPerMin");
    for tool in [["patch", "-p1"], ["git", "apply"]] {
        let place = settled();
        place.write("shop/policies.yaml", POLICIES);
        place.write("shop/api_definitions/shop.yaml", &definition);
        let before = place.read("shop/api_definitions/shop.yaml");
        let outcome = place.mgw(&["check", "shop", "--fix", "--dry-run"]).exits(20);
        assert_eq!(place.read("shop/api_definitions/shop.yaml"), before);
        assert!(
            outcome.stderr.contains("Would repair shop/policies.yaml:1:1"),
            "{}",
            outcome.stderr
        );
        place.write("fix.patch", &outcome.stdout);
        let mut apply = Command::new(tool[0]);
        apply.arg(tool[1]).arg(if tool[0] == "git" {
            "fix.patch"
        } else {
            "--input=fix.patch"
        });
        apply.arg(if tool[0] == "git" {
            "--whitespace=nowarn"
        } else {
            "--binary"
        });
        let applied = apply.current_dir(place.path()).output().expect("the program is there");
        assert!(applied.status.success(), "{tool:?}: {applied:?}\n{}", outcome.stdout);
        place.mgw(&["check", "shop", "--fix", "--dry-run"]).exits(0);
        let patched =
            ["api_definitions/shop.yaml", "policies.yaml", "mgw.toml"].map(|file| place.read(&format!("shop/{file}")));
        let other = settled();
        other.write("shop/policies.yaml", POLICIES);
        other.write("shop/api_definitions/shop.yaml", &definition);
        other.mgw(&["check", "shop", "--fix"]).exits(0);
        let fixed =
            ["api_definitions/shop.yaml", "policies.yaml", "mgw.toml"].map(|file| other.read(&format!("shop/{file}")));
        assert_eq!(patched, fixed);
    }
}

#[test]
fn programs_get_what_was_done_and_what_was_not() {
    let place = project();
    place.write("shop/policies.yaml", "resourcePolicies: []\n");
    let document = place
        .mgw(&["check", "shop", "--fix", "--output", "json"])
        .exits(3)
        .json();
    let fix = &document["fix"];
    let applied = fix["applied"].as_array().expect("a list");
    let tier = applied.iter().any(|applied| applied["code"] == "unknown-policy");
    assert!(!tier && applied.len() > 5, "{fix:#}");
    let first = applied
        .iter()
        .find(|applied| applied["before"] == "x-wso2-base-path")
        .expect("the first mistake");
    assert_eq!(
        (&first["file"], &first["line"], &first["after"]),
        (
            &"shop/api_definitions/shop.yaml".into(),
            &4.into(),
            &"x-wso2-basePath".into()
        )
    );
    assert_eq!(
        fix["files"],
        serde_json::json!(["shop/api_definitions/shop.yaml", "shop/mgw.toml"])
    );
    assert_eq!((&fix["dry_run"], &fix["left"]["errors"]), (&false.into(), &1.into()));
    assert_eq!(document["diagnostics"][0]["code"], "unknown-policy");
    let dry = project()
        .mgw(&["check", "shop", "--fix", "--dry-run", "--output", "json"])
        .json();
    let patch = dry["fix"]["patch"].as_str().expect("a text");
    assert!(patch.starts_with("--- a/shop/api_definitions/shop.yaml\n"), "{patch}");
}

#[test]
fn what_would_open_an_api_is_left_to_its_author() {
    let place = Place::new();
    let text = MENDED.replace(
        "      x-wso2-throttling-tier: 10kPerMim\n",
        "      x-wso2-disable-securty: true\n",
    );
    place.write("shop/api_definitions/shop.yaml", &text);
    place.write("shop/policies.yaml", "");
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(0)
        .says("Did you mean `x-wso2-disable-security`?");
    assert_eq!(place.read("shop/api_definitions/shop.yaml"), text);
    let document = place.mgw(&["check", "shop", "--output", "json"]).exits(0).json();
    let correction = &document["diagnostics"][0]["correction"];
    assert_eq!(
        (&correction["certain"], &correction["edits"][0]["text"]),
        (&false.into(), &"x-wso2-disable-security".into())
    );
}

#[test]
fn no_value_and_no_key_that_would_open_an_api_is_written() {
    for (written, told) in [
        ("x-wso2-disable-security: yes", "without quotes"),
        ("x-wso2-disable-security: \"On\"", "without quotes"),
        (
            "x-wso2-mutual-ssl: mandatory\nx-wso2-application-security: {security-types: [oauth2], optonal: true}",
            "Did you mean `optional`?",
        ),
        (
            "x-wso2-cors: {accessControlAllowOrigin: ['*']}",
            "Did you mean `accessControlAllowOrigins`?",
        ),
    ] {
        let place = Place::new();
        let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
        let text = without(MENDED, tier).replace("x-wso2-transports: [https]", written);
        place.write("shop/api_definitions/shop.yaml", &text);
        place.write("shop/policies.yaml", "");
        let checked = place.mgw(&["check", "shop"]).exits(3).says(told);
        assert!(!checked.stderr.contains("can be repaired"), "{}", checked.stderr);
        place.mgw(&["check", "shop", "--fix"]).exits(3);
        assert_eq!(place.read("shop/api_definitions/shop.yaml"), text);
    }
}

#[test]
fn settings_by_which_somebody_is_let_in_are_left_to_their_author() {
    let place = settled();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    place.write("shop/api_definitions/shop.yaml", &without(MENDED, tier));
    let settings = "format = 1\nname = \"shop\"\n[build.cors]\nallow-origin = [\"*\"]\n";
    place.write("shop/mgw.toml", settings);
    let conf = "trustedProxis = [\"0.0.0.0/0\"]\n[security]\nvalidateSubscription = false\n[httpClients]\nverifyHostname = \"false\"\n\
                [listenerConfig]\nhttpPrt = 9090\n";
    place.write("shop/conf/micro-gw.conf", conf);
    let toolkit = "[corsConfiguration]\ncorsConfigurationEnabled = \"yes\"\naccessControlAllowOrigin = [\"*\"]\n";
    place.write("shop/conf/toolkit-config.toml", toolkit);
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(3)
        .says("Did you mean `allow-origins`?")
        .says("Did you mean `security.validateSubscriptions`?");
    assert_eq!(place.read("shop/mgw.toml"), settings);
    let after = conf.replace("httpPrt", "httpPort");
    assert_eq!(place.read("shop/conf/micro-gw.conf"), after);
    assert_eq!(place.read("shop/conf/toolkit-config.toml"), toolkit);
}

#[test]
fn mistakes_that_a_parser_tells_one_by_one_are_all_put_right() {
    let definition = |paths: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: ['http://127.0.0.1:3000']}}\npaths:\n{paths}"
        )
    };
    let twice = definition("  /a:\n    get:\n      summary: @a\n  /b:\n    get:\n      summary: @a\n");
    let keys = definition("  /a:\n    get: {}\n    get: {}\n    get: {}\n  /b:\n    put: {}\n    put: {}\n");
    let commas = "{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"Shop\", \"version\": \"1.0.0\",},\n\
                  \"x-wso2-basePath\": \"/shop\", \"x-wso2-production-endpoints\": {\"urls\": [\"http://127.0.0.1:3000\",]},\n\
                  \"paths\": {\"/a\": {\"get\": {},},},}\n";
    for (file, text, mended, count) in [
        ("shop.yaml", twice.as_str(), twice.replace("@a", "'@a'"), 2),
        (
            "shop.yaml",
            keys.as_str(),
            definition("  /a:\n    get: {}\n  /b:\n    put: {}\n"),
            3,
        ),
        ("shop.json", commas, commas.replace(",}", "}").replace(",]", "]"), 5),
    ] {
        let place = Place::new();
        let file = format!("shop/api_definitions/{file}");
        place.write(&file, text);
        place.write("shop/policies.yaml", "");
        place
            .mgw(&["check", "shop"])
            .exits(3)
            .says("1 of them can be repaired: `mgw check --fix shop`");
        place
            .mgw(&["check", "shop", "--fix"])
            .exits(0)
            .says(&format!("{count} findings in 1 file"));
        assert_eq!(place.read(&file), mended);
    }
}

#[test]
fn a_path_that_others_refer_to_keeps_its_name() {
    let place = Place::new();
    let text = "openapi: 3.0.3\ninfo: {title: T, version: 1.0.0}\nx-wso2-basePath: /t\n\
                x-wso2-production-endpoints: {urls: ['http://127.0.0.1:3999']}\n\
                paths:\n  a: {get: {}}\n  /b: {$ref: '#/paths/a'}\n";
    place.write("shop/api_definitions/shop.yaml", text);
    place.write("shop/policies.yaml", "");
    let checked = place.mgw(&["check", "shop"]).exits(3).says("does not start with `/`");
    assert!(!checked.stderr.contains("can be repaired"), "{}", checked.stderr);
    place.mgw(&["check", "shop", "--fix"]).exits(3).says(
        "is not repaired [paths]: it would bring another error: path `/b`: the reference `#/paths/a` points to nothing",
    );
    assert_eq!(place.read("shop/api_definitions/shop.yaml"), text);
}

#[test]
fn a_correction_that_brings_an_error_is_taken_back() {
    let place = Place::new();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    let text = without(MENDED, tier).replace(
        "x-wso2-transports: [https]",
        "x-wso2-request-interceptr: java:a.B\nx-wso2-transports: https",
    );
    place.write("shop/api_definitions/shop.yaml", &text);
    place.write("shop/policies.yaml", "");
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(0)
        .says("shop/api_definitions/shop.yaml:7:1 is not repaired [unknown-extension]: it would bring another error")
        .says("`https` → `[https]`");
    let after = place.read("shop/api_definitions/shop.yaml");
    assert_eq!(after, text.replace("transports: https", "transports: [https]"));
}

#[test]
fn files_that_others_write_and_protected_ones_stay() {
    let place = project();
    place.write("shop/policies.yaml", POLICIES);
    let policies = place.path().join("shop/policies.yaml");
    let mut permissions = policies.metadata().expect("there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&policies, permissions).expect("ours");
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(3)
        .says("shop/policies.yaml:1:1 is not repaired [policies]: it is write-protected");
    assert_eq!(place.read("shop/policies.yaml"), POLICIES);
    let pulled = "shop/gen/api_definitions/pulled.yaml";
    let text = MENDED
        .replace("/shop", "/pulled")
        .replace("Shop", "Pulled")
        .replace("basePath", "base-path");
    place.write(pulled, &text);
    place
        .mgw(&["check", "shop", "--fix"])
        .exits(3)
        .says("is not repaired [unknown-extension]: `mgw pull` writes it");
    assert_eq!(place.read(pulled), text);
}

#[cfg(unix)]
#[test]
fn links_are_followed_within_the_project_and_not_out_of_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = project();
    place.write("shop/policies.yaml", "");
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    place.write("shop/shared/real.yaml", &without(DEFINITION, tier));
    let real = place.path().join("shop/shared/real.yaml");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("ours");
    let link = place.path().join("shop/api_definitions/shop.yaml");
    std::fs::remove_file(&link).expect("ours");
    symlink("../shared/real.yaml", &link).expect("a link");
    place.mgw(&["check", "shop", "--fix"]).exits(0);
    assert_eq!(place.read("shop/shared/real.yaml"), without(MENDED, tier));
    assert!(link.is_symlink());
    assert_eq!(real.metadata().expect("there").permissions().mode() & 0o777, 0o640);

    place.write("outside.yaml", POLICIES);
    let policies = place.path().join("shop/policies.yaml");
    std::fs::remove_file(&policies).expect("ours");
    symlink("../outside.yaml", &policies).expect("a link");
    place
        .mgw(&["check", "shop", "--fix"])
        .says("shop/policies.yaml:1:1 is not repaired [policies]: a link leads out of the project to it");
    assert_eq!(place.read("outside.yaml"), POLICIES);
}

#[test]
fn other_encodings_and_tabs_are_put_right() {
    let place = Place::new();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    let text = without(MENDED, tier);
    let utf_16: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    place.write("shop/api_definitions/shop.yaml", "");
    std::fs::write(place.path().join("shop/api_definitions/shop.yaml"), utf_16).expect("writable");
    let tabs = text
        .replace("/shop", "/tabs")
        .replace("Shop", "Tabs")
        .replace("  ", "\t");
    place.write(
        "shop/api_definitions/tabs.yaml",
        &tabs.replace("info:\t ", "info:   ").replace("/tabs\t ", "/tabs   "),
    );
    place.write("shop/policies.yaml", "");
    place
        .mgw(&["check", "shop", "--fix", "--dry-run"])
        .exits(20)
        .says("what would be changed in shop/api_definitions/shop.yaml is not shown");
    place.mgw(&["check", "shop", "--fix"]).exits(0).says("2 APIs");
    assert_eq!(place.read("shop/api_definitions/shop.yaml"), text);
    let expected = text.replace("/shop", "/tabs").replace("Shop", "Tabs");
    assert_eq!(place.read("shop/api_definitions/tabs.yaml"), expected);
}

/// Stands where secrets do.
const CANARY: &str = "c4nary";

#[test]
fn no_secret_is_told() {
    let place = project();
    place.write("shop/policies.yaml", POLICIES);
    let settings =
        format!("name = \"shop\"\npassword = \"{CANARY}\"\nlabels = \"dev\"\nurl = \"https://u:{CANARY}@host\"\n");
    place.write("shop/mgw.toml", &settings);
    let conf = format!("[listenerConfig]\nhttpPrt = 9090\nkeyStorePasword = \"{CANARY}\"\nhttpsPort = \"9095\"\n");
    place.write("shop/conf/micro-gw.conf", &conf);
    let definition = DEFINITION.replace("[http://127.0.0.1:3000]", &format!("http://u:{CANARY}@127.0.0.1:3000"));
    place.write("shop/api_definitions/shop.yaml", &definition);
    let words: [&[&str]; 4] = [
        &["--dry-run"],
        &["--dry-run", "--output", "json"],
        &["--dry-run", "--sarif", "out.sarif", "-v"],
        &["--output", "json"],
    ];
    for more in words {
        let Outcome { stdout, stderr, .. } = place.mgw(&[&["check", "shop", "--fix"], more].concat());
        assert!(!stdout.contains(CANARY) && !stderr.contains(CANARY), "{stdout}{stderr}");
    }
    assert!(!place.read("out.sarif").contains(CANARY));
    assert!(place.read("shop/conf/micro-gw.conf").contains("httpPort = 9090\n"));
}

#[test]
fn credentials_in_headers_of_tests_are_not_told() {
    let place = settled();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    place.write("shop/api_definitions/shop.yaml", &without(MENDED, tier));
    let text = format!(
        "tests:\n  - request: get /shop/items\n    headers: {{Authorization: 'Bearer {CANARY}', x-api-key: {CANARY}, X-B: [a]}}\n    \
         expct: {{status: 200}}\n  - request: GET /shop/items\n    headers:\n      Cookie: id={CANARY}\n    expct: {{status: 200}}\n"
    );
    place.write("shop/tests/items.yaml", &text);
    for more in [
        &[][..],
        &["--fix", "--dry-run"],
        &["--fix", "--dry-run", "--output", "json"],
    ] {
        let Outcome { stdout, stderr, .. } = place.mgw(&[&["check", "shop"], more].concat()).exits(3);
        assert!(!stdout.contains(CANARY) && !stderr.contains(CANARY), "{stdout}{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_no_difference_can_have_is_told_as_that() {
    let place = Place::new();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    place.write("shop/api_definitions/a\u{1b}[31mX.yaml", &without(DEFINITION, tier));
    place.write("shop/policies.yaml", "");
    let Outcome { stdout, stderr, .. } = place.mgw(&["check", "shop", "--fix", "--dry-run"]).exits(20);
    assert!(
        !stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'),
        "{stdout}{stderr}"
    );
    assert!(
        stderr.contains("is not shown: no difference can name the file: there is a control character"),
        "{stderr}"
    );
}

#[test]
fn tests_of_a_project_and_members_of_a_workspace_are_put_right_too() {
    let place = settled();
    let tier = "      x-wso2-throttling-tier: 10kPerMim\n";
    place.write("shop/api_definitions/shop.yaml", &without(DEFINITION, tier));
    place.write(
        "shop/tests/items.yaml",
        "tests:\n  - request: get /shop/items\n    expct: {status: 200}\n",
    );
    place.write("mgw.toml", "format = 1\n[workspace]\nmembers = [\"shop\"]\n");
    place.mgw(&["check", "--fix"]).exits(0);
    assert_eq!(
        place.read("shop/tests/items.yaml"),
        "tests:\n  - request: GET /shop/items\n    expect: {status: 200}\n"
    );
    assert_eq!(place.read("shop/api_definitions/shop.yaml"), without(MENDED, tier));
}

#[test]
fn a_dry_run_is_one_of_repairs() {
    project().mgw(&["check", "shop", "--dry-run"]).exits(2).says("--fix");
}
