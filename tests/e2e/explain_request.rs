//! `mgw explain request` through the binary.

use crate::build::DEFINITION;
use crate::support::{Place, traced};
use std::io::Write;
use std::process::Stdio;

/// Secrets that are planted where an explanation could show them.
const CANARY: &str = "canary-5e2c";

fn project() -> Place {
    let place = Place::new();
    place.write("openapi.yaml", DEFINITION);
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place
}

/// The request with more arguments.
fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&REQUEST[..], more].concat()
}

fn token(place: &Place) -> String {
    place.mgw(&["token", "shop"]).exits(0).stdout.trim().to_owned()
}

const REQUEST: [&str; 7] = [
    "explain",
    "request",
    "GET",
    "/shop/items/7",
    "--project",
    "shop",
    "--local-issuer",
];

#[test]
fn the_token_comes_from_a_flag_a_file_standard_input_or_the_environment() {
    let place = project();
    let token = token(&place);
    place.write("token", &format!("{token}\n"));
    let reaches = "Reaches the backend: GET ";

    place.mgw(&REQUEST).exits(0).prints("Refused with 401, code 900902");
    place
        .mgw(&with(&["--token", &token]))
        .exits(0)
        .prints(reaches)
        .says("use MGW_TEST_TOKEN or --token-file");
    let of_file = place.mgw(&with(&["--token-file", "token"])).exits(0).prints(reaches);
    assert_eq!(of_file.stderr, "");
    let mut command = place.command(&with(&["--token-file", "-"]));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    writeln!(input, "{token}").expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&output.stdout).contains(reaches));
    let mut command = place.command(&REQUEST);
    let output = command.env("MGW_TEST_TOKEN", &token).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains(reaches));
    // Without the issuer it is nobody's token.
    let untrusted = [&REQUEST[..6], &["--token-file", "token"]].concat();
    place
        .mgw(&untrusted)
        .exits(0)
        .prints("no configured issuer matches")
        .prints("tokens of `mgw token` need --local-issuer");
}

#[test]
fn pipelines_can_tell_refusals_by_the_exit_code() {
    let place = project();
    place.write("token", &token(&place));
    place
        .mgw(&[&REQUEST[..], &["--exit-code", "--token-file", "token"]].concat())
        .exits(0);
    place.mgw(&[&REQUEST[..], &["--exit-code"]].concat()).exits(20);
    place.write(
        "published.conf",
        "[[jwtTokenConfig]]\nissuer = \"urn:mgw:local-issuer\"\njwksURL = \"http://127.0.0.1:1/jwks\"\n",
    );
    let undecided = [
        &REQUEST[..6],
        &["--exit-code", "--token-file", "token", "--config", "published.conf"],
    ]
    .concat();
    place
        .mgw(&undecided)
        .exits(8)
        .prints("the gateway would ask issuer urn:mgw:local-issuer for its keys");
}

#[test]
fn a_bundle_names_its_entries_and_programs_get_a_document() {
    let place = project();
    place.write("token", &token(&place));
    place.mgw(&["build", "shop"]).exits(0);
    let of = |project: &str| {
        let arguments = [
            &REQUEST[..4],
            &[
                "--project",
                project,
                "--local-issuer",
                "--token-file",
                "token",
                "--output",
                "json",
            ],
        ]
        .concat();
        place.mgw(&arguments).exits(0).json()
    };
    let (project, bundle) = (of("shop"), of("shop/target/shop.zip"));
    for document in [&project, &bundle] {
        assert_eq!(document["outcome"], "backend");
        let steps = document["steps"].as_array().expect("a list");
        let phases: Vec<_> = steps.iter().filter_map(|step| step["phase"].as_str()).collect();
        assert_eq!(
            phases,
            [
                "listener",
                "route",
                "authn",
                "authz",
                "throttle",
                "transform",
                "upstream"
            ]
        );
        assert_eq!(document["caller"]["application"]["name"], "local");
    }
    let route = |document: &serde_json::Value| document["steps"][1]["places"][0].as_str().map(str::to_owned);
    assert!(
        route(&project).is_some_and(|place| place.starts_with("shop/api_definitions/openapi.yaml:")),
        "{project}"
    );
    assert!(
        route(&bundle).is_some_and(|entry| entry.starts_with("definitions/") && entry.ends_with(".json")),
        "{bundle}"
    );
    assert_eq!(project["backend"], bundle["backend"]);
}

#[test]
fn mistakes_in_the_request_are_told() {
    let place = project();
    for (arguments, message) in [
        (&["GET", "shop/items"][..], "is no target of a request"),
        (&["GET", "/shop/a b"], "is no target of a request"),
        (&["G T", "/shop"], "is no method"),
        (&["GET", "/shop", "--header", "no-colon"], "expected `NAME: VALUE`"),
        (&["GET", "/shop", "--header", "a b: c"], "is no name of a header"),
        (&["GET", "/shop", "--token-file", "nowhere"], "nowhere"),
        (
            &["GET", "/shop", "--token", "x", "--token-file", "y"],
            "cannot be used with",
        ),
        (&["GET", "/shop", "--tls", "--plain"], "cannot be used with"),
        (&["GET", "ftp://shop.test/shop"], "no listener takes `ftp:`"),
        (&["GET", "/shop", "--absolute-form"], "wants a URL"),
        (&["GET", "shop.test:80"], "is no target of a request"),
        (
            &["GET", "http://h/", "--absolute-form", "--http2"],
            "cannot be used with",
        ),
        (&["GET", "/shop", "--http1.0", "--http2"], "cannot be used with"),
        (&["GET", "/shop", "--no-host", "--http2"], "cannot be used with"),
        (
            &["GET", "/shop", "--no-host", "--header", "Host: a"],
            "contradict each other",
        ),
        (&["CONNECT", "/shop", "--http2"], "no request of HTTP/2"),
        (
            &["GET", "/shop", "--http2", "--header", "Content-Length: 3"],
            "says how long the body is",
        ),
        (&["GET", "/shop", "--at", "yesterday"], "--at"),
        (&["GET", "/shop", "--client-ip", "somewhere"], "--client-ip"),
        (&["GET"], "required"),
    ] {
        let all = [&["explain", "request", "--project", "shop"], arguments].concat();
        let outcome = place.mgw(&all);
        assert!(outcome.stderr.contains(message), "{arguments:?} {}", outcome.stderr);
        assert!([2, 7].contains(&outcome.code), "{arguments:?} {}", outcome.code);
    }
    let target = format!("u:{CANARY}@shop/items?apikey={CANARY}");
    let outcome = place
        .mgw(&["explain", "request", "--project", "shop", "GET", &target])
        .exits(2);
    assert!(!outcome.stderr.contains(CANARY), "{}", outcome.stderr);
    // Codes are explained as before, also beside it.
    place.mgw(&["explain", "no-endpoint"]).exits(0);
    place.mgw(&["explain", "requests"]).exits(2);
}

#[test]
fn bodies_protocols_and_certificates_can_be_said() {
    let place = Place::new();
    let definition = DEFINITION.replace("    get:\n", "    post:\n      x-wso2-disable-security: true\n");
    place.write("shop/api_definitions/openapi.yaml", &definition);
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    place.write("five", "01234");
    place.write("six", "012345");
    place.write("no.pem", "none");
    let ask = |more: &[&str]| {
        let limit = ["--project", "shop", "--set", "listenerConfig.maxEntityBodySize=5"];
        place.mgw(&[&["explain", "request", "POST", "/shop/items/7"][..], &limit, more].concat())
    };
    let chunked = ["--header", "Transfer-Encoding: chunked", "--data"];
    ask(&["--data", "01234"])
        .exits(0)
        .prints("Reaches the backend")
        .prints("content-length: 5");
    ask(&["--data", "@five"]).exits(0).prints("Reaches the backend");
    ask(&["--data", "@six"])
        .exits(0)
        .prints("no  listener")
        .prints("Refused with 413");
    ask(&[&chunked[..], &["@five"]].concat())
        .exits(0)
        .prints("Reaches the backend");
    // The gateway learns of it while the backend gets it.
    ask(&[&chunked[..], &["@six"]].concat())
        .exits(0)
        .prints("no  upstream")
        .prints("Refused with 413");
    ask(&["--http2", "--data", "012345"])
        .exits(0)
        .prints("(http listener, HTTP/2)")
        .prints("Refused with 413");
    // Errors of gRPC are answers of HTTP.
    let call = ["--http2", "--header", "Content-Type: application/grpc"];
    ask(&call).exits(0).prints("Reaches the backend");
    ask(&[&call[..], &["--data", "012345"]].concat())
        .exits(0)
        .prints("Refused with grpc-status 8 (HTTP 200)");
    ask(&["--http2", "--set", "http2.enable=false"])
        .exits(2)
        .says("speaks no HTTP/2");
    ask(&["--http2", "--header", "Host: a b"]).exits(2).says("HTTP/2");
    ask(&["--data", "@none"]).exits(7).says("none");
    ask(&["--client-cert", "no.pem"]).exits(2).says("no certificate in PEM");
    ask(&["--client-cert", "no.pem", "--plain"]).exits(2);
}

#[test]
fn what_a_traffic_manager_decides_by_is_named() {
    let place = project();
    let definition = DEFINITION.replace("    get:\n", "    get:\n      x-wso2-disable-security: true\n");
    place.write("shop/api_definitions/openapi.yaml", &definition);
    let settings = "[throttlingConfig]\nenabledGlobalTMEventPublishing = true\njmsConnectionProviderUrl = \"amqp://a:b@127.0.0.1:1\"\n";
    place.write("tm.conf", settings);
    let request = [&REQUEST[..], &["--config", "tm.conf"]].concat();
    place
        .mgw(&request)
        .exits(0)
        .prints("ok  throttle   the traffic manager decides; nothing is known of its decisions by\n")
        .prints("subscription: Unauthenticated, key 127.0.0.1:/shop:1.0.0\n")
        .prints("Note: the traffic manager counts requests")
        .prints("(blocks: 0, key templates: 0)")
        .prints("Reaches the backend");
    let document = place
        .mgw(&[&request[..], &["--output", "json"]].concat())
        .exits(0)
        .json();
    assert_eq!(
        document["decisions"],
        serde_json::json!([{"level": "subscription", "policy": "Unauthenticated", "key": "127.0.0.1:/shop:1.0.0", "stops": true}])
    );
}

/// What leads out of the gateway's own services is refused before anybody would be asked.
#[test]
fn paths_of_the_token_endpoints_are_read_as_others_are() {
    let place = project();
    let explain = |target: &str| {
        place
            .mgw(&[
                "explain",
                "request",
                "GET",
                target,
                "--project",
                "shop",
                "--tls",
                "--set",
                "keyManager.serverUrl=https://keys.example",
            ])
            .exits(0)
    };
    explain("/authorize/x").prints("the gateway would ask its own service /authorize");
    for target in ["/authorize/../../carbon", "/authorize/%2e%2e/x", "/authorize/a\\b"] {
        explain(target)
            .prints("Refused with 400")
            .prints("backends would read this path in different ways");
    }
}

/// Tokens, passwords, keys and what the gateway shows backends: in no output, whatever becomes of the request.
#[test]
fn no_secret_is_shown() {
    let place = project();
    let definition = DEFINITION.replace(
        "x-wso2-basePath: /shop",
        "x-wso2-basePath: /shop\nx-wso2-auth-header: X-Odd",
    );
    place.write("shop/api_definitions/openapi.yaml", &definition);
    let token = token(&place);
    for target in ["/shop/items/7", "/shop/nothing", "/nowhere", "/health"] {
        let target = format!("{target}?access_token={CANARY}&apikey={CANARY}");
        let mut command = place.command(&[
            "explain",
            "request",
            "GET",
            &target,
            "--project",
            "shop",
            "--local-issuer",
        ]);
        command.args([
            "--set",
            "b7a.users.ana.password=0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
        ]);
        for name in [
            "Authorization",
            "Cookie",
            "X-Api-Key",
            "X-Odd",
            "Proxy-Authorization",
            "X-JWT-Assertion",
        ] {
            command.args(["--header", &format!("{name}: Basic {CANARY}")]);
        }
        for format in ["text", "json"] {
            let mut plain = place.command(&[]);
            plain.args(command.get_args()).args(["--output", format, "-v"]);
            let output = plain.output().expect("it runs");
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(CANARY), "{target} {text}");
            assert!(text.contains(&target[..6]), "{text}");
        }
        let mut flagged = place.command(&["explain", "request", "GET", &target, "--project", "shop"]);
        let output = flagged
            .args(["--local-issuer", "--token", &token])
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let signature = token.rsplit('.').next().expect("a signature");
        assert!(!text.contains(signature) && !text.contains(CANARY), "{text}");
    }
}

/// The one way to be sure that nobody is asked: no socket for another machine, or this one's network, is opened.
#[cfg(target_os = "linux")]
#[test]
fn no_socket_is_opened() {
    let place = project();
    let settings = "[[jwtTokenConfig]]\nissuer = \"x\"\njwksURL = \"http://127.0.0.1:1/jwks\"\n[apim.eventHub]\nenable = true\n\
                    serviceUrl = \"https://127.0.0.1:1\"\nusername = \"u\"\npassword = \"p\"\n\
                    eventListeningEndpoints = \"amqp://u:p@127.0.0.1:1\"\n";
    place.write("all.conf", settings);
    let request = [&REQUEST[..], &["--config", "all.conf"]].concat();
    let command = place.command(&request);
    let mut traced = traced(&command, &["-e", "trace=socket", "-o", "trace"]);
    let output = traced.output().expect("strace runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let trace = place.read("trace");
    assert!(!trace.contains("AF_INET"), "{trace}");
}
