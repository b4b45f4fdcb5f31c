use super::*;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::on_premise_properties::GatewayFacts;
use crate::context::Context;
use mgw_fixtures::simulator::{GatewayState, OnPremiseServer};
use mgw_runtime::config::{RuntimeConfig, Sources};
use mgw_runtime::{Gateway, GatewayOptions};

/// A gateway without APIs.
fn gateway(data_dir: &Path) -> Arc<RunningGateway> {
    let config = mgw_bundle::GatewayConfig {
        format: mgw_bundle::config::FORMAT,
        project: "test".into(),
        apis: Vec::new(),
        policies: mgw_bundle::config::Policies {
            resource: Vec::new(),
            application: Vec::new(),
            subscription: Vec::new(),
            custom: Vec::new(),
            blocks: Vec::new(),
        },
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
    };
    let (bytes, _) = mgw_bundle::write_bundle(mgw_bundle::BundleContents {
        tool: "test",
        lock: None,
        config: &config,
        snapshot: None,
        entries: std::collections::BTreeMap::new(),
    })
    .expect("plain data is written");
    let bundle = mgw_bundle::Bundle::read(&bytes, &mgw_bundle::Limits::default()).expect("a bundle");
    let settings = load(
        "[listenerConfig]\nhost = \"127.0.0.1\"\nhttpPort = 0\nhttpsEnabled = false\n\
         [b7a.observability.metrics.prometheus]\nport = 0\n[b7a.http.accesslog]\nconsole = false",
    );
    let options = GatewayOptions {
        cores: Some(1),
        data_dir: data_dir.to_owned(),
        lost_log_lines: Arc::default(),
    };
    Arc::new(Gateway::start(&bundle, settings, &options).expect("a gateway"))
}

fn load(text: &str) -> RuntimeConfig {
    let sources = Sources {
        file: Some(("test.conf", text)),
        ..Sources::default()
    };
    RuntimeConfig::load(sources).expect("valid").0
}

fn keeper(keys: &str, data_dir: &Path) -> StatusKeeper {
    keeper_beside(None, keys, data_dir)
}

fn keeper_beside(session: Option<Session>, keys: &str, data_dir: &Path) -> StatusKeeper {
    let text = format!(
        "[gatewayStatus]\nenable = true\nusername = \"{}\"\n{keys}",
        OnPremiseServer::USER
    );
    let settings = load(&text).gateway_status.expect("enabled");
    let context = Context::silent(Environment::default());
    StatusKeeper::new(settings, data_dir, session, &context.environment, &context.ui).expect("a keeper")
}

fn cloud(url: &str, more: &str) -> String {
    format!(
        "password = \"sample\"\ninitializeUrl = \"{url}/onpremise-gatway-status-evaluator/initialize\"\n\
         pingUrl = \"{url}/onpremise-gatway-status-evaluator/ping\"\n{more}"
    )
}

#[tokio::test]
async fn api_cloud_shows_a_gateway_once_however_often_it_starts() {
    let place = tempfile::tempdir().expect("a folder");
    let server = OnPremiseServer::start().await.expect("a server");
    let gateway = gateway(place.path());
    let keys = cloud(
        &server.url(),
        "label = \"emea\"\nhostName = \"edge-1\"\nenvMetadata = [\"os.name\", \"unknown.name\"]\n\
         [[gatewayStatus.customMetadata]]\nname = \"owner\"\nvalue = \"ana\"",
    );
    for _ in 0..2 {
        keeper(&keys, place.path()).tell(&gateway).await.expect("told");
    }
    let shown = server.gateways();
    assert_eq!(shown.len(), 1);
    let shown = &shown[0];
    assert_eq!((shown.state, shown.pings), (GatewayState::Online, 2));
    assert_eq!(
        (shown.host_name.as_str(), shown.labels.as_slice()),
        ("edge-1", &["emea".to_owned()][..])
    );
    assert_eq!(shown.custom_metadata["mgw.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(shown.custom_metadata["owner"], "ana");
    let names: Vec<_> = shown.env_metadata.keys().map(String::as_str).collect();
    assert_eq!(names, ["carbon.home", "lastWumUpdate", "os.name"]);
    // A pod that moved is the same gateway, also as another version or in another folder.
    let mut moved = keeper(&keys.replace("edge-1", "edge-2"), place.path());
    moved.shown.mac_address = "02:42:ac:11:00:09".to_owned();
    let changes = [
        (&mut moved.shown.env_metadata, "carbon.home"),
        (&mut moved.shown.custom_metadata, "mgw.version"),
    ];
    for (facts, name) in changes {
        facts.insert(name.to_owned(), "another".to_owned());
    }
    moved.tell(&gateway).await.expect("told");
    assert_eq!(server.gateways().len(), 1);
    // Another label is another introduction.
    let keys = keys.replace("emea", "apac");
    keeper(&keys, place.path()).tell(&gateway).await.expect("told");
    assert_eq!(server.gateways().len(), 2);
    let mode = std::fs::metadata(place.path().join("gateway-identity.json")).expect("a file");
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777,
        0o600
    );
}

#[tokio::test]
async fn what_signing_in_kept_of_an_old_gateway_is_shown_to_its_organisation() {
    let place = tempfile::tempdir().expect("a folder");
    let properties = place.path().join("old.properties");
    std::fs::write(&properties, "api.hybrid.gateway.label=of-file\n").expect("the folder is writable");
    let gateway = gateway(place.path());
    let session = |user: &str| Session {
        user: UserName::complete(user).expect("a name"),
        gateway: Some(GatewayFacts {
            label: Some("emea".into()),
            env_metadata: Vec::new(),
            custom_metadata: vec![("owner".into(), "ana".into())],
        }),
        ..Session::for_tests(Address::parse("https://localhost").expect("an address"))
    };
    let named = format!("propertiesFile = \"{}\"\n", properties.display());
    for (user, more, label, owner) in [
        (OnPremiseServer::USER, "", Some("emea"), Some("ana")),
        ("ana@other.example@other", "", None, None),
        (OnPremiseServer::USER, "label = \"apac\"\n", Some("apac"), Some("ana")),
        (OnPremiseServer::USER, named.as_str(), Some("of-file"), None),
    ] {
        let server = OnPremiseServer::start().await.expect("a server");
        let keys = cloud(&server.url(), more);
        keeper_beside(Some(session(user)), &keys, place.path())
            .tell(&gateway)
            .await
            .expect("told");
        let shown = server.gateways();
        assert_eq!(shown[0].labels.first().map(String::as_str), label, "{user} {more}");
        assert_eq!(
            shown[0].custom_metadata.get("owner").map(String::as_str),
            owner,
            "{user} {more}"
        );
    }
}

#[tokio::test]
async fn api_cloud_that_forgot_a_gateway_is_told_of_it_anew() {
    let place = tempfile::tempdir().expect("a folder");
    let gateway = gateway(place.path());
    let server = OnPremiseServer::start().await.expect("a server");
    let mut keeper = keeper(&cloud(&server.url(), ""), place.path());
    keeper.tell(&gateway).await.expect("told");
    let file = IdentityFile::in_folder(place.path());
    let identity = file.load().expect("an identity");
    let forgotten = Identity {
        id: "forgotten".to_owned(),
        ..identity
    };
    file.save(&forgotten).expect("saved");
    keeper.tell(&gateway).await.expect("told anew");
    assert_eq!(server.gateways().len(), 2);
    assert_ne!(file.load().expect("an identity").id, forgotten.id);
    server.shutdown().await;
}

#[tokio::test]
async fn a_wrong_address_for_pings_fills_no_list_of_gateways() {
    let place = tempfile::tempdir().expect("a folder");
    let gateway = gateway(place.path());
    let server = OnPremiseServer::start().await.expect("a server");
    let wrong = cloud(&server.url(), "").replace("/ping", "/pong");
    let mut keeper = keeper(&wrong, place.path());
    for _ in 0..3 {
        let said = keeper.tell(&gateway).await.expect_err("nobody takes pings there");
        assert!(said.contains("gatewayStatus.pingUrl"), "{said}");
    }
    assert_eq!(server.gateways().len(), 1);
    server.shutdown().await;
}

#[tokio::test]
async fn failures_name_the_remedy_and_never_the_password() {
    let place = tempfile::tempdir().expect("a folder");
    let server = OnPremiseServer::start().await.expect("a server");
    let gateway = gateway(place.path());
    let keys = cloud(&server.url(), "").replace("sample", "canary");
    let said = keeper(&keys, place.path()).tell(&gateway).await.expect_err("refused");
    assert!(
        said.contains("gatewayStatus.username") && !said.contains("canary"),
        "{said}"
    );
    let keys = cloud(&server.url(), "");
    server.fail_next(&[500]);
    assert!(keeper(&keys, place.path()).tell(&gateway).await.is_err());
    server.shutdown().await;
    assert!(keeper(&keys, place.path()).tell(&gateway).await.is_err());
}

#[tokio::test]
async fn a_4_6_control_plane_is_told_of_the_same_gateway_after_a_restart() {
    let place = tempfile::tempdir().expect("a folder");
    let gateway = gateway(place.path());
    let keys = |url: &str| {
        let password = place.path().join("password");
        std::fs::write(&password, "sample\n").expect("a file");
        format!(
            "kind = \"apim-4.6\"\npasswordFile = \"{}\"\nnotifyUrl = \"{url}/internal/data/v1/notify-gateway\"\n\
             environments = [\"emea\"]",
            password.display()
        )
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        // With a memory of its own.
        let server = OnPremiseServer::start().await.expect("a server");
        let mut keys = keys(&server.url());
        keys.push_str("\nhostName = \"edge-1\"");
        let mut keeper = keeper(&keys, place.path());
        keeper.tell(&gateway).await.expect("registered");
        keeper.tell(&gateway).await.expect("a heartbeat");
        assert_eq!((server.count(GatewayState::Active), server.gateways()[0].pings), (1, 1));
        ids.push(server.gateways()[0].id.clone());
    }
    assert_eq!(ids[0], ids[1]);
}
