//! The simulated control plane as a program.

#[cfg(target_os = "linux")]
use crate::support::ignoring_hang_up;
use crate::support::{Outcome, Place};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

/// A sandbox that is up; it is ended when the case ends, whatever the outcome.
pub struct Sandbox {
    child: Child,
    ready: Value,
}

impl Sandbox {
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::of(Self::command(place, arguments))
    }

    fn command(place: &Place, arguments: &[&str]) -> Command {
        let mut all = vec!["sandbox", "--output", "json", "--listen", "127.0.0.1:0"];
        all.extend_from_slice(arguments);
        place.command(&all)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        stdout.read_line(&mut line).expect("standard output is readable");
        let Ok(ready) = serde_json::from_str(&line) else {
            let mut stderr = String::new();
            let _ = child.stderr.take().expect("it is piped").read_to_string(&mut stderr);
            panic!("not ready: {line}{stderr}");
        };
        Self { child, ready }
    }

    pub fn text(&self, name: &str) -> &str {
        self.ready[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {}", self.ready))
    }

    /// Ends it with a signal and returns its exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args([signal, &id]).status();
        assert!(killed.expect("kill starts").success());
        self.child.wait().expect("it is our child").code()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn login(place: &Place, sandbox: &Sandbox, password: &str) -> Outcome {
    let mut child = place
        .command(&[
            "login",
            "--url",
            sandbox.text("url"),
            "--ca",
            sandbox.text("ca_file"),
            "--email",
            "dev@meridian.example",
            "--org",
            "meridian",
            "--password-stdin",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child
        .stdin
        .take()
        .expect("it is piped")
        .write_all(password.as_bytes())
        .expect("the password is read");
    Outcome::from_output(child.wait_with_output().expect("it is our child"))
}

#[test]
fn it_says_how_to_sign_in_and_stops_on_a_signal() {
    for shape in ["api-cloud", "apim-3.2"] {
        let place = Place::new();
        let sandbox = Sandbox::start(&place, &["--shape", shape]);
        let account = &sandbox.ready["accounts"][0];
        assert_eq!(account["email"], "dev@meridian.example");
        assert!(sandbox.text("login").contains(sandbox.text("ca_file")));
        let password = account["sample_password"]
            .as_str()
            .expect("samples are shown")
            .to_owned();
        login(&place, &sandbox, "wrong").exits(11);
        login(&place, &sandbox, &password).exits(0).says("Signed in");
        let ca_file = sandbox.text("ca_file").to_owned();
        assert_eq!(sandbox.end("-TERM"), Some(0));
        assert!(!std::path::Path::new(&ca_file).exists(), "temporary files are removed");
    }
}

#[test]
fn ctrl_c_ends_it_with_success() {
    let place = Place::new();
    let sandbox = Sandbox::start(&place, &["--no-backend", "--ca-file", "ca.pem"]);
    assert_eq!(sandbox.ready["backend"], Value::Null);
    assert!(place.read("ca.pem").starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(sandbox.end("-INT"), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn it_ends_with_its_terminal_and_leaves_nothing() {
    let place = Place::new();
    let command = Sandbox::command(&place, &["--no-backend"]);
    let sandbox = Sandbox::of(ignoring_hang_up(&command, false));
    assert_eq!(place.temporary_files(), 1);
    assert_eq!(sandbox.end("-HUP"), Some(0));
    assert_eq!(place.temporary_files(), 0);
}

#[test]
fn an_exported_seed_can_be_changed_and_served() {
    let place = Place::new();
    place
        .mgw(&["sandbox", "--export-seed", "seed"])
        .exits(0)
        .says("Exported");
    place
        .mgw(&["sandbox", "--export-seed", "seed"])
        .exits(7)
        .says("is not empty");
    let organisation = place.read("seed/organisation.toml");
    place.write(
        "seed/organisation.toml",
        &organisation.replace("demo-password", "other-password"),
    );
    let sandbox = Sandbox::start(&place, &["--seed", "seed"]);
    assert!(
        !sandbox.ready.to_string().contains("other-password"),
        "only built-in samples are shown"
    );
    login(&place, &sandbox, "other-password").exits(0);
}

#[test]
fn mistakes_in_a_seed_are_placed() {
    let place = Place::new();
    place.mgw(&["sandbox", "--export-seed", "seed"]).exits(0);
    let labels = place.read("seed/labels.toml");
    place.write("seed/labels.toml", &labels.replace("name = \"dev\"", "nam = \"dev\""));
    place
        .mgw(&["sandbox", "--listen", "127.0.0.1:0", "--seed", "seed"])
        .exits(3)
        .says("labels.toml:5:1: `nam` is not known there; did you mean `name`?");
    place
        .mgw(&["sandbox", "--listen", "127.0.0.1:0", "--seed", "nowhere"])
        .exits(7)
        .says("nowhere");
}

#[test]
fn it_misbehaves_on_request() {
    let place = Place::new();
    let sandbox = Sandbox::start(&place, &["--fault", "400@/token*1"]);
    assert_ne!(login(&place, &sandbox, "demo-password").code, 0);
    login(&place, &sandbox, "demo-password").exits(0);
    place
        .mgw(&["sandbox", "--fault", "explode@/"])
        .exits(2)
        .says("EFFECT@PATH");
}

#[test]
fn a_port_in_use_is_said() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    place
        .mgw(&["sandbox", "--listen", &address])
        .exits(7)
        .says(&format!("cannot listen on {address}"));
}

#[test]
fn its_address_comes_from_the_environment_as_well() {
    let place = Place::new();
    let with = |value: &str, arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("MGW_SANDBOX_LISTEN", value);
        Outcome::of(command)
    };
    with("nowhere", &["sandbox"])
        .exits(2)
        .says("MGW_SANDBOX_LISTEN is `nowhere`");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    with(&address, &["sandbox"])
        .exits(7)
        .says(&format!("cannot listen on {address}"));
    // Whatever is said to the subcommands and to what ends at once is no matter of the address.
    with(&address, &["sandbox", "heal"])
        .exits(7)
        .says("Start `mgw sandbox` first");
    with(&address, &["sandbox", "--export-seed", "seed"]).exits(0);
}

#[test]
fn a_running_sandbox_goes_down_heals_and_changes() {
    let place = Place::new();
    let sandbox = Sandbox::start(&place, &["--shape", "apim-4.2", "--no-backend"]);
    place.mgw(&["sandbox", "down"]).exits(0);
    login(&place, &sandbox, "demo-password").exits(13);
    place.mgw(&["sandbox", "heal"]).exits(0);
    login(&place, &sandbox, "demo-password").exits(0);
    place.mgw(&["sandbox", "retire", "Orders:1.0.0"]).exits(0);
    place
        .mgw(&["sandbox", "retire", "Orders:9"])
        .exits(14)
        .says("there is no API \"Orders:9\"");
    place.mgw(&["sandbox", "--shape", "apim-3.2", "heal"]).exits(2);
    assert_eq!(sandbox.end("-TERM"), Some(0));
    place
        .mgw(&["sandbox", "heal"])
        .exits(7)
        .says("Start `mgw sandbox` first");
}

#[test]
fn a_user_of_a_running_sandbox_gets_another_password() {
    const USER: &str = "dev@meridian.example";
    let place = Place::new();
    let sandbox = Sandbox::start(&place, &["--no-backend"]);
    login(&place, &sandbox, "demo-password").exits(0);
    let usage = place.mgw(&["sandbox", "set-password", USER]);
    usage.exits(2).says("MGW_SANDBOX_PASSWORD").says("--password-file");
    place.write("password", "canary-1\n");
    let set = ["sandbox", "set-password", USER, "--password-file", "password"];
    let outcome = place.mgw(&set).exits(0);
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    login(&place, &sandbox, "demo-password").exits(11);
    login(&place, &sandbox, "canary-1").exits(0);
    let mut command = place.command(&["sandbox", "set-password", USER]);
    command.env("MGW_SANDBOX_PASSWORD", "canary-2");
    Outcome::of(command).exits(0);
    login(&place, &sandbox, "canary-1").exits(11);
    login(&place, &sandbox, "canary-2").exits(0);
    let unknown = ["sandbox", "set-password", "eve", "--password-file", "password"];
    place.mgw(&unknown).exits(14).says("there is no user \"eve\"");
    assert_eq!(sandbox.end("-TERM"), Some(0));
}

#[test]
fn a_locked_account_is_told_at_the_sign_in() {
    let place = Place::new();
    let sandbox = Sandbox::start(&place, &["--no-backend"]);
    place
        .mgw(&["sandbox", "lock-account", "nobody@meridian.example"])
        .exits(14)
        .says("there is no user \"nobody@meridian.example\"");
    place.mgw(&["sandbox", "lock-account", "dev@meridian.example"]).exits(0);
    for password in ["demo-password", "wrong"] {
        login(&place, &sandbox, password)
            .exits(11)
            .says("the account of dev@meridian.example@meridian is locked")
            .says("have an administrator unlock it");
    }
    place
        .mgw(&["sandbox", "unlock-account", "dev@meridian.example"])
        .exits(0);
    login(&place, &sandbox, "wrong").exits(11).says("with this password");
    login(&place, &sandbox, "demo-password").exits(0);
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let place = Place::new();
    let _sandbox = Sandbox::start(&place, &["--no-backend"]);
    place
        .mgw(&["sandbox", "block", "ip-range:192.0.2.9-192.0.2.1"])
        .exits(2)
        .says("FROM before TO");
    place
        .mgw(&["sandbox", "block", "ip-range:192.0.2.1-192.0.2.9"])
        .exits(0);
}

#[test]
fn mistakes_in_a_script_are_placed() {
    let place = Place::new();
    place.write("outage.txt", "after 1s down\nafter 1s explode\n");
    place
        .mgw(&["sandbox", "--script", "outage.txt"])
        .exits(3)
        .says("outage.txt:2:1: unrecognized subcommand");
}

#[test]
fn gateways_and_requests_are_shown() {
    let place = Place::new();
    let sandbox = Sandbox::start(&place, &["--ca-file", "ca.pem"]);
    let empty = place.mgw(&["sandbox", "gateways"]).exits(0);
    assert_eq!(empty.stdout, "no gateway has shown itself\n");
    place.write(
        "openapi.yaml",
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n\
         x-wso2-production-endpoints: {urls: ['http://127.0.0.1:1']}\n\
         paths: {/open: {get: {responses: {'200': {description: ok}}}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    let url = sandbox.text("url");
    place.write("password", "demo-password");
    place.write(
        "status.conf",
        &format!(
            "[gatewayStatus]\nenable = true\nusername = \"dev@meridian.example@meridian\"\npasswordFile = \"password\"\n\
             caFile = \"ca.pem\"\nlabel = \"dev\"\nhostName = \"edge-1\"\nenvMetadata = [\"os.name\"]\n\
             initializeUrl = \"{url}/onpremise-gatway-status-evaluator/initialize\"\n\
             pingUrl = \"{url}/onpremise-gatway-status-evaluator/ping\"\n\
             [[gatewayStatus.customMetadata]]\nname = \"owner\"\nvalue = \"ana\"\n"
        ),
    );
    let (gateway, ..) = crate::serve::run(&place, "shop", &["--config", "status.conf"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let shown = loop {
        let shown = place.mgw(&["sandbox", "gateways", "--output", "json"]).exits(0).json();
        if shown["list"][0]["state"] == "ONLINE" {
            break shown["list"][0].clone();
        }
        assert!(std::time::Instant::now() < deadline, "{shown}");
    };
    assert_eq!(
        (&shown["hostName"], &shown["labels"][0]),
        (&"edge-1".into(), &"dev".into())
    );
    assert_eq!(shown["version"], env!("CARGO_PKG_VERSION"));
    let table = place.mgw(&["sandbox", "gateways"]).exits(0).stdout;
    for word in ["HOST", "edge-1", "dev", "ONLINE", "s ago", "os.name=Linux", "owner=ana"] {
        assert!(table.contains(word), "no {word} in\n{table}");
    }
    let requests = place.mgw(&["sandbox", "requests"]).exits(0).stdout;
    assert!(
        requests.contains("200  POST  /onpremise-gatway-status-evaluator/initialize"),
        "{requests}"
    );
    gateway.signal("TERM");
    gateway.end().exits(0);
}

#[test]
fn the_control_file_is_for_its_owner_and_its_token_is_wanted() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let _sandbox = Sandbox::start(&place, &["--no-backend", "--control-file", "control.json"]);
    let file = place.path().join("control.json");
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let sandbox = ["--sandbox", "control.json"];
    let asked = |more: &[&str]| place.mgw(&[&["sandbox"], more, &sandbox].concat());
    let added = asked(&["add-application", "Robot", "--output", "json"]).exits(0).json();
    assert_eq!(added["consumer_key"].as_str().map(str::len), Some(32));
    asked(&["add-application", "Robot"]).exits(14).says("exists already");
    asked(&["subscribe", "Robot", "Orders:1.0.0"]).exits(0);
    asked(&["set-subscription", "Robot", "Orders:1.0.0", "blocked"]).exits(0);
    asked(&["set-application", "Robot", "Nothing"])
        .exits(14)
        .says("application policy");
    asked(&["key-manager", "disable"]).exits(0);
    place.write("backend.pem", "nonsense");
    let certificate = [
        "add-certificate",
        "Orders:1.0.0",
        "edge",
        "https://backend.example",
        "backend.pem",
    ];
    asked(&certificate).exits(14).says("PEM");
    asked(&["remove-application", "Robot"]).exits(0);
    let control = place.read("control.json");
    let token = control
        .split("\"token\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    place.write("control.json", &control.replace(token.expect("a token"), "guess"));
    asked(&["gateways"]).exits(14).says("401");
}

#[test]
fn a_broker_that_cannot_be_reached_is_told() {
    let place = Place::new();
    for (broker, word) in [
        ("amqp://admin:canary@127.0.0.1:1/carbon", "holds a password"),
        ("amqp://admin@127.0.0.1:1/carbon", "needs a password"),
    ] {
        let refused = place.mgw(&["sandbox", "--listen", "127.0.0.1:0", "--broker", broker]);
        let refused = refused.exits(2).says(word);
        assert!(!refused.stderr.contains("canary"), "{}", refused.stderr);
    }
    place.write("password", "canary");
    // Nobody listens on this port of this machine.
    let broker = [
        "--broker",
        "amqp://admin@127.0.0.1:1/carbon",
        "--broker-password-file",
        "password",
    ];
    let mut sandbox = Sandbox::start(&place, &broker);
    let stderr = BufReader::new(sandbox.child.stderr.take().expect("it is piped"));
    let mut lines = stderr.lines().map_while(Result::ok);
    let told = lines.find(|line| line.contains("not published")).expect("it is told");
    assert!(told.contains("--broker") && !told.contains("canary"), "{told}");
    assert_eq!(sandbox.end("-TERM"), Some(0));
    // Once, however often it was tried.
    assert_eq!(lines.filter(|line| line.contains("not published")).count(), 0);
}

#[test]
fn a_second_sandbox_takes_the_first_ones_place_while_it_runs() {
    let place = Place::new();
    let add = || place.mgw(&["sandbox", "add-application", "Robot"]);
    let first = Sandbox::start(&place, &["--no-backend"]);
    let second = Sandbox::start(&place, &["--no-backend"]);
    add().exits(0);
    add().exits(14).says("exists already");
    assert_eq!(second.end("-INT"), Some(0));
    // The first has not heard of it, and is reached again.
    add().exits(0);
    let third = Sandbox::start(&place, &["--no-backend"]);
    assert_eq!(first.end("-INT"), Some(0));
    add().exits(0);
    assert_eq!(third.end("-INT"), Some(0));
    add().exits(7).says("Start `mgw sandbox` first");
}
