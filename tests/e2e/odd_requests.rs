//! Requests that hardly any client sends, through sockets to a gateway that runs and through `mgw explain request`.

use crate::serve;
use crate::support::Place;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// What differs from answer to answer.
const OF_THE_MOMENT: [&str; 2] = ["date", "x-correlation-id"];

const DEFINITION: &str = "openapi: 3.0.0
info: {title: Odd, version: 1.0.0}
x-wso2-basePath: /odd/v1
x-wso2-disable-security: true
x-wso2-production-endpoints: {urls: ['http://BACKEND/base']}
x-wso2-cors: {access-control-allow-origins: ['https://app.test'], access-control-allow-methods: [GET]}
paths:
  /items: {get: {responses: {'200': {description: ok}}}, post: {responses: {'200': {description: ok}}}}
  /items/{id}: {get: {responses: {'200': {description: ok}}}}
  /files/*: {get: {responses: {'200': {description: ok}}}, head: {responses: {'200': {description: ok}}}}
";

/// What is said to `mgw explain request`, and the head that a client sends.
const CASES: &[(&[&str], &str)] = &[
    (&["OPTIONS", "*"], "OPTIONS * HTTP/1.1\nHost: localhost"),
    (&["GET", "*"], "GET * HTTP/1.1\nHost: localhost"),
    (
        &["OPTIONS", "/odd/v1/items"],
        "OPTIONS /odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (
        &["OPTIONS", "/odd/v1/none"],
        "OPTIONS /odd/v1/none HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "http://shop.test/odd/v1/items", "--absolute-form"],
        "GET http://shop.test/odd/v1/items HTTP/1.1\nHost: shop.test",
    ),
    (
        &[
            "GET",
            "http://shop.test/odd/v1/items?a=b",
            "--absolute-form",
            "--no-host",
        ],
        "GET http://shop.test/odd/v1/items?a=b HTTP/1.1",
    ),
    (
        &["GET", "http://shop.test", "--absolute-form"],
        "GET http://shop.test HTTP/1.1\nHost: shop.test",
    ),
    (
        &["GET", "ftp://shop.test/odd/v1/items", "--absolute-form"],
        "GET ftp://shop.test/odd/v1/items HTTP/1.1\nHost: shop.test",
    ),
    (
        &["GET", "http://ana:pw@shop.test/odd/v1/items", "--absolute-form"],
        "GET http://ana:pw@shop.test/odd/v1/items HTTP/1.1\nHost: shop.test",
    ),
    (
        &["GET", "http://shop.test/odd/v1/none", "--absolute-form"],
        "GET http://shop.test/odd/v1/none HTTP/1.1\nHost: shop.test",
    ),
    (
        &["GET", "http://shop.test/odd/v1/items"],
        "GET /odd/v1/items HTTP/1.1\nHost: shop.test",
    ),
    (
        &["CONNECT", "shop.test:443"],
        "CONNECT shop.test:443 HTTP/1.1\nHost: shop.test:443",
    ),
    (
        &["CONNECT", "/odd/v1/items"],
        "CONNECT /odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (&["CONNECT", "*"], "CONNECT * HTTP/1.1\nHost: localhost"),
    (
        &["TRACE", "/odd/v1/items"],
        "TRACE /odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (&["TRACE", "/"], "TRACE / HTTP/1.1\nHost: localhost"),
    (&["get", "/odd/v1/items"], "get /odd/v1/items HTTP/1.1\nHost: localhost"),
    (
        &["PROPFIND", "/odd/v1/items"],
        "PROPFIND /odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (&["PRI", "*"], "PRI * HTTP/1.1\nHost: localhost"),
    (&["!~", "/odd/v1/items"], "!~ /odd/v1/items HTTP/1.1\nHost: localhost"),
    (
        &["HEAD", "/odd/v1/files/a"],
        "HEAD /odd/v1/files/a HTTP/1.1\nHost: localhost",
    ),
    (
        &["HEAD", "/odd/v1/items"],
        "HEAD /odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (&["GET", "/odd/v1/items", "--no-host"], "GET /odd/v1/items HTTP/1.1"),
    (
        &["GET", "/odd/v1/items", "-H", "Host:"],
        "GET /odd/v1/items HTTP/1.1\nHost:",
    ),
    (
        &["GET", "/odd/v1/items", "-H", "Host: a", "-H", "Host: a"],
        "GET /odd/v1/items HTTP/1.1\nHost: a\nHost: a",
    ),
    (
        &["GET", "/odd/v1/items", "-H", "Host: a/b"],
        "GET /odd/v1/items HTTP/1.1\nHost: a/b",
    ),
    (
        &["GET", "/odd/v1/items", "-H", "Host: [::1]:80"],
        "GET /odd/v1/items HTTP/1.1\nHost: [::1]:80",
    ),
    (
        &["GET", "/odd/v1/items", "--http1.0"],
        "GET /odd/v1/items HTTP/1.0\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items", "--http1.0", "--no-host"],
        "GET /odd/v1/items HTTP/1.0",
    ),
    (
        &["GET", "/odd/v1/none", "--http1.0"],
        "GET /odd/v1/none HTTP/1.0\nHost: localhost",
    ),
    (
        &["POST", "/odd/v1/items", "--http1.0", "-H", "Transfer-Encoding: chunked"],
        "POST /odd/v1/items HTTP/1.0\nHost: localhost\nTransfer-Encoding: chunked",
    ),
    (
        &["GET", "/odd/v1/../v1/items"],
        "GET /odd/v1/../v1/items HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/%2e%2e"],
        "GET /odd/v1/items/%2e%2e HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/a%2fb"],
        "GET /odd/v1/items/a%2fb HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/a%00b"],
        "GET /odd/v1/items/a%00b HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items;v=1/7;x"],
        "GET /odd/v1/items;v=1/7;x HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items;v=1"],
        "GET /odd/v1/items;v=1 HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1//items"],
        "GET /odd/v1//items HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "//odd/v1/items"],
        "GET //odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/files/a//b/"],
        "GET /odd/v1/files/a//b/ HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/\\"],
        "GET /odd/v1/items/\\ HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/%"],
        "GET /odd/v1/items/% HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/%zz"],
        "GET /odd/v1/items/%zz HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/\u{e4}"],
        "GET /odd/v1/items/\u{e4} HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/<a>|{b}^`\""],
        "GET /odd/v1/items/<a>|{b}^`\" HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/7#part"],
        "GET /odd/v1/items/7#part HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/items/7?a=/../&b=%00#c"],
        "GET /odd/v1/items/7?a=/../&b=%00#c HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/%6fdd/v1/items"],
        "GET /%6fdd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (
        &["GET", "/odd/v1/%69tems"],
        "GET /odd/v1/%69tems HTTP/1.1\nHost: localhost",
    ),
    (&["GET", "/odd/v1"], "GET /odd/v1 HTTP/1.1\nHost: localhost"),
    (&["GET", "/odd/v1?x"], "GET /odd/v1?x HTTP/1.1\nHost: localhost"),
    (&["GET", "/?"], "GET /? HTTP/1.1\nHost: localhost"),
    (
        &["GET", "/health/../odd/v1/items"],
        "GET /health/../odd/v1/items HTTP/1.1\nHost: localhost",
    ),
    (&["DELETE", "/health"], "DELETE /health HTTP/1.1\nHost: localhost"),
    (
        &[
            "GET",
            "/odd/v1/items",
            "-H",
            "Content-Length: 0",
            "-H",
            "Content-Length: 0",
        ],
        "GET /odd/v1/items HTTP/1.1\nHost: localhost\nContent-Length: 0\nContent-Length: 0",
    ),
    (
        &["GET", "/odd/v1/items", "-H", "Content-Length: x"],
        "GET /odd/v1/items HTTP/1.1\nHost: localhost\nContent-Length: x",
    ),
    (
        &["GET", "/odd/v1/items", "-H", "Transfer-Encoding: gzip"],
        "GET /odd/v1/items HTTP/1.1\nHost: localhost\nTransfer-Encoding: gzip",
    ),
    (
        &[
            "GET",
            "/odd/v1/items",
            "-H",
            "Upgrade: h2c",
            "-H",
            "Connection: upgrade, http2-settings",
        ],
        "GET /odd/v1/items HTTP/1.1\nHost: localhost\nUpgrade: h2c\nConnection: upgrade, http2-settings",
    ),
    (
        &["GET", "/odd/v1/items", "-H", "Expect: 200-nonsense"],
        "GET /odd/v1/items HTTP/1.1\nHost: localhost\nExpect: 200-nonsense",
    ),
    (
        &[
            "OPTIONS",
            "/odd/v1/items",
            "-H",
            "Origin: https://app.test",
            "-H",
            "Access-Control-Request-Method: TRACE",
        ],
        "OPTIONS /odd/v1/items HTTP/1.1\nHost: localhost\nOrigin: https://app.test\nAccess-Control-Request-Method: TRACE",
    ),
    (
        &["OPTIONS", "/odd/v1/items", "-H", "Max-Forwards: 0"],
        "OPTIONS /odd/v1/items HTTP/1.1\nHost: localhost\nMax-Forwards: 0",
    ),
    (
        &["TRACE", "/odd/v1/items", "-H", "Max-Forwards: 0"],
        "TRACE /odd/v1/items HTTP/1.1\nHost: localhost\nMax-Forwards: 0",
    ),
];

/// A backend that answers with the head that it got.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    // It ends with the process of the tests; nobody waits for it.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let head = head(&mut stream);
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{head}",
                head.len()
            );
            // A gateway that has gone is no matter of the backend's.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Status, sorted headers and body of what is answered to a head.
fn answered(address: &str, request: &str) -> (u64, Vec<(String, String)>, String) {
    let mut stream = TcpStream::connect(address).expect("the gateway listens");
    let bytes = format!("{}\r\n\r\n", request.replace('\n', "\r\n"));
    stream.write_all(bytes.as_bytes()).expect("it is read");
    let head = head(&mut stream);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.filter(|_| !request.starts_with("HEAD"));
    let mut body = vec![0; length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).expect("a whole answer");
    headers.retain(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
    headers.sort();
    (
        status.unwrap_or_else(|| panic!("no answer to {request:?}: {head:?}")),
        headers,
        String::from_utf8_lossy(&body).into_owned(),
    )
}

/// Why what is told is not what happened; `None`: it is.
fn difference(told: &Value, address: &str, request: &str) -> Option<String> {
    let (status, headers, body) = answered(address, request);
    let differs = |told: &dyn std::fmt::Debug| {
        Some(format!(
            "{request:?}\n  told {told:?}\n  but {status} {headers:?} {body:?}"
        ))
    };
    if let Some(backend) = told["backend"].as_object() {
        let url = backend["url"].as_str().expect("a URL");
        let target = url
            .strip_prefix("http://")
            .and_then(|rest| rest.find('/').map(|start| &rest[start..]));
        let line = format!(
            "{} {} HTTP/1.1",
            backend["method"].as_str().expect("a method"),
            target.unwrap_or("/")
        );
        let is_head = request.starts_with("HEAD");
        let fits = status == 200 && (is_head || body.lines().next() == Some(&line));
        return if fits { None } else { differs(&line) };
    }
    let answer = &told["answer"];
    let mut expected: Vec<(String, String)> = serde_json::from_value(answer["headers"].clone()).expect("headers");
    expected.retain(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
    expected.sort();
    let fits = answer["status"] == status && answer["body"] == body && expected == headers;
    if fits { None } else { differs(answer) }
}

#[test]
fn odd_requests_are_answered_as_is_told() {
    let place = Place::new();
    place.write("odd/mgw.toml", "format = 1\nname = \"odd\"\n");
    place.write("odd/api_definitions/odd.yaml", &DEFINITION.replace("BACKEND", &echo()));
    let long = format!("/odd/v1/items/{}", "a".repeat(9000));
    let long_head = format!("GET {long} HTTP/1.1\nHost: localhost");
    let long_case: (&[&str], &str) = (&["GET", &long], &long_head);
    place.mgw(&["build", "odd"]).exits(0);
    for compat in [&[][..], &["--compat", "micro-gw-3.2"]] {
        let (_running, url, _) = serve::run(&place, "odd/target/odd.zip", compat);
        let address = url.strip_prefix("http://").expect("an address");
        let mut differences = Vec::new();
        for (arguments, request) in CASES.iter().chain([&long_case]) {
            let all = [
                &["explain", "request"],
                *arguments,
                &["--project", "odd/target/odd.zip", "--output", "json"],
                compat,
            ]
            .concat();
            let told = place.mgw(&all).exits(0).json();
            differences.extend(difference(&told, address, request));
        }
        assert!(differences.is_empty(), "{compat:?}\n{}", differences.join("\n"));
    }
}
