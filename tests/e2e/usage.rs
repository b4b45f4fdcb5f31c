//! Usage records and the gateway's sign of life, through the binary.

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

#[tokio::test(flavor = "multi_thread")]
async fn records_are_carried_from_a_site_to_the_service_and_the_gateway_is_shown() {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let backend = Backend::start(listen).await.expect("the backend starts");
    let service = OnPremiseServer::start().await.expect("the service starts");
    let place = Place::new();
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
    let answer = reqwest::get(format!("{http}/shop/open"))
        .await
        .expect("the gateway answers");
    assert_eq!(answer.status(), 200);
    drop(answer);
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

    let upload = format!("{url}/usage/upload-file");
    let import = |password: &str| {
        let mut command = place.command(&["usage", "import", "export.zip", "--url", &upload, "--username", user]);
        command.env("MGW_USAGE_PASSWORD", password);
        crate::support::Outcome::of(command)
    };
    import("canary").exits(12).says("user name or the password");
    assert!(import(OnPremiseServer::PASSWORD).exits(0).stdout.contains("1 uploaded"));
    // Again, and with another memory: the service knows the file.
    assert!(
        import(OnPremiseServer::PASSWORD)
            .exits(0)
            .stdout
            .contains("1 there already")
    );
    std::fs::remove_file(place.path().join("export.zip.progress")).expect("a file");
    assert!(
        import(OnPremiseServer::PASSWORD)
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
