use super::*;
use crate::suite::case::{Request, Token};
use serde_json::json;

fn answer(body: &str) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
        body: body.as_bytes().to_vec(),
        is_cut: false,
    }
}

fn of_json(wanted: Value, body: &str) -> Vec<String> {
    let expected = Expectation {
        json: Some(wanted),
        ..Expectation::default()
    };
    differences(&answer(body), &expected, &Sent::default())
}

#[test]
fn what_was_expected_differs_in_nothing() {
    let expected = Expectation {
        statuses: vec![200..=299],
        headers: vec![
            (
                "Content-Type".into(),
                HeaderExpectation::BeginsWith("application/json".into()),
            ),
            ("x-gone".into(), HeaderExpectation::Absent),
        ],
        contains: vec!["\"id\"".into()],
        json: Some(json!({"id": 1.0, "tags": ["a"]})),
        from_backend: true,
        ..Expectation::default()
    };
    assert_eq!(
        differences(
            &answer(r#"{"id": 1, "tags": ["a"], "more": true}"#),
            &expected,
            &Sent::default()
        ),
        [""; 0]
    );
}

#[test]
fn every_difference_is_told() {
    let expected = Expectation {
        statuses: vec![201..=201, 400..=499],
        code: Some(900_902),
        headers: vec![
            ("content-type".into(), HeaderExpectation::Is("text/plain".into())),
            ("location".into(), HeaderExpectation::Is("/x".into())),
        ],
        contains: vec!["y".into()],
        equals: Some("z".into()),
        ..Expectation::default()
    };
    let found = differences(&answer("x\u{1b}[0m"), &expected, &Sent::default());
    assert_eq!(
        found,
        [
            "status 200 instead of 201 or 400 to 499",
            "no code of the gateway instead of 900902",
            "the header content-type is `application/json; charset=utf-8` instead of `text/plain`",
            "the header location is missing",
            "the body is `x [0m` instead of `z`",
            "the body does not hold `y`: `x [0m`",
        ]
    );
}

#[test]
fn json_is_compared_member_by_member() {
    let body = r#"{"items": [{"id": 7, "name": "x"}], "total": 1}"#;
    for (wanted, expected) in [
        (json!({"items": [{"id": 7}]}), None),
        (
            json!({"items": [{"id": 8}]}),
            Some("$.items[0].id is `7` instead of `8`"),
        ),
        (json!({"items": []}), Some("$.items has 1 elements instead of 0")),
        (json!({"none": null}), Some("$.none is missing from the body")),
        (json!({"total": "1"}), Some("$.total is `1` instead of `\"1\"`")),
        (json!([]), Some("$ is ")),
    ] {
        let found = of_json(wanted.clone(), body);
        match expected {
            None => assert_eq!(found, [""; 0], "{wanted}"),
            Some(text) => assert!(found.len() == 1 && found[0].starts_with(text), "{wanted}: {found:?}"),
        }
    }
    assert!(of_json(json!({}), "<html>")[0].starts_with("the body is no JSON"));
}

#[test]
fn the_gateways_refusals_are_told_from_the_backends_answers() {
    for (body, code) in [
        (
            r#"{"fault":{"code":900902, "message":"Missing Credentials"}}"#,
            Some(900_902),
        ),
        (r#"{"code":"900906","message":"x"}"#, Some(900_906)),
        (
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><fault><code>900902</code><message>Missing Credentials</message></fault>",
            Some(900_902),
        ),
        (
            "<am:fault xmlns:am=\"http://wso2.org/apimanager\"><am:message>x</am:message><am:code> 900901 </am:code></am:fault>",
            Some(900_901),
        ),
        ("<order><fault><code>900902</code></fault></order>", None),
        ("<fault><cause><code>900902</code></cause></fault>", None),
        ("<fault><code>17</code></fault>", None),
        (r#"{"code":17}"#, None),
        (r#"{"fault":"x"}"#, None),
        ("text", None),
    ] {
        assert_eq!(answer(body).code(), code, "{body}");
    }
    let too_large = Answer {
        status: 413,
        ..answer(r#"{"fault":{"code":413, "message":"Payload Too Large"}}"#)
    };
    assert_eq!(too_large.code(), Some(413));
    let expected = Expectation {
        statuses: vec![200..=200],
        from_backend: true,
        ..Expectation::default()
    };
    let limited = Answer {
        status: 429,
        ..answer(r#"{"fault":{"code":900800, "message":"Message throttled out"}}"#)
    };
    assert_eq!(differences(&limited, &expected, &Sent::default()), [""; 0]);
    let refused = answer(r#"{"fault":{"code":900902}}"#);
    assert_eq!(differences(&refused, &expected, &Sent::default()).len(), 1);
}

#[test]
fn a_body_that_was_cut_is_not_judged() {
    let cut = Answer {
        is_cut: true,
        ..answer("x")
    };
    let expected = Expectation {
        equals: Some("x".into()),
        ..Expectation::default()
    };
    assert_eq!(
        differences(&cut, &expected, &Sent::default()),
        ["the body is longer than the 1 bytes that are looked at"]
    );
}

#[test]
fn what_was_sent_is_not_shown() {
    let request = Request {
        method: "GET".into(),
        target: "/a?key=canary%2Fquery".into(),
        headers: vec![
            ("apikey".into(), "canary\"header".into()),
            ("cookie".into(), "a=canary-cookie; b=c".into()),
            (
                "authorization".into(),
                "Digest response=\"canary-response\", qop=auth".into(),
            ),
        ],
        body: None,
        token: Token::Absent,
    };
    let sent = Sent::of(&request, Some("canary-token"));
    let body = r#"{"authorization": "Bearer canary-token", "apikey": "canary\"header", "url": "canary%2Fquery canary/query", "cookie": "a=canary-cookie; b=c", "cookies": {"a": "canary-cookie"}, "digest": "canary-response"}"#;
    let expected = Expectation {
        contains: vec!["zzz".into()],
        ..Expectation::default()
    };
    let found = differences(&answer(body), &expected, &sent);
    assert!(
        found[0].contains("Bearer ***") && !found[0].contains("canary"),
        "{found:?}"
    );
}
