//! Files of other servers that definitions refer to, through the binary.

use crate::support::{POLICIES, Place};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

/// A web server with a few files, which counts what is asked of it.
struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, String>,
    asked: Vec<String>,
}

impl Server {
    fn start(files: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        for (path, text) in files {
            server.put(path, text);
        }
        let state = Arc::clone(&server.state);
        // It ends with the process of the tests; nobody waits for it.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let mut state = state.lock().unwrap();
                let (status, header, body) = match state.files.get(&path).map(String::as_str) {
                    Some(text) if text.starts_with("-> ") => ("302 Found", text.replace("-> ", "location: "), ""),
                    Some(text) => ("200 OK", "server: test".to_owned(), text),
                    None => ("404 Not Found", "server: test".to_owned(), ""),
                };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                // A client that has gone is no matter of the server's.
                let _ = stream.write_all(answer.as_bytes());
                state.asked.push(path);
            }
        });
        server
    }

    fn put(&self, path: &str, text: &str) {
        self.state.lock().unwrap().files.insert(path.into(), text.into());
    }

    /// What was asked since the last time.
    fn asked(&self) -> String {
        std::mem::take(&mut self.state.lock().unwrap().asked).join(" ")
    }

    fn definition(&self, reference: &str) -> String {
        let address = self.address;
        format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: [http://127.0.0.1:3000]}}\npaths:\n  /items:\n    get:\n      responses:\n        \
             '200': {{description: ok, content: {{a/b: {{schema: {{$ref: 'http://{address}{reference}'}}}}}}}}\n"
        )
    }
}

fn lock(place: &Place) -> String {
    place.read("shop/remote.lock")
}

#[test]
fn files_of_other_servers_are_fetched_once_and_pinned() {
    let server = Server::start(&[
        (
            "/v1/item.yaml",
            "Item: {properties: {part: {$ref: 'part.json#/Part'}}}\n",
        ),
        ("/v1/part.json", "{\"Part\": {\"type\": \"object\"}}"),
    ]);
    let place = Place::new();
    place.write(
        "shop/api_definitions/shop.yaml",
        &server.definition("/v1/item.yaml#/Item"),
    );
    place.write("shop/policies.yaml", POLICIES);
    // Nothing is fetched unasked.
    place
        .mgw(&["build", "shop"])
        .exits(3)
        .says("error[reference]")
        .says("/v1/item.yaml` leads to another server")
        .says("--allow-remote");
    assert_eq!(server.asked(), "");
    assert!(!place.path().join("shop/remote.lock").exists());

    place
        .mgw(&["check", "shop", "--allow-remote"])
        .exits(0)
        .says("Fetched")
        .says("1 API, 1 operation, no problems");
    assert_eq!(server.asked(), "/v1/item.yaml /v1/part.json");
    let pinned = lock(&place);
    assert!(pinned.contains("path = \"remote/127.0.0.1_v1_item.yaml\""), "{pinned}");

    // From then on no network is needed, and the bundle is the same wherever it is built.
    let digest = |arguments: &[&str]| {
        let built = place.mgw(arguments).exits(0).json();
        built["digest"].as_str().unwrap().to_owned()
    };
    let first = digest(&["build", "shop", "--output", "json", "--offline"]);
    server.put("/v1/part.json", "{\"Part\": {\"type\": \"string\"}}");
    assert_eq!(digest(&["build", "shop", "--output", "json", "--allow-remote"]), first);
    assert_eq!(server.asked(), "");
    assert_eq!(lock(&place), pinned);

    // What has changed there is taken over when somebody says so.
    place
        .mgw(&["check", "shop", "--update-remote"])
        .exits(0)
        .says("Updated");
    assert_eq!(server.asked(), "/v1/item.yaml /v1/part.json");
    assert_ne!(lock(&place), pinned);
    assert_ne!(digest(&["build", "shop", "--output", "json"]), first);
}

#[test]
fn what_is_not_as_pinned_is_not_used() {
    let server = Server::start(&[("/item.yaml", "Item: {type: object}\n")]);
    let place = Place::new();
    place.write("api.yaml", &server.definition("/item.yaml#/Item"));
    place
        .mgw(&["init", "shop", "--api", "api.yaml", "--allow-remote"])
        .exits(0)
        .says("Fetched");
    place.mgw(&["build", "shop"]).exits(0);
    let copy = "shop/remote/127.0.0.1_item.yaml";
    place.write(copy, "Item: {type: string}\n");
    place
        .mgw(&["build", "shop"])
        .exits(3)
        .says("is not what remote.lock pins");
    // The same bytes come back; others do not.
    place
        .mgw(&["build", "shop", "--allow-remote"])
        .exits(0)
        .says("Fetched again");
    assert_eq!(place.read(copy), "Item: {type: object}\n");
    std::fs::remove_file(place.path().join(copy)).unwrap();
    server.put("/item.yaml", "Item: {type: number}\n");
    let before = place.files();
    place
        .mgw(&["build", "shop", "--allow-remote"])
        .exits(15)
        .says("is not what remote.lock pins any more")
        .says("--update-remote");
    assert_eq!(place.files(), before);
    // What nothing refers to any more goes with an update.
    place.write("shop/api_definitions/api.yaml", &server.definition("/other.yaml#/Item"));
    server.put("/other.yaml", "Item: {type: object}\n");
    place.mgw(&["check", "shop", "--update-remote"]).exits(0);
    assert!(!lock(&place).contains("item.yaml") && lock(&place).contains("other.yaml"));
    // A lock that somebody else wrote leads nowhere else.
    let elsewhere = lock(&place).replace("remote/127.0.0.1_other.yaml", "remote/../../api.yaml");
    place.write("shop/remote.lock", &elsewhere);
    place.mgw(&["check", "shop"]).exits(3).says("is no file in `remote/`");
}

#[test]
fn what_cannot_be_fetched_says_why() {
    let server = Server::start(&[
        ("/loop.yaml", "-> /loop.yaml"),
        ("/away.yaml", "-> http://h.example/x.yaml"),
        ("/moved.yaml", "-> /item.yaml"),
        ("/item.yaml", "Item: {type: object}\n"),
    ]);
    let place = Place::new();
    place.write("shop/policies.yaml", POLICIES);
    let with = |text: &str| {
        place.write("shop/api_definitions/shop.yaml", text);
        place.mgw(&["check", "shop", "--allow-remote"])
    };
    with(&server.definition("/none.yaml#/Item")).exits(7).says("status 404");
    with(&server.definition("/loop.yaml#/Item")).exits(7).says("redirect");
    with(&server.definition("/away.yaml#/Item")).exits(7).says("redirect");
    let foreign = server
        .definition("/x.yaml")
        .replace("http://127.0.0.1", "http://h.example");
    with(&foreign).exits(3).says("only `https:`");
    let secret = server
        .definition("/item.yaml#/Item")
        .replace("http://", "http://ana:canary@");
    let outcome = with(&secret.replacen("http://ana:canary@127.0.0.1:3000", "http://127.0.0.1:3000", 1));
    let outcome = outcome.exits(3).says("holds credentials");
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    assert!(!place.path().join("shop/remote.lock").exists());
    with(&server.definition("/moved.yaml#/Item")).exits(0);
    place.mgw(&["build", "shop", "--allow-remote", "--offline"]).exits(2);
    place.mgw(&["build", "shop", "--allow-remote", "--locked"]).exits(2);
}

/// RFC 3986 section 5.1.3: references are relative to where a file was found, not to where it was asked for.
#[test]
fn references_in_a_redirected_file_are_relative_to_where_it_was_found() {
    let server = Server::start(&[
        ("/latest/item.yaml", "-> /v2/item.yaml"),
        (
            "/v2/item.yaml",
            "Item: {properties: {part: {$ref: 'parts/part.json#/Part'}, self: {$ref: 'item.yaml#/Item'}}}\n",
        ),
        ("/v2/parts/part.json", "{\"Part\": {\"type\": \"object\"}}"),
        ("/latest/parts/part.json", "{\"Part\": {\"type\": \"string\"}}"),
        ("/signed.yaml", "-> /v2/signed.yaml?signature=canary-77a1"),
        (
            "/v2/signed.yaml?signature=canary-77a1",
            "Item: {properties: {part: {$ref: 'parts/part.json#/Part'}}}\n",
        ),
    ]);
    let place = Place::new();
    place.write("shop/policies.yaml", POLICIES);
    let with = |reference: &str| {
        place.write("shop/api_definitions/shop.yaml", &server.definition(reference));
        place.mgw(&["check", "shop", "--allow-remote"]).exits(0)
    };
    with("/latest/item.yaml#/Item");
    assert_eq!(server.asked(), "/latest/item.yaml /v2/item.yaml /v2/parts/part.json");
    let pinned = lock(&place);
    let base = format!("base = \"http://{}/v2/item.yaml\"\n", server.address);
    assert_eq!(pinned.matches("[[file]]").count(), 2, "{pinned}");
    assert!(pinned.contains(&base), "{pinned}");
    place.mgw(&["build", "shop", "--offline"]).exits(0);

    // A lock of before does not say where it was found; now it does.
    place.write("shop/remote.lock", &pinned.replace(&base, ""));
    std::fs::remove_file(place.path().join("shop/remote/127.0.0.1_latest_item.yaml")).unwrap();
    place.mgw(&["check", "shop", "--allow-remote"]).exits(0);
    assert_eq!(lock(&place), pinned);
    server.asked();

    // Another place with the same bytes is another file: what it refers to may be something else.
    server.put("/latest/item.yaml", "-> /v3/item.yaml");
    let text = place.read("shop/remote/127.0.0.1_latest_item.yaml");
    server.put("/v3/item.yaml", &text);
    std::fs::remove_file(place.path().join("shop/remote/127.0.0.1_latest_item.yaml")).unwrap();
    place
        .mgw(&["check", "shop", "--allow-remote"])
        .exits(15)
        .says("is not what remote.lock pins any more");
    assert_eq!(lock(&place), pinned);
    server.asked();

    // What may be secret in an address is not kept.
    let outcome = with("/signed.yaml#/Item");
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    assert!(!server.asked().contains("latest"));
    let pinned = lock(&place);
    assert!(
        pinned.contains(&format!("base = \"http://{}/v2/\"\n", server.address)),
        "{pinned}"
    );
    assert!(!pinned.contains("canary"), "{pinned}");
}

#[test]
fn what_is_no_part_of_a_definition_is_not_pinned() {
    let server = Server::start(&[
        ("/login.yaml", "<!DOCTYPE html><html>Sign in</html>"),
        ("/text", "nothing to see here"),
        ("/broken.json", "{\"Item\": "),
    ]);
    let place = Place::new();
    place.write("shop/policies.yaml", POLICIES);
    let with = |reference: &str| {
        place.write("shop/api_definitions/shop.yaml", &server.definition(reference));
        place.mgw(&["check", "shop", "--allow-remote"]).exits(3)
    };
    with("/login.yaml").says("is an HTML page").says("Nothing was pinned");
    with("/text").says("is a text");
    with("/broken.json#/Item")
        .says("error[syntax]")
        .says("is no YAML or JSON");
    assert!(!place.path().join("shop/remote").exists());
    assert!(!place.path().join("shop/remote.lock").exists());
}

#[test]
fn a_definition_of_a_server_comes_with_what_is_beside_it() {
    let server = Server::start(&[(
        "/schemas/item.yaml",
        "Item: {properties: {part: {$ref: '../parts/part.json'}}}\n",
    )]);
    let definition = server
        .definition("/schemas/item.yaml#/Item")
        .replace(&format!("http://{}/schemas", server.address), "../schemas");
    server.put("/v1/shop.yaml", &definition);
    server.put("/parts/part.json", "{\"type\": \"object\"}");
    let place = Place::new();
    let address = format!("http://{}/v1/shop.yaml", server.address);
    // Nothing but what was named is asked for, and it is said how the rest comes along.
    place
        .mgw(&["init", "bare", "--api", &address])
        .exits(0)
        .says("refers to files beside it")
        .says("/schemas/item.yaml; --allow-remote takes them along");
    assert_eq!(server.asked(), "/v1/shop.yaml");
    place
        .mgw(&["init", "shop", "--api", &address, "--allow-remote"])
        .exits(0)
        .says("Added api_definitions/v1/shop.yaml")
        .says("Added api_definitions/schemas/item.yaml")
        .says("Added api_definitions/parts/part.json");
    assert_eq!(server.asked(), "/v1/shop.yaml /schemas/item.yaml /parts/part.json");
    place.mgw(&["build", "shop"]).exits(0);
    assert!(!place.path().join("shop/remote.lock").exists());

    // What is beside it is beside where it was found.
    server.put("/latest.yaml", "-> /v1/shop.yaml");
    server.asked();
    let latest = format!("http://{}/latest.yaml", server.address);
    place
        .mgw(&["init", "latest", "--api", &latest, "--allow-remote"])
        .exits(0)
        .says("Added api_definitions/schemas/item.yaml");
    assert_eq!(
        server.asked(),
        "/latest.yaml /v1/shop.yaml /schemas/item.yaml /parts/part.json"
    );
    place.mgw(&["build", "latest"]).exits(0);

    // Where one of them is missing nothing is changed.
    server.put("/v2/shop.yaml", &definition.replace("item.yaml", "none.yaml"));
    let before = place.files();
    let address = address.replace("/v1/", "/v2/");
    place
        .mgw(&["add", "bare", &address, "--allow-remote"])
        .exits(7)
        .says("status 404");
    assert_eq!(place.files(), before);
}
