//! Pulling.

use super::*;
use crate::cloud::pull::Selection;
use crate::project::Layout;
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::{Policies, Quota};
use mgw_bundle::snapshot::{KeyType, SnapshotSource, SubscriptionState};
use mgw_fixtures::simulator::{Effect, Fault};
use serde_json::{Value, json};

fn definition(bench: &Bench, name: &str, version: &str) -> Value {
    let folder = Layout::new(bench.project()).pulled_definitions();
    let id = mgw_bundle::api_id(name, version);
    let path = [format!("{id}openAPI.json"), format!("{id}swagger.json")]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|path| path.exists())
        .expect("the API was pulled");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn policies(bench: &Bench) -> Policies {
    let path = Layout::new(bench.project()).pulled_policies();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn snapshot(bench: &Bench) -> SubscriptionSnapshot {
    let path = Layout::new(bench.project()).pulled_subscriptions();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn hints(failure: &Failure) -> String {
    failure.hints.join(" ")
}

#[test]
fn a_label_is_pulled_with_everything_behind_it() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    assert_eq!(bench.pull(&["--label", "dev"]).unwrap(), ExitCode::Success);
    let lock = crate::lock::LockFile::load(&Layout::new(bench.project()).lock())
        .unwrap()
        .unwrap();
    let apis: Vec<String> = lock
        .apis
        .iter()
        .map(|api| format!("{} {} {}", api.name, api.version, api.state))
        .collect();
    assert_eq!(
        apis,
        [
            "Catalog 1.2.0 published",
            "Orders 1.0.0 published",
            "Orders 2.0.0 published",
            "Weather 1.0.0 prototyped"
        ]
    );
    assert_eq!(
        (lock.source.organisation.as_str(), lock.source.labels.as_slice()),
        ("meridian", &["dev".to_owned()][..])
    );

    let orders = definition(&bench, "Orders", "1.0.0");
    assert_eq!(orders["x-wso2-basePath"], "/orders/1.0.0");
    assert_eq!(
        orders["x-wso2-production-endpoints"],
        json!({"type": "http", "urls": ["https://backend.meridian.example/shop/v1"], "advanceEndpointConfig": {"timeoutInMillis": 30000}})
    );
    assert_eq!(
        orders["x-wso2-cors"]["accessControlAllowOrigins"],
        json!(["https://shop.meridian.example"])
    );
    assert_eq!(orders["x-wso2-owner"], "dev@meridian.example@meridian");
    let orders2 = definition(&bench, "Orders", "2.0.0");
    assert_eq!(orders2["x-wso2-production-endpoints"]["type"], "load_balance");
    assert_eq!(
        (&orders2["x-mgw-default-version"], &orders2["x-wso2-throttling-tier"]),
        (&json!(true), &json!("50KPerMin"))
    );
    let catalog = definition(&bench, "Catalog", "1.2.0");
    assert_eq!(catalog["x-wso2-production-endpoints"]["type"], "failover");
    let weather = definition(&bench, "Weather", "1.0.0");
    assert_eq!(
        (&weather["x-wso2-basePath"], &weather["x-mgw-life-cycle"]),
        (&json!("/1.0.0/weather"), &json!("PROTOTYPED"))
    );

    let policies = policies(&bench);
    let names = |list: &[mgw_bundle::config::Policy]| list.iter().map(|policy| policy.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        names(&policies.subscription),
        ["Bronze", "Data10MBPerHour", "Demo5PerMin", "Gold", "Silver"]
    );
    assert_eq!(
        names(&policies.resource),
        ["10KPerMin", "50KPerMin", "Demo3PerMin", "Guarded"]
    );
    let data = &policies.subscription[1];
    assert_eq!(
        (data.quota, data.stop_on_quota),
        (
            Quota::Bandwidth {
                bytes: 10 << 20,
                window_ms: 3_600_000
            },
            false
        )
    );
    assert_eq!(policies.subscription[0].burst.unwrap().count, 20);
    crate::lock::verify(&Layout::new(bench.project()), &Selection::default()).unwrap();
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev", "--label", "prod"]).unwrap();
    let first = contents(&bench.project());
    // Without flags the last selection is pulled again.
    bench.pull(&[]).unwrap();
    assert_eq!(contents(&bench.project()), first);
}

#[test]
fn another_selection_replaces_the_first() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    bench.pull(&["--api", "Payments:3.1.0"]).unwrap();
    let payments = definition(&bench, "Payments", "3.1.0");
    assert_eq!(payments["x-wso2-auth-header"], "X-Payments-Authorization");
    assert_eq!(payments["x-wso2-transports"], json!(["https"]));
    assert_eq!(
        payments["x-wso2-production-endpoints"]["securityConfig"],
        json!({"type": "basic", "username": "svc-payments"})
    );
    let names = contents(&bench.project()).into_iter().map(|(name, _)| name);
    // The former state is kept beside.
    let names: Vec<String> = names.filter(|name| !name.starts_with(".mgw/")).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn settings_name_the_selection_and_the_control_plane() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let layout = Layout::new(bench.project());
    let write = |url: &str| {
        let text =
            format!("format = 1\nname = \"shop\"\n[control-plane]\nurl = \"{url}\"\n[pull]\nlabels = [\"prod\"]\n");
        std::fs::write(layout.settings(), text).unwrap();
    };
    write("https://elsewhere.example");
    let failure = bench.pull(&[]).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert!(
        hints(&failure).contains("--url https://elsewhere.example"),
        "{failure:?}"
    );
    write(bench.simulator.url());
    bench.pull(&[]).unwrap();
    crate::lock::verify(&layout, &Selection::default()).unwrap();
    let invoices = definition(&bench, "Invoices", "1.0.0");
    assert_eq!(
        (&invoices["x-wso2-mutual-ssl"], &invoices["x-mgw-life-cycle"]),
        (&json!("optional"), &json!("DEPRECATED"))
    );
}

#[test]
fn api_cloud_shows_the_subscriptions_that_the_user_may_see() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let snapshot = snapshot(&bench);
    assert_eq!(snapshot.source, SnapshotSource::PublisherAndStore);
    let names: Vec<&str> = snapshot
        .applications
        .iter()
        .map(|application| application.name.as_str())
        .collect();
    assert!(names.contains(&"Till") && names.contains(&"Kiosk"), "{names:?}");
    let keys = |name: &str| {
        snapshot
            .key_mappings
            .iter()
            .filter(|key| key.consumer_key.starts_with(name))
            .count()
    };
    assert_eq!(keys("Till"), 2);
    let text = std::fs::read_to_string(Layout::new(bench.project()).pulled_subscriptions()).unwrap();
    assert!(!text.contains("demo-secret"), "no consumer secret is written");
}

#[test]
fn conditions_and_blocks_come_with_the_policies() {
    use mgw_bundle::config::{Block, Policies, Quota, Subject};
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let text = std::fs::read(Layout::new(bench.project()).pulled_policies()).unwrap();
    let policies: Policies = serde_json::from_slice(&text).unwrap();
    let careful = policies.resource.iter().find(|policy| !policy.conditional.is_empty());
    let [branch, trial] = careful.unwrap().conditional.as_slice() else {
        panic!("the policy has two groups: {careful:?}");
    };
    assert_eq!((branch.conditions.len(), branch.conditions[1].inverted), (2, true));
    assert_eq!(
        trial.quota,
        Quota::Requests {
            count: 10,
            window_ms: 60_000
        }
    );
    assert!(matches!(&trial.conditions[0].subject, Subject::Claim { name, .. } if name == "plan"));
    // The entry that is switched off is not among them.
    let kinds: Vec<&str> = policies
        .blocks
        .iter()
        .map(|block| match block {
            Block::Application { owner, name } if name == "Suspended" && owner.starts_with("ben@") => "application",
            Block::User { name } if name.starts_with("mallory@") => "user",
            Block::Address { inverted: false, .. } => "address",
            _ => "unexpected",
        })
        .collect();
    assert_eq!(kinds, ["application", "user", "address", "address"]);
}

#[test]
fn the_data_for_gateways_is_complete() {
    let bench = Bench::signed_in(Shape::Apim32, ADMIN);
    let project = bench.project().display().to_string();
    let words = ["pull", project.as_str(), "--label", "dev"];
    bench.run_with(&words, &[("MGW_PASSWORD", "demo-password")]).unwrap();
    let complete = snapshot(&bench);
    assert_eq!(complete.source, SnapshotSource::InternalData);
    let names: Vec<&str> = complete
        .applications
        .iter()
        .map(|application| application.name.as_str())
        .collect();
    assert_eq!(names, ["Till", "Kiosk", "Suspended", "Opaque"]);
    let kiosk = complete
        .key_mappings
        .iter()
        .find(|key| key.consumer_key.starts_with("KioskP"))
        .unwrap();
    assert_eq!((kiosk.key_type, kiosk.application.as_str()), (KeyType::Production, "2"));
    let catalog = mgw_bundle::api_id("Catalog", "1.2.0");
    let state = |application: &str| {
        let of = |subscription: &&mgw_bundle::snapshot::Subscription| {
            subscription.api == catalog && subscription.application == application
        };
        complete
            .subscriptions
            .iter()
            .find(of)
            .map(|subscription| subscription.state)
    };
    assert_eq!(state("2"), Some(SubscriptionState::ProdOnlyBlocked));
    assert_eq!(state("3"), Some(SubscriptionState::OnHold));
    // Without the password publisher and store say what they can.
    let failure = bench.pull(&["--label", "dev"]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Gate, "{failure:?}");
    assert_eq!(snapshot(&bench).source, SnapshotSource::InternalData);
    bench.pull(&["--label", "dev", "--accept-unseen"]).unwrap();
    assert_eq!(snapshot(&bench).source, SnapshotSource::PublisherAndStore);
}

#[test]
fn a_wrong_password_for_the_data_for_gateways_is_told_and_done_without() {
    let bench = Bench::signed_in(Shape::Apim32, ADMIN);
    let project = bench.project().display().to_string();
    let words = ["pull", project.as_str(), "--label", "dev"];
    bench.run_with(&words, &[("MGW_PASSWORD", "wrong")]).unwrap();
    assert_eq!(snapshot(&bench).source, SnapshotSource::PublisherAndStore);
}

#[test]
fn without_administrator_scopes_the_publishers_view_of_policies_is_used() {
    let bench = Bench::signed_in(Shape::ApiCloud, DEVELOPER);
    assert_eq!(bench.pull(&["--label", "dev"]).unwrap(), ExitCode::Success);
    let policies = policies(&bench);
    let gold = policies
        .subscription
        .iter()
        .find(|policy| policy.name == "Gold")
        .unwrap();
    assert_eq!(
        gold.quota,
        Quota::Requests {
            count: 5000,
            window_ms: 60_000
        }
    );
    assert!(policies.application.iter().any(|policy| policy.name == "50PerMin"));
    assert!(policies.resource.iter().any(|policy| policy.name == "10KPerMin"));
    let refreshes = bench.simulator.request_count("POST", "/token");
    assert_eq!(refreshes, 0, "a scope that was not granted is no reason to refresh");
}

#[test]
fn a_subscriber_may_not_pull() {
    let bench = Bench::signed_in(Shape::ApiCloud, SUBSCRIBER);
    let failure = bench.pull(&["--label", "dev"]).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotPermitted);
    assert!(failure.message.contains("apim:api_view"), "{}", failure.message);
}

#[test]
fn selections_that_cannot_be_right_change_nothing() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let before = contents(&bench.project());
    for (arguments, expected, part) in [
        (vec!["--label", "prd"], ExitCode::Invalid, "Did you mean prod?"),
        (vec!["--label", "staging"], ExitCode::Invalid, "published API"),
        (
            vec!["--api", "Order:1.0.0"],
            ExitCode::Invalid,
            "Did you mean Orders:1.0.0?",
        ),
        (vec!["--api", "Fax:1.0.0"], ExitCode::Invalid, "Publish it"),
        (vec!["--api", "Orders"], ExitCode::Usage, "NAME:VERSION"),
        (vec!["--api", "nobody/Orders:1.0.0"], ExitCode::Invalid, "Visible are"),
    ] {
        let failure = bench.pull(&arguments).unwrap_err();
        assert_eq!(failure.code, expected, "{arguments:?}: {failure:?}");
        assert!(hints(&failure).contains(part), "{arguments:?}: {failure:?}");
        assert_eq!(contents(&bench.project()), before, "{arguments:?}");
    }
    let empty = bench.folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert_eq!(
        code(bench.run(&["pull", &empty.display().to_string()])),
        ExitCode::Usage
    );
    assert_eq!(
        code(bench.run(&["pull", "/nowhere", "--label", "dev"])),
        ExitCode::Invalid
    );
}

#[test]
fn pages_are_followed_to_the_end() {
    use crate::cloud::control_plane::{ApiSearch, ControlPlane, open};
    use crate::cloud::http::tests::{quick, silent};
    use crate::cloud::session::{Connection, SessionStore};
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let store = SessionStore::new(&bench.folder.path().join("config"), "default".parse().unwrap());
    let connection = Connection::open(store, &quick(), &silent()).unwrap();
    let plane = open(std::sync::Arc::new(connection)).with_page_size(3);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let apis = runtime.block_on(plane.apis(&ApiSearch::All)).unwrap().apis;
    assert_eq!(apis.len(), 10, "the seed has ten");
    assert!(bench.simulator.request_count("GET", "/api/am/publisher/apis") >= 3);
}

#[test]
fn what_was_pulled_compiles() {
    for (shape, password) in [(Shape::ApiCloud, ""), (Shape::Apim32, "demo-password")] {
        let bench = Bench::signed_in(shape, ADMIN);
        let project = bench.project().display().to_string();
        let words = ["pull", project.as_str(), "--label", "dev", "--label", "prod"];
        bench.run_with(&words, &[("MGW_PASSWORD", password)]).unwrap();
        let compiled = crate::compile::compile_project(&Layout::new(bench.project())).unwrap();
        assert!(!compiled.diagnostics.has_errors(), "{:#?}", compiled.diagnostics);
        let apis = &compiled.config.apis;
        assert_eq!(apis.len(), 6);
        let orders = apis.iter().find(|api| api.version == "2.0.0").unwrap();
        assert_eq!(orders.default_version_path.as_deref(), Some("/orders"));
        assert_eq!(orders.endpoints.production.as_ref().unwrap().targets.len(), 2);
        let status = apis
            .iter()
            .flat_map(|api| &api.resources)
            .find(|resource| resource.template == "/status")
            .unwrap();
        assert!(!status.security.enabled);
        assert!(
            compiled
                .snapshot
                .is_some_and(|snapshot| !snapshot.subscriptions.is_empty())
        );
        assert!(compiled.lock.is_some());
    }
}

#[test]
fn an_interrupted_pull_is_brought_to_its_end_before_a_build() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let whole = contents(&bench.project());
    // As if the program had been killed between its renames.
    let stage = bench.project().join(".mgw-pull");
    std::fs::create_dir(&stage).unwrap();
    std::fs::rename(bench.project().join("gen"), stage.join("gen")).unwrap();
    std::fs::rename(bench.project().join("mgw.lock"), stage.join("mgw.lock")).unwrap();
    std::fs::write(stage.join("complete"), "").unwrap();
    let compiled = crate::compile::compile_project(&Layout::new(bench.project())).unwrap();
    assert_eq!(compiled.config.apis.len(), 4);
    assert_eq!(contents(&bench.project()), whole);
}

#[test]
fn flags_of_micro_gw_sign_in_first() {
    let bench = Bench::start(Shape::Apim32);
    let project = bench.project().display().to_string();
    let user = format!("{ADMIN}@meridian");
    let words = [
        "import",
        &project,
        "-l",
        "dev",
        "-u",
        &user,
        "-p",
        "demo-password",
        "-s",
        bench.simulator.url(),
    ];
    assert_eq!(bench.run(&words).unwrap(), ExitCode::Success);
    assert!(bench.session_file().exists());
    assert_eq!(snapshot(&bench).source, SnapshotSource::InternalData);
}

#[test]
fn certificates_that_are_not_shown_are_told_and_left_out() {
    for status in [400, 401, 403, 404] {
        let bench = Bench::signed_in(Shape::Apim32, ADMIN);
        let effect = |status| Effect::Status {
            status,
            retry_after: None,
        };
        for api in ["09", "10"] {
            let path = format!("/api/am/publisher/v1/apis/c0000000-0000-4000-8000-0000000000{api}/client-certificates");
            bench.simulator.set_fault(Fault::new(path, effect(status)));
        }
        assert_eq!(
            bench.pull(&["--label", "partner"]).unwrap(),
            ExitCode::Success,
            "{status}"
        );
        assert!(!Layout::new(bench.project()).pulled_certificates().exists());
        crate::lock::verify(&Layout::new(bench.project()), &Selection::default()).unwrap();
    }
    // An error of the server is no answer.
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.simulator.set_fault(Fault::new(
        "/api/am/publisher/apis/c0000000-0000-4000-8000-000000000009/client-certificates",
        Effect::Status {
            status: 500,
            retry_after: None,
        },
    ));
    assert!(bench.pull(&["--label", "partner"]).is_err());
    assert!(contents(&bench.project()).is_empty());
}

#[test]
fn client_certificates_are_pulled_and_pinned() {
    for shape in [Shape::ApiCloud, Shape::Apim32] {
        let bench = Bench::signed_in(shape, ADMIN);
        bench.pull(&["--label", "partner", "--label", "dev"]).unwrap();
        let layout = Layout::new(bench.project());
        let lock = crate::lock::LockFile::load(&layout.lock()).unwrap().unwrap();
        let pinned: Vec<&str> = lock
            .all_files()
            .map(|(path, _)| path)
            .filter(|path| path.ends_with(".pem"))
            .collect();
        assert_eq!(pinned.len(), 2, "{pinned:?}");
        let compiled = crate::compile::compile_project(&layout).unwrap();
        let aliases: Vec<&str> = compiled
            .config
            .apis
            .iter()
            .flat_map(|api| &api.client_certificates)
            .map(|certificate| certificate.alias.as_str())
            .collect();
        assert_eq!(aliases, ["acquirer", "auditor"]);
        // Only APIs that ask for certificates are asked about.
        let asked = bench.asked();
        let lists = asked
            .iter()
            .filter(|asked| asked.ends_with("/client-certificates"))
            .count();
        assert_eq!(lists, 2, "{asked:?}");
    }
}

#[test]
fn blocks_stay_when_the_list_may_not_be_seen_any_more() {
    let bench = Bench::signed_in(Shape::Apim32, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let before = policies(&bench).blocks;
    assert!(!before.is_empty());
    bench.simulator.set_fault(Fault::new(
        "/api/am/admin/v1/throttling/blacklist",
        Effect::Status {
            status: 403,
            retry_after: None,
        },
    ));
    assert_eq!(bench.pull(&["--label", "dev"]).unwrap(), ExitCode::Success);
    assert_eq!(policies(&bench).blocks, before);
    // A file that is not the one that was pulled opens no door.
    std::fs::write(Layout::new(bench.project()).pulled_policies(), "{}").unwrap();
    let failure = bench.pull(&["--label", "dev"]).unwrap_err();
    assert!(format!("{failure:?}").contains("block list"), "{failure:?}");
}

#[test]
fn data_for_gateways_that_cannot_be_read_is_done_without() {
    for (list, status) in [("subscriptions", 404), ("apis", 302), ("applications", 403)] {
        let bench = Bench::signed_in(Shape::Apim32, ADMIN);
        let project = bench.project().display().to_string();
        bench.simulator.set_fault(Fault::new(
            format!("/internal/data/v1/{list}"),
            Effect::Status {
                status,
                retry_after: None,
            },
        ));
        let words = ["pull", project.as_str(), "--label", "dev"];
        bench.run_with(&words, &[("MGW_PASSWORD", "demo-password")]).unwrap();
        assert_eq!(
            snapshot(&bench).source,
            SnapshotSource::PublisherAndStore,
            "{list} {status}"
        );
    }
}

#[test]
fn the_password_goes_to_no_other_control_plane_than_the_projects() {
    let bench = Bench::start(Shape::Apim32);
    let settings = "format = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://elsewhere.example\"\n";
    std::fs::write(Layout::new(bench.project()).settings(), settings).unwrap();
    let project = bench.project().display().to_string();
    let user = format!("{ADMIN}@meridian");
    let words = ["pull", &project, "-l", "dev", "-u", &user, "-p", "demo-password"];
    let url = bench.simulator.url().to_owned();
    let by_variable = bench.run_with(&words, &[("MGW_URL", &url)]);
    let by_flag = bench.run(&[&words[..], &["--url", &url]].concat());
    for result in [by_variable, by_flag] {
        let failure = result.unwrap_err();
        assert_eq!(failure.code, ExitCode::Usage, "{failure:?}");
        assert!(failure.message.contains("elsewhere.example"), "{}", failure.message);
    }
    assert!(bench.simulator.requests().is_empty());
}
