//! `mgw doctor` through the binary.

mod support_file;

use crate::serve;
use crate::support::{Outcome, Place, traced};
use mgw_fixtures::backend::Backend;
use mgw_fixtures::eventually::eventually;
use mgw_fixtures::ports::free_port;
use mgw_fixtures::redis::RedisServer;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;

/// The first finding of a check: its verdict and what it says.
#[track_caller]
fn finding(outcome: &Outcome, id: &str) -> (String, String) {
    let report = outcome.json();
    let checks = report["checks"].as_array().expect("a list of checks");
    let check = checks.iter().find(|check| check["id"] == id);
    let check = check.unwrap_or_else(|| panic!("no {id} in {report}"));
    let text = |key: &str| check[key].as_str().expect("a text").to_owned();
    (text("verdict"), text("finding"))
}

/// The command that makes one check.
fn only(place: &Place, id: &str, more: &[&str]) -> Command {
    let mut arguments = vec!["doctor", "--output", "json", "--only", id];
    arguments.extend(more);
    place.command(&arguments)
}

#[track_caller]
fn told(command: Command, id: &str) -> (String, String) {
    finding(&Outcome::of(command), id)
}

const DEFINITION: &str = "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nservers: [{url: 'http://localhost:1/'}]\n\
                          paths: {/x: {get: {x-wso2-disable-security: true, responses: {}}}}\n";

fn project() -> Place {
    let place = Place::new();
    place.write("openapi.yaml", DEFINITION);
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place
}

#[test]
fn a_fresh_user_is_told_what_is_missing_and_nothing_is_written() {
    let place = Place::new();
    let outcome = place.mgw(&["doctor", "--offline", "--output", "json"]);
    assert_eq!(finding(&outcome, "user-folder").0, "ok");
    assert_eq!(finding(&outcome, "session").0, "warning");
    assert_eq!(finding(&outcome, "project").0, "warning");
    assert!(!place.config_dir().exists());
    assert!(place.files().is_empty());
}

#[test]
fn broken_settings_are_a_problem_with_a_position() {
    let place = Place::new();
    place.write("mgw.toml", "format = 1\nname = shop\n");
    let outcome = place.mgw(&["doctor", "--offline"]).exits(7);
    assert!(outcome.stdout.contains("mgw.toml:2:8"), "{}", outcome.stdout);
    place.write("gateway.conf", "[listenerConfig]\nhttpPrt = 9090\nhttpPort = \"x\"\n");
    let outcome = place
        .mgw(&["doctor", "--offline", "--only", "settings", "--config", "gateway.conf"])
        .exits(7);
    for words in ["gateway.conf:2:1", "httpPort", "gateway.conf:3:"] {
        assert!(outcome.stdout.contains(words), "{words}: {}", outcome.stdout);
    }
}

#[test]
fn every_check_that_is_listed_is_made() {
    let place = Place::new();
    let list = place.mgw(&["doctor", "--list", "--output", "json"]).exits(0).json();
    let listed: Vec<&Value> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| &check["id"])
        .collect();
    assert!(listed.len() >= 25, "{list}");
    let report = place.mgw(&["doctor", "--offline", "--output", "json"]).json();
    let mut made: Vec<&Value> = report["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| &check["id"])
        .collect();
    made.dedup();
    assert_eq!(made, listed);
    place
        .mgw(&["doctor", "--only", "prots"])
        .exits(2)
        .says("there is no check `prots`")
        .says("Did you mean `ports`?");
}

#[cfg(target_os = "linux")]
#[test]
fn offline_connects_to_nothing() {
    let place = project();
    let trace = place.path().join("trace");
    let trace = trace.display().to_string();
    let command = place.command(&["doctor", "shop", "--offline"]);
    Outcome::of(traced(&command, &["-e", "trace=connect", "-o", &trace]));
    let calls = place.read("trace");
    assert!(!calls.contains("AF_INET"), "{calls}");
}

#[test]
fn a_variable_that_nothing_reads_is_told_with_the_right_name() {
    let place = Place::new();
    let mut command = only(&place, "variables", &[]);
    command.env("MGW_PASWORD", "canary");
    let outcome = Outcome::of(command);
    assert_eq!(finding(&outcome, "variables").1, "nothing reads MGW_PASWORD");
    assert!(outcome.stdout.contains("Did you mean MGW_PASSWORD?") && !outcome.stdout.contains("canary"));
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_holds_a_port_is_named() {
    let place = Place::new();
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = held.local_addr().expect("an address").port();
    let http = format!("listenerConfig.httpPort={port}");
    let sets = ["--set", "listenerConfig.host=127.0.0.1", "--set", &http];
    let ports = || told(only(&place, "ports", &sets), "ports");
    // A process that another test is just starting has the port for a moment too.
    eventually("this process is named", || {
        let (verdict, text) = ports();
        assert_eq!(verdict, "problem");
        assert!(text.starts_with(&format!("{port} is taken (HTTP) by ")), "{text}");
        text.ends_with(&format!("process {}", std::process::id()))
    });
    drop(held);
    eventually("the port is free", || ports().0 == "ok");
}

#[test]
fn formats_of_newer_versions_are_told_with_the_way_on() {
    use std::io::Write;
    let place = project();
    assert_eq!(told(only(&place, "version", &["shop"]), "version").0, "ok");
    let newer = |file: &str, check: &str| {
        let outcome = Outcome::of(only(&place, "version", &["shop"])).exits(7);
        let (verdict, text) = finding(&outcome, "version");
        assert_eq!(verdict, "problem", "{file}");
        assert!(
            text.contains(file) && text.contains("has format version 9, this version reads 1"),
            "{text}"
        );
        for outcome in [outcome, Outcome::of(only(&place, check, &["shop"]))] {
            assert!(
                outcome.stdout.contains("Use the version of mgw that"),
                "{file}: {}",
                outcome.stdout
            );
        }
    };
    place.write("shop/mgw.lock", "format = 9\n");
    newer("mgw.lock", "lock");
    std::fs::remove_file(place.path().join("shop/mgw.lock")).expect("it is there");

    let target = place.path().join("shop/target");
    std::fs::create_dir_all(&target).expect("a folder");
    let file = std::fs::File::create(target.join("shop.zip")).expect("a file");
    let mut archive = zip::ZipWriter::new(file);
    archive
        .start_file("manifest.json", zip::write::SimpleFileOptions::default())
        .expect("an entry");
    archive.write_all(br#"{"format": 9}"#).expect("written");
    archive.finish().expect("an archive");
    newer("shop.zip", "bundle");
    std::fs::remove_dir_all(target).expect("it is there");

    place.write("shop/mgw.toml", "format = 9\nname = \"shop\"\n");
    newer("mgw.toml", "project");
}

#[test]
fn redis_is_signed_in_to() {
    let place = Place::new();
    let store = |url: &str| {
        let mut command = only(&place, "shared-store", &[]);
        command.env("throttlingConfig_shared_url", url);
        let outcome = Outcome::of(command);
        assert!(!outcome.stdout.contains("canary"), "{}", outcome.stdout);
        finding(&outcome, "shared-store")
    };
    let redis = RedisServer::start();
    let port = redis.port();
    assert_eq!(store(&redis.url()).0, "ok");
    let (verdict, text) = store(&format!("redis://:canary-wrong@127.0.0.1:{port}"));
    assert_eq!(verdict, "problem");
    assert!(text.contains("refuses the password"), "{text}");
    let (verdict, text) = store(&format!("redis://127.0.0.1:{port}"));
    assert_eq!(
        (verdict.as_str(), text.contains("asks for a password")),
        ("problem", true),
        "{text}"
    );
    drop(redis);
    let (verdict, text) = store(&format!("redis://127.0.0.1:{port}"));
    assert_eq!(
        (verdict.as_str(), text.contains("cannot be connected to")),
        ("warning", true),
        "{text}"
    );
}

/// A TLS server whose certificate ended in 2021; it gets no further than the handshake.
fn expired() -> u16 {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 2, 3);
    let certificate = params.self_signed(&key).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("a pair");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
            // Ends when the client does not like what it sees.
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        }
    });
    port
}

#[test]
fn every_step_of_the_way_to_the_control_plane_is_told() {
    let place = Place::new();
    let steps = "control-plane-name,control-plane-connection,control-plane-certificate,control-plane-answer";
    let look = |url: &str| {
        let mut command = only(&place, steps, &[]);
        command.env("MGW_URL", url);
        let outcome = Outcome::of(command).exits(0);
        steps.split(',').map(|id| finding(&outcome, id)).collect::<Vec<_>>()
    };
    let found = look(&format!("https://127.0.0.1:{}", expired()));
    let verdicts: Vec<&str> = found.iter().map(|(verdict, _)| verdict.as_str()).collect();
    assert_eq!(verdicts, ["ok", "ok", "warning", "warning"], "{found:?}");
    assert!(found[2].1.contains("expired on 2021-02-03T00:00:00Z"), "{found:?}");
    // Nobody answers, then nobody says a word.
    let found = look(&format!("https://127.0.0.1:{}", free_port()));
    assert!(found[1].1.contains("cannot be connected to"), "{found:?}");
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let found = look(&format!(
        "https://127.0.0.1:{}",
        silent.local_addr().expect("an address").port()
    ));
    assert_eq!(found[1].0, "ok", "{found:?}");
    assert!(found[2].1.contains("no TLS within 5 s"), "{found:?}");
    assert_eq!(found[3].0, "warning", "{found:?}");
}

#[test]
fn a_bundle_that_is_old_or_damaged_is_told() {
    let place = project();
    let look = || told(only(&place, "bundle", &["shop", "--offline"]), "bundle");
    assert_eq!(look().0, "skipped");
    // With a revision of the sources, which only the bundle knows, it is another one of the same project.
    for revision in [&[][..], &["--source-revision", "abc123"]] {
        place.mgw(&[&["build", "shop"], revision].concat()).exits(0);
        let (verdict, text) = look();
        assert_eq!(verdict, "ok", "{text}");
        assert!(text.contains("is what a build gives now"), "{text}");
    }
    let changed = DEFINITION.replace("/x", "/y");
    place.write("shop/api_definitions/openapi.yaml", &changed);
    let (verdict, text) = look();
    assert_eq!(verdict, "warning", "{text}");
    assert!(text.contains("older than the project"), "{text}");
    place.write("shop/target/shop.zip", "damaged");
    assert_eq!(look().0, "problem");
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_and_a_gateway_that_runs_are_looked_at() {
    let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts");
    let place = Place::new();
    place.write(
        "openapi.yaml",
        &DEFINITION.replace("http://localhost:1/", &backend.url()),
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    assert_eq!(told(only(&place, "backends", &["shop"]), "backends").0, "skipped");
    let (verdict, text) = told(only(&place, "backends", &["shop", "--backends"]), "backends");
    assert_eq!(verdict, "ok", "{text}");
    assert_eq!(backend.request_count(), 0);
    let (gateway, url, admin) = serve::run(&place, "shop", &[]);
    let port = |url: &str| url.rsplit(':').next().expect("a port").to_owned();
    let sets = [
        "listenerConfig.host=127.0.0.1".to_owned(),
        format!("listenerConfig.httpPort={}", port(&url)),
        format!("adminConfig.port={}", port(&admin)),
        "listenerConfig.httpsPort=0".to_owned(),
    ];
    let ports = |more: &[&str]| {
        let mut arguments = vec!["shop"];
        arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
        arguments.extend(more);
        Outcome::of(only(&place, "ports", &arguments))
    };
    // A process that another test is just starting has the ports for a moment too.
    eventually("its own gateway is in nobody's way", || {
        let own = ports(&[]);
        let report = own.json();
        report["warnings"] == 0 && own.stdout.contains("by the gateway of this project")
    });
    let unknown = ports(&["--offline"]);
    assert!(
        unknown
            .stdout
            .contains("All is well where it is this project's own gateway"),
        "{}",
        unknown.stdout
    );
    let (verdict, text) = told(only(&place, "gateway", &["shop", "--url", &admin]), "gateway");
    assert_eq!(verdict, "ok", "{text}");
    assert!(text.contains("serves what is here"), "{text}");
    backend.shutdown().await;
    let support = place.mgw(&[
        "doctor",
        "shop",
        "--url",
        &admin,
        "--support",
        "s.zip",
        "--output",
        "json",
    ]);
    let entries = support.json()["support"]["entries"].to_string();
    assert!(
        entries.contains("gateway/ready.json") && entries.contains("gateway/metrics.txt"),
        "{entries}"
    );
    let (verdict, text) = told(only(&place, "backends", &["shop", "--backends"]), "backends");
    assert_eq!(verdict, "warning", "{text}");
    gateway.signal("TERM");
    gateway.end().exits(0);
}

#[test]
fn a_start_is_promised_only_where_the_signature_is_in_order() {
    let place = project();
    place.mgw(&["keys", "new", "release"]).exits(0);
    let start = |source: &str, key: &str| {
        let mut command = only(&place, "start", &[source, "--offline"]);
        command.env("MGW_VERIFY_KEY", key);
        told(command, "start")
    };
    let (verdict, text) = start("shop", "release");
    assert_eq!(verdict, "problem", "nothing is signed: {text}");
    assert!(text.contains("this is a project"), "{text}");
    place.mgw(&["build", "shop"]).exits(0);
    for source in ["shop", "shop/target/shop.zip"] {
        for key in ["release", "none.pem"] {
            let (verdict, text) = start(source, key);
            assert_eq!(verdict, "skipped", "{source}, {key}: {text}");
        }
        assert_eq!(start(source, "").0, "skipped", "nobody is trusted");
    }
    place.mgw(&["build", "shop", "--sign", "release"]).exits(0);
    let (verdict, text) = start("shop/target/shop.zip", "release");
    assert_eq!(
        (verdict.as_str(), text.as_str()),
        ("ok", "a gateway can start with shop and these settings")
    );
    let (verdict, text) = start("shop", "release");
    assert_eq!(verdict, "ok", "{text}");
    assert!(text.contains("with the folder none does"), "{text}");
}

/// The settings of a project.
fn settings(place: &Place, text: &str) {
    place.write("shop/conf/micro-gw.conf", text);
}

#[test]
fn files_that_a_start_needs_are_found_by_doctor_and_check() {
    let place = project();
    let start = || Outcome::of(place.command(&["doctor", "shop", "--offline", "--only", "start"]));
    start().exits(0).prints("a gateway can start with shop");
    settings(
        &place,
        "[[jwtTokenConfig]]\nissuer = \"https://issuer.example\"\njwksURL = \"https://issuer.example/jwks\"\njwksCaFile = \"missing.pem\"\n",
    );
    let told =
        "shop/conf/micro-gw.conf:4:1: shop/conf/missing.pem is not there, and the gateway does not start without it";
    start().exits(7).prints(told).prints("Put it there");
    // Another machine may have it.
    place
        .mgw(&["check", "shop"])
        .exits(0)
        .says("warning[missing-file]")
        .says("shop/conf/micro-gw.conf:4:1")
        .says("where the gateway's machine alone has it, nothing is wrong");

    settings(&place, "[b7a.http.accesslog]\npath = \"logs/access.log\"\n");
    start()
        .exits(7)
        .prints("shop/conf/micro-gw.conf:2:1: shop/conf/logs is not there");
    place.mgw(&["check", "shop"]).exits(0);
    place.write("shop/conf/logs/other.log", "");
    start().exits(0);
    let log = place.path().join("shop/conf/logs/access.log");
    assert!(!log.exists(), "a rehearsal makes no file");

    // The certificate of one key, and another key.
    let [key, other] = [(), ()].map(|()| rcgen::KeyPair::generate().expect("a key"));
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    place.write("shop/conf/server.pem", &certificate.pem());
    place.write("shop/conf/server.key", &other.serialize_pem());
    settings(
        &place,
        "[listenerConfig]\ncertificateFile = \"server.pem\"\nprivateKeyFile = \"server.key\"\n",
    );
    start()
        .exits(7)
        .prints("shop/conf/micro-gw.conf:2:1: the gateway does not start");
    place
        .mgw(&["check", "shop"])
        .exits(3)
        .says("error[gateway-setting]")
        .says("shop/conf/micro-gw.conf:2:1");
    place.write("shop/conf/server.key", &key.serialize_pem());
    start().exits(0);
    place.mgw(&["check", "shop"]).exits(0);

    // Keys of this kind sign no API keys, and others are not there.
    settings(
        &place,
        "[listenerConfig]\ncertificateFile = \"server.pem\"\nprivateKeyFile = \"server.key\"\n\
         [b7a.users.ana]\npassword = \"@sha256:{4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631}\"\n\
         [[apikey.issuer.api]]\nname = \"Shop\"\nversions = \"*\"\n",
    );
    let nobody = "nobody gets API keys, and `/apikey` is not found";
    start().exits(0).prints("warning").prints(nobody);
    place
        .mgw(&["check", "shop"])
        .exits(0)
        .says("warning[doubtful-setting]")
        .says(nobody);
}

#[test]
fn a_missing_password_of_a_backend_is_told_where_the_gateway_starts() {
    let place = Place::new();
    place.write(
        "openapi.yaml",
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\nx-wso2-endpoints:\n  - shop:\n      \
         urls: ['https://backend.example']\n      securityConfig: {type: basic, username: ana}\n\
         x-wso2-production-endpoints: '#/x-wso2-endpoints/shop'\n\
         paths: {/x: {get: {x-wso2-disable-security: true, responses: {}}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place.mgw(&["check", "shop"]).exits(0);
    let doctor = |password: Option<&str>| {
        let mut command = place.command(&["doctor", "shop", "--offline", "--only", "start"]);
        command.envs(password.map(|password| ("shop_prod_basic_password", password)));
        Outcome::of(command)
    };
    doctor(None)
        .exits(7)
        .prints("shop/api_definitions/openapi.yaml:5:5: the gateway does not start: endpoint https://backend.example of API Shop:1.0.0")
        .prints("set shop_prod_basic_password")
        .prints("Set it in the environment of the gateway");
    doctor(Some("canary")).exits(0);
    let run = place
        .mgw(&["run", "shop"])
        .exits(3)
        .says("Set it in the environment of the gateway");
    assert!(!run.stderr.contains("Build the bundle again"), "{}", run.stderr);
    // What the password is decides nothing.
    place
        .mgw(&["explain", "request", "GET", "/shop/x", "--project", "shop"])
        .exits(0)
        .prints("Reaches the backend: GET https://backend.example/x")
        .prints("`shop_prod_basic_password` is not set here");
    settings(&place, "[mutualSSLConfig]\nclientCaFile = \"missing.pem\"\n");
    // Nor does whom the gateway believes where nobody shows anything.
    let ask = |more: &[&str]| {
        let words = [&["explain", "request", "GET", "/shop/x", "--project", "shop"], more].concat();
        place.mgw(&words)
    };
    ask(&[]).exits(0).prints("Reaches the backend");
    for more in [["--tls"].as_slice(), &["-H", "Authorization: Bearer x.y.z"]] {
        ask(more)
            .exits(3)
            .says("An explanation reads the files that decisions are taken by");
    }
    let unused = "[httpClients.sslConfig]\ncaFile = \"missing.pem\"\n[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nprivateKeyFile = \"missing.pem\"\n";
    settings(&place, unused);
    ask(&["--tls"]).exits(0).prints("Reaches the backend");
}
