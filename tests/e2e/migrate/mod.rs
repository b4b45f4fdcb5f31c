//! `mgw migrate` through the binary: projects as other tools have them, and what comes of them.

mod attacks;
#[cfg(target_os = "linux")]
mod killed;
mod leaks;
mod served;

use crate::support::{Outcome, Place};
use std::path::{Path, PathBuf};

/// What every secret in the projects starts with.
const CANARY: &str = "canary-7f3a";

/// The projects.
fn projects() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/migrate")
}

/// A place with a copy of one of the projects.
fn place_with(project: &str) -> Place {
    let place = Place::new();
    copy(&projects().join(project), &place.path().join(project));
    place
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is writable");
    for entry in std::fs::read_dir(from).expect("the project is there") {
        let entry = entry.expect("the project is readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}

/// The same as an archive with its folder in it, as exports have it.
fn zipped(place: &Place, project: &str, archive: &str) {
    let mut files: Vec<PathBuf> = Vec::new();
    list(&projects().join(project), &mut files);
    files.sort();
    let files: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(projects()).expect("below the projects");
            let text = std::fs::read_to_string(file).expect("the file is readable");
            (name.to_str().expect("UTF-8").to_owned(), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    zipped_files(&place.path().join(archive), &files);
}

/// An archive of these files.
fn zipped_files(archive: &Path, files: &[(&str, &str)]) {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("the archive is writable");
        std::io::Write::write_all(&mut writer, text.as_bytes()).expect("the archive is writable");
    }
    let bytes = writer.finish().expect("the archive is complete").into_inner();
    std::fs::write(archive, bytes).expect("the folder is writable");
}

fn list(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            list(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Compares with a report that was read by people; `UPDATE_REPORTS=1` writes it anew.
#[track_caller]
fn assert_report(name: &str, report: &str) {
    let path = projects().join(format!("{name}.report.txt"));
    if std::env::var_os("UPDATE_REPORTS").is_some() {
        std::fs::write(&path, report).expect("the report is writable");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        report == expected,
        "{} differs; if that is meant, UPDATE_REPORTS=1 writes it anew. Now:\n{report}",
        path.display()
    );
}

/// No secret of the old project is in what is there now, or was said.
#[track_caller]
fn assert_no_canary(place: &Place, project: &str, said: &str) {
    assert!(!said.contains(CANARY), "{said}");
    for (path, bytes) in place.files() {
        if path.starts_with(place.path().join(project)) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(CANARY), "{}", path.display());
        }
    }
}

#[test]
fn an_export_is_carried_over_and_the_rest_is_told_by_line() {
    let place = place_with("ledger");
    let outcome = place.mgw(&["migrate", "ledger", "shop"]).exits(8);
    assert_report("ledger", &outcome.stdout);
    assert_no_canary(&place, "shop", &format!("{}{}", outcome.stdout, outcome.stderr));
    assert!(
        outcome.stderr.contains("ledger is a project or export of apictl"),
        "{}",
        outcome.stderr
    );
    let page = place.read("shop/migration-report.md");
    assert!(page.contains("## Does not carry over\n\n- [ ] ledger/"), "{page}");
    place.mgw(&["check", "shop"]).exits(0);
    let shown = place.mgw(&["build", "shop"]).exits(0);
    assert_no_canary(&place, "shop", &shown.stderr);
    let inspected = place.mgw(&["inspect", "shop"]).exits(0).stdout;
    for text in [
        "Ledger:2.1.0  /ledger/2.1.0",
        "https://core-a.meridian.example/ledger",
        "till",
    ] {
        assert!(inspected.contains(text), "no {text:?} in:\n{inspected}");
    }
    assert!(!inspected.contains("before.meridian.example"), "{inspected}");
}

#[test]
fn an_environment_replaces_backends_and_credentials() {
    let place = place_with("ledger");
    let outcome = place
        .mgw(&["migrate", "ledger", "shop", "--environment", "emea"])
        .exits(8);
    assert_report("ledger-emea", &outcome.stdout);
    assert_no_canary(&place, "shop", &format!("{}{}", outcome.stdout, outcome.stderr));
    let definition = place.read("shop/api_definitions/Ledger-2.1.0.yaml");
    assert!(
        definition.contains("https://core.emea.meridian.example/ledger"),
        "{definition}"
    );
    assert!(!definition.contains("core-a"), "{definition}");
    let before = place.files();
    place
        .mgw(&["migrate", "ledger", "other", "-e", "emeaa"])
        .exits(2)
        .says("Did you mean `emea`?");
    place
        .mgw(&["migrate", "ledger", "other", "-e", "emea", "--params", "nowhere.yaml"])
        .exits(7);
    assert_eq!(place.files(), before);
}

#[test]
fn an_archive_is_as_good_as_its_folder() {
    let place = place_with("ledger");
    zipped(&place, "ledger", "ledger.zip");
    place.mgw(&["migrate", "ledger", "one"]).exits(8);
    let outcome = place.mgw(&["migrate", "ledger.zip", "two"]).exits(8);
    assert!(
        outcome
            .stdout
            .contains("\ndoes not carry over: ledger.zip/ledger/api.yaml:"),
        "{}",
        outcome.stdout
    );
    for file in [
        "api_definitions/Ledger-2.1.0.yaml",
        "policies.yaml",
        "gen/control-plane/certificates.json",
    ] {
        assert_eq!(
            place.read(&format!("one/{file}")),
            place.read(&format!("two/{file}")),
            "{file}"
        );
    }
    assert_no_canary(&place, "two", &outcome.stdout);
}

#[test]
fn a_check_that_a_resource_of_2_6_made_is_told() {
    let place = place_with("pizza");
    let file = "pizza/src/PizzaShackAPI__1_0_0.bal";
    let code = place.read(file).replace(
        "        string urlPostfix",
        "        if (req.getHeader(\"X-Key\") != \"canary-7f3a\") { return; }\n        string urlPostfix",
    );
    place.write(file, &code);
    let outcome = place.mgw(&["migrate", "pizza", "shop"]).exits(8);
    let told = "does not carry over: pizza/src/PizzaShackAPI__1_0_0.bal:36:17: the resource `post1` does something of its own with `getHeader`, `return`, which is not done any more: a check among it is gone";
    assert!(outcome.stdout.contains(told), "{}", outcome.stdout);
    assert_no_canary(&place, "shop", &outcome.stdout);
}

#[test]
fn findings_are_for_programs_too() {
    let place = place_with("ledger");
    let outcome = place
        .mgw(&[
            "migrate",
            "ledger",
            "shop",
            "--output",
            "json",
            "--sarif",
            "out.sarif",
            "--junit",
            "out.xml",
        ])
        .exits(8);
    let report = outcome.json();
    assert_eq!((&report["kind"], &report["written"]), (&"apictl".into(), &true.into()));
    assert_eq!(
        (&report["carried"]["apis"], &report["operations"]),
        (&1.into(), &3.into())
    );
    let secret = report["diagnostics"]
        .as_array()
        .and_then(|list| list.iter().find(|one| one["code"] == "migrate-secret"))
        .expect("a secret is told");
    assert_eq!(
        (&secret["file"], &secret["severity"]),
        (&"ledger/api.yaml".into(), &"warning".into())
    );
    assert!(secret["line"].is_u64(), "{secret}");
    place.mgw(&["explain", "migrate-secret"]).exits(0);
    for file in ["out.sarif", "out.xml"] {
        let text = place.read(file);
        assert!(text.contains("migrate-secret") && !text.contains(CANARY), "{text}");
    }
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let place = place_with("ledger");
    let before = place.files();
    let dry = place
        .mgw(&["migrate", "ledger", "shop", "--dry-run"])
        .exits(8)
        .says("Nothing was written");
    assert_eq!(place.files(), before);
    let real = place.mgw(&["migrate", "ledger", "shop"]).exits(8);
    assert_eq!(dry.stdout, real.stdout);
}

#[test]
fn what_is_there_already_is_not_replaced_without_being_asked() {
    let place = place_with("ledger");
    place.write("shop/notes.txt", "mine");
    let before = place.files();
    place
        .mgw(&["migrate", "ledger", "shop"])
        .exits(7)
        .says("exists already");
    place
        .mgw(&["migrate", "ledger", "shop", "--force"])
        .exits(7)
        .says("it is not a project");
    place.mgw(&["migrate", "ledger", "a b"]).exits(2);
    assert_eq!(place.files(), before);
    place.mgw(&["init", "old"]).exits(0);
    place.mgw(&["migrate", "ledger", "old", "--force"]).exits(8);
    assert!(place.read("old/mgw.toml").contains("name = \"old\""));
}

#[test]
fn what_is_migrated_is_never_replaced() {
    let place = place_with("petstore");
    place.mgw(&["init", "around"]).exits(0);
    copy(&projects().join("petstore"), &place.path().join("around/old"));
    place.write("around/micro-gw.conf", "");
    place.write("around/params.yaml", "environments: []\n");
    std::fs::write(place.path().join("petstore/mgw.toml"), "name = \"petstore\"\n").expect("the folder is writable");
    std::os::unix::fs::symlink("petstore", place.path().join("link")).expect("the folder is writable");
    let before = place.files();
    for words in [
        &["migrate", "petstore", "petstore", "--force"][..],
        &["migrate", "link", "petstore", "--force"],
        &["migrate", "petstore/../petstore", "petstore", "--force"],
        &["migrate", "around/old", "around", "--force"],
        &[
            "migrate",
            "petstore",
            "around",
            "--force",
            "--config",
            "around/micro-gw.conf",
        ],
        &[
            "migrate",
            "petstore",
            "around",
            "--force",
            "--toolkit-config",
            "around/micro-gw.conf",
        ],
        &[
            "migrate",
            "petstore",
            "around",
            "--force",
            "-e",
            "x",
            "--params",
            "around/params.yaml",
        ],
    ] {
        place
            .mgw(words)
            .exits(2)
            .says("lies in the project that would be replaced");
        assert_eq!(place.files(), before, "{words:?}");
    }
}

#[test]
fn what_nobody_understands_is_refused() {
    let place = place_with("ledger");
    place.write("strange/readme.txt", "hello");
    place.write(
        "lonely/api.yaml",
        "type: api\nversion: v4.2.0\ndata:\n  name: Lonely\n  version: '1'\n  context: /x\n",
    );
    let before = place.files();
    place
        .mgw(&["migrate", "strange", "shop"])
        .exits(3)
        .says("is no project that is understood");
    place
        .mgw(&["migrate", "nowhere", "shop"])
        .exits(7)
        .says("cannot read nowhere");
    place
        .mgw(&["migrate", "strange/readme.txt", "shop"])
        .exits(3)
        .says("neither a folder nor a zip archive");
    place
        .mgw(&["migrate", "lonely", "shop"])
        .exits(3)
        .says("lonely/api.yaml:1:1")
        .says("no API of lonely can be carried over");
    assert_eq!(place.files(), before);
}

#[test]
fn an_api_that_is_set_aside_is_put_right_in_the_new_project() {
    let place = Place::new();
    place.write(
        "one/api.yaml",
        "type: api\ndata:\n  name: Ledger\n  version: '1'\n  context: /ledger\n  lifeCycleStatus: PUBLISHED\n  \
         endpointConfig: {production_endpoints: {url: 'https://core.example'}}\n",
    );
    let interceptor = "x-wso2-request-interceptor: audit\n";
    place.write(
        "one/Definitions/swagger.yaml",
        &format!("openapi: 3.0.0\ninfo: {{title: Ledger, version: '1'}}\n{interceptor}paths: {{/a: {{get: {{responses: {{}}}}}}}}\n"),
    );
    let outcome = place
        .mgw(&["migrate", "one", "shop"])
        .exits(8)
        .says("Nothing can be built yet");
    for line in ["carried over: 0 APIs", "left out: shop/left_out/Ledger-1.yaml: the API"] {
        assert!(outcome.stdout.contains(line), "no {line:?} in {}", outcome.stdout);
    }
    let before = place.files();
    place
        .mgw(&["migrate", "one", "shop", "--force"])
        .exits(3)
        .says("no API of one");
    assert_eq!(place.files(), before, "a project is not replaced by one without an API");
    let text = place.read("shop/left_out/Ledger-1.yaml").replace(interceptor, "");
    place.write("shop/api_definitions/Ledger-1.yaml", &text);
    place.mgw(&["build", "shop"]).exits(0);
}

#[test]
fn what_is_said_of_settings_names_their_file_in_the_new_project() {
    let place = Place::new();
    place.write(
        "old/api_definitions/a.yaml",
        "openapi: 3.0.0\ninfo: {title: A, version: '1'}\nx-wso2-basePath: /a\n\
         x-wso2-production-endpoints: {urls: ['https://a.example']}\npaths: {/x: {get: {responses: {}}}}\n",
    );
    place.write(
        "old/conf/deployment-config.toml",
        "[docker.dockerConfig]\nenable = true\n",
    );
    place.write(
        "old/conf/micro-gw.conf",
        "[b7a.users.ana]\npassword = \"canary-7f3a\"\n[apim.eventHub]\npassword = \"$env{HUB}\"\n",
    );
    let report = place.mgw(&["migrate", "old", "shop"]).exits(8).stdout;
    let line = "mgw check: shop/conf/micro-gw.conf: warning: the gateway's settings cannot be used as they are";
    assert!(report.contains(line), "{report}");
    // A variable is no secret.
    assert!(!report.contains("clear text"), "{report}");
}

#[test]
fn what_keeps_a_gateway_from_starting_is_told_by_the_migration() {
    let place = Place::new();
    let files = [
        (
            "old/api_definitions/a.yaml",
            "openapi: 3.0.0\ninfo: {title: A, version: '1'}\nx-wso2-basePath: /a\n\
             x-wso2-production-endpoints: {urls: ['https://a.example']}\npaths: {/x: {get: {responses: {}}}}\n",
        ),
        (
            "old/conf/micro-gw.conf",
            "[listenerConfig]\ncertificateFile = \"own.pem\"\nprivateKeyFile = \"own.pem\"\n\
             [[jwtTokenConfig]]\nissuer = \"x\"\ncertificateFile = \"issuer.pem\"\n",
        ),
        ("old/conf/issuer.pem", "no certificate"),
    ];
    for (name, text) in files {
        place.write(name, text);
    }
    // Beside them lies what the settings name, and in a copy it does not.
    let report = place.mgw(&["migrate", "old"]).exits(8).stdout;
    let line = "mgw check: old/conf/micro-gw.conf:6:1: error: the gateway does not start: ";
    assert!(report.contains(line) && report.contains("issuer.pem"), "{report}");
    place
        .mgw(&["run", "old", "--data-dir", "data"])
        .exits(3)
        .says("issuer.pem");
    let report = place.mgw(&["migrate", "old", "shop"]).exits(8).stdout;
    for line in [
        "mgw check: shop/conf/micro-gw.conf:2:1: warning: shop/conf/own.pem is not there",
        "mgw check: shop/conf/micro-gw.conf:6:1: warning: shop/conf/issuer.pem is not there",
    ] {
        assert!(report.contains(line), "{report}");
    }
}

/// The project of micro-gw 3.2, with the settings of its gateway beside it.
fn micro_gw() -> Place {
    let place = place_with("petstore");
    place.write("petstore/target/petstore.jar", "old");
    let settings = projects().join("micro-gw.conf");
    std::fs::copy(settings, place.path().join("micro-gw.conf")).expect("the settings can be copied");
    place
}

#[test]
fn a_project_of_micro_gw_is_carried_over() {
    let place = micro_gw();
    let outcome = place
        .mgw(&["migrate", "petstore", "shop", "--config", "micro-gw.conf"])
        .exits(8);
    assert_report("petstore", &outcome.stdout);
    assert_no_canary(&place, "shop", &format!("{}{}", outcome.stdout, outcome.stderr));
    let settings = place.read("shop/mgw.toml");
    assert!(
        settings.contains("\n[build]\napi-fault-responses = true\n"),
        "{settings}"
    );
    assert!(settings.contains("url = \"https://apim.example:9443\""), "{settings}");
    let definition = place.read("shop/api_definitions/petstore.yaml");
    assert!(definition.contains("# the version stays in the path"), "{definition}");
    assert!(
        settings.contains("[build.cors]\nallow-origins = [\"https://shop.example\"]\n"),
        "{settings}"
    );
    assert!(place.path().join("shop/left_out/orders.json").is_file());
    let gateway = place.read("shop/conf/micro-gw.conf");
    assert!(gateway.starts_with("# The gateway of the shop.\n"), "{gateway}");
    // The user's password is where the report has it, or the gateway would not start.
    place
        .mgw(&["check", "shop"])
        .exits(3)
        .says("user `ana` has no password");
    let mut check = place.command(&["check", "shop"]);
    check.env("b7a_users_ana_password", "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3");
    Outcome::of(check).exits(0);
    place.mgw(&["build", "shop"]).exits(0);
}

#[test]
fn what_check_says_is_in_the_report_and_the_rest_builds() {
    let place = micro_gw();
    let broken = place.read("petstore/api_definitions/orders.json");
    std::fs::remove_file(place.path().join("petstore/api_definitions/orders.json")).expect("it can be moved");
    place.write("petstore/gen/api_definitions/orders.json", &broken);
    place.write(
        "petstore/conf/deployment-config.toml",
        "[kubernetes.kubernetesDeployment]\nenable = true\nreplicas = 'two'\n",
    );
    let report = place
        .mgw(&["migrate", "petstore", "shop", "--config", "micro-gw.conf"])
        .exits(8)
        .stdout;
    for line in [
        "left out: shop/left_out/gen/orders.json: the API is left out",
        "mgw check: shop/conf/deployment-config.toml:3:12: error: `kubernetes.kubernetesDeployment.replicas` should be",
        "mgw check: shop/conf/micro-gw.conf:",
        "error: user `ana` has no password [gateway-setting]",
    ] {
        assert!(report.contains(line), "no {line:?} in {report}");
    }
    std::fs::remove_file(place.path().join("shop/conf/deployment-config.toml")).expect("it is there");
    place.mgw(&["build", "shop"]).exits(0);
}

#[test]
fn in_place_only_what_is_missing_is_added() {
    let place = micro_gw();
    let before = place.files();
    let dry = place
        .mgw(&["migrate", "petstore", "--config", "micro-gw.conf", "--dry-run"])
        .exits(8);
    assert_eq!(place.files(), before);
    let outcome = place
        .mgw(&["migrate", "petstore", "--config", "micro-gw.conf"])
        .exits(8)
        .says("Added petstore/conf/micro-gw.conf")
        .says("Added petstore/mgw.toml");
    assert_report("petstore-in-place", &outcome.stdout);
    assert_eq!(dry.stdout, outcome.stdout);
    assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains(CANARY));
    let after = place.files();
    let added: Vec<_> = after
        .iter()
        .filter(|file| !before.contains(file))
        .map(|(path, _)| path.clone())
        .collect();
    let root = place.path().join("petstore");
    assert_eq!(added, [root.join("conf/micro-gw.conf"), root.join("mgw.toml")]);
    assert_eq!(after.len(), before.len() + 2, "nothing is gone or changed");
    // Again, there is nothing to add.
    place.mgw(&["migrate", "petstore"]).exits(8);
    assert_eq!(place.files(), after);
    place.mgw(&["migrate", "ledger"]).exits(7);
}

#[test]
fn only_folders_of_micro_gw_stay_where_they_are() {
    let place = place_with("ledger");
    zipped(&place, "petstore", "petstore.zip");
    let before = place.files();
    place
        .mgw(&["migrate", "ledger"])
        .exits(2)
        .says("cannot be migrated in place");
    place.mgw(&["migrate", "petstore.zip"]).exits(2);
    place
        .mgw(&["migrate", "petstore.zip", "shop", "--environment", "x"])
        .exits(2)
        .says("--environment says nothing");
    assert_eq!(place.files(), before);
    place.mgw(&["migrate", "petstore.zip", "shop"]).exits(8);
    place.mgw(&["check", "shop"]).exits(0);
}

#[test]
fn the_code_of_older_projects_becomes_definitions() {
    let place = place_with("pizza");
    let outcome = place.mgw(&["migrate", "pizza", "shop"]).exits(8);
    assert_report("pizza", &outcome.stdout);
    assert_no_canary(&place, "shop", &format!("{}{}", outcome.stdout, outcome.stderr));
    place.mgw(&["check", "shop"]).exits(0);
    place.mgw(&["build", "shop"]).exits(0);
    let inspected = place.mgw(&["inspect", "shop"]).exits(0).stdout;
    for text in [
        "PizzaShackAPI:1.0.0  /pizzashack/1.0.0",
        "https://pizza.example/v1",
        "https://b.example",
    ] {
        assert!(inspected.contains(text), "no {text:?} in:\n{inspected}");
    }
    place
        .mgw(&["migrate", "pizza"])
        .exits(2)
        .says("cannot be migrated in place");
}
