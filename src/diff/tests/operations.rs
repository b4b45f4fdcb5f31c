//! Operations and their backends.

use super::*;

#[test]
fn operations_are_matched_by_the_requests_that_they_are_for() {
    use Class::{Breaking, Compatible, Weakening};
    let open = |mut resource: Resource| {
        resource.security.enabled = false;
        resource
    };
    let table: [(Vec<Resource>, Vec<Resource>, &[Class]); 8] = [
        (vec![resource("/a/{id}")], vec![resource("/a/{key}")], &[]),
        (
            vec![resource("/a/{id}")],
            vec![open(resource("/a/{key}"))],
            &[Weakening],
        ),
        // What was a wildcard's request is open now.
        (
            vec![resource("/*")],
            vec![resource("/*"), open(resource("/a"))],
            &[Weakening],
        ),
        // It was so before.
        (
            vec![open(resource("/*"))],
            vec![open(resource("/*")), resource("/a")],
            &[Breaking, Compatible],
        ),
        // Without the operation of its own the wildcard serves it.
        (
            vec![resource("/a/{id}"), open(resource("/*"))],
            vec![open(resource("/*"))],
            &[Weakening, Compatible],
        ),
        (
            vec![resource("/*"), resource("/a/{id}"), open(resource("/a/*"))],
            vec![resource("/*"), open(resource("/a/*"))],
            &[Weakening, Compatible],
        ),
        (vec![resource("/*")], vec![resource("/a")], &[Breaking, Compatible]),
        (vec![resource("/a")], vec![resource("/b")], &[Breaking, Compatible]),
    ];
    for (before, after, expected) in table {
        let with = |resources: &[Resource]| {
            let mut config = config();
            config.apis[0].resources = resources.to_vec();
            config
        };
        assert_eq!(classes(&with(&before), &with(&after)), expected, "{before:?} {after:?}");
    }
}

/// Every change between two lists of operations, in words; `open` stands before those that anybody may call.
fn told(before: &[&str], after: &[&str]) -> Vec<String> {
    let [before, after] = [before, after].map(|list| {
        let mut config = config();
        config.apis[0].resources = list.iter().map(|text| operation(text)).collect();
        config
    });
    sentences(&before, &after)
}

/// `open POST /a` and the like; GET where no method is named.
fn operation(text: &str) -> Resource {
    let mut words: Vec<&str> = text.split(' ').collect();
    let mut resource = resource(words.pop().unwrap());
    for word in words {
        match Method::ALL.into_iter().find(|method| method.as_str() == word) {
            Some(method) => resource.method = method,
            None if word == "open" => resource.security.enabled = false,
            None => resource.scopes.names = vec![word.into()],
        }
    }
    resource
}

#[test]
fn requests_of_one_operation_may_go_to_several() {
    assert_eq!(
        told(&["s /x/*", "s /x/{a}", "open /*"], &["s /x/{a}", "open /*"]),
        [
            "weakening GET /x/*: anybody may call it, without credentials",
            "compatible GET /x/*: it is gone: GET /* serves its requests",
        ]
    );
    // One part has two segments and more, and nobody serves it.
    assert_eq!(
        told(&["/x/*"], &["s /x/{a}"]),
        [
            "breaking GET /x/*: it is gone: GET /x/{a} serves only some of its requests",
            "breaking GET /x/{a}: tokens need the scope s, not only no scope",
            "compatible GET /x/{a}: it is new",
        ]
    );
    assert_eq!(
        told(&["/x/{a}"], &["/x/*"]),
        [
            "compatible GET /x/*: it is new",
            "compatible GET /x/{a}: it is gone: GET /x/* serves its requests",
        ]
    );
    // Which requests are meant is said where several operations serve them.
    assert_eq!(
        told(&["s /x/*", "/{a}/b", "open /*"], &["/{a}/b", "open /*"]),
        [
            "weakening GET /x/*: where GET /* serves its requests: anybody may call it, without credentials",
            "weakening GET /x/*: where GET /{a}/b serves its requests: tokens need no scope, not the scope s",
            "compatible GET /x/*: it is gone: GET /{a}/b, GET /* serve its requests",
        ]
    );
    assert_eq!(
        told(&["s /x/{a}", "/{a}/b"], &["s /x/{a}", "/{a}/b", "t /x/b"]),
        [
            "breaking GET /x/b: tokens need the scope t, not only the scope s",
            "weakening GET /x/b: tokens need the scope t, not the scope s",
            "compatible GET /x/b: it is new",
        ]
    );
    assert_eq!(
        told(&["s /a/*", "/a*"], &["s /a/*", "/a*", "t /{x}/{y}"]),
        ["compatible GET /{x}/{y}: it is new"]
    );
    // The root is among the requests of a star.
    assert_eq!(
        told(&["/*"], &["/{a}", "/{a}/*"])[0],
        "breaking GET /*: it is gone: GET /{a}, GET /{a}/* serve only some of its requests"
    );
    assert_eq!(
        told(&["/*"], &["/", "/{a}", "/{a}/*"])[1],
        "compatible GET /*: it is gone: GET /, GET /{a}, GET /{a}/* serve its requests"
    );
}

#[test]
fn an_operation_that_no_request_reached_is_missed_by_nobody() {
    assert_eq!(
        told(&["/x/*", "open /x/{a}", "/x/{a}/*"], &["open /x/{a}", "/x/{a}/*"]),
        ["cosmetic GET /x/*: it is gone; others served all of its requests already"]
    );
}

#[test]
fn what_anybody_could_call_before_opens_to_nobody() {
    assert_eq!(
        told(&["open /*"], &["open /*", "open /a"]),
        ["compatible GET /a: it is new"]
    );
    assert_eq!(
        told(&["open /a*"], &["open /a*", "open /{x}"]),
        ["weakening GET /{x}: it is new, and anybody may call it"]
    );
}

#[test]
fn many_operations_are_told_in_few_words() {
    assert_eq!(
        told(&["/*"], &["/a", "/b", "/c", "/d", "/e"])[0],
        "breaking GET /*: it is gone: GET /a, GET /b, GET /c and 2 more serve only some of its requests"
    );
}

#[test]
fn an_operation_without_backends_of_its_own_has_those_of_the_api() {
    use Class::{Compatible, Weakening};
    let with = |own: Option<&str>| {
        let mut config = config();
        config.apis[0].resources[0].endpoints.production = own.map(backend);
        config
    };
    for (before, after, expected) in [
        // What is written at the operation is what the API has.
        (None, Some("https://b.example"), &[][..]),
        (Some("https://b.example"), None, &[]),
        (None, Some("https://c.example"), &[Compatible]),
        (Some("https://c.example"), None, &[Compatible]),
        (None, Some("http://b.example"), &[Weakening, Compatible]),
        (Some("http://b.example"), None, &[Compatible]),
        (
            Some("https://c.example"),
            Some("http://c.example"),
            &[Weakening, Compatible],
        ),
    ] {
        assert_eq!(classes(&with(before), &with(after)), expected, "{before:?} {after:?}");
    }
    // A change of the API's is told once, at the API.
    let mut moved = config();
    moved.apis[0].endpoints.production = Some(backend("https://c.example"));
    assert_eq!(classes(&config(), &moved), [Compatible]);
}

#[test]
fn every_target_in_the_clear_counts() {
    use Class::{Compatible, Weakening};
    let with = |urls: &[&str]| {
        let mut config = config();
        let urls = urls.iter().map(|url| (*url).to_owned());
        config.apis[0].endpoints.production = Some(Endpoint::plain(None, EndpointKind::Failover, urls, 1000));
        config
    };
    let (safe, mixed, clear) = (
        with(&["https://a", "https://b"]),
        with(&["https://a", "http://b"]),
        with(&["http://a", "http://b"]),
    );
    assert_eq!(classes(&safe, &mixed), [Weakening, Compatible]);
    assert_eq!(classes(&mixed, &clear), [Weakening, Compatible]);
    assert_eq!(classes(&clear, &mixed), [Compatible]);
    assert_eq!(classes(&clear, &with(&["http://c"])), [Compatible]);
    type Row<'a> = (&'a [&'a str], &'a [&'a str], bool);
    let rows: [Row<'_>; 7] = [
        // One more target, also beside more that are encrypted.
        (&["https://a", "http://b"], &["https://a", "http://b", "http://c"], true),
        (
            &["https://a", "http://b"],
            &["https://a", "https://c", "https://d", "http://b", "http://e"],
            true,
        ),
        (&["https://a", "http://b"], &["https://b", "http://a"], true),
        // A larger share.
        (
            &["https://a", "https://c", "http://b"],
            &["https://a", "http://b"],
            true,
        ),
        (
            &["https://a", "http://b"],
            &["https://a", "https://c", "http://b"],
            false,
        ),
        // The first one is asked as long as it works.
        (&["https://a", "http://b"], &["http://b", "https://a"], true),
        (&["http://b", "https://a"], &["https://a", "http://b"], false),
    ];
    for (before, after, weaker) in rows {
        let found = classes(&with(before), &with(after));
        assert_eq!(found.contains(&Weakening), weaker, "{before:?} {after:?}: {found:?}");
    }
    // A backend that was not there has no former way that it could be compared with.
    let with_sandbox = |url: &str| {
        let mut config = config();
        config.apis[0].endpoints.sandbox = Some(backend(url));
        config
    };
    assert_eq!(
        classes(&config(), &with_sandbox("http://s.example")),
        [Weakening, Weakening]
    );
    assert_eq!(classes(&config(), &with_sandbox("https://s.example")), [Weakening]);
}

#[test]
fn a_backend_that_becomes_a_web_socket_breaks_and_so_does_the_way_back() {
    let with = |url: &str| {
        let mut config = config();
        config.apis[0].endpoints.production = Some(backend(url));
        config
    };
    assert_eq!(
        sentences(&with("https://b"), &with("WSS://b")),
        [
            "breaking: the production backend is a WebSocket: calls that ask for none are answered 426",
            "compatible: the production backend is WSS://b, not https://b",
        ]
    );
    assert_eq!(
        sentences(&with("ws://b"), &with("http://b")),
        [
            "breaking: the production backend is no WebSocket any more: handshakes are served like other calls",
            "compatible: the production backend is http://b, not ws://b",
        ]
    );
    assert_eq!(classes(&with("wss://b"), &with("wss://c")), [Class::Compatible]);
}

#[test]
fn an_operation_that_takes_requests_over_is_weighed_by_its_backend_too() {
    use Class::{Compatible, Weakening};
    let mut whole = config();
    whole.apis[0].resources = vec![resource("/a/{id}")];
    let mut split = whole.clone();
    let mut own = resource("/a/special");
    own.endpoints.production = Some(backend("http://b.example"));
    split.apis[0].resources.push(own);
    assert_eq!(classes(&whole, &split), [Weakening, Compatible, Compatible]);
    assert_eq!(classes(&split, &whole), [Compatible, Compatible]);
}

#[test]
fn head_follows_get() {
    use Class::{Breaking, Compatible, Weakening};
    let head = |edit: fn(&mut Resource)| {
        let mut head = resource("/a");
        head.method = Method::Head;
        edit(&mut head);
        let mut config = config();
        config.apis[0].resources.push(head);
        config
    };
    let same = head(|_| {});
    assert_eq!(classes(&config(), &same), [Compatible]);
    assert_eq!(classes(&same, &config()), [Compatible]);
    let scoped = head(|head| head.scopes.names = vec!["w".into()]);
    assert_eq!(classes(&config(), &scoped), [Breaking, Compatible]);
    assert_eq!(classes(&scoped, &config()), [Weakening, Compatible]);
}
