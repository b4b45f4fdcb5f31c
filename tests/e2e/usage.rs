//! Usage records and the gateway's sign of life, through the binary.

use crate::running::Running;
use crate::serve::run;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::simulator::{GatewayState, OnPremiseServer};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Waits for a condition, for a generous time.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: in vain");
        tokio::task::yield_now().await;
    }
}

/// A project `shop` with one open API before a backend.
fn shop(place: &Place, backend: &Backend) {
    place.write(
        "openapi.yaml",
        &format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: ['{}']}}\npaths:\n  /open:\n    get:\n      \
             x-wso2-disable-security: true\n      responses: {{'200': {{description: ok}}}}\n",
            backend.url()
        ),
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
}

async fn backend() -> Backend {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Backend::start(listen).await.expect("the backend starts")
}

async fn status(url: &str) -> u16 {
    reqwest::get(url).await.expect("the gateway answers").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_carried_from_a_site_to_the_service_and_the_gateway_is_shown() {
    let backend = backend().await;
    let service = OnPremiseServer::start().await.expect("the service starts");
    let place = Place::new();
    shop(&place, &backend);
    place.write("password", OnPremiseServer::PASSWORD);
    let (url, user) = (service.url(), OnPremiseServer::USER);
    place.write(
        "usage.conf",
        &format!(
            "[analytics.fileUpload]\nenable = true\ntaskUploadFiles = false\nservice = \"api-cloud\"\nrotatingPeriod = 100\n\
             [gatewayStatus]\nenable = true\nusername = \"{user}\"\npasswordFile = \"password\"\nlabel = \"emea\"\n\
             initializeUrl = \"{url}/onpremise-gatway-status-evaluator/initialize\"\n\
             pingUrl = \"{url}/onpremise-gatway-status-evaluator/ping\"\n"
        ),
    );
    let (gateway, http, admin) = run(&place, "shop", &["--config", "usage.conf", "--data-dir", "data"]);
    eventually("shown online", || service.count(GatewayState::Online) == 1).await;
    assert_eq!(status(&format!("{http}/shop/open")).await, 200);
    let folder = place.path().join("data/api-usage-data");
    let waits = || {
        let entries = std::fs::read_dir(&folder).expect("a folder");
        let mut names = entries.flatten().map(|entry| entry.path());
        // While it is compressed, the file itself is still there.
        names.any(|path| path.extension().is_some_and(|suffix| suffix == "zip") && !path.with_extension("").exists())
    };
    eventually("compressed", waits).await;
    let status = place
        .mgw(&["usage", "status", "--url", &admin, "--output", "json"])
        .exits(0);
    assert_eq!(status.json()["written"], serde_json::json!([1, 0, 0]));
    // The time in the name is spread over the ten minutes before.
    let closed = status.json()["oldest"]["closedMs"].as_u64().expect("a time");
    let zip = std::fs::read_dir(&folder).expect("a folder").flatten();
    let zip = zip
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|suffix| suffix == "zip"));
    let written = zip
        .expect("a file")
        .metadata()
        .and_then(|about| about.modified())
        .expect("a time");
    let written = written
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .expect("a time");
    assert_eq!(u128::from(closed), written.as_millis());
    let export = [
        "usage",
        "export",
        "--data-dir",
        "data",
        "--to",
        "export.zip",
        "--remove",
        "--output",
        "json",
    ];
    let report = place.mgw(&export).exits(0).json();
    assert_eq!(
        (report["files"].as_u64(), report["removed"].as_bool()),
        (Some(1), Some(true))
    );
    assert!(!waits());
    gateway.signal("TERM");
    gateway.end().exits(0);
    // A gateway that is away says nothing about its settings.
    let away = place.mgw(&["usage", "status", "--url", &admin]).exits(13);
    assert!(!away.stderr.contains("fileUpload"), "{}", away.stderr);

    let upload = format!("{url}/usage/upload-file");
    let import_with = |password: &str, more: &[&str]| {
        let mut command = place.command(&["usage", "import", "export.zip", "--url", &upload, "--username", user]);
        command.args(more).env("MGW_USAGE_PASSWORD", password);
        crate::support::Outcome::of(command)
    };
    let import = |password: &str| import_with(password, &[]);
    import("canary").exits(12).says("user name or the password");
    assert!(import(OnPremiseServer::PASSWORD).exits(0).stdout.contains("1 uploaded"));
    // Again: it is noted. Without that note, only people know whose file the service has.
    assert!(
        import(OnPremiseServer::PASSWORD)
            .exits(0)
            .stdout
            .contains("1 there already")
    );
    std::fs::remove_file(place.path().join("export.zip.progress")).expect("a file");
    import(OnPremiseServer::PASSWORD)
        .exits(8)
        .says("the service has a file of this name")
        .says("Say --same-name there");
    assert!(
        import_with(OnPremiseServer::PASSWORD, &["--same-name", "there"])
            .exits(0)
            .stdout
            .contains("1 there already")
    );
    let uploads = service.uploads();
    assert_eq!((uploads.len(), uploads[0].records.len()), (1, 1));
    assert!(
        uploads[0].records[0].contains("/shop/1.0.0"),
        "{}",
        uploads[0].records[0]
    );
    service.shutdown().await;
    backend.shutdown().await;
}

/// Settings of a gateway that shows itself every second, and uploads.
fn shown(service: &OnPremiseServer, keys: &str) -> String {
    let (url, user) = (service.url(), OnPremiseServer::USER);
    format!(
        "[analytics]\nstreamVersion = \"3.0.0\"\n[analytics.fileUpload]\nenable = true\nservice = \"api-cloud\"\nrotatingPeriod = 100\n\
         uploadingEndpoint = \"{url}/usage/upload-file\"\nusername = \"{user}\"\npasswordFile = \"password\"\n\
         initialDelayInMillis = 0\nmaxRandomDelayInMillis = 0\nuploadingTimeSpanInMillis = 100\n\
         [gatewayStatus]\nenable = true\nusername = \"{user}\"\npasswordFile = \"password\"\ninterval = 1\n{keys}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_stays_known_whatever_the_control_plane_forgets() {
    for kind in ["api-cloud", "apim-4.6"] {
        let backend = backend().await;
        let service = OnPremiseServer::start().await.expect("the service starts");
        let (address, url) = (service.address(), service.url());
        let place = Place::new();
        shop(&place, &backend);
        place.write("password", OnPremiseServer::PASSWORD);
        let (keys, there) = match kind {
            "api-cloud" => (
                format!(
                    "label = \"emea\"\ninitializeUrl = \"{url}/onpremise-gatway-status-evaluator/initialize\"\n\
                     pingUrl = \"{url}/onpremise-gatway-status-evaluator/ping\"\n"
                ),
                GatewayState::Online,
            ),
            _ => (
                format!(
                    "kind = \"apim-4.6\"\nnotifyUrl = \"{url}/internal/data/v1/notify-gateway\"\nenvironments = [\"emea\"]\n"
                ),
                GatewayState::Active,
            ),
        };
        place.write("usage.conf", &shown(&service, &keys));
        let start = || run(&place, "shop", &["--config", "usage.conf", "--data-dir", "data"]);
        let (gateway, http, _) = start();
        eventually("shown", || service.count(there) == 1).await;
        let id = service.gateways()[0].id.clone();
        assert_eq!(service.gateways()[0].labels, ["emea"]);
        assert_eq!(status(&format!("{http}/shop/open")).await, 200);
        if kind == "api-cloud" {
            // Uploads say whose they are.
            eventually("uploaded", || !service.uploads().is_empty()).await;
            assert_eq!(service.uploads()[0].request_token.as_deref(), Some(id.as_str()));
        }
        gateway.signal("TERM");
        gateway.end().exits(0);

        // A restart is the same gateway.
        let pings = service.gateways()[0].pings;
        let (gateway, http, _) = start();
        eventually("shown again", || service.gateways()[0].pings > pings).await;
        assert_eq!(
            (service.gateways().len(), &service.gateways()[0].id),
            (1, &id),
            "{kind}"
        );

        // The service comes back with an empty memory.
        service.shutdown().await;
        let service = OnPremiseServer::start_at(address).await.expect("the same port");
        eventually("introduced again", || service.count(there) == 1).await;

        // Another password: told once, and traffic goes on.
        place.write("password", "canary");
        let refused = service.refusals();
        eventually("refused again and again", || service.refusals() >= refused + 3).await;
        assert_eq!(status(&format!("{http}/shop/open")).await, 200);
        place.write("password", OnPremiseServer::PASSWORD);
        let pings = service.gateways()[0].pings;
        eventually("known again", || service.gateways()[0].pings > pings).await;
        gateway.signal("TERM");
        let outcome = gateway.end().exits(0);
        let told = outcome.stderr.matches("check `gatewayStatus.username`").count();
        assert_eq!(told, 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("to the control plane again") && !outcome.stderr.contains("canary"));
        service.shutdown().await;
        backend.shutdown().await;
    }
}

/// The client of the request after the last kill.
const LAST: &str = "the-last-one";

/// How often the gateway is killed, unless `KILLS` in the environment says so.
const KILLS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_loses_a_second_at_the_most_and_doubles_nothing() {
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let backend = backend().await;
    let service = OnPremiseServer::start().await.expect("the service starts");
    let place = Place::new();
    shop(&place, &backend);
    // Nobody is refused for calling too often.
    let policies = place.read("shop/policies.yaml");
    place.write(
        "shop/policies.yaml",
        &policies.replace("count: 500\n", "count: 1000000000\n"),
    );
    place.write("password", OnPremiseServer::PASSWORD);
    let keys = format!(
        "initializeUrl = \"{url}/onpremise-gatway-status-evaluator/initialize\"\n\
         pingUrl = \"{url}/onpremise-gatway-status-evaluator/ping\"\n",
        url = service.url()
    );
    place.write("usage.conf", &shown(&service, &keys));
    let start = || run(&place, "shop", &["--config", "usage.conf", "--data-dir", "data"]);
    let client = reqwest::Client::new();
    let mut kept = Vec::new();
    let mut number = 0_u32;
    for kill in 0..kills {
        let (gateway, http, _) = start();
        // At another moment of the second each time.
        let run = Duration::from_millis(1200 + u64::from(kill * 377 % 700));
        let mut answered = Vec::new();
        // How long it has been serving: while the machine stalls, it has no time to write anything either.
        let (mut served, mut looked) = (Duration::ZERO, Instant::now());
        while served < run {
            number += 1;
            let request = client
                .get(format!("{http}/shop/open"))
                .header("User-Agent", format!("r-{number}-"));
            let answer = request.send().await.expect("the gateway answers");
            assert_eq!(answer.status(), 200);
            answer.bytes().await.expect("a whole answer");
            let now = Instant::now();
            served += now.duration_since(looked).min(Duration::from_millis(50));
            looked = now;
            answered.push((number, served));
        }
        gateway.signal("KILL");
        drop(gateway);
        let is_older = |at: Duration| served - at > Duration::from_secs(1);
        kept.extend(
            answered
                .into_iter()
                .filter(|(_, at)| is_older(*at))
                .map(|(number, _)| number),
        );
    }
    assert!(!kept.is_empty());
    // Whatever the killed one had uploaded already, the last one has something to upload.
    let (gateway, http, admin) = start();
    let last = client.get(format!("{http}/shop/open")).header("User-Agent", LAST);
    assert_eq!(last.send().await.expect("the gateway answers").status(), 200);
    eventually("uploaded", || {
        let status = place
            .mgw(&["usage", "status", "--url", &admin, "--output", "json"])
            .exits(0)
            .json();
        let mut records = service.uploads().into_iter().flat_map(|file| file.records);
        status["filesWaiting"] == 0 && records.any(|record| record.contains(LAST))
    })
    .await;
    gateway.signal("TERM");
    gateway.end().exits(0);
    let records: Vec<_> = service.uploads().into_iter().flat_map(|file| file.records).collect();
    let mut seen = std::collections::BTreeMap::new();
    for record in records.iter().filter(|record| !record.contains(LAST)) {
        let agent = record.split("-OS-").find_map(|value| value.strip_prefix("r-"));
        let number: u32 = agent
            .and_then(|agent| agent.trim_end_matches('-').parse().ok())
            .expect("its number");
        *seen.entry(number).or_insert(0) += 1;
    }
    let doubled: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let lost: Vec<_> = kept.iter().filter(|number| !seen.contains_key(number)).collect();
    assert!(lost.is_empty(), "{} of {}: {lost:?}", lost.len(), kept.len());
    service.shutdown().await;
    backend.shutdown().await;
}

/// A gateway that keeps records and uploads none. `shell` is what a shell does before it starts it.
fn keeping(place: &Place, shell: &str) -> (Running, String, String) {
    place.write(
        "usage.conf",
        "[analytics.fileUpload]\nenable = true\ntaskUploadFiles = false\nrotatingPeriod = 86400000\n",
    );
    place.mgw(&["build", "shop"]).exits(0);
    let mut command = std::process::Command::new("bash");
    command
        .env("HOME", place.path())
        .env("MGW_CONFIG_DIR", place.config_dir());
    let script = format!("{shell}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(place.command(&[]).get_program());
    command.args([
        "run",
        "shop/target/shop.zip",
        "--output",
        "json",
        "--config",
        "usage.conf",
        "--data-dir",
        "data",
    ]);
    command.args(crate::serve::ON_LOOPBACK).current_dir(place.path());
    let mut gateway = Running::of(command);
    let serving = gateway.json_line();
    let url = |name: &str| serving[name].as_str().expect("an address").to_owned();
    (gateway, format!("{}/shop/open", url("http")), url("admin"))
}

/// Has a hundred requests answered, and returns the status of the usage records.
async fn a_hundred(place: &Place, open: &str, admin: &str) -> serde_json::Value {
    for _ in 0..100 {
        assert_eq!(status(open).await, 200);
    }
    place
        .mgw(&["usage", "status", "--url", admin, "--output", "json"])
        .exits(0)
        .json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_costs_records_and_no_request() {
    let backend = backend().await;
    let place = Place::new();
    shop(&place, &backend);
    // Says that there is no space left, whatever is written.
    let folder = place.path().join("data/api-usage-data");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::os::unix::fs::symlink("/dev/full", folder.join("api-usage-data.dat.tmp")).expect("a link");
    let (gateway, open, admin) = keeping(&place, ":");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let status = a_hundred(&place, &open, &admin).await;
        if status["dropped"]["disk"].as_u64() > Some(0) {
            break;
        }
        assert!(Instant::now() < deadline, "{status}");
    }
    assert_eq!(status(&open).await, 200);
    gateway.signal("TERM");
    let outcome = gateway.end().exits(0);
    assert!(outcome.stderr.contains("usage records"), "{}", outcome.stderr);
    backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_the_size_of_files_costs_no_record() {
    let backend = backend().await;
    let place = Place::new();
    shop(&place, &backend);
    // A file may have 64 KiB, and whoever writes more is sent a signal that ends programs.
    let (gateway, open, admin) = keeping(&place, "ulimit -f 64");
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut asked = 0;
    loop {
        asked += 100;
        let status = a_hundred(&place, &open, &admin).await;
        if status["filesWaiting"].as_u64() > Some(1) {
            break;
        }
        assert!(Instant::now() < deadline, "{status}");
    }
    let counts = || {
        let status = place.mgw(&["usage", "status", "--url", &admin, "--output", "json"]);
        let status = status.exits(0).json();
        let dropped = status["dropped"].as_object().expect("counts").values();
        let dropped: u64 = dropped.filter_map(serde_json::Value::as_u64).sum();
        (status["written"][0].as_u64(), dropped)
    };
    eventually("written", || counts() == (Some(asked), 0)).await;
    gateway.signal("TERM");
    gateway.end().exits(0);
    backend.shutdown().await;
}
