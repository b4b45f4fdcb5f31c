use super::*;

fn read(text: &str) -> (Vec<Case>, Vec<String>) {
    let (source, document) = parse("tests/a.yaml", text.into(), Format::Yaml).expect("YAML");
    let mut diagnostics = Diagnostics::default();
    let file = Reader::new(&source, &mut diagnostics).file(&document);
    (file.cases, diagnostics.iter().map(ToString::to_string).collect())
}

#[test]
fn a_case_says_what_is_asked_and_what_is_expected() {
    let (cases, told) = read(
        "tests:\n\
         - request: POST /shop/orders?dry=1\n  times: 3\n  token: {scopes: [a, b], sandbox: true}\n  \
         headers: {X-Limit: 5}\n  json: {id: 1}\n  \
         expect:\n    status: [201, 4xx]\n    code: 900902\n    headers: {content-type: application/json*, x-gone: null, x: y}\n    \
         contains: ok\n    json: {id: 1}\n",
    );
    assert_eq!(told, [""; 0]);
    let [case] = &cases[..] else { panic!("{cases:?}") };
    assert_eq!(
        (case.name.as_str(), case.place.as_str(), case.times),
        ("POST /shop/orders?dry=1", "tests/a.yaml:2", 3)
    );
    let Token::Local(claims) = &case.request.token else {
        panic!("{case:?}")
    };
    assert_eq!(
        (claims.scopes.as_deref(), claims.sandbox),
        (Some(&["a".to_owned(), "b".to_owned()][..]), true)
    );
    let headers: Vec<_> = case
        .request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(headers, [("X-Limit", "5"), ("content-type", "application/json")]);
    assert_eq!(case.request.body.as_deref(), Some(&b"{\"id\":1}"[..]));
    assert_eq!(case.expect.statuses, [201..=201, 400..=499]);
    assert_eq!(
        case.expect
            .headers
            .iter()
            .map(|(_, wanted)| wanted.clone())
            .collect::<Vec<_>>(),
        [
            HeaderExpectation::BeginsWith("application/json".into()),
            HeaderExpectation::Absent,
            HeaderExpectation::Is("y".into())
        ]
    );
}

#[test]
fn what_cannot_be_meant_is_told_with_its_place() {
    for (case, expected) in [
        ("request: GET /a", "2:3: error: this case expects nothing"),
        ("{request: GET /a, expect: {}}", "this case expects nothing"),
        ("expect: {status: 200}", "this case has no `request`"),
        ("{request: /a, expect: {status: 200}}", "does not begin with a method"),
        (
            "{request: get /a, expect: {status: 200}}",
            "does not begin with a method",
        ),
        (
            "{request: GET http://x/a, expect: {status: 200}}",
            "is not the path of a request",
        ),
        (
            "{request: 'GET /a b', expect: {status: 200}}",
            "`/a b` cannot be sent: no path of a request holds a blank",
        ),
        (
            "{request: \"GET /a\\tb\", expect: {status: 200}}",
            "no path of a request holds the character U+0009",
        ),
        (
            "{request: GET /ä, expect: {status: 200}}",
            "no path of a request holds `ä`",
        ),
        (
            "{request: 'GET /a#b', expect: {status: 200}}",
            "no path of a request holds `#`",
        ),
        ("{request: GET /a, expect: {status: 99}}", "`status` should be"),
        ("{request: GET /a, expect: {status: 6xx}}", "`status` should be"),
        ("{request: GET /a, expect: {status: []}}", "`status` should be"),
        ("{request: GET /a, expect: {contains: []}}", "`contains` names nothing"),
        ("{request: GET /a, expect: {contains: ''}}", "`contains` names nothing"),
        (
            "{request: GET /a, expect: {contains: [a, '']}}",
            "`contains` names nothing",
        ),
        ("{request: GET /a, expect: {headers: {}}}", "`headers` names no header"),
        ("{request: GET /a, expects: {status: 200}}", "a case has no `expects`"),
        ("{request: GET /a, expect: {staus: 200}}", "`expect` has no `staus`"),
        (
            "{request: GET /a, token: {scope: a}, expect: {status: 200}}",
            "a token has no `scope`",
        ),
        (
            "{request: GET /a, token: abc, expect: {status: 200}}",
            "`token` should be",
        ),
        (
            "{request: GET /a, times: 0, expect: {status: 200}}",
            "`times` should be",
        ),
        (
            "{request: GET /a, body: a, json: b, expect: {status: 200}}",
            "both `body` and `json`",
        ),
        (
            "{request: GET /a, headers: {'a b': c}, expect: {status: 200}}",
            "cannot be the name of a header",
        ),
        (
            "{request: GET /a, headers: {a: \"b\\nc\"}, expect: {status: 200}}",
            "cannot stand in a header",
        ),
        ("a text", "a case should be a map"),
    ] {
        let (_, told) = read(&format!("tests:\n- {case}\n"));
        assert!(told.iter().any(|text| text.contains(expected)), "{case}: {told:?}");
        assert!(told.iter().all(|text| text.starts_with("tests/a.yaml:")), "{told:?}");
    }
    for (text, expected) in [
        ("test: []\n", "a file of tests has no `test`"),
        ("tests: {}\n", "`tests` should be a list"),
        ("[]\n", "there is no list `tests`"),
    ] {
        let (_, told) = read(text);
        assert!(told.iter().any(|told| told.contains(expected)), "{text}: {told:?}");
    }
}
