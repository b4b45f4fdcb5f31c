//! Command lines and settings of micro-gw's toolkit, as its users have them in scripts.

use crate::pull::PASSWORD;
use crate::support::{Outcome, Place};
use crate::terminal::on_terminal;
use mgw_fixtures::simulator::{Options, Shape, Simulator};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

const USER: &str = "dev@meridian.example@meridian";

/// A simulated API Manager 3.2, and a project of micro-gw with a trust store beside it.
struct Case {
    simulator: Simulator,
    place: Place,
    _runtime: tokio::runtime::Runtime,
}

impl Case {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        let options = Options {
            shape: Shape::Apim32,
            ..Options::default()
        };
        let simulator = runtime.block_on(Simulator::start(options)).expect("a port is free");
        let place = Place::new();
        place.write("ca.pem", simulator.ca_pem());
        place.write("shop/policies.yaml", "resourcePolicies: []\n");
        let made = Command::new("openssl")
            .args([
                "pkcs12",
                "-export",
                "-nokeys",
                "-in",
                "ca.pem",
                "-out",
                "trust.p12",
                "-passout",
                "pass:ballerina",
            ])
            .current_dir(place.path())
            .status()
            .expect("openssl starts");
        assert!(made.success());
        Self {
            simulator,
            place,
            _runtime: runtime,
        }
    }

    /// Settings of the toolkit for this control plane.
    fn settings(&self, more: &str) -> String {
        format!(
            "[token]\nbaseURL = \"{}\"\napimVersion = \"3.2.0\"\nusername = \"{USER}\"\ntrustStoreLocation = \"trust.p12\"\n{more}",
            self.simulator.url()
        )
    }
}

fn pulled(outcome: Outcome) -> usize {
    let result = outcome.exits(0).json();
    result["apis"].as_array().expect("a list").len()
}

#[test]
fn one_api_is_imported_with_every_old_flag() {
    let case = Case::new();
    let url = case.simulator.url().to_owned();
    let words = [
        "import",
        "shop",
        "-a",
        "Orders",
        "-v",
        "1.0.0",
        "-s",
        &url,
        "-u",
        USER,
        "-p",
        PASSWORD,
        "-t",
        "trust.p12",
        "-w",
        "ballerina",
        "--output",
        "json",
    ];
    let outcome = case.place.mgw(&words);
    assert!(
        outcome.stderr.contains("command line can be seen"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains(PASSWORD), "{}", outcome.stderr);
    assert_eq!(pulled(outcome), 1);
    // The session is kept, so that the next import needs none of it; what the password showed is missed.
    let again = ["import", "shop", "-l", "dev", "--prune", "--output", "json"];
    case.place.mgw(&again).exits(4).says("the data for gateways");
    let again = [&again[..], &["--accept-unseen"]].concat();
    assert_eq!(pulled(case.place.mgw(&again)), 4);
    // A wrong store is told before anybody is asked.
    let wrong = ["import", "shop", "-l", "dev", "-t", "trust.p12", "-w", "canary-wrong"];
    let outcome = case
        .place
        .mgw(&wrong)
        .exits(2)
        .says("trust.p12")
        .says("MGW_TRUSTSTORE_PASSWORD");
    assert!(!outcome.stderr.contains("canary-wrong"), "{}", outcome.stderr);
}

#[test]
fn what_is_imported_one_by_one_is_all_there() {
    let case = Case::new();
    let url = case.simulator.url().to_owned();
    let place = &case.place;
    place
        .mgw(&["login", "--url", &url, "-u", USER, "-p", PASSWORD, "--ca", "ca.pem"])
        .exits(0);
    let versions = |outcome: Outcome| {
        let result = outcome.exits(0).json();
        let apis = result["apis"].as_array().expect("a list").iter();
        let named = apis.map(|api| {
            format!(
                "{}:{}",
                api["name"].as_str().unwrap_or_default(),
                api["version"].as_str().unwrap_or_default()
            )
        });
        named.collect::<Vec<_>>()
    };
    let import = |words: &[&str]| {
        let head = ["import", "shop", "--output", "json"];
        place.mgw(&[&head, words].concat())
    };
    assert_eq!(versions(import(&["-a", "Orders", "-v", "1.0.0"])), ["Orders:1.0.0"]);
    let both = ["Orders:1.0.0", "Orders:2.0.0"];
    assert_eq!(versions(import(&["-a", "Orders", "-v", "2.0.0"])), both);
    let definitions = place.path().join("shop/gen/api_definitions");
    assert_eq!(
        definitions.read_dir().expect("the folder is readable").count(),
        both.len()
    );
    // Again, and with the label beside them: nothing goes.
    assert_eq!(versions(import(&["-a", "Orders", "-v", "1.0.0"])), both);
    let all = versions(import(&["-l", "dev"]));
    assert!(
        all.len() > 2 && both.iter().all(|api| all.contains(&(*api).to_owned())),
        "{all:?}"
    );
    assert_eq!(versions(import(&["-a", "Orders", "-v", "1.0.0"])), all);
    let lock = place.read("shop/mgw.lock");
    // One API of a label: what a lock cannot say is refused, and nothing is served beside it.
    import(&["-l", "dev", "-a", "Orders", "-v", "1.0.0"])
        .exits(2)
        .says("the whole label would be")
        .says("Leave -l out");
    assert_eq!(place.read("shop/mgw.lock"), lock);
    // A pull, and --prune, take what they name.
    assert_eq!(
        versions(import(&["-a", "Orders", "-v", "2.0.0", "--prune"])),
        ["Orders:2.0.0"]
    );
    assert_eq!(
        versions(place.mgw(&["pull", "shop", "--output", "json", "--api", "Orders:1.0.0"])),
        ["Orders:1.0.0"]
    );
}

/// The same server at an address that its certificate does not name.
fn relay(port: u16) -> String {
    let listener = TcpListener::bind("127.0.0.2:0").expect("a port is free");
    let host = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
            let pairs = [
                (
                    client.try_clone().expect("a handle"),
                    server.try_clone().expect("a handle"),
                ),
                (server, client),
            ];
            for (mut from, mut to) in pairs {
                std::thread::spawn(move || {
                    // Whoever hangs up ends the connection.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    host
}

#[test]
fn a_certificate_of_another_host_is_accepted_only_when_asked_for() {
    let case = Case::new();
    // The certificate is that of `localhost` and `127.0.0.1`.
    let host = relay(case.simulator.address().port());
    let url = format!("https://{host}");
    let line = |more: &[&str]| {
        let mut words = vec![
            "import",
            "shop",
            "-l",
            "dev",
            "-s",
            &url,
            "-u",
            USER,
            "-p",
            PASSWORD,
            "-t",
            "trust.p12",
        ];
        words.extend(more);
        case.place.mgw(&words)
    };
    line(&[]).exits(13).says("not of 127.0.0.2");
    line(&["-k"]).exits(0).says("--insecure");
    // Somebody must vouch for it all the same.
    let words = [
        "import", "shop", "-l", "dev", "-s", &url, "-u", USER, "-p", PASSWORD, "-k",
    ];
    case.place.mgw(&words).exits(2).says("--truststore or --ca");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=other",
        ])
        .args(["-keyout", "other.key", "-out", "other.pem"])
        .current_dir(case.place.path())
        .output()
        .expect("openssl starts");
    assert!(made.status.success());
    let words = [
        "import",
        "shop",
        "-l",
        "dev",
        "-s",
        &url,
        "-u",
        USER,
        "-p",
        PASSWORD,
        "-k",
        "--ca",
        "other.pem",
    ];
    case.place.mgw(&words).exits(13).says("not trusted here");
}

#[test]
fn the_toolkits_settings_say_where_and_who() {
    let case = Case::new();
    case.place
        .write("toolkit.toml", &case.settings("clientSecret = \"canary-secret\"\n"));
    let import = |words: &[&str]| {
        let mut command = case.place.command(words);
        command.env("MGW_PASSWORD", PASSWORD);
        Outcome::of(command)
    };
    let words = ["import", "shop", "-l", "dev", "-c", "toolkit.toml", "--output", "json"];
    let outcome = import(&words);
    assert!(outcome.stderr.contains("encrypted"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    assert_eq!(pulled(outcome), 4);
    // The project's own file is found.
    case.place.write("shop/conf/toolkit-config.toml", &case.settings(""));
    assert_eq!(pulled(import(&["import", "shop", "-l", "dev", "--output", "json"])), 4);
    // What the project says wins.
    case.place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n\n[control-plane]\nurl = \"https://127.0.0.1:1\"\n",
    );
    import(&["import", "shop", "-l", "dev"]).exits(13).says("127.0.0.1:1");
    // Mistakes have places.
    case.place.write(
        "toolkit.toml",
        "[token]\nbaseUrl = \"https://a\"\n[client]\nhttpRequestTimeout = \"soon\"\n",
    );
    import(&["import", "shop", "-l", "dev", "-c", "toolkit.toml"])
        .exits(3)
        .says("toolkit.toml:2:1")
        .says("Did you mean `baseURL`?");
    import(&["import", "shop", "-l", "dev", "-c", "nowhere.toml"])
        .exits(7)
        .says("nowhere.toml");
}

#[test]
fn an_import_at_a_terminal_asks_as_micro_gw_did() {
    let case = Case::new();
    let arguments = ["import", "shop", "-l", "dev"];
    let outcome = on_terminal(
        &case.place,
        &arguments,
        &[("MGW_CA_FILE", "ca.pem")],
        &[
            ("Base URL of the control plane", case.simulator.url()),
            ("User name", USER),
            ("Password of", PASSWORD),
        ],
    )
    .exits(0);
    assert!(!outcome.stdout.contains(PASSWORD), "{}", outcome.stdout);
    // Nobody is asked where nobody can answer.
    std::fs::remove_dir_all(case.place.config_dir()).expect("the session is there");
    let outcome = case.place.mgw(&arguments);
    assert_eq!(outcome.code, 11, "{}", outcome.stderr);
}

#[test]
fn reset_blanks_the_settings_and_signs_out() {
    let place = Place::new();
    let text = "[token]\nusername = \"admin\" # us\nclientId = \"canary\"\n\n[codeGen]\napiFaultResponses = true\n";
    place.write("t.toml", text);
    place
        .mgw(&["reset", "-c", "t.toml"])
        .exits(0)
        .says("Blanked username, clientId of t.toml");
    let expected = text.replace("\"admin\"", "\"\"").replace("\"canary\"", "\"\"");
    assert_eq!(place.read("t.toml"), expected);
    place.mgw(&["reset", "-c", "t.toml"]).exits(0).says("names nobody");
    place
        .mgw(&["reset", "-c", "nowhere.toml"])
        .exits(7)
        .says("nowhere.toml");
    place.write("t.toml", "[token]\nclientSecret = \"canary\n");
    let outcome = place.mgw(&["reset", "-c", "t.toml"]).exits(3).says("t.toml:2:");
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
}

/// Answers requests one after the other, and returns what each carried.
fn serve(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = String::new();
            let mut lines = BufReader::new(stream.try_clone().expect("a handle"));
            while !request.ends_with("\r\n\r\n") {
                assert!(lines.read_line(&mut request).expect("a request") > 0);
            }
            stream.write_all(answer.as_bytes()).expect("the client listens");
            requests.push(request.to_ascii_lowercase());
        }
        requests
    });
    (url, server)
}

#[test]
fn a_definition_is_downloaded_with_headers() {
    const BODY: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Disposition: attachment; filename=shop.json\r\n\r\n\
        {\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Shop\",\"version\":\"1\"},\"servers\":[{\"url\":\"https://b.example\"}],\
        \"paths\":{\"/a\":{\"get\":{\"responses\":{}}}}}";
    let place = Place::new();
    let (url, server) = serve(&[BODY]);
    let address = format!("{url}/definition");
    place
        .mgw(&[
            "init",
            "shop",
            "-a",
            &address,
            "--headers",
            "X-Key,X-Other",
            "--values",
            "canary,2",
        ])
        .exits(0);
    let requests = server.join().expect("the server ends");
    assert!(
        requests[0].contains("x-key: canary\r\n") && requests[0].contains("x-other: 2\r\n"),
        "{requests:?}"
    );
    assert!(place.read("shop/api_definitions/shop.json").contains("Shop"));
    let uneven = [
        "init",
        "other",
        "-a",
        &address,
        "--headers",
        "a,b",
        "--values",
        "canary",
    ];
    let outcome = place.mgw(&uneven).exits(2).says("2 names");
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
}

#[test]
fn headers_go_to_no_other_server() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    other.set_nonblocking(true).expect("a socket");
    let there = format!("http://{}/x", other.local_addr().expect("bound"));
    let answer = format!("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
    let (url, server) = serve(Box::leak(Box::new([&*Box::leak(answer.into_boxed_str())])));
    let words = ["init", "shop", "-a", &url, "--headers", "X-Key", "--values", "canary"];
    let outcome = place.mgw(&words);
    assert_ne!(outcome.code, 0);
    assert!(outcome.stderr.contains("another server"), "{}", outcome.stderr);
    server.join().expect("the server ends");
    assert!(other.accept().is_err(), "the other server was asked");
    assert!(!place.path().join("shop").exists());
}

const DEFINITION: &str = "openapi: 3.0.0\ninfo: {title: Pets, version: '1'}\nservers: [{url: 'http://127.0.0.1:1/v1'}]\npaths:\n  /pet:\n    get: {responses: {}}\n";

#[test]
fn cors_and_answers_to_unknown_paths_come_from_the_toolkit() {
    let place = Place::new();
    place.write("pets/policies.yaml", "subscriptionPolicies: []\n");
    place.write("pets/api_definitions/a.yaml", DEFINITION);
    let own = DEFINITION.replace("Pets", "Own").replace("/v1", "/v2").replace(
        "paths:",
        "x-wso2-cors: {accessControlAllowOrigins: ['https://own.example']}\npaths:",
    );
    place.write("pets/api_definitions/b.yaml", &own);
    let off = DEFINITION
        .replace("Pets", "Off")
        .replace("/v1", "/v3")
        .replace("paths:", "x-wso2-cors: {corsConfigurationEnabled: false}\npaths:");
    place.write("pets/api_definitions/c.yaml", &off);
    let toolkit = "[corsConfiguration]\ncorsConfigurationEnabled = true\naccessControlAllowOrigins = [\"https://shop.example\"]\n\n[codeGen]\napiFaultResponses = true\n";
    place.write("pets/conf/toolkit-config.toml", toolkit);
    let gateway = |words: &[&str]| -> serde_json::Value {
        place.mgw(words).exits(0);
        serde_json::from_str(&place.read("pets/target/gen/gateway.json")).expect("JSON")
    };
    let origins = |gateway: &serde_json::Value| -> Vec<String> {
        let apis = gateway["apis"].as_array().expect("a list").iter();
        apis.map(|api| {
            format!(
                "{} {}",
                api["name"].as_str().unwrap_or_default(),
                api["cors"]["allow_origins"][0]
            )
        })
        .collect()
    };
    let built = gateway(&["build", "pets"]);
    assert_eq!(
        origins(&built),
        [
            r#"Pets "https://shop.example""#,
            r#"Own "https://own.example""#,
            "Off null"
        ]
    );
    assert_eq!(built["api_fault_responses"], true);
    // Another file is named, and mgw.toml wins over it.
    place.write(
        "other.toml",
        "[codeGen]\napiFaultResponses = false\nglobalFaultResponses = true\n",
    );
    let built = gateway(&["build", "pets", "-c", "other.toml"]);
    assert_eq!(origins(&built)[0], "Pets null");
    assert_eq!(
        (&built["api_fault_responses"], &built["global_fault_responses"]),
        (&false.into(), &true.into())
    );
    place.write(
        "pets/mgw.toml",
        "format = 1\nname = \"pets\"\n[build]\napi-fault-responses = false\n[build.cors]\nallow-origins = [\"https://ours.example\"]\n",
    );
    let built = gateway(&["build", "pets"]);
    assert_eq!(origins(&built)[0], r#"Pets "https://ours.example""#);
    assert_eq!(built["api_fault_responses"], false);
    place
        .mgw(&["build", "pets", "-c", "nowhere.toml"])
        .exits(7)
        .says("nowhere.toml");
}

#[test]
fn what_micro_gw_built_is_not_run() {
    let place = Place::new();
    place.write("pets/target/pets.jar", "PK");
    place
        .mgw(&["run", "pets/target/pets.jar"])
        .exits(3)
        .says("only micro-gw can run")
        .says("mgw build");
    place
        .mgw(&["run", "pets/target/nope.jar"])
        .exits(7)
        .says("there is neither pets/target/nope.jar nor pets/target/nope.zip");
    place.mgw(&["start"]).exits(2).says("foreground");
}
