//! Credentials that the gateway shows backends.

use crate::support::{Backend, Client, GatewayBuilder, WebSocket, api, eventually, respond};
use mgw_bundle::config::{Api, CredentialPlace, EndpointAuth};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

fn with(auth: EndpointAuth, url: &str) -> Api {
    let mut api = api("/p", url);
    if let Some(endpoint) = &mut api.endpoints.production {
        endpoint.name = Some("shop".into());
        endpoint.auth = Some(auth);
    }
    api
}

fn oauth2(token: &Backend) -> EndpointAuth {
    EndpointAuth::OAuth2 {
        token_url: format!("{}/token", token.url()),
        client_id: "gate way".into(),
        scopes: vec!["read".into(), "write".into()],
        credentials_in_body: false,
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

#[test]
fn keys_go_where_the_backend_looks_for_them() {
    let backend = Backend::echo();
    let in_header = EndpointAuth::ApiKey {
        place: CredentialPlace::Header("x-key".into()),
    };
    let gateway = GatewayBuilder::new(vec![with(in_header, &backend.url())])
        .set("shop_prod_api_key", "canary")
        .set("authConfig.removeAuthHeaderFromOutMessage", "false")
        .start();
    let request =
        "GET /p/a HTTP/1.1\r\nHost: g\r\nX-Key: theirs\r\nX_Key: theirs\r\nAuthorization: Bearer theirs\r\n\r\n";
    let answer = Client::once(gateway.http(), request);
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer.body, "x-key"), Some("canary"));
    assert!(!answer.body.contains("theirs"), "{}", answer.body);
    let in_query = EndpointAuth::ApiKey {
        place: CredentialPlace::Query("key".into()),
    };
    let gateway = GatewayBuilder::new(vec![with(in_query, &backend.url())])
        .set("shop_prod_api_key", "can&ary")
        .start();
    let answer = gateway.get("/p/a?x=%20&key=theirs");
    assert!(
        answer.body.starts_with("GET /a?x=%20&key=can%26ary HTTP/1.1"),
        "{}",
        answer.body
    );
}

#[test]
fn a_secret_that_is_missing_is_named_at_the_start() {
    let digest = EndpointAuth::Digest {
        username: "gateway".into(),
    };
    let key = EndpointAuth::ApiKey {
        place: CredentialPlace::Query("key".into()),
    };
    let basic = EndpointAuth::Basic {
        username: "gateway".into(),
    };
    let token = Backend::named("unused");
    for (auth, setting) in [
        (basic, "shop_prod_basic_password"),
        (digest, "shop_prod_digest_password"),
        (key, "shop_prod_api_key"),
        (oauth2(&token), "shop_prod_client_secret"),
    ] {
        let error = GatewayBuilder::new(vec![with(auth, "http://127.0.0.1")])
            .try_start()
            .err();
        let error = error.expect("it does not start");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert!(cause.as_ref().is_some_and(|cause| cause.contains(setting)), "{cause:?}");
    }
}

/// Who means an empty password says so; only micro-gw took it for granted.
#[test]
fn a_password_may_be_empty_where_that_is_said() {
    let backend = Backend::echo();
    let gateway = |key: &str, value: &str| {
        let basic = EndpointAuth::Basic { username: "key".into() };
        GatewayBuilder::new(vec![with(basic, &backend.url())])
            .set(key, value)
            .start()
    };
    for gateway in [
        gateway("shop_prod_basic_password", ""),
        gateway("compat", "micro-gw-3.2"),
    ] {
        let answer = gateway.get("/p/a");
        assert_eq!(header(&answer.body, "authorization"), Some("Basic a2V5Og=="));
    }
}

/// nginx does not know digests; Apache does.
struct Apache {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Apache {
    const USER: &'static str = "gateway";

    /// Nonces are good for `lifetime` seconds.
    fn start(lifetime: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = mgw_fixtures::ports::free_port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(path("root")).expect("a writable folder");
        std::fs::write(path("root/index.html"), "served").expect("a writable folder");
        // MD5 of `gateway:shop:canary`.
        let digest = "printf 'gateway:shop:canary' | openssl dgst -md5 -r | cut -d' ' -f1";
        let digest = Command::new("sh")
            .args(["-c", digest])
            .output()
            .expect("openssl is installed");
        let digest = String::from_utf8(digest.stdout).expect("hexadecimal");
        std::fs::write(path("users"), format!("gateway:shop:{digest}")).expect("a writable folder");
        let modules = "/usr/lib/apache2/modules";
        let loaded: String = [
            "mpm_event",
            "authn_core",
            "authn_file",
            "authz_core",
            "authz_user",
            "auth_digest",
            "dir",
        ]
        .map(|name| format!("LoadModule {name}_module {modules}/mod_{name}.so\n"))
        .concat();
        let settings = format!(
            "{loaded}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {}\nErrorLog {}\nDocumentRoot {}\nStartServers 1\n\
             DirectoryIndex index.html\n<Location />\nAuthType Digest\nAuthName shop\nAuthDigestProvider file\n\
             AuthUserFile {}\nAuthDigestNonceLifetime {lifetime}\nRequire valid-user\n</Location>\n",
            path("pid"),
            path("log"),
            path("root"),
            path("users")
        );
        std::fs::write(path("apache.conf"), settings).expect("a writable folder");
        let process = Command::new("/usr/sbin/apache2")
            .args(["-DFOREGROUND", "-f", &path("apache.conf")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("apache2 is installed (`./test` installs it)");
        eventually("Apache listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self { process, port, folder }
    }

    fn gateway(&self, password: &str) -> crate::support::TestGateway {
        let digest = EndpointAuth::Digest {
            username: Self::USER.into(),
        };
        GatewayBuilder::new(vec![with(digest, &format!("http://127.0.0.1:{}", self.port))])
            .set("shop_prod_digest_password", password)
            .start()
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // The parent ends its children.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
        let _ = &self.folder;
    }
}

#[test]
fn apache_accepts_digests_and_stale_nonces_are_replaced() {
    let apache = Apache::start(1);
    let gateway = apache.gateway("canary");
    for _ in 0..5 {
        let answer = gateway.get("/p/?a=b%20c");
        assert_eq!((answer.status, answer.body.as_str()), (200, "served"));
    }
    let began = std::time::Instant::now();
    eventually("a nonce has become too old", || {
        let answer = gateway.get("/p/");
        assert_eq!(answer.status, 200, "{}", answer.body);
        began.elapsed().as_secs() >= 3
    });
    let wrong = apache.gateway("wrong");
    for _ in 0..3 {
        assert_eq!(
            wrong.get("/p/").status,
            401,
            "passed on, and not asked for again and again"
        );
    }
}

/// A backend that demands digests of one nonce, and counts what it sees.
fn demanding(nonce: &Arc<Mutex<String>>) -> Backend {
    let nonce = Arc::clone(nonce);
    Backend::start(move |exchange| {
        let nonce = nonce.lock().expect("no test panics with it").clone();
        let shown = header(&exchange.head, "authorization").unwrap_or_default().to_owned();
        if shown.contains(&format!("nonce=\"{nonce}\"")) {
            let text = format!("{shown}\n{}", exchange.body);
            respond(exchange, 200, &text);
        } else {
            let stale = if shown.is_empty() { "" } else { ", stale=true" };
            exchange.write(&format!(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"shop\", nonce=\"{nonce}\", qop=\"auth\", \
                 algorithm=SHA-256{stale}\r\nContent-Length: 0\r\n\r\n"
            ));
        }
    })
}

#[test]
fn the_usual_request_is_sent_once_and_bodies_are_not_lost() {
    let nonce = Arc::new(Mutex::new("one".to_owned()));
    let backend = demanding(&nonce);
    let digest = EndpointAuth::Digest {
        username: "gateway".into(),
    };
    let gateway = GatewayBuilder::new(vec![with(digest, &backend.url())])
        .set("shop_prod_digest_password", "canary")
        .cores(1)
        .start();
    // Larger than what is recorded of a body, so that it can be sent only once.
    let body = "x".repeat(3 << 20);
    let post = |body: &str| {
        let head = format!("POST /p HTTP/1.1\r\nHost: g\r\nContent-Length: {}\r\n\r\n", body.len());
        Client::once(gateway.http(), &format!("{head}{body}"))
    };
    let answer = post(&body);
    assert_eq!(answer.status, 200, "the backend was asked before the body was sent");
    assert!(answer.body.ends_with(&body) && answer.body.contains("nc=00000001"));
    assert_eq!(backend.heads().len(), 2);
    assert!(backend.heads()[0].starts_with("HEAD / "), "{:?}", backend.heads());
    for number in 2..6 {
        assert!(gateway.get("/p").body.contains(&format!("nc={number:08x}")));
    }
    assert_eq!(backend.heads().len(), 6, "one request each");
    "two".clone_into(&mut nonce.lock().expect("no test panics with it"));
    let answer = post("small");
    assert_eq!(answer.status, 200, "a small body is sent again");
    assert!(answer.body.ends_with("\nsmall"), "{}", answer.body);
    let before = backend.heads().len();
    "three".clone_into(&mut nonce.lock().expect("no test panics with it"));
    for number in ["nc=00000001", "nc=00000002"] {
        let answer = post(&body);
        assert_eq!(answer.status, 200, "the challenge that was known is too old");
        assert!(answer.body.ends_with(&body) && answer.body.contains(number));
    }
    "four".clone_into(&mut nonce.lock().expect("no test panics with it"));
    let chunked = "POST /p HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n";
    let length = body.len();
    let answer = Client::once(gateway.http(), &format!("{chunked}{length:x}\r\n{body}\r\n0\r\n\r\n"));
    assert_eq!(answer.status, 200, "nobody said how long it is");
    let heads = backend.heads().split_off(before);
    let heads: Vec<&str> = heads.iter().filter_map(|head| head.split(' ').next()).collect();
    assert_eq!(heads, ["HEAD", "POST", "HEAD", "POST", "HEAD", "POST"]);
}

/// A token endpoint whose tokens are numbered.
fn tokens(lifetime: u32, working: &Arc<AtomicBool>) -> Backend {
    let (count, working) = (AtomicUsize::new(0), Arc::clone(working));
    Backend::start(move |exchange| {
        if !working.load(Ordering::SeqCst) {
            return respond(exchange, 503, "");
        }
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let basic = header(&exchange.head, "authorization");
        // `gate+way:can%26ary`
        let good = basic == Some("Basic Z2F0ZSt3YXk6Y2FuJTI2YXJ5")
            && exchange.body == "grant_type=client_credentials&scope=read+write"
            && exchange.head.starts_with("POST /token ");
        if good {
            let answer = format!(r#"{{"access_token":"t{number}","token_type":"Bearer","expires_in":{lifetime}}}"#);
            respond(exchange, 200, &answer);
        } else {
            respond(exchange, 401, r#"{"error":"invalid_client"}"#);
        }
    })
}

#[test]
fn one_token_serves_all() {
    let working = Arc::new(AtomicBool::new(true));
    let (backend, token) = (Backend::echo(), tokens(3600, &working));
    let gateway = GatewayBuilder::new(vec![with(oauth2(&token), &backend.url())])
        .set("shop_prod_client_secret", "can&ary")
        .start();
    let address = gateway.http();
    let clients: Vec<_> = (0..16)
        .map(|_| std::thread::spawn(move || Client::get(address, "/p")))
        .collect();
    for client in clients {
        let answer = client.join().expect("it ends");
        assert_eq!(
            header(&answer.body, "authorization"),
            Some("Bearer t1"),
            "{}",
            answer.body
        );
    }
    assert_eq!(token.heads().len(), 1, "asked once for all that wait");
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let working = Arc::new(AtomicBool::new(true));
    let (backend, token) = (Backend::echo(), tokens(2, &working));
    let gateway = GatewayBuilder::new(vec![with(oauth2(&token), &backend.url())])
        .set("shop_prod_client_secret", "can&ary")
        .start();
    eventually("another token is used", || {
        let answer = gateway.get("/p");
        assert_eq!(answer.status, 200);
        header(&answer.body, "authorization").is_some_and(|shown| shown != "Bearer t1")
    });
    // An endpoint that fails takes nothing away from a token that is good; then requests are refused without waiting.
    working.store(false, Ordering::SeqCst);
    eventually("there is no token any more", || {
        let answer = gateway.get("/p");
        assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
        answer.status == 503 && answer.body.contains("101503")
    });
    let asked = token.heads().len();
    assert_eq!(gateway.get("/p").status, 503);
    assert!(token.heads().len() <= asked + 1);
    working.store(true, Ordering::SeqCst);
    eventually("tokens are fetched again", || gateway.get("/p").status == 200);
}

#[test]
fn a_refused_token_is_replaced_once() {
    let working = Arc::new(AtomicBool::new(true));
    let token = tokens(3600, &working);
    let revoked = Arc::new(Mutex::new(vec!["Bearer t1".to_owned()]));
    let seen = Arc::clone(&revoked);
    let backend = Backend::start(move |exchange| {
        let shown = header(&exchange.head, "authorization").unwrap_or_default().to_owned();
        let revoked = seen.lock().expect("no test panics with it").clone();
        let status = if revoked.iter().any(|one| *one == shown || one == "all") {
            401
        } else {
            200
        };
        let text = format!("{shown}\n{}", exchange.body);
        respond(exchange, status, &text);
    });
    let gateway = GatewayBuilder::new(vec![with(oauth2(&token), &backend.url())])
        .set("shop_prod_client_secret", "can&ary")
        .start();
    let post = || {
        Client::once(
            gateway.http(),
            "POST /p HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\n\r\nbody",
        )
    };
    let answer = post();
    assert_eq!((answer.status, answer.body.as_str()), (200, "Bearer t2\nbody"));
    assert_eq!(token.heads().len(), 2);
    "all".clone_into(&mut revoked.lock().expect("no test panics with it")[0]);
    for _ in 0..5 {
        assert_eq!(post().status, 401, "passed on");
    }
    assert_eq!(
        token.heads().len(),
        2,
        "a backend that refuses everything does not make the gateway ask all the time"
    );
}

#[test]
fn a_web_socket_is_asked_for_again_with_another_token() {
    let token = tokens(3600, &Arc::new(AtomicBool::new(true)));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let backend = Backend::start(move |exchange| {
        let shown = header(&exchange.head, "authorization").unwrap_or_default().to_owned();
        noted.lock().expect("no test panics with it").push(shown.clone());
        if shown == "Bearer t2" {
            WebSocket::accept(exchange, |socket| {
                socket.echo();
            });
        } else {
            respond(exchange, 401, "");
        }
    });
    let url = format!("ws://{}", backend.address);
    let gateway = GatewayBuilder::new(vec![with(oauth2(&token), &url)])
        .set("shop_prod_client_secret", "can&ary")
        .start();
    let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
    socket.say("hello");
    assert_eq!(socket.hear(), "hello");
    assert_eq!(
        *seen.lock().expect("no test panics with it"),
        ["Bearer t1", "Bearer t2"],
        "the refused one once"
    );
}

#[test]
fn a_web_socket_that_is_refused_again_is_refused() {
    let token = tokens(3600, &Arc::new(AtomicBool::new(true)));
    let backend = Backend::start(move |exchange| respond(exchange, 401, ""));
    let url = format!("ws://{}", backend.address);
    let gateway = GatewayBuilder::new(vec![with(oauth2(&token), &url)])
        .set("shop_prod_client_secret", "can&ary")
        .start();
    let answer = Client::once(gateway.http(), &WebSocket::request("/p", ""));
    assert_eq!(answer.status, 401, "passed on");
    assert_eq!(backend.heads().len(), 2, "asked once more");
}
