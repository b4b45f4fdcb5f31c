//! Certificates of the control plane, from pull to the request that they admit.

use crate::running::Running;
use crate::support::{Outcome, Place};
use mgw_fixtures::backend::Backend;
use mgw_fixtures::seed::Seed;
use mgw_fixtures::simulator::{Options, Simulator};
use rcgen::{CertificateParams, KeyPair};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

const PASSWORD: &str = "demo-password";

/// A simulator with its backend, and a folder with a project of a signed-in user.
struct Case {
    simulator: Simulator,
    place: Place,
    _backend: Backend,
    _runtime: tokio::runtime::Runtime,
}

impl Case {
    fn signed_in(seed: Seed) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        let (backend, simulator) = runtime.block_on(async {
            let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
                .await
                .expect("a port is free");
            let options = Options {
                seed,
                backend_url: backend.url(),
                ..Options::default()
            };
            (backend, Simulator::start(options).await.expect("a port is free"))
        });
        let place = Place::new();
        place.write("ca.pem", simulator.ca_pem());
        place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
        for identity in simulator.client_identities() {
            place.write(&format!("{}.pem", identity.alias), &identity.certificate_pem);
            let key = identity.key_pem.as_deref().unwrap_or_default();
            place.write(&format!("{}-key.pem", identity.alias), key);
        }
        let case = Self {
            simulator,
            place,
            _backend: backend,
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
        case.mgw(&words).exits(0);
        case
    }

    fn mgw(&self, words: &[&str]) -> Outcome {
        let mut command = self.place.command(words);
        command.env("MGW_CA_FILE", "ca.pem").env("MGW_PASSWORD", PASSWORD);
        Outcome::of(command)
    }

    fn curl(&self, url: &str, alias: Option<&str>) -> String {
        curl(&self.place, url, alias, &[])
    }
}

#[test]
fn uploaded_client_certificates_admit_to_their_api_alone() {
    let case = Case::signed_in(Seed::embedded());
    let pulled = case
        .mgw(&["pull", "shop", "--label", "partner", "--output", "json"])
        .exits(0);
    assert_eq!(pulled.json()["client_certificates"], 2);
    case.mgw(&["check", "shop"]).exits(0);
    case.mgw(&["build", "shop", "--locked"]).exits(0);
    let inspected = case.mgw(&["inspect", "shop"]).exits(0).stdout;
    assert!(
        inspected.contains("client      acquirer  CN=acquirer  until "),
        "{inspected}"
    );
    let json = case.mgw(&["inspect", "shop", "--output", "json"]).exits(0).json();
    assert_eq!(json["certificates"].as_array().map(Vec::len), Some(2));

    let mistyped =
        "[[mutualSSLConfig.api.certificates]]\nname = \"Settlement\"\nversion = \"1.0.0\"\nsanList = \"a.example\"\n";
    case.place.write("mistyped.conf", mistyped);
    let mut arguments = vec![
        "run",
        "shop/target/shop.zip",
        "--output",
        "json",
        "--config",
        "mistyped.conf",
    ];
    for set in [
        "listenerConfig.host=127.0.0.1",
        "listenerConfig.httpPort=0",
        "listenerConfig.httpsPort=0",
        "adminConfig.port=0",
    ] {
        arguments.extend(["--set", set]);
    }
    let mut gateway = Running::start(&case.place, &arguments);
    let serving = gateway.json_line();
    let address = |path: &str| format!("{}{path}", serving["https"].as_str().expect("an address"));
    let settlements = address("/settlements/1.0.0/report");
    let statements = address("/statements/1.0.0/status");
    for (alias, first, second) in [
        (Some("acquirer"), "200", "401"),
        (Some("auditor"), "401", "200"),
        (None, "401", "401"),
        // Of an API that this gateway does not serve: the handshake fails.
        (Some("branch-office"), "000", "000"),
    ] {
        assert_eq!(case.curl(&settlements, alias), first, "{alias:?}");
        assert_eq!(case.curl(&statements, alias), second, "{alias:?}");
    }
    gateway.signal("TERM");
    gateway
        .end()
        .exits(0)
        .says("names the API Settlement:1.0.0, which the bundle does not have");

    let file = case.place.files();
    let (path, _) = file
        .iter()
        .find(|(path, _)| path.to_string_lossy().contains("clients/Settlements"))
        .expect("it was pulled");
    std::fs::write(path, case.place.read("auditor.pem")).expect("the folder is writable");
    case.mgw(&["build", "shop", "--locked"]).exits(15).says("was changed");
    std::fs::write(path, "nonsense").expect("the folder is writable");
    case.mgw(&["check", "shop"])
        .exits(3)
        .says("the client certificate `acquirer` of Settlements:1.0.0");
    std::fs::remove_file(path).expect("the folder is writable");
    case.mgw(&["check", "shop"]).exits(3).says("is missing");
}

#[test]
fn certificates_are_told_about_before_they_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in Seed::embedded_files() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }
    let apis = folder.path().join("apis");
    let made = |first: jiff::Timestamp, last: jiff::Timestamp| {
        let mut params = CertificateParams::new(vec!["core.meridian.example".to_owned()]).expect("a good name");
        let day = |time: jiff::Timestamp| {
            let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
            let part = |number: i8| u8::try_from(number).expect("it is positive");
            rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
        };
        (params.not_before, params.not_after) = (day(first), day(last));
        params
            .self_signed(&KeyPair::generate().expect("a key"))
            .expect("it signs")
            .pem()
    };
    let (now, days) = (jiff::Timestamp::now(), |days: i64| {
        jiff::SignedDuration::from_hours(24 * days)
    });
    std::fs::write(apis.join("old.pem"), made(now - days(400), now - days(3))).expect("the folder is writable");
    std::fs::write(apis.join("core.pem"), made(now - days(400), now + days(5))).expect("the folder is writable");
    let toml = std::fs::read_to_string(apis.join("statements-1.0.0.toml")).expect("it was written");
    let toml = toml.replace("{backend}/statements", "https://core.meridian.example/v2")
        + "certificate = \"old.pem\"\n\n[[endpoint_certificate]]\nalias = \"core\"\n\
           endpoint = \"https://core.meridian.example:443/\"\ncertificate = \"core.pem\"\n\n\
           [[endpoint_certificate]]\nalias = \"elsewhere\"\nendpoint = \"https://other.example\"\ncertificate = \"core.pem\"\n";
    std::fs::write(apis.join("statements-1.0.0.toml"), toml).expect("the folder is writable");

    let case = Case::signed_in(Seed::load(folder.path()).expect("a good seed"));
    case.mgw(&["pull", "shop", "--label", "partner"])
        .exits(0)
        .says("2 client certificates and 1 backend certificate were pulled");
    case.mgw(&["check", "shop"])
        .exits(0)
        .says("the client certificate `auditor` of Statements:1.0.0 expired on")
        .says("the certificate `core` of https://core.meridian.example:443 expires on");
    case.mgw(&["build", "shop"]).exits(0);
    let inspected = case.mgw(&["inspect", "shop"]).exits(0).stdout;
    assert!(
        inspected.contains("https://core.meridian.example:443  core  CN="),
        "{inspected}"
    );
}

/// An API of a file that admits by certificate alone, and a gateway that accepts the certificates of `settings`.
fn served(place: &Place, backend: &Backend, settings: &str) -> (Running, String) {
    let definition = format!(
        "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\nx-wso2-mutual-ssl: mandatory\n\
         x-wso2-application-security: {{optional: true}}\nx-wso2-production-endpoints: {{urls: [\"{}\"]}}\n\
         paths: {{/status: {{get: {{responses: {{}}}}}}}}\n",
        backend.url()
    );
    place.write("shop/api_definitions/shop.yaml", &definition);
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    place.write("micro-gw.conf", settings);
    let mut arguments = vec!["run", "shop", "--output", "json", "--config", "micro-gw.conf"];
    for set in [
        "listenerConfig.host=127.0.0.1",
        "listenerConfig.httpPort=0",
        "listenerConfig.httpsPort=0",
        "adminConfig.port=0",
    ] {
        arguments.extend(["--set", set]);
    }
    let mut command = place.command(&arguments);
    command.env("listenerConfig_trustStorePassword", "store-password");
    let mut gateway = Running::of(command);
    let address = gateway.json_line()["https"].as_str().expect("an address").to_owned();
    (gateway, format!("{address}/shop/status"))
}

/// Runs OpenSSL as an operator would.
fn openssl(place: &Place, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(place.path())
        .env("PASSWORD", "store-password")
        .output()
        .expect("openssl is there; ./test installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_of_a_store_admit_directly_and_through_a_trusted_proxy() {
    let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("a port is free");
    let place = Place::new();
    for name in ["listed", "stored", "stranger"] {
        openssl(
            &place,
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={name} -keyout \
                 {name}-key.pem -out {name}.pem"
            ),
        );
    }
    place.write("both.pem", &(place.read("listed.pem") + &place.read("stored.pem")));
    openssl(
        &place,
        "pkcs12 -export -nokeys -in both.pem -caname partner -caname proxy -passout env:PASSWORD -out clients.p12",
    );
    let settings = |proxies: &str| {
        format!(
            "trustedProxies = \"{proxies}\"\n[listenerConfig]\ntrustStorePath = \"clients.p12\"\n\
             [[mutualSSLConfig.api.certificates]]\nname = \"Shop\"\nversion = \"1.0.0\"\naliasList = [\"partner\"]\n"
        )
    };
    let header = |name: &str| {
        let encoded: String = place
            .read(&format!("{name}.pem"))
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        format!("X-WSO2-CLIENT-CERTIFICATE: {encoded}")
    };
    for (proxies, through_proxy) in [("127.0.0.1", "200"), ("192.0.2.1", "401")] {
        let (gateway, url) = served(&place, &backend, &settings(proxies));
        for (alias, shown, expected) in [
            (Some("listed"), None, "200"),
            (Some("stored"), None, "401"),
            (Some("stranger"), None, "000"),
            (None, None, "401"),
            // The proxy shows a certificate of its own, and its client's in the header.
            (Some("stored"), Some("listed"), through_proxy),
            (Some("stored"), Some("stored"), "401"),
            (Some("stored"), Some("stranger"), "401"),
            // A proxy that is nobody.
            (None, Some("listed"), "401"),
        ] {
            let headers: Vec<String> = shown.map(header).into_iter().collect();
            assert_eq!(
                curl(&place, &url, alias, &headers),
                expected,
                "{proxies} {alias:?} {shown:?}"
            );
            assert_eq!(
                explained(&place, alias, &headers),
                expected,
                "explained: {proxies} {alias:?} {shown:?}"
            );
        }
        gateway.signal("TERM");
        tokio::task::block_in_place(|| gateway.end()).exits(0);
    }
    let why = |alias: Option<&str>| {
        let mut command = place.command(&["explain", "request", "GET", "/shop/status", "--tls"]);
        command.args(["--project", "shop", "--config", "micro-gw.conf"]);
        command.env("listenerConfig_trustStorePassword", "store-password");
        if let Some(alias) = alias {
            command.args(["--client-cert", &format!("{alias}.pem")]);
        }
        Outcome::of(command).exits(0)
    };
    const OTHER: &str = "the client certificate that was shown is none of those that the API accepts";
    why(None)
        .prints("no client certificate was shown")
        .prints("Show one that the API accepts (--client-cert)");
    why(Some("stored"))
        .prints(OTHER)
        .prints("Show one that the API accepts");
    let definition = place.read("shop/api_definitions/shop.yaml");
    let optional = definition
        .replace("x-wso2-mutual-ssl: mandatory", "x-wso2-mutual-ssl: optional")
        .replace("{optional: true}", "{optional: false}");
    assert_ne!(definition, optional);
    place.write("shop/api_definitions/shop.yaml", &optional);
    why(Some("stored"))
        .prints(OTHER)
        .prints("Show none, or one that the API accepts");
    backend.shutdown().await;
}

/// The status that curl gets with the certificate of `alias`.
fn curl(place: &Place, url: &str, alias: Option<&str>, headers: &[String]) -> String {
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--insecure",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            url,
        ])
        .current_dir(place.path());
    if let Some(alias) = alias {
        command.args(["--cert", &format!("{alias}.pem"), "--key", &format!("{alias}-key.pem")]);
    }
    for header in headers {
        command.args(["--header", header]);
    }
    let output = command.output().expect("curl is there; ./test installs it");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The status that curl would get, as the explanation has it.
fn explained(place: &Place, alias: Option<&str>, headers: &[String]) -> String {
    let mut command = place.command(&["explain", "request", "GET", "/shop/status", "--tls", "--output", "json"]);
    command.args(["--project", "shop", "--config", "micro-gw.conf"]);
    command.env("listenerConfig_trustStorePassword", "store-password");
    if let Some(alias) = alias {
        command.args(["--client-cert", &format!("{alias}.pem")]);
    }
    for header in headers {
        command.args(["--header", header]);
    }
    let output = command.output().expect("it runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a document");
    match (document["outcome"].as_str(), document["answer"]["status"].as_u64()) {
        (Some("backend"), None) => "200".to_owned(),
        (Some("refused"), Some(status)) => status.to_string(),
        // There is no connection.
        (Some("refused"), None) => "000".to_owned(),
        other => format!("{other:?}"),
    }
}
