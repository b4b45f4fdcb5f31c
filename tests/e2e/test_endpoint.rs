//! `mgw test --endpoint`: what arrives at a gateway that runs elsewhere, and what is said where none does.

use crate::running::Running;
use crate::serve::ON_LOOPBACK;
use crate::support::{Outcome, Place};
use mgw_fixtures::ports::free_port;
use mgw_fixtures::tinyproxy::TinyProxy;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// A project with one open operation.
fn project() -> Place {
    let place = Place::new();
    place.write(
        "openapi.yaml",
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n\
         x-wso2-production-endpoints: {urls: ['http://127.0.0.1:1']}\npaths:\n  /items/{id}:\n    \
         parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n    \
         get: {x-wso2-disable-security: true, responses: {'200': {description: ok}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place
}

/// Writes a file of tests: each path, and the status that is expected.
fn cases<'a>(place: &Place, name: &str, cases: impl IntoIterator<Item = (&'a str, u64)>) {
    let case = |(path, status): (&str, u64)| {
        let request = serde_json::Value::from(format!("GET {path}"));
        format!("- {{request: {request}, expect: {{status: {status}}}}}\n")
    };
    let cases: String = cases.into_iter().map(case).collect();
    place.write(&format!("shop/tests/{name}.yaml"), &format!("tests:\n{cases}"));
}

/// Answers that many connections with 200 and the next with a refusal to connect; the first lines of the requests.
fn answering(listener: TcpListener, count: usize) -> JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut listener = Some(listener);
        let mut lines = Vec::new();
        while let Some(open) = listener.take().filter(|_| lines.len() < count) {
            let (stream, _) = open.accept().expect("somebody connects");
            if lines.len() + 1 < count {
                listener = Some(open);
            }
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).expect("a request"), 0, "{head}");
            }
            lines.push(head.lines().next().unwrap_or_default().to_owned());
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).expect("the answer is taken");
        }
        lines
    })
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    (listener, url)
}

const ODD: [&str; 9] = [
    "/shop/items/../items/a",
    "/shop/%2e%2E/shop/items/a",
    "/shop\\items\\a",
    "//shop//items/a",
    "/shop/./items/100%",
    "/shop/items/%zz?q=%&r=..\\",
    "/shop/items/a%2fb;c=d",
    "/shop/items/{a}|\"b\"^[c]",
    "/../..",
];

#[test]
fn paths_arrive_as_they_are_written() {
    let place = project();
    cases(&place, "odd", ODD.map(|path| (path, 200)));
    let (listener, url) = listener();
    let server = answering(listener, ODD.len());
    place
        .mgw(&["test", "shop", "--endpoint", &url])
        .exits(0)
        .says("Passed 9 cases");
    let lines = server.join().expect("no panic");
    assert_eq!(lines, ODD.map(|path| format!("GET {path} HTTP/1.1")));
}

/// What is sent is what the gateway is explained to do about.
#[test]
fn tests_and_explanations_agree_about_paths() {
    let place = project();
    let explained = ODD.map(|path| {
        let outcome = place.mgw(&[
            "explain",
            "request",
            "GET",
            path,
            "--project",
            "shop",
            "--output",
            "json",
        ]);
        let document = outcome.exits(0).json();
        let is_backend = document["outcome"] == "backend";
        let status = document["answer"]["status"].as_u64();
        (
            path,
            if is_backend {
                200
            } else {
                status.unwrap_or_else(|| panic!("{document}"))
            },
        )
    });
    assert!(explained.iter().any(|(_, status)| *status == 200), "{explained:?}");
    assert!(explained.iter().any(|(_, status)| *status >= 400), "{explained:?}");
    cases(&place, "odd", explained);
    place.mgw(&["test", "shop", "--echo"]).exits(0).says("Passed 9 cases");
}

#[test]
fn a_dead_endpoint_is_one_error() {
    let place = project();
    for name in ["a", "b", "c"] {
        cases(&place, name, (0..30).map(|_| ("/shop/items/1", 200)));
    }
    let url = format!("http://127.0.0.1:{}", free_port());
    let dead = ["test", "shop", "--endpoint", &url, "--junit", "out.xml"];
    let outcome = place.mgw(&dead).exits(13);
    let message = format!("error: no gateway answers at {url}: the connection was refused\n");
    assert!(outcome.stderr.contains(&message), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("failed:"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 2, "{}", outcome.stderr);
    let xml = place.read("out.xml");
    assert!(
        xml.contains("tests=\"90\" failures=\"0\" errors=\"1\" skipped=\"89\"")
            && xml.matches("<skipped ").count() == 89,
        "{xml}"
    );
    let json = place.mgw(&[&dead[..], &["--output", "json"]].concat()).exits(13).json();
    let counts = ["passed", "failed", "not_run"].map(|name| json[name].as_u64());
    assert_eq!(counts, [Some(0), Some(0), Some(90)], "{json}");
    assert_eq!(json["cases"][0]["run"], false);
}

/// It takes connections, and nobody is behind it.
#[test]
fn a_silent_endpoint_is_given_up() {
    let place = project();
    cases(&place, "a", (0..90).map(|_| ("/shop/items/1", 200)));
    let (listener, url) = listener();
    place
        .mgw(&[
            "test",
            "shop",
            "--endpoint",
            &url,
            "--timeout",
            "1",
            "--junit",
            "out.xml",
        ])
        .exits(13)
        .says(&format!(
            "error: no gateway answers at {url}: there was no answer within 1 second\n"
        ));
    drop(listener);
    let xml = place.read("out.xml");
    assert!(
        xml.contains("tests=\"90\" failures=\"0\" errors=\"3\" skipped=\"87\""),
        "{xml}"
    );
}

#[test]
fn what_was_answered_before_an_endpoint_ended_counts() {
    for (status, code, passed) in [
        (200, 13, "3 cases passed, 0 failed"),
        (201, 5, "2 cases passed, 1 failed"),
    ] {
        let place = project();
        let others = (0..7).map(|_| ("/shop/items/1", 200));
        cases(&place, "a", std::iter::once(("/shop/items/2", status)).chain(others));
        let (listener, url) = listener();
        let server = answering(listener, 3);
        let outcome = place
            .mgw(&["test", "shop", "--endpoint", &url, "--junit", "out.xml"])
            .exits(code)
            .says(&format!(
                "the gateway at {url} answers no more: the connection was refused; {passed}, 5 not run"
            ));
        server.join().expect("no panic");
        let failed = u64::from(code == 5);
        assert_eq!(
            outcome.stderr.matches("failed: GET").count() as u64,
            failed,
            "{}",
            outcome.stderr
        );
        let xml = place.read("out.xml");
        let counts = format!("tests=\"8\" failures=\"{failed}\" errors=\"3\" skipped=\"2\"");
        assert!(xml.contains(&counts), "{xml}");
    }
}

#[test]
fn an_endpoint_that_is_no_address_is_told_before_anything_is_done() {
    let place = Place::new();
    for (endpoint, hint) in [
        ("ftp://127.0.0.1:1", "Write it like https://gateway.example:8243."),
        ("htps://127.0.0.1:1", "Did you mean https://127.0.0.1:1?"),
        ("127.0.0.1:1", "Write http://127.0.0.1:1 or https://127.0.0.1:1."),
    ] {
        place
            .mgw(&["test", "nowhere", "--endpoint", endpoint])
            .exits(2)
            .says("--endpoint is no address of a gateway: it begins with neither http:// nor https://")
            .says(hint);
    }
}

/// A gateway of this project, the address of its TLS listener, and its certificate.
fn tls_gateway(place: &Place) -> (Running, String, String) {
    let mut arguments = vec!["run", "shop", "--output", "json", "--local-issuer"];
    arguments.extend(ON_LOOPBACK);
    let mut gateway = Running::start(place, &arguments);
    let serving = gateway.json_line();
    let url = serving["https"].as_str().expect("an address").to_owned();
    let certificate = place.config_dir().join("gateway");
    let found = std::fs::read_dir(&certificate)
        .expect("the gateway's folder")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let text = std::fs::read_to_string(&path).ok()?;
            text.contains("BEGIN CERTIFICATE").then_some(path)
        });
    let path = found.last().expect("a certificate");
    (gateway, url, path.to_str().expect("UTF-8").to_owned())
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told_and_one_that_is_trusted_will_do() {
    let place = project();
    cases(&place, "a", [("/shop/items/../items/a", 400), ("/shop/none", 404)]);
    let (gateway, url, certificate) = tls_gateway(&place);
    place
        .mgw(&["test", "shop", "--endpoint", &url])
        .exits(13)
        .says(&format!(
            "no gateway answers at {url}: nobody whom this machine trusts vouches for its certificate"
        ))
        .says("SSL_CERT_FILE");
    let trusting = |variables: &[(&str, &str)]| {
        let mut command = place.command(&["test", "shop", "--endpoint", &url]);
        command
            .env("SSL_CERT_FILE", &certificate)
            .envs(variables.iter().copied());
        Outcome::of(command)
    };
    trusting(&[]).exits(0).says("Passed 2 cases");
    // Through a tunnel of a proxy, which wants a password.
    let proxy = TinyProxy::start("");
    let account = format!(
        "http://{}:{}@127.0.0.1:{}",
        TinyProxy::USER,
        TinyProxy::PASSWORD,
        proxy.port()
    );
    trusting(&[("HTTPS_PROXY", &account)]).exits(0).says("Passed 2 cases");
    let (_, port) = url.rsplit_once(':').expect("a port");
    assert!(
        proxy.log().contains(&format!("CONNECT 127.0.0.1:{port}")),
        "{}",
        proxy.log()
    );
    let nobody = format!("http://127.0.0.1:{}", proxy.port());
    trusting(&[("HTTPS_PROXY", &nobody)])
        .exits(13)
        .says(&format!("through the proxy 127.0.0.1:{}", proxy.port()));
    gateway.signal("TERM");
    gateway.end().exits(0);
}

#[test]
fn a_proxy_forwards_paths_as_they_are_written() {
    let place = project();
    cases(&place, "odd", [("/shop/%2e%2e/items/..", 200)]);
    let (listener, url) = listener();
    let server = answering(listener, 1);
    let proxy = TinyProxy::start("");
    let mut command = place.command(&["test", "shop", "--endpoint", &url]);
    let account = format!(
        "http://{}:{}@127.0.0.1:{}",
        TinyProxy::USER,
        TinyProxy::PASSWORD,
        proxy.port()
    );
    command.env("HTTP_PROXY", account);
    Outcome::of(command).exits(0);
    assert_eq!(server.join().expect("no panic"), ["GET /shop/%2e%2e/items/.. HTTP/1.1"]);
    assert!(proxy.log().contains("GET http://127.0.0.1:"), "{}", proxy.log());
}
