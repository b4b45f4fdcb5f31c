//! Sign-in and pull through the binary, against the simulator.

use crate::support::{Outcome, Place};
use mgw_fixtures::simulator::{Effect, Fault, Options, Simulator};
use std::process::{Command, Stdio};

pub(crate) const PASSWORD: &str = "demo-password";

/// A simulator, and a folder with a project of a signed-in user.
pub(crate) struct Case {
    pub(crate) simulator: Simulator,
    pub(crate) place: Place,
    _runtime: tokio::runtime::Runtime,
}

impl Case {
    pub(crate) fn signed_in() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        let simulator = runtime
            .block_on(Simulator::start(Options::default()))
            .expect("a port is free");
        let place = Place::new();
        place.write("ca.pem", simulator.ca_pem());
        place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
        let case = Self {
            simulator,
            place,
            _runtime: runtime,
        };
        let url = case.simulator.url().to_owned();
        let words = [
            "login",
            "--url",
            &url,
            "--email",
            "dev@meridian.example",
            "--org",
            "meridian",
        ];
        case.mgw(&words)
            .exits(0)
            .says("Signed in as dev@meridian.example@meridian")
            .says("APIs are visible to you");
        case
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.place.command(words);
        command.env("MGW_CA_FILE", "ca.pem").env("MGW_PASSWORD", PASSWORD);
        command
    }

    /// Runs the binary; the password shows nowhere.
    pub(crate) fn mgw(&self, words: &[&str]) -> Outcome {
        let outcome = Outcome::of(self.command(words));
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains(PASSWORD), "{text}");
        }
        outcome
    }
}

#[test]
fn a_session_is_told_and_ended() {
    let case = Case::signed_in();
    let told = case.mgw(&["whoami", "--output", "json"]).exits(0).json();
    assert_eq!(told["user"], "dev@meridian.example@meridian");
    assert_eq!(told["kind"], "api-cloud");
    assert_eq!(told["missing_scopes"], serde_json::json!([]));
    case.mgw(&["logout"]).exits(0).says("Signed out");
    case.mgw(&["whoami"]).exits(11).says("Run mgw login.");
}

#[test]
fn a_label_is_pulled_built_and_locked() {
    let case = Case::signed_in();
    let pulled = case
        .mgw(&["pull", "shop", "--label", "dev", "--output", "json"])
        .exits(0);
    let result = pulled.json();
    assert_eq!(result["apis"].as_array().map(Vec::len), Some(4));
    assert_eq!(result["apis"][0]["change"], "added");
    assert_eq!(result["subscription_source"], "publisher-and-store");
    case.mgw(&["pull", "shop"])
        .exits(0)
        .says("0 added, 0 changed, 4 unchanged, 0 removed");
    case.mgw(&["build", "shop", "--locked", "--label", "dev"])
        .exits(0)
        .says("Built");
    case.mgw(&["build", "shop", "--locked", "--label", "prod"])
        .exits(15)
        .says("wants the labels prod, pulled were dev");
    case.mgw(&["build", "shop", "--label", "prod"])
        .exits(0)
        .says("Removed Orders 2.0.0");
    let policies = case.place.read("shop/gen/control-plane/policies.json");
    case.place.write(
        "shop/gen/control-plane/policies.json",
        &policies.replace("5000", "5001"),
    );
    case.mgw(&["build", "shop", "--locked"])
        .exits(15)
        .says("policies.json was changed");
    case.mgw(&["pull", "shop", "--label", "prd"])
        .exits(3)
        .says("Did you mean prod?");
}

#[test]
fn what_is_not_shown_any_more_is_not_taken_for_gone() {
    let case = Case::signed_in();
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let before = case.place.files();
    case.simulator.set_fault(Fault::new(
        "/api/am/store",
        Effect::Status {
            status: 403,
            retry_after: None,
        },
    ));
    for words in [&["pull", "shop"][..], &["build", "shop", "--label", "dev"]] {
        case.mgw(words)
            .exits(4)
            .says("the control plane does not show any more what was pulled before")
            .says("applications and subscriptions: the user needs the roles of a publisher and a subscriber")
            .says("--accept-unseen");
        assert_eq!(case.place.files(), before);
    }
    case.mgw(&["pull", "shop", "--dry-run"])
        .exits(0)
        .says("nothing would be pulled: the control plane does not show any more what was pulled before");
    let planned = case.mgw(&["pull", "shop", "--plan", "plan.json"]).exits(0);
    assert!(planned.stdout.contains("breaking"), "{}", planned.stdout);
    assert!(
        planned.stdout.contains("without the claim `subscribedAPIs`"),
        "{}",
        planned.stdout
    );
    case.mgw(&["pull", "shop", "--accept-unseen"])
        .exits(0)
        .says("0 subscriptions");
    // Whoever went without it does not have it any more.
    case.mgw(&["pull", "shop"]).exits(0);
}

/// A definition as micro-gw's `import` leaves it.
const OF_MICRO_GW: &str = r#"{"openapi": "3.0.0", "info": {"title": "Abc", "version": "1.0.0"}, "x-wso2-basePath": "/abc/1.0.0",
"x-wso2-production-endpoints": {"urls": ["https://abc.example"]}, "paths": {"/x": {"get": {"responses": {}}}}}"#;

#[test]
fn what_is_in_gen_without_a_lock_counts_as_pulled_before() {
    let case = Case::signed_in();
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let lock = case.place.path().join("shop/mgw.lock");
    std::fs::remove_file(&lock).expect("it is there");
    case.place
        .write("shop/gen/api_definitions/abcswagger.json", OF_MICRO_GW);
    let before = case.place.files();
    for words in [
        &["pull", "shop", "--label", "dev"][..],
        &["build", "shop", "--label", "dev"],
    ] {
        case.mgw(words)
            .exits(4)
            .says("1 API that was pulled before is gone")
            .says("Abc 1.0.0 (gen/api_definitions/abcswagger.json)")
            .says("There is no mgw.lock")
            .says("--prune");
        assert_eq!(case.place.files(), before);
    }
    let told = case.mgw(&["pull", "shop", "--label", "dev", "--dry-run"]).exits(0);
    told.says("0 added, 0 changed, 4 unchanged, 1 removed")
        .says("nothing would be pulled: 1 API that was pulled before is gone");
    case.mgw(&["pull", "shop", "--label", "dev", "--plan", "plan.json"])
        .exits(0)
        .says("1 API that was pulled before is gone: Abc 1.0.0")
        .prints("breaking");
    std::fs::remove_file(case.place.path().join("plan.json")).expect("it is there");
    assert_eq!(case.place.files(), before);

    let pulled = case
        .mgw(&["pull", "shop", "--label", "dev", "--prune", "--output", "json"])
        .exits(0);
    assert_eq!(pulled.json()["removed"], serde_json::json!(["Abc 1.0.0"]));
    assert!(
        !case
            .place
            .path()
            .join("shop/gen/api_definitions/abcswagger.json")
            .exists()
    );
    case.mgw(&["rollback", "shop", "--list"])
        .exits(0)
        .prints("(had no mgw.lock)");
    case.mgw(&["rollback", "shop"])
        .exits(0)
        .says("to generation 1: 5 APIs")
        .says("It had no mgw.lock");
    assert_eq!(case.place.read("shop/gen/api_definitions/abcswagger.json"), OF_MICRO_GW);
    assert!(!lock.exists());
    case.mgw(&["rollback", "shop"]).exits(0).says("4 APIs");
    case.mgw(&["build", "shop", "--locked"]).exits(0);
}

#[test]
fn both_sides_of_a_pull_are_built_with_the_toolkits_settings() {
    let case = Case::signed_in();
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let settings = "[codeGen]\napiFaultResponses = true\nglobalFaultResponses = true\n[corsConfiguration]\n\
                    corsConfigurationEnabled = true\naccessControlAllowOrigins = [\"https://shop.example\"]\n";
    for (file, named) in [
        ("shop/conf/toolkit-config.toml", &[][..]),
        ("other.toml", &["-c", "other.toml"]),
    ] {
        case.place.write(file, settings);
        let words = |words: &[&'static str]| [words, named].concat();
        case.mgw(&words(&["diff", "shop", "--exit-code"])).exits(34);
        case.mgw(&words(&["pull", "shop", "--plan", "plan.json"]))
            .exits(0)
            .prints("Nothing changes");
        std::fs::remove_file(case.place.path().join(file)).expect("it is there");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_the_middle_of_a_pull_changes_nothing() {
    let case = Case::signed_in();
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let before = case.place.files();
    case.simulator.clear_requests();
    case.simulator
        .set_fault(Fault::new("/api/am/admin/throttling", Effect::Latency { ms: 600_000 }));
    let mut child = case
        .command(&["pull", "shop", "--label", "prod", "-v"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // The definitions have been read when the last but one request is in.
    let last = "/swagger";
    while !case
        .simulator
        .requests()
        .iter()
        .any(|request| request.path().ends_with(last))
    {
        assert!(
            child.try_wait().expect("the child is ours").is_none(),
            "it ended by itself"
        );
        std::thread::yield_now();
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill can be run");
    assert!(killed.success());
    let output = child.wait_with_output().expect("the binary ends");
    Outcome::from_output(output)
        .exits(130)
        .says("interrupted; nothing was changed");
    assert_eq!(case.place.files(), before);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_asked() {
    use std::os::unix::fs::PermissionsExt;
    let case = Case::signed_in();
    case.simulator.clear_requests();
    let shop = case.place.path().join("shop");
    // Also a superuser, whom permissions do not stop, cannot make a folder where a file is.
    std::fs::write(shop.join(".mgw-pull"), "").expect("the folder is writable");
    std::fs::set_permissions(&shop, std::fs::Permissions::from_mode(0o555)).expect("the folder is ours");
    case.mgw(&["pull", "shop", "--label", "dev"]).exits(7).says(".mgw-pull");
    std::fs::set_permissions(&shop, std::fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    assert!(case.simulator.requests().is_empty());
}

#[test]
fn a_plan_that_cannot_be_written_asks_nothing() {
    let case = Case::signed_in();
    case.simulator.clear_requests();
    case.mgw(&["pull", "shop", "--label", "dev", "--plan", "missing/plan.json"])
        .exits(7)
        .says("missing/plan.json");
    // A plan takes the place of a former one, and of nothing else.
    let settings = case.place.read("shop/mgw.toml");
    case.place.write("notes", "mine");
    for (file, code, reason) in [
        ("shop/mgw.toml", 2, "the settings of the project are"),
        ("notes", 7, "is no plan of a pull"),
    ] {
        case.mgw(&["pull", "shop", "--label", "dev", "--plan", file])
            .exits(code)
            .says(reason);
    }
    assert_eq!(case.place.read("shop/mgw.toml"), settings);
    assert_eq!(case.place.read("notes"), "mine");
    assert!(case.simulator.requests().is_empty());
}

#[test]
fn another_version_reads_every_definition_again_and_says_so() {
    let case = Case::signed_in();
    let again = "Every definition was read again";
    let pull = || {
        case.simulator.clear_requests();
        let outcome = case.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
        let requests = case.simulator.requests();
        let unchanged = requests.iter().filter(|request| request.status == Some(304)).count();
        (outcome.stderr.contains(again), unchanged)
    };
    assert_eq!(pull(), (false, 0));
    let (is_told, unchanged) = pull();
    assert!(!is_told && unchanged > 0);
    let lock = case.place.read("shop/mgw.lock");
    let program = format!("program = \"{}\"\n", env!("CARGO_PKG_VERSION"));
    assert!(lock.contains(&program), "{lock}");
    for other in ["program = \"0.0.1\"\n", ""] {
        case.place.write("shop/mgw.lock", &lock.replace(&program, other));
        assert_eq!(pull(), (true, 0), "{other}");
        assert_eq!(case.place.read("shop/mgw.lock"), lock);
        assert_eq!(pull(), (false, unchanged));
    }
}
