//! WebSocket, gRPC and server-sent events from a definition to a client: built, run, and spoken by other people's clients.

use crate::running::Running;
use crate::serve::run;
use crate::support::Place;
use mgw_fixtures::peer::{Peer, run_client};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// Checks and builds the project, and returns the bundle.
fn build(place: &Place, project: &str, holds: &str) -> String {
    place
        .mgw(&["check", project])
        .exits(0)
        .says(&format!("{holds}, no problems"));
    let built = place.mgw(&["build", project]).exits(0);
    let bundle = format!("{project}/target/{project}.zip");
    assert_eq!(built.stdout.trim(), bundle);
    bundle
}

/// A token of the local issuer.
fn token(place: &Place, project: &str) -> String {
    place.mgw(&["token", project]).exits(0).stdout.trim().to_owned()
}

/// Ends the gateway, which served `name` and had nothing to complain about but its own certificate.
fn stop(gateway: Running, name: &str) {
    gateway.signal("TERM");
    let outcome = gateway
        .end()
        .exits(0)
        .says(&format!("\nServing {name} 1.0.0 at http://"));
    assert_eq!(outcome.stdout, "");
    let stderr = outcome.stderr.as_str();
    assert_eq!(
        (stderr.matches(" WARN ").count(), stderr.matches("ERROR").count()),
        (1, 0),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("; a second signal stops at once\nStopped\n"),
        "{stderr}"
    );
}

#[test]
fn a_web_socket_is_built_and_served() {
    let server = Peer::start("websocket_server");
    let place = Place::new();
    place.write(
        "chat.yaml",
        &format!(
            "openapi: 3.0.0\ninfo: {{title: Chat, version: 1.0.0}}\nx-wso2-basePath: /chat\n\
             x-wso2-production-endpoints: {{urls: ['ws://127.0.0.1:{}']}}\n\
             paths:\n  /rooms/{{room}}:\n    get:\n      x-wso2-throttling-tier: ThreePerYear\n      \
             responses: {{'101': {{description: open}}}}\n",
            server.port()
        ),
    );
    place.mgw(&["init", "chat", "--api", "chat.yaml"]).exits(0);
    place.write(
        "chat/policies.yaml",
        "resourcePolicies:\n  - ThreePerYear: { count: 3, unitTime: 1, timeUnit: year }\nsubscriptionPolicies:\n  - Default: { count: 500, unitTime: 1, timeUnit: min }\n",
    );
    let bundle = build(&place, "chat", "1 API, 1 operation");
    let (gateway, url, _) = run(&place, &bundle, &["--local-issuer"]);
    let url = url.replace("http://", "ws://");
    run_client(
        "websocket_caller",
        &[&format!("{url}/chat/rooms/7"), &token(&place, "chat")],
    );
    stop(gateway, "Chat");
}

#[test]
fn a_service_of_grpc_is_built_and_served() {
    let server = Peer::start("grpc_server");
    let place = Place::new();
    place.write(
        "peer.proto",
        &format!(
            "syntax = \"proto3\";\npackage shop.v1;\nimport \"wso2/options.proto\";\n\
             service Peer {{\n  option (wso2.production_endpoints) = {{ url: \"http://127.0.0.1:{}\" }};\n  \
             rpc Echo (Text) returns (Text);\n  rpc Join (stream Text) returns (Text);\n  \
             rpc Split (Text) returns (stream Text);\n  rpc Talk (stream Text) returns (stream Text);\n}}\n\
             message Text {{ string text = 1; }}\n",
            server.port()
        ),
    );
    place.mgw(&["init", "calls", "--api", "peer.proto"]).exits(0);
    let bundle = build(&place, "calls", "1 API, 4 operations");
    let (gateway, url, _) = run(&place, &bundle, &["--local-issuer"]);
    let (_, port) = url.rsplit_once(':').expect("a port");
    run_client("grpc_caller", &[port, &token(&place, "calls")]);
    stop(gateway, "shop.v1.Peer");
}

/// Sends an event whenever it is told to, and ends when there is nobody to tell it.
fn events() -> (String, mpsc::Sender<&'static str>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (tell, told) = mpsc::channel::<&str>();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the gateway connects");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a head");
            head.extend(byte);
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it is read");
        for event in told {
            let event = format!("data: {event}\n\n");
            stream.write_all(event.as_bytes()).expect("it is read");
        }
    });
    (url, tell)
}

#[test]
fn events_arrive_one_by_one() {
    let (backend, tell) = events();
    let place = Place::new();
    place.write(
        "news.yaml",
        &format!(
            "openapi: 3.0.0\ninfo: {{title: News, version: 1.0.0}}\nx-wso2-basePath: /news\n\
             x-wso2-production-endpoints: {{urls: ['{backend}']}}\n\
             paths:\n  /events:\n    get:\n      responses: {{'200': {{description: events}}}}\n"
        ),
    );
    place.mgw(&["init", "news", "--api", "news.yaml"]).exits(0);
    let bundle = build(&place, "news", "1 API, 1 operation");
    let (gateway, url, _) = run(&place, &bundle, &["--local-issuer"]);
    let mut curl = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--no-buffer",
            "--max-time",
            "60",
            "--header",
        ])
        .arg(format!("Authorization: Bearer {}", token(&place, "news")))
        .arg(format!("{url}/news/events"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl is installed (`./test` installs it)");
    let mut received = BufReader::new(curl.stdout.take().expect("it is a pipe")).lines();
    // The next is sent when the one before has arrived.
    for event in ["one", "two", "three"] {
        tell.send(event).expect("the backend waits for it");
        let mut line = || received.next().expect("a line").expect("UTF-8");
        assert_eq!((line(), line()), (format!("data: {event}"), String::new()));
    }
    drop(tell);
    assert!(received.next().is_none());
    assert!(curl.wait().expect("it ends").success());
    stop(gateway, "News");
}
