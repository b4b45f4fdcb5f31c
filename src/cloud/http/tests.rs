//! The client against a server that misbehaves.

use super::*;
use crate::cloud::CloudError;
use crate::cloud::test_server::{Reply, TestServer};
use crate::ui::{ColorChoice, OutputFormat, Ui, UiSettings, Verbosity};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) fn silent() -> Ui {
    Ui::new(UiSettings {
        format: OutputFormat::Text,
        verbosity: Verbosity::Quiet,
        color: ColorChoice::Never,
        no_input: true,
        ci: true,
        no_color: true,
    })
}

pub(crate) fn quick() -> HttpOptions {
    HttpOptions {
        back_off: Duration::from_millis(1),
        timeout: Duration::from_secs(10),
        ..HttpOptions::default()
    }
}

async fn fetch(server: &TestServer) -> Result<Answer, CloudError> {
    let http = Http::new(&quick(), &silent()).unwrap();
    http.send(&Call::get(server.url()).query("q", "secret").limit(Limit(1000)))
        .await
}

/// Answers with `first` as often as told, then with 200.
fn failing(times: u32, first: Reply) -> TestServer {
    let count = AtomicU32::new(0);
    TestServer::start(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) < times {
            first.clone()
        } else {
            Reply::json(200, json!({"ok": true}))
        }
    })
}

#[tokio::test]
async fn temporary_failures_of_reads_are_overcome() {
    let mut truncated = Reply::json(200, json!({}));
    truncated.truncated = true;
    let mut throttled = Reply::text(429, "application/json", "");
    throttled.headers.push(("Retry-After", "0".into()));
    for first in [throttled, Reply::text(503, "text/html", "<h1>no</h1>"), truncated] {
        let server = failing(2, first);
        let answer = fetch(&server).await.unwrap();
        assert_eq!((answer.status, server.received().len()), (200, 3));
    }
}

#[tokio::test]
async fn attempts_are_bounded_and_the_last_answer_counts() {
    let server = failing(100, Reply::text(502, "text/html", "<h1>Bad</h1>gateway"));
    let error = fetch(&server).await.unwrap().require_success().unwrap_err();
    assert_eq!(error.to_string(), "GET / answered 502: Bad gateway");
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn nobody_waits_for_what_cannot_come() {
    let mut throttled = Reply::text(429, "text/plain", "enough");
    throttled.headers.push(("Retry-After", "3600".into()));
    let server = failing(100, throttled);
    let error = fetch(&server).await.unwrap().require_success().unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET / answered 429: enough; it is to be asked again in 3600 s"
    );
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_as_that() {
    let mut truncated = Reply::json(200, json!({}));
    truncated.truncated = true;
    let server = failing(100, truncated);
    let error = fetch(&server).await.unwrap_err();
    let host = server.url().authority().to_owned();
    let failure = crate::failure::Failure::from(error);
    assert_eq!(failure.message, format!("{host} gave no whole answer (GET /)"));
    let source: &(dyn std::error::Error + 'static) = failure.source.as_deref().expect("a cause");
    assert_eq!(crate::cause::chain(source), ["the answer broke off"]);
}

#[tokio::test]
async fn writes_are_not_repeated_once_sent() {
    let server = failing(100, Reply::text(503, "text/plain", "no"));
    let http = Http::new(&quick(), &silent()).unwrap();
    let answer = http
        .send(&Call::post(server.url(), "application/json", b"{}".to_vec()))
        .await
        .unwrap();
    assert_eq!((answer.status, server.received().len()), (503, 1));
}

#[tokio::test]
async fn long_answers_are_cut_off() {
    let server = TestServer::start(|_| Reply::text(200, "text/plain", "x".repeat(100_000)));
    let error = fetch(&server).await.unwrap_err();
    assert_eq!(error.to_string(), "GET / answered with more than 1000 bytes");
}

#[tokio::test]
async fn garbage_is_named_but_not_quoted() {
    let server = TestServer::start(|_| Reply::text(200, "text/html", "<html>secret</html>"));
    let error = fetch(&server).await.unwrap().json().unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET / answered with something that is not JSON (text/html, 19 bytes: it does not parse)"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = TestServer::start(|_| Reply::json(200, json!({})));
    let location = format!("{}?token=secret", target.url());
    let server = TestServer::start(move |_| {
        let mut reply = Reply::text(302, "text/plain", "");
        reply.headers.push(("Location", location.clone()));
        reply
    });
    let error = fetch(&server).await.unwrap().require_success().unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("GET / answered 302: redirected to http://127.0.0.1:"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    assert!(target.received().is_empty());
}

#[tokio::test]
async fn credentials_and_headers_do_not_follow_a_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let target = TestServer::start(|_| Reply::json(200, json!({})));
        let location = target.url().to_string();
        let server = TestServer::start(move |_| {
            let mut reply = Reply::text(status, "text/plain", "");
            reply.headers.push(("Location", location.clone()));
            reply
        });
        let options = HttpOptions {
            headers: CustomHeaders::parse(["X-Edge: canary"]).unwrap(),
            ..quick()
        };
        let http = Http::new(&options, &silent()).unwrap();
        let call = Call::post(server.url(), "application/json", b"canary".to_vec());
        let call = call.basic("user", &"canary".to_owned().into());
        let error = http.send(&call).await.unwrap().require_success().unwrap_err();
        assert!(matches!(&error, CloudError::Redirected { .. }), "{status}: {error:?}");
        assert_eq!(server.received()[0].edge.as_deref(), Some("canary"));
        assert!(target.received().is_empty(), "{status}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/x?secret=1", listener.local_addr().unwrap());
    drop(listener);
    let http = Http::new(&quick(), &silent()).unwrap();
    let error = http.send(&Call::get(url.parse().unwrap())).await.unwrap_err();
    assert!(matches!(&error, CloudError::Unreachable { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn secrets_do_not_show() {
    let call = Call::post("https://localhost/".parse().unwrap(), "x", b"canary".to_vec())
        .basic("user", &"canary".to_owned().into());
    let text = format!("{call:?}");
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains("dXNlcjpjYW5hcnk="), "{text}");
}
