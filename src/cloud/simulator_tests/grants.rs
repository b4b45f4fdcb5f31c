//! Signing in with a client of one's own: in the browser, on another device, as the client itself; and with a token.

use super::*;
use serde_json::{Value, json};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const USER: &str = "dev@meridian.example@meridian";

/// Sends a request as a browser or an administrator would; returns the body and where a redirect leads.
fn send(bench: &Bench, request: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder) -> (String, Option<String>) {
    let roots = reqwest::Certificate::from_pem_bundle(bench.simulator.ca_pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_merge(roots)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    bench.runtime.block_on(async {
        let answer = request(&client).send().await.unwrap();
        let location = answer.headers().get("location");
        let location = location.map(|place| place.to_str().unwrap().to_owned());
        (answer.text().await.unwrap(), location)
    })
}

/// A client as an administrator registers it: its id and secret.
fn register(bench: &Bench, path: &str, grants: &str, callback: &str) -> (String, String) {
    let registration = json!({
        "clientName": "ours", "owner": USER, "grantType": grants, "callbackUrl": callback, "saasApp": true
    });
    let url = format!("{}/client-registration{path}/register", bench.simulator.url());
    let (answer, _) = send(bench, |client| {
        client
            .post(url)
            .basic_auth(USER, Some("demo-password"))
            .json(&registration)
    });
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    (text("clientId"), text("clientSecret"))
}

/// Waits for something that another thread brings about.
fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "it did not happen");
        std::thread::yield_now();
    }
}

fn session(bench: &Bench) -> Value {
    serde_json::from_str(&std::fs::read_to_string(bench.session_file()).unwrap()).unwrap()
}

fn login(bench: &Bench, words: &[&str], variables: &[(&str, &str)]) -> Result<ExitCode, Failure> {
    let url = bench.simulator.url();
    let mut all = vec!["login", "--url", url];
    all.extend(words);
    bench.run_with(&all, variables)
}

fn project_pull(bench: &Bench) -> Result<ExitCode, Failure> {
    bench.pull(&["--label", "dev"])
}

#[test]
fn a_client_signs_in_as_itself_and_renews_by_itself() {
    let bench = Bench::start(Shape::Apim32);
    let (id, secret) = register(&bench, "/v0.17", "client_credentials", "https://localhost/x");
    let variables = [("MGW_CLIENT_ID", id.as_str()), ("MGW_CLIENT_SECRET", secret.as_str())];
    assert_eq!(
        login(&bench, &["--client-credentials"], &variables).unwrap(),
        ExitCode::Success
    );
    let kept = session(&bench);
    assert_eq!(kept["method"], "client-credentials");
    assert_eq!(kept["refresh_token"], Value::Null);
    assert_eq!(project_pull(&bench).unwrap(), ExitCode::Success);
    bench.simulator.expire_access_tokens();
    assert_eq!(project_pull(&bench).unwrap(), ExitCode::Success);
    assert_ne!(session(&bench)["access_token"], kept["access_token"]);
    bench.simulator.clear_requests();
    assert_eq!(bench.run(&["logout"]).unwrap(), ExitCode::Success);
    assert!(
        bench.simulator.requests().is_empty(),
        "other users of the client keep the token"
    );
    let wrong = [("MGW_CLIENT_ID", id.as_str()), ("MGW_CLIENT_SECRET", "canary")];
    let failure = login(&bench, &["--client-credentials"], &wrong).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
}

#[test]
fn a_client_without_the_grant_or_without_a_name_is_told() {
    let bench = Bench::start(Shape::Apim32);
    let (id, secret) = register(&bench, "/v0.17", "password", "https://localhost/x");
    let variables = [("MGW_CLIENT_ID", id.as_str()), ("MGW_CLIENT_SECRET", secret.as_str())];
    for method in ["--client-credentials", "--device"] {
        let failure = login(&bench, &[method], &variables).unwrap_err();
        assert_eq!(failure.code, ExitCode::NotSignedIn, "{method}: {failure:?}");
        assert!(failure.message.contains("may not sign in this way"), "{failure:?}");
    }
    for method in ["--client-credentials", "--device", "--browser"] {
        let failure = login(&bench, &[method], &[]).unwrap_err();
        assert_eq!(failure.code, ExitCode::InputNeeded, "{method}");
        assert!(failure.hints[0].contains("grant") && failure.hints[1].contains("MGW_CLIENT_ID"));
    }
}

#[test]
fn a_client_of_a_pipeline_needs_no_sign_in() {
    let bench = Bench::start(Shape::Apim32);
    let (id, secret) = register(&bench, "/v0.17", "client_credentials", "https://localhost/x");
    let file = bench.folder.path().join("secret");
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    let file = file.display().to_string();
    let place = ("MGW_URL", bench.simulator.url());
    let client = ("MGW_CLIENT_ID", id.as_str());
    let project = bench.project().display().to_string();
    let pull = |variables: &[(&str, &str)]| bench.run_with(&["pull", &project, "--label", "dev"], variables);
    for secret in [
        ("MGW_CLIENT_SECRET", secret.as_str()),
        ("MGW_CLIENT_SECRET_FILE", file.as_str()),
    ] {
        bench.simulator.expire_access_tokens();
        assert_eq!(pull(&[place, client, secret]).unwrap(), ExitCode::Success);
        assert!(!bench.session_file().exists(), "it is kept in memory");
    }
    let failure = pull(&[place, client]).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert!(failure.hints[1].contains("MGW_CLIENT_SECRET_FILE"), "{failure:?}");
    let failure = pull(&[place, client, ("MGW_CLIENT_SECRET", "canary")]).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    // To no other control plane than the project's.
    let settings = "format = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://elsewhere.example\"\n";
    std::fs::write(bench.project().join("mgw.toml"), settings).unwrap();
    bench.simulator.clear_requests();
    let failure = pull(&[place, client, ("MGW_CLIENT_SECRET", &secret)]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage);
    assert!(bench.simulator.requests().is_empty());
}

#[test]
fn a_client_finds_where_its_tokens_come_from() {
    // The simulator's host does not look like API Cloud's, which has its token endpoint elsewhere.
    let bench = Bench::start(Shape::ApiCloud);
    let (id, secret) = register(&bench, "", "client_credentials", "https://localhost/x");
    let variables = [
        ("MGW_URL", bench.simulator.url()),
        ("MGW_CLIENT_ID", id.as_str()),
        ("MGW_CLIENT_SECRET", secret.as_str()),
        ("MGW_ORG", "meridian"),
    ];
    let project = bench.project().display().to_string();
    let words = ["pull", &project, "--label", "dev"];
    assert_eq!(bench.run_with(&words, &variables).unwrap(), ExitCode::Success);
    let failure = bench.run_with(&words, &variables[..3]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage);
    assert!(failure.hints[0].contains("MGW_ORG"), "{failure:?}");
}

#[test]
fn the_first_way_to_sign_in_counts() {
    let user = ("MGW_USERNAME", USER);
    let password = ("MGW_PASSWORD", "demo-password");
    // What else is there, and as what the pull speaks then.
    type Row<'a> = (&'a [(&'a str, &'a str)], bool, &'a str);
    let table: [Row<'_>; 6] = [
        (&[], false, "client-credentials"),
        (&[user, password], false, "password"),
        (&[user], false, "client-credentials"),
        (
            &[
                ("WSO2_CLOUD_EMAIL", "dev@meridian.example"),
                ("WSO2_CLOUD_ORG_KEY", "meridian"),
                ("WSO2_CLOUD_PASSWORD", "demo-password"),
            ],
            false,
            "password",
        ),
        (&[user, password], true, "session"),
        (
            &[user, password, ("MGW_ACCESS_TOKEN", "canary")],
            true,
            "another in MGW_ACCESS_TOKEN",
        ),
    ];
    for (index, (more, is_signed_in, expected)) in table.into_iter().enumerate() {
        let bench = Bench::start(Shape::Apim32);
        let (id, secret) = register(&bench, "/v0.17", "client_credentials", "https://localhost/x");
        if is_signed_in {
            bench.login(ADMIN).unwrap();
        }
        bench.simulator.clear_requests();
        let mut variables = vec![
            ("MGW_URL", bench.simulator.url()),
            ("MGW_CLIENT_ID", id.as_str()),
            ("MGW_CLIENT_SECRET", secret.as_str()),
        ];
        variables.extend(more);
        let project = bench.project().display().to_string();
        let result = bench.run_with(&["pull", &project, "--label", "dev", "--save"], &variables);
        let found = match result {
            Ok(_)
                if bench
                    .simulator
                    .request_count("POST", "/client-registration/v0.17/register")
                    == 0 =>
            {
                "session".to_owned()
            }
            Ok(_) => session(&bench)["method"].as_str().unwrap().to_owned(),
            Err(failure) => failure.hints[0].clone(),
        };
        assert!(found.contains(expected), "{index}: {found}");
    }
}

#[test]
fn a_code_is_typed_in_on_another_device() {
    let bench = Bench::start(Shape::Apim42);
    bench.simulator.set_device_interval(1);
    let (id, secret) = register(
        &bench,
        "/v0.17",
        &format!("{DEVICE_GRANT} refresh_token"),
        "https://localhost/x",
    );
    for (user, expected) in [(Some(USER), ExitCode::Success), (None, ExitCode::NotSignedIn)] {
        std::thread::scope(|scope| {
            let login = scope.spawn(|| {
                let variables = [("MGW_CLIENT_ID", id.as_str()), ("MGW_CLIENT_SECRET", secret.as_str())];
                login(&bench, &["--device", "--username", USER], &variables)
            });
            let shown = wait_for(|| bench.simulator.pending_user_codes().pop());
            assert!(bench.simulator.decide_device(&shown, user));
            assert_eq!(code(login.join().unwrap()), expected);
        });
    }
    assert_eq!(session(&bench)["method"], "device");
    bench.simulator.expire_access_tokens();
    assert_eq!(
        project_pull(&bench).unwrap(),
        ExitCode::Success,
        "it has a refresh token"
    );
}

#[test]
fn api_cloud_offers_no_device_flow() {
    let bench = Bench::start(Shape::ApiCloud);
    let (id, secret) = register(&bench, "", DEVICE_GRANT, "https://localhost/x");
    let variables = [("MGW_CLIENT_ID", id.as_str()), ("MGW_CLIENT_SECRET", secret.as_str())];
    let failure = login(&bench, &["--device", "--username", USER], &variables).unwrap_err();
    assert_eq!(failure.code, ExitCode::ControlPlane);
    assert!(
        failure.message.contains("does not offer the device flow"),
        "{failure:?}"
    );
}

/// What the page in the browser sends when the user has filled it in; returns where the browser is sent then.
fn fill_in(bench: &Bench, page: &url::Url, decision: &str) -> String {
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    for (name, value) in [
        ("username", USER),
        ("password", "demo-password"),
        ("decision", decision),
    ] {
        form.push((name.to_owned(), value.to_owned()));
    }
    let mut place = page.clone();
    place.set_query(None);
    let (body, location) = send(bench, |client| client.post(place).form(&form));
    location.unwrap_or_else(|| panic!("{body}"))
}

#[test]
fn the_browser_brings_a_code() {
    use crate::cloud::address::Address;
    use crate::cloud::grant_sign_in::{Grant, GrantSignIn, Instruction, sign_in_with_grant};
    use crate::cloud::http::HttpOptions;
    use crate::cloud::http::tests::{quick, silent};
    use crate::cloud::oauth::Registration;
    for (shape, path) in [
        (Shape::ApiCloud, ""),
        (Shape::Apim32, "/v0.17"),
        (Shape::Apim46, "/v0.17"),
    ] {
        for (decision, tampered) in [("approve", false), ("deny", false), ("approve", true)] {
            let bench = Bench::start(shape);
            let callback = "regexp=http://127.0.0.1:[0-9]+/callback";
            let (id, secret) = register(&bench, path, "authorization_code refresh_token", callback);
            let (sender, receiver) = std::sync::mpsc::channel();
            let request = GrantSignIn {
                address: Address::parse(bench.simulator.url()).unwrap(),
                // The simulator's host does not look like API Cloud's, which has its endpoints elsewhere.
                kind: (shape == Shape::ApiCloud).then_some(crate::project::ControlPlaneKind::ApiCloud),
                client: Registration {
                    id,
                    secret: Some(secret.into()),
                },
                user: Some(crate::cloud::account::UserName::complete(USER).unwrap()),
                grant: Grant::Browser { port: 0, open: false },
            };
            let options = HttpOptions {
                extra_roots: Some(bench.simulator.ca_pem().to_owned()),
                ..quick()
            };
            let result = std::thread::scope(|scope| {
                let login = scope.spawn(|| {
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    runtime.block_on(sign_in_with_grant(request, &options, &silent(), |instruction| {
                        if let Instruction::Browser(url, _) = instruction {
                            sender.send(url.clone()).unwrap();
                        }
                    }))
                });
                let page = receiver.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
                let mut shown = page.clone();
                if tampered {
                    // Somebody else's challenge: the code is not ours to redeem.
                    let pairs: Vec<(String, String)> = page.query_pairs().into_owned().collect();
                    shown
                        .query_pairs_mut()
                        .clear()
                        .extend_pairs(pairs.iter().map(|(name, value)| {
                            (
                                name,
                                if name == "code_challenge" {
                                    "E9Melhoa2OwvFrEMTJHcCJGucaLgErjztDnFnB5vBms"
                                } else {
                                    value
                                },
                            )
                        }));
                }
                let back = fill_in(&bench, &shown, decision);
                assert!(back.starts_with("http://127.0.0.1:"), "{back}");
                let (told, _) = send(&bench, |client| client.get(back));
                assert!(told.contains("may close this page"), "{told}");
                login.join().unwrap()
            });
            match (decision, tampered) {
                ("approve", false) => {
                    let session = result.unwrap().session;
                    assert!(session.refresh.is_some() && session.scopes.contains(&"apim:api_view".to_owned()));
                }
                (_, true) => assert!(result.unwrap_err().to_string().contains("PKCE")),
                _ => assert!(result.unwrap_err().to_string().contains("access_denied")),
            }
            let requests = bench.simulator.requests();
            assert!(
                requests.iter().all(|request| !request.target.contains("code=")),
                "codes are secrets"
            );
        }
    }
}
