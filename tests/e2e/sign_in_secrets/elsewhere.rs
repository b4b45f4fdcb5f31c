//! Sign-ins that happen elsewhere: in a browser, on another device, by whoever issued a token; and the renewal of each.

use super::secrets::{Secrets, session_file};
use super::underway::{Underway, login};
use super::{USER, registration};
use crate::pull::PASSWORD;
use crate::support::{Outcome, Place};
use crate::terminal::on_terminal;
use mgw_fixtures::simulator::{Options, Shape, Simulator};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const FORMATS: [&str; 2] = ["text", "json"];
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CALLBACK: &str = "regexp=http://127.0.0.1:[0-9]+/callback";

/// A control plane, a client that an administrator has registered there, and the place of its user.
struct Scene {
    runtime: Runtime,
    simulator: Simulator,
    place: Place,
    id: String,
    secret: String,
    secrets: Secrets,
}

impl Scene {
    fn new(shape: Shape, grants: &str) -> Self {
        let runtime = Runtime::new().expect("threads can be started");
        let options = Options {
            shape,
            ..Options::default()
        };
        let simulator = runtime.block_on(Simulator::start(options)).expect("a port is free");
        let (id, secret) = runtime.block_on(registration(&simulator, grants, CALLBACK));
        let place = Place::new();
        place.write("ca.pem", simulator.ca_pem());
        place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
        Self {
            secrets: Secrets::of(&[PASSWORD]).and_kept(&secret),
            runtime,
            simulator,
            place,
            id,
            secret,
        }
    }

    /// Starts a sign-in as the registered client, whose secret comes through standard input.
    fn login(&self, words: &[&str], format: &str) -> Underway {
        let mut all = vec!["--client-id", &self.id, "--client-secret-stdin"];
        all.extend(words);
        let command = login(&self.place, self.simulator.url(), &all, format);
        Underway::start(command, Some(&self.secret))
    }

    /// Asserts that nothing shows, whatever came of it.
    #[track_caller]
    fn nothing_shows(&mut self, outcome: &Outcome) {
        self.secrets.add_session(&self.place);
        for text in [&outcome.stdout, &outcome.stderr] {
            self.secrets.absent_from(text, "what is printed");
        }
        self.secrets.absent_from_files(&self.place);
    }

    /// Uses the session, has it renewed, and has it end for good.
    fn renewal_shows_nothing(&mut self, is_renewed: bool) {
        for format in FORMATS {
            let pull = |scene: &Self| {
                let words = ["pull", "shop", "--label", "dev", "-vv", "--output", format];
                Outcome::of(scene.place.command(&words))
            };
            let used = pull(self).exits(0);
            self.nothing_shows(&used);
            let kept = std::fs::read_to_string(session_file(&self.place)).expect("there is a session");
            self.simulator.expire_access_tokens();
            let renewed = pull(self).exits(if is_renewed { 0 } else { 11 });
            self.nothing_shows(&renewed);
            let now = std::fs::read_to_string(session_file(&self.place)).expect("there is a session");
            assert_eq!(kept != now, is_renewed);
            if !is_renewed {
                return;
            }
        }
        self.simulator.forget_tokens();
        let words = ["pull", "shop", "--label", "dev", "-vv"];
        let ended = Outcome::of(self.place.command(&words)).exits(11);
        self.nothing_shows(&ended);
    }
}

/// What a user does in the browser: fill in the page, and be sent back to the command with a code, which is returned.
async fn sign_in_at(page: &url::Url, ca: &str) -> String {
    let roots = reqwest::Certificate::from_pem_bundle(ca.as_bytes()).expect("a certificate");
    let browser = reqwest::Client::builder()
        .tls_certs_merge(roots)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let shown = browser.get(page.clone()).send().await.expect("an answer");
    assert_eq!(shown.status(), 200);
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    let typed = [("username", USER), ("password", PASSWORD), ("decision", "approve")];
    form.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut action = page.clone();
    action.set_query(None);
    let sent = browser.post(action).form(&form).send().await.expect("an answer");
    let back = sent
        .headers()
        .get("location")
        .expect("it leads back")
        .to_str()
        .expect("a URL");
    let back: url::Url = back.parse().expect("a URL");
    let code = query(&back, "code");
    let told = browser.get(back).send().await.expect("the command listens");
    let told = told.text().await.expect("a page");
    assert!(told.contains("You are signed in"), "{told}");
    assert!(!told.contains(&code), "{told}");
    code
}

fn query(url: &url::Url, name: &str) -> String {
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).expect("it is there")
}

#[test]
fn a_browser_is_told_no_secret_and_brings_none_to_light() {
    let mut scene = Scene::new(Shape::Apim32, "authorization_code refresh_token");
    for format in FORMATS {
        let mut underway = scene.login(&["--browser", "--no-open"], format);
        let page = underway.page();
        scene.secrets.add_challenge(&query(&page, "code_challenge"));
        scene.secrets.absent_from(page.as_str(), "the address of the page");
        let seen = underway.seen_from_outside();
        let code = scene.runtime.block_on(sign_in_at(&page, scene.simulator.ca_pem()));
        scene.secrets.add(&code);
        let outcome = underway.end().exits(0);
        scene.nothing_shows(&outcome);
        scene.secrets.absent_from(&seen, "the list of processes");
    }
    // Password, two challenges, two codes, the tokens (the same again for the same user), the secret of the client.
    assert_eq!(scene.secrets.count(), 1 + 2 + 2 + 2 + 1);
    scene.renewal_shows_nothing(true);
}

#[test]
fn what_opens_the_browser_is_given_the_address_alone() {
    let mut scene = Scene::new(Shape::Apim32, "authorization_code refresh_token");
    // Stands for the platform's opener, and notes what it is given.
    let bin = tempfile::TempDir::new().expect("a temporary folder");
    let (opener, seen) = (bin.path().join("xdg-open"), bin.path().join("seen"));
    let script = format!(
        "#!/bin/sh\n{{ cat /proc/$$/environ; printf '\\nARGUMENTS\\n'; printf '%s\\n' \"$@\"; }} > {0}.part\n\
         mv {0}.part {0}\n",
        seen.display()
    );
    std::fs::write(&opener, script).expect("the folder is writable");
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap_or_default());
    let variables = [
        ("PATH", path.as_str()),
        ("MGW_CLIENT_ID", &scene.id),
        ("MGW_CLIENT_SECRET", &scene.secret),
        ("MGW_HTTP_HEADERS", "X-Edge: canary-header"),
        ("WSO2_CLOUD_PASSWORD", "canary-password"),
    ];
    let words = [
        "login",
        "--url",
        scene.simulator.url(),
        "--ca",
        "ca.pem",
        "-vv",
        "--browser",
    ];
    let (outcome, given, code) = std::thread::scope(|scope| {
        let login = scope.spawn(|| on_terminal(&scene.place, &words, &variables, &[]));
        let deadline = Instant::now() + Duration::from_secs(60);
        let given = loop {
            match std::fs::read(&seen) {
                Ok(bytes) => break String::from_utf8_lossy(&bytes).replace('\0', "\n"),
                Err(_) => assert!(!login.is_finished() && Instant::now() < deadline, "nothing was opened"),
            }
            std::thread::yield_now();
        };
        let address = given
            .rsplit("ARGUMENTS\n")
            .next()
            .expect("it has one")
            .trim()
            .to_owned();
        let page: url::Url = address.parse().expect("the address and nothing else");
        let code = scene.runtime.block_on(sign_in_at(&page, scene.simulator.ca_pem()));
        (
            login.join().expect("it ends"),
            given,
            (code, query(&page, "code_challenge")),
        )
    });
    let outcome = outcome.exits(0);
    scene.secrets.add(&code.0);
    scene.secrets.add_challenge(&code.1);
    scene.secrets.add("canary-");
    assert!(given.contains("PATH="), "{given}");
    scene.secrets.add_session(&scene.place);
    scene.secrets.absent_from(&given, "what the opener is given");
    for text in [&outcome.stdout, &outcome.stderr] {
        scene.secrets.absent_from(text, "what is printed");
    }
    assert!(!given.contains("MGW_"), "nothing of ours is its business: {given}");
}

#[test]
fn another_device_is_told_no_secret_and_brings_none_to_light() {
    let mut scene = Scene::new(Shape::Apim42, &format!("{DEVICE_GRANT} refresh_token"));
    scene.simulator.set_device_interval(1);
    for (format, user, exit) in [("text", Some(USER), 0), ("json", Some(USER), 0), ("text", None, 11)] {
        let mut underway = scene.login(&["--device", "--username", USER], format);
        let simulator = &scene.simulator;
        let shown = underway.until(|_| simulator.pending_user_codes().pop());
        let code = simulator.pending_device_codes().pop().expect("it goes with the user's");
        scene.secrets.add(&code);
        underway.until(|text| text.contains(&shown).then_some(()));
        let seen = underway.seen_from_outside();
        assert!(scene.simulator.decide_device(&shown, user));
        let outcome = underway.end().exits(exit);
        scene.nothing_shows(&outcome);
        scene.secrets.absent_from(&seen, "the list of processes");
    }
    // Password, three device codes, the tokens, the secret of the client.
    assert_eq!(scene.secrets.count(), 1 + 3 + 2 + 1);
    scene.renewal_shows_nothing(true);
}

#[test]
fn a_token_that_is_given_shows_nowhere() {
    let mut scene = Scene::new(Shape::Apim32, "client_credentials");
    // A token that was issued elsewhere: to the client itself.
    let underway = scene.login(&["--client-credentials"], "json");
    underway.end().exits(0);
    let text = std::fs::read_to_string(session_file(&scene.place)).expect("there is a session");
    let session: serde_json::Value = serde_json::from_str(&text).expect("a document");
    let token = session["access_token"].as_str().expect("a token").to_owned();
    for (format, given, exit) in [
        ("text", token.as_str(), 0),
        ("json", &token, 0),
        ("text", "canary-token", 11),
        ("json", "canary-token", 11),
    ] {
        std::fs::remove_file(session_file(&scene.place)).expect("it was there");
        let words = ["--token-stdin", "--username", USER, "--expires-in", "600"];
        let command = login(&scene.place, scene.simulator.url(), &words, format);
        let outcome = Underway::start(command, Some(given)).end().exits(exit);
        scene.nothing_shows(&outcome);
        Secrets::of(&[given]).absent_from(&(outcome.stdout + &outcome.stderr), "what is printed");
        if exit != 0 {
            std::fs::write(session_file(&scene.place), &text).expect("the folder is writable");
            std::fs::set_permissions(session_file(&scene.place), std::fs::Permissions::from_mode(0o600))
                .expect("it is ours");
        }
    }
    // What was signed in with a token has nothing to renew it with.
    std::fs::remove_file(session_file(&scene.place)).expect("it was there");
    let command = login(
        &scene.place,
        scene.simulator.url(),
        &["--token-stdin", "--username", USER],
        "text",
    );
    Underway::start(command, Some(&token)).end().exits(0);
    scene.renewal_shows_nothing(false);
}
