//! Secrets of every way to sign in show nowhere but in the session file.

mod elsewhere;
mod secrets;
mod underway;

use crate::pull::PASSWORD;
use crate::support::{Outcome, Place};
use mgw_fixtures::simulator::{Options, Shape, Simulator};
use secrets::{Secrets, session_file};
use serde_json::{Value, json};

const USER: &str = "dev@meridian.example@meridian";

/// Registers a client that signs in as itself, as an administrator does; returns its id and secret.
pub(crate) async fn register(simulator: &Simulator) -> (String, String) {
    registration(simulator, "client_credentials", "https://localhost/x").await
}

/// Registers a client with its grant types and callback URL.
async fn registration(simulator: &Simulator, grants: &str, callback: &str) -> (String, String) {
    let roots = reqwest::Certificate::from_pem_bundle(simulator.ca_pem().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_merge(roots)
        .no_proxy()
        .build()
        .expect("a client");
    let registration = json!({
        "clientName": "ours", "owner": USER, "grantType": grants, "saasApp": true, "callbackUrl": callback
    });
    let answer = client
        .post(format!("{}/client-registration/v0.17/register", simulator.url()))
        .basic_auth(USER, Some(PASSWORD))
        .json(&registration)
        .send()
        .await
        .expect("an answer");
    let answer: Value = answer.json().await.expect("a document");
    let text = |key: &str| answer[key].as_str().expect("a text").to_owned();
    (text("clientId"), text("clientSecret"))
}

/// Words, variables, and the exit code.
type Way<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32);

#[test]
fn they_show_in_no_output_and_no_other_file() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let options = Options {
        shape: Shape::Apim32,
        ..Options::default()
    };
    let simulator = runtime.block_on(Simulator::start(options)).expect("a port is free");
    let (id, secret) = runtime.block_on(register(&simulator));
    let place = Place::new();
    place.write("ca.pem", simulator.ca_pem());
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    let old_gateway = |password: &str| {
        let url = simulator.url();
        format!("api.gateway.url={url}\nusername={USER}\npassword={password}\napi.hybrid.gateway.label=dev\n")
    };
    // What is given in files is a secret of the user's own folder, not of the project.
    let given = tempfile::TempDir::new().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = given.path().join(name);
        std::fs::write(&path, text).expect("the folder is writable");
        path.display().to_string()
    };
    let password_file = file("password", PASSWORD);
    let secret_file = file("secret", &secret);
    let right = file("right.properties", &old_gateway(PASSWORD));
    let wrong = file("wrong.properties", &old_gateway("canary-old"));
    let url = simulator.url();
    let pull = ["pull", "shop", "--label", "dev"].as_slice();
    let user = ["login", "--url", url, "--username", USER];
    let client = ["login", "--url", url, "--client-credentials"];
    let (from_right, from_wrong) = (["login", "--from", &right], ["login", "--from", &wrong]);
    let as_user = ("MGW_USERNAME", USER);
    let as_client = ("MGW_CLIENT_ID", id.as_str());
    let ways: [Way<'_>; 15] = [
        (&user, &[("MGW_PASSWORD", PASSWORD)], 0),
        (&user, &[("MGW_PASSWORD_FILE", &password_file)], 0),
        (&user, &[("MGW_PASSWORD", "canary-password")], 11),
        (&client, &[as_client, ("MGW_CLIENT_SECRET", &secret)], 0),
        (&client, &[as_client, ("MGW_CLIENT_SECRET_FILE", &secret_file)], 0),
        (&client, &[as_client, ("MGW_CLIENT_SECRET", "canary-secret")], 11),
        (&from_right, &[], 0),
        (&from_wrong, &[], 11),
        (pull, &[as_user, ("MGW_PASSWORD", PASSWORD)], 0),
        (pull, &[as_user, ("MGW_PASSWORD", "canary-password")], 11),
        (pull, &[as_client, ("MGW_CLIENT_SECRET", &secret)], 0),
        (pull, &[as_client, ("MGW_CLIENT_SECRET", "canary-secret")], 11),
        (pull, &[("MGW_ACCESS_TOKEN", "canary-token")], 11),
        (pull, &[as_user, ("MGW_PASSWORD_FILE", "/nowhere/canary")], 7),
        (
            pull,
            &[
                as_user,
                ("MGW_PASSWORD", PASSWORD),
                ("MGW_HTTP_HEADERS", "X-Edge: canary-header"),
            ],
            0,
        ),
    ];
    let mut secrets = Secrets::of(&["canary-", PASSWORD]).and_kept(&secret);
    let mut kept = 0;
    for (words, variables, code) in ways {
        for verbosity in ["--quiet", "-v", "-vv"] {
            for format in ["text", "json"] {
                let _ = std::fs::remove_file(session_file(&place));
                let mut command = place.command(words);
                command
                    .args([verbosity, "--output", format])
                    .env("MGW_CA_FILE", "ca.pem");
                command.envs([("MGW_URL", url)]).envs(variables.iter().copied());
                let outcome = Outcome::of(command).exits(code);
                kept += secrets.add_session(&place);
                let what = format!("what {words:?} {verbosity} prints");
                for text in [&outcome.stdout, &outcome.stderr] {
                    secrets.absent_from(text, &what);
                }
                secrets.absent_from_files(&place);
            }
        }
    }
    assert!(kept > 5, "sessions were kept");
}
