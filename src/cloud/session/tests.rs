//! Sessions on disk and their refresh.

use super::*;
use crate::cloud::CloudError;
use crate::cloud::http::Call;
use crate::cloud::http::tests::{quick, silent};
use crate::cloud::test_server::{Received, Reply, TestServer};
use crate::failure::Failure;
use secrecy::ExposeSecret;
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;

fn session(url: &str, expires_in: i64) -> Session {
    let now = Timestamp::now();
    Session {
        issued: now - SignedDuration::from_secs(3600),
        expires: now + SignedDuration::from_secs(expires_in),
        ..Session::for_tests(Address::unchecked(url.parse().unwrap()))
    }
}

/// A server whose refresh tokens are good for one use, and whose access tokens are those it issued last.
fn rotating() -> TestServer {
    let generation = Mutex::new(0u32);
    TestServer::start(move |request: &Received| {
        let mut generation = generation.lock().unwrap();
        if request.target == "/token" {
            let current = format!("refresh_token=refresh-{generation}");
            if !request.body.contains(&current) {
                return Reply::json(400, json!({"error": "invalid_grant"}));
            }
            *generation += 1;
            return Reply::json(
                200,
                json!({
                    "access_token": format!("access-{generation}"), "refresh_token": format!("refresh-{generation}"),
                    "token_type": "Bearer", "expires_in": 3600, "scope": "apim:api_view"
                }),
            );
        }
        let is_good = *generation > 0 && request.authorization == Some(format!("Bearer access-{generation}"));
        Reply::json(
            if is_good { 200 } else { 401 },
            json!({"description": "Unauthenticated request"}),
        )
    })
}

fn refreshes(server: &TestServer) -> usize {
    server
        .received()
        .iter()
        .filter(|request| request.target == "/token")
        .count()
}

#[test]
fn a_session_round_trips_through_a_private_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::new(folder.path(), "work".parse().unwrap());
    assert!(store.load().unwrap().is_none());
    let saved = Session {
        extra_roots: Some("PEM".into()),
        ..session("https://localhost:9443", 10)
    };
    store.save(&saved).unwrap();
    let stamp = mgw_runtime::FileStamp::at(&store.path());
    assert!(stamp.is_some() && stamp == store.written());
    let loaded = store.load().unwrap().unwrap();
    assert_eq!(format!("{loaded:?}"), format!("{saved:?}"));
    assert_eq!(loaded.access.expose_secret(), "access-0");
    assert!(!format!("{loaded:?}").contains("canary"));
    let secret = loaded.client.unwrap().secret.unwrap();
    assert_eq!(secret.expose_secret(), "client-canary");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.path()), 0o600);
        assert_eq!(mode(store.path().parent().unwrap()), 0o700);
        std::fs::set_permissions(store.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(store.load(), Err(SessionError::Exposed { mode: 0o644, .. })));
    }
    assert!(store.delete().unwrap());
    assert!(!store.delete().unwrap());
}

#[test]
fn a_damaged_file_is_an_error_that_quotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::new(folder.path(), "default".parse().unwrap());
    store.save(&session("https://localhost", 10)).unwrap();
    let text = std::fs::read_to_string(store.path()).unwrap();
    for (damaged, problem) in [
        (text.replace("\"format\": 1", "\"format\": 9"), "format version 9"),
        (text.replace("https://", "ftp://"), "the URL"),
        (text.get(..text.len() / 2).unwrap().to_owned(), "line"),
    ] {
        std::fs::write(store.path(), damaged).unwrap();
        let error = store.load().unwrap_err().to_string();
        assert!(error.contains(problem) && !error.contains("canary"), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::new(folder.path(), "work".parse().unwrap());
    store.make_folder().unwrap();
    let told = |error: SessionError| Failure::from(error).hints;
    for path in [store.path(), folder.path().join("sessions/work.lock")] {
        crate::whole_file::tests::pipe(&path);
        let error = match path == store.path() {
            true => store.load().unwrap_err(),
            false => store.lock().await.unwrap_err(),
        };
        assert_eq!(told(error), ["Give a regular file."], "{}", path.display());
        std::fs::remove_file(&path).unwrap();
    }
    // A disk image, a log: whatever it is, it is no session.
    store.save(&session("https://localhost", 10)).unwrap();
    let file = std::fs::File::options().write(true).open(store.path()).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(told(store.load().unwrap_err())[0].contains("is smaller"));
}

#[test]
fn profile_names_are_file_names() {
    for name in ["", ".", "..", "a/b", "a b", ".hidden", &"x".repeat(65)] {
        assert!(name.parse::<Profile>().is_err(), "{name}");
    }
    assert!("ci-1.prod_eu".parse::<Profile>().is_ok());
}

#[test]
fn tokens_are_due_before_their_end_but_not_at_once() {
    let now = Timestamp::now();
    let due = |lifetime: i64, left: i64| {
        let expires = now + SignedDuration::from_secs(left);
        Session {
            expires,
            issued: expires - SignedDuration::from_secs(lifetime),
            ..session("https://localhost", 0)
        }
        .is_due(now)
    };
    assert!(!due(3600, 361) && due(3600, 359) && due(3600, -1));
    assert!(!due(300, 61) && due(300, 59));
    assert!(!due(10, 9) && due(10, 4), "short tokens are used for half their life");
}

#[tokio::test]
async fn two_processes_rotate_once() {
    let server = rotating();
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    store.save(&session(server.url().as_str(), -1)).unwrap();
    let open = || Connection::open(store.clone(), &quick(), &silent()).unwrap();
    // Each connection has its own copy of the session, as two processes do.
    let (one, two) = (open(), open());
    async fn read(connection: &Connection) -> Result<crate::cloud::http::Answer, CloudError> {
        let call = Call::get(connection.address().join(["apis"]));
        connection.send(call, &["apim:api_view"]).await
    }
    let (a, b, c, d) = tokio::join!(read(&one), read(&two), read(&one), read(&two));
    for answer in [a, b, c, d] {
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(refreshes(&server), 1);
    assert_eq!(
        store.load().unwrap().unwrap().refresh.unwrap().expose_secret(),
        "refresh-1"
    );
}

#[tokio::test]
async fn every_request_carries_the_headers_of_the_session() {
    let server = rotating();
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    let headers = |value: &str| CustomHeaders::parse([format!("X-Edge: {value}").as_str()]).unwrap();
    let session = Session {
        headers: headers("kept"),
        ..session(server.url().as_str(), -1)
    };
    store.save(&session).unwrap();
    let given = HttpOptions {
        headers: headers("given"),
        ..quick()
    };
    for (options, expected) in [(quick(), "kept"), (given, "given")] {
        let connection = Connection::open(store.clone(), &options, &silent()).unwrap();
        let call = Call::get(connection.address().join(["apis"]));
        connection.send(call, &["apim:api_view"]).await.unwrap();
        assert_eq!(server.received().last().unwrap().edge.as_deref(), Some(expected));
    }
    assert_eq!(server.received()[0].edge.as_deref(), Some("kept"), "the refresh");
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once() {
    let server = rotating();
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    // By its date the token is good; the server thinks otherwise.
    store.save(&session(server.url().as_str(), 3600)).unwrap();
    let connection = Connection::open(store, &quick(), &silent()).unwrap();
    let call = || Call::get(connection.address().join(["apis"]));
    let (a, b) = tokio::join!(
        connection.send(call(), &["apim:api_view"]),
        connection.send(call(), &["apim:api_view"])
    );
    assert_eq!(
        (a.unwrap().status, b.unwrap().status, refreshes(&server)),
        (200, 200, 1)
    );
}

#[tokio::test]
async fn a_missing_scope_is_told_from_an_ended_session() {
    let server = TestServer::start(|request| match request.target.as_str() {
        "/token" => Reply::json(400, json!({"error": "invalid_grant", "error_description": "gone"})),
        _ => Reply::json(401, json!({"description": "Unauthenticated request"})),
    });
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    store.save(&session(server.url().as_str(), 3600)).unwrap();
    let connection = Connection::open(store.clone(), &quick(), &silent()).unwrap();
    let call = || Call::get(connection.address().join(["x"]));
    let error = connection
        .send(call(), &["apim:tier_view", "apim:admin"])
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "GET /x needs the scope apim:tier_view or apim:admin");
    assert_eq!(refreshes(&server), 0);
    let error = connection.send(call(), &["apim:api_view"]).await.unwrap_err();
    assert!(matches!(error, CloudError::SessionEnded { .. }), "{error}");
    assert_eq!(refreshes(&server), 1);
    assert!(
        store.load().unwrap().is_some(),
        "the user ends a session, not the server"
    );
}

#[tokio::test]
async fn a_fresh_token_that_is_good_for_other_things_lacks_a_scope() {
    // What the answer to the list of APIs says about the fresh token.
    for (status, expected) in [
        (200, "GET /x needs the scope apim:api_view"),
        (403, "GET /x needs the scope apim:api_view"),
        (401, "the session of "),
        (500, "GET /api/am/publisher/apis answered 500"),
    ] {
        let server = TestServer::start(move |request| match request.target.as_str() {
            "/token" => Reply::json(
                200,
                json!({"access_token": "access-1", "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3600}),
            ),
            "/api/am/publisher/apis?limit=1" if request.authorization.as_deref() == Some("Bearer access-1") => {
                Reply::json(status, json!({"list": []}))
            }
            _ => Reply::json(401, json!({})),
        });
        let folder = tempfile::tempdir().unwrap();
        let store = SessionStore::for_tests(folder.path());
        store.save(&session(server.url().as_str(), 3600)).unwrap();
        let connection = Connection::open(store, &quick(), &silent()).unwrap();
        let call = Call::get(connection.address().join(["x"]));
        let error = connection.send(call, &["apim:api_view"]).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{status}: {error}");
        assert_eq!(refreshes(&server), 1, "{status}");
    }
}

#[tokio::test]
async fn a_token_that_another_request_had_replaced_is_no_end_of_the_session() {
    let (asked, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let (answer, may_answer) = std::sync::mpsc::channel::<()>();
    let may_answer = Mutex::new(may_answer);
    let issued = std::sync::atomic::AtomicU32::new(0);
    let server = TestServer::start(move |request| {
        let token = request.authorization.as_deref().unwrap_or_default();
        match (request.target.as_str(), token) {
            ("/token", _) => {
                let number = issued.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                Reply::json(
                    200,
                    json!({
                        "access_token": format!("access-{number}"), "refresh_token": format!("refresh-{number}"),
                        "token_type": "Bearer", "expires_in": 3600
                    }),
                )
            }
            ("/api/am/publisher/apis?limit=1", "Bearer access-1") => {
                asked.send(()).unwrap();
                may_answer.lock().unwrap().recv().unwrap();
                Reply::json(401, json!({}))
            }
            ("/api/am/publisher/apis?limit=1" | "/b", "Bearer access-2") => Reply::json(200, json!({"list": []})),
            _ => Reply::json(401, json!({})),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    store.save(&session(server.url().as_str(), 3600)).unwrap();
    let connection = std::sync::Arc::new(Connection::open(store, &quick(), &silent()).unwrap());
    let send = |path: &'static str| {
        let connection = connection.clone();
        async move {
            let call = Call::get(connection.address().join([path]));
            connection.send(call, &["apim:api_view"]).await
        }
    };
    let refused = tokio::spawn(send("a"));
    is_asked.recv().await.unwrap();
    assert_eq!(send("b").await.unwrap().status, 200);
    answer.send(()).unwrap();
    let error = refused.await.unwrap().unwrap_err();
    assert!(matches!(error, CloudError::MissingScope { .. }), "{error}");
}

#[tokio::test]
async fn a_renewal_that_nobody_waits_for_any_more_is_stored() {
    let (asked, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let (answer, may_answer) = std::sync::mpsc::channel::<()>();
    let may_answer = Mutex::new(may_answer);
    let server = TestServer::start(move |request| {
        if request.target == "/token" {
            asked.send(()).unwrap();
            may_answer.lock().unwrap().recv().unwrap();
        }
        Reply::json(
            200,
            json!({"access_token": "access-1", "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3600}),
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    store.save(&session(server.url().as_str(), -1)).unwrap();
    let connection = Connection::open(store.clone(), &quick(), &silent()).unwrap();
    let call = Call::get(connection.address().join(["apis"]));
    tokio::select! {
        biased;
        result = connection.send(call, &[]) => panic!("nothing was answered: {result:?}"),
        _ = is_asked.recv() => {}
    }
    drop(connection);
    answer.send(()).unwrap();
    assert!(renewals_ended(Duration::from_secs(60)).await);
    assert_eq!(
        store.load().unwrap().unwrap().refresh.unwrap().expose_secret(),
        "refresh-1"
    );
}

#[tokio::test]
async fn tokens_that_could_not_be_stored_are_not_used() {
    let server = rotating();
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::for_tests(folder.path());
    store.save(&session(server.url().as_str(), -1)).unwrap();
    let connection = Connection::open(store.clone(), &quick(), &silent()).unwrap();
    store.delete().unwrap();
    let call = Call::get(connection.address().join(["apis"]));
    let error = connection.send(call, &[]).await.unwrap_err();
    assert!(matches!(error, CloudError::NotSignedIn { .. }), "{error}");
    assert_eq!(refreshes(&server), 0);
}

#[tokio::test]
async fn the_lock_admits_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = SessionStore::new(folder.path(), "default".parse().unwrap());
    let first = store.lock().await.unwrap();
    let second = store.lock();
    tokio::pin!(second);
    assert!(
        tokio::time::timeout(Duration::from_millis(1), &mut second)
            .await
            .is_err()
    );
    drop(first);
    second.await.unwrap();
}
