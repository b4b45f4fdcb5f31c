//! Requests of every kind: plain ones, and those that make a difference.

use super::random::Random;
use super::world::World;

/// A request as a client sends it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'static str,
    pub is_http10: bool,
}

impl Sent {
    pub fn is_chunked(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == "transfer-encoding")
    }

    /// What is odd about it.
    pub fn oddities(&self) -> impl Iterator<Item = &'static str> {
        let hosts = self.headers.iter().filter(|(name, _)| *name == "host").count();
        let is_absolute = self
            .target
            .split(['/', '?'])
            .next()
            .is_some_and(|scheme| scheme.ends_with(':'));
        let odd = [
            (self.target == "*", "asterisk-form"),
            (self.target == "*" && self.method == "OPTIONS", "OPTIONS *"),
            (is_absolute, "absolute-form"),
            (
                self.method == "CONNECT" && self.target.contains("gateway") && !is_absolute,
                "authority-form",
            ),
            (self.method == "TRACE", "TRACE"),
            (self.method == "get", "get"),
            (hosts == 0, "no Host"),
            (hosts > 1, "two hosts"),
            (self.is_http10, "HTTP/1.0"),
            (self.target.len() > 300, "long path"),
        ];
        odd.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name)
    }

    /// What goes over a connection of HTTP/1.1.
    pub fn bytes(&self) -> String {
        let version = if self.is_http10 { "1.0" } else { "1.1" };
        let mut bytes = format!("{} {} HTTP/{version}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        if self.is_chunked() {
            if !self.body.is_empty() {
                bytes.push_str(&format!("{:x}\r\n{}\r\n", self.body.len(), self.body));
            }
            bytes.push_str("0\r\n\r\n");
        } else {
            bytes.push_str(self.body);
        }
        bytes
    }
}

pub struct Generator<'w> {
    world: &'w World,
    random: Random,
}

const METHODS: [&str; 9] = ["GET", "GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS", "PATCH"];
const ODD_METHODS: [&str; 7] = ["TRACE", "PURGE", "get", "CONNECT", "PRI", "OPTIONS", "!#$%&'*+-.^_`|~"];

/// What may stand in the place of a path, as it is or before one.
const TARGETS: [&str; 5] = [
    "*",
    "gateway:9090",
    "gateway",
    "user:canary-8d1f@gateway:9090",
    "[::1]:80",
];
const ADDRESSES: [&str; 9] = [
    "http://gateway",
    "http://gateway:9090",
    "HTTPS://elsewhere",
    "http://user:canary-8d1f@gateway",
    "http://[::1]",
    "ftp://gateway",
    "http://",
    "http://gateway:port",
    "http://a,b",
];

const PATHS: [&str; 40] = [
    "/pets/1.0/pets",
    "/pets/pets",
    "/pets/1.0/pets/mine",
    "/pets/1.0/pets/7",
    "/pets/1.0/pets/7/photos/a/b",
    "/pets/1.0",
    "/pets/1.0/",
    "/pets/2.0/pets",
    "/pets",
    "/shop/1.0/items",
    "/shop/1.0/items",
    "/shop/1.0/free",
    "/shop/1.0/nothing",
    "/production/1.0/a",
    "/sandbox/1.0/a",
    "/keys/1.0/header",
    "/keys/1.0/query",
    "/keys/1.0/either",
    "/keys/1.0/both",
    "/basic/1.0/a",
    "/basic/1.0/b",
    "/blocked/1.0/a",
    "/closed/1.0/a",
    "/limited/1.0/three",
    "/limited/1.0/nobody",
    "/limited/1.0/condition",
    "/named/1.0/a",
    "/asking/1.0/a",
    "/asking/1.0",
    "/user/1.0/a",
    "/encrypted/1.0/a",
    "/header/1.0/a",
    "/socket/1.0/a",
    "/certificate/1.0/mandatory",
    "/certificate/1.0/mandatory",
    "/optional/1.0/a",
    "/token",
    "/health",
    "/",
    "/nowhere",
];

/// What may stand behind, or in, a path.
const TWISTS: [&str; 22] = [
    "/",
    "//",
    "/.",
    "/..",
    "/../pets",
    "/%2e%2e/x",
    "%2F",
    "/a%2Fb",
    "/a%5Cb",
    "/a\\b",
    ";v=2",
    ";v=2/x",
    "/%70%65ts",
    "/%00",
    "/a%20b",
    "/%252F",
    "/%zz",
    "/ä",
    "/a:b@c",
    "/~a'(b)",
    "/a%3Bb",
    "/x//y",
];

const QUERIES: [&str; 9] = [
    "?x=1",
    "?",
    "?a=b&c=d&e",
    "?x=%20+y",
    "?api_key=wrong",
    "?token=canary-8d1f&x=1",
    "?backend_key=theirs&x",
    "?x=/../a",
    "?a[]=1",
];

const HEADERS: [(&str, &str); 41] = [
    ("accept", "application/xml"),
    ("accept", "application/json"),
    ("accept", "text/plain"),
    ("accept", "*/*"),
    ("accept", "application/xml;q=0.5, application/json"),
    ("content-type", "application/grpc"),
    ("content-type", "application/json"),
    ("x-a", "1"),
    ("x-a", "2"),
    ("origin", "https://app.test"),
    ("origin", "https://evil.test"),
    ("access-control-request-method", "GET"),
    ("access-control-request-method", "DELETE"),
    ("access-control-request-headers", "x-a"),
    ("access-control-request-headers", "x-unknown"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-for", "203.0.113.66"),
    ("x-forwarded-for", "10.0.0.1, 203.0.113.8"),
    ("x-forwarded-for", "nonsense"),
    ("x-forwarded-host", "elsewhere"),
    ("forwarded", "for=203.0.113.66"),
    ("connection", "keep-alive, X-A"),
    ("connection", "x-b"),
    ("x-b", "of the hop"),
    ("te", "trailers"),
    ("upgrade", "websocket"),
    ("connection", "upgrade"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ("x-jwt-assertion", "forged"),
    ("x_jwt_assertion", "forged"),
    ("x-correlation-id", "mine-1"),
    ("x-correlation-id", "not a good one"),
    ("max-forwards", "0"),
    ("max-forwards", "5"),
    ("cookie", "a=canary-8d1f"),
    ("proxy-authorization", "Basic canary-8d1f"),
    ("referer", "https://app.test/x"),
    ("user-agent", "test"),
    ("via", "1.1 other"),
    (
        "via",
        "1.1 itself, 1.1 itself, 1.1 itself, 1.1 itself, 1.1 itself, 1.1 itself, 1.1 itself, 1.1 itself",
    ),
];

impl<'w> Generator<'w> {
    pub fn new(world: &'w World, random: Random) -> Self {
        Self { world, random }
    }

    pub fn request(&mut self) -> Sent {
        let random = &mut self.random;
        let method = match random.one_in(20) {
            true => *random.of(&ODD_METHODS),
            false => *random.of(&METHODS),
        };
        let mut target = (*random.of(&PATHS)).to_owned();
        if random.one_in(4) {
            let twist = random.of(&TWISTS);
            target.push_str(twist);
        }
        if random.one_in(120) {
            target.push_str(&"/long".repeat(60));
        }
        let mut headers = vec![("host", "gateway".to_owned())];
        if random.one_in(60) {
            headers[0].1 = (*random.of(&["", "a b", "gateway:9090", "[::1]:80", "x@y", "gateway, other"])).to_owned();
        }
        if random.one_in(150) {
            headers.clear();
        }
        if random.one_in(150) {
            headers.push(("host", (*random.of(&["gateway", "other"])).to_owned()));
        }
        if method == "OPTIONS" && random.one_in(20) {
            "*".clone_into(&mut target);
        }
        let needs_key = target.starts_with("/keys");
        if !random.one_in(3) {
            let name = match target.starts_with("/header") && !random.one_in(4) {
                true => "x-auth",
                false => "authorization",
            };
            headers.push((name, random.of(&self.world.credentials).clone()));
        }
        if random.one_in(80) {
            headers.push(("authorization", random.of(&self.world.credentials).clone()));
        }
        if needs_key && !random.one_in(3) {
            headers.push(("x-key", random.of(&self.world.api_keys).clone()));
        }
        if random.one_in(3) {
            let query = random.of(&QUERIES);
            target.push_str(query);
        } else if needs_key && random.one_in(2) {
            target = format!("{target}?x=1&api_key={}&y", random.of(&self.world.api_keys));
        }
        for _ in 0..random.below(4) {
            let (name, value) = *random.of(&HEADERS);
            headers.push((name, value.to_owned()));
        }
        // What belongs together rarely comes together by chance.
        if method == "OPTIONS" && random.one_in(2) {
            headers.push(("origin", "https://app.test".to_owned()));
            headers.push(("access-control-request-method", "GET".to_owned()));
        }
        if random.one_in(150) {
            headers.push(("x-large", "l".repeat(3000)));
        }
        if method == "CONNECT" || random.one_in(60) {
            target = match random.one_in(2) {
                true => (*random.of(&TARGETS)).to_owned(),
                false => format!("{}{target}", random.of(&ADDRESSES)),
            };
        }
        let mut body = "";
        if method == "POST" || random.one_in(60) {
            body = *random.of(&["", "0123456789", "0123456789012345678901234567890"]);
            if random.one_in(4) {
                headers.push(("transfer-encoding", "chunked".to_owned()));
            } else {
                headers.push(("content-length", body.len().to_string()));
                if random.one_in(30) {
                    headers.push(("content-length", body.len().to_string()));
                }
            }
            if random.one_in(30) {
                headers.push(("expect", "100-continue".to_owned()));
            }
        }
        Sent {
            method,
            target,
            headers,
            body,
            is_http10: random.one_in(80),
        }
    }
}
