use super::*;
use http::HeaderValue;
use serde_json::json;

fn holds(subject: Subject, client: &str, headers: &[(&str, &str)], query: Option<&str>, claims: Value) -> bool {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            )
        })
        .collect();
    let claims = claims.as_object().cloned().unwrap_or_default();
    let call = Call {
        client: client.parse().expect("an address"),
        headers: &headers,
        query,
        claims: Some(&claims),
    };
    let of = |inverted| {
        let condition = Condition {
            subject: subject.clone(),
            inverted,
        };
        Matcher::new(&condition).expect("the condition is usable").holds(&call)
    };
    assert_ne!(of(true), of(false), "inversion turns every answer around");
    of(false)
}

#[test]
fn ranges_have_both_ends_and_one_family() {
    let range = |first: &str, last: &str| Subject::Address {
        first: first.parse().expect("an address"),
        last: last.parse().expect("an address"),
    };
    let within = |subject: Subject, client| holds(subject, client, &[], None, json!({}));
    for (client, expected) in [
        ("10.4.0.1", true),
        ("10.4.0.99", true),
        ("10.4.0.50", true),
        ("::ffff:10.4.0.50", true),
        ("10.4.0.0", false),
        ("10.4.0.100", false),
        ("::", false),
        ("2001:db8::1", false),
    ] {
        assert_eq!(within(range("10.4.0.1", "10.4.0.99"), client), expected, "{client}");
    }
    assert!(within(range("2001:db8::", "2001:db8::ffff"), "2001:db8::17"));
    assert!(!within(range("::", "ffff::"), "10.4.0.1"));
}

#[test]
fn patterns_match_anywhere_in_what_is_there() {
    let header = |pattern: &str| Subject::Header {
        name: "X-Client".into(),
        pattern: pattern.into(),
    };
    let with = |pattern, headers: &[(&str, &str)]| holds(header(pattern), "::1", headers, None, json!({}));
    assert!(with("mobile", &[("x-client", "a mobile phone")]));
    assert!(!with("^mobile", &[("x-client", "a mobile phone")]));
    assert!(with("phone", &[("x-client", "desk"), ("x-client", "phone")]));
    assert!(!with(".*", &[("x-client", "")]), "what is empty is not there");
    assert!(!with(".*", &[("x-other", "1")]));

    let query = |text| {
        let subject = Subject::Query {
            name: "size".into(),
            pattern: "^b".into(),
        };
        holds(subject, "::1", &[], text, json!({}))
    };
    assert!(query(Some("a=1&size=big")));
    assert!(query(Some("s%69ze=%62ig")), "read as backends read it");
    assert!(!query(Some("size=big&size=small")));
    assert!(!query(Some("sizes=big")) && !query(Some("size=")) && !query(None));
}

#[test]
fn claims_of_every_simple_kind_match() {
    let claim = |claims| {
        let subject = Subject::Claim {
            name: "http://wso2.org/claims/region".into(),
            pattern: "emea|7|true".into(),
        };
        holds(subject, "::1", &[], None, claims)
    };
    let of = |value: Value| json!({ "http://wso2.org/claims/region": value });
    for value in [json!("emea"), json!(7), json!(true), json!(["apac", "emea"])] {
        assert!(claim(of(value.clone())), "{value}");
    }
    for value in [json!("apac"), json!(null), json!({"emea": "emea"}), json!([["emea"]])] {
        assert!(!claim(of(value.clone())), "{value}");
    }
    assert!(!claim(json!({})));
}

#[test]
fn the_first_limit_whose_conditions_all_hold_is_the_one() {
    let header = |name: &str| Condition {
        subject: Subject::Header {
            name: name.into(),
            pattern: "1".into(),
        },
        inverted: false,
    };
    let (both, one) = ([header("a"), header("b")], [header("b")]);
    let level = Conditional::level(
        [(both.as_slice(), Level::Unlimited), (one.as_slice(), Level::Unknown)],
        Level::default(),
    );
    let Level::Conditional(conditional) = level else {
        panic!("the level has conditions");
    };
    let chosen = |names: &[&'static str]| {
        let headers: HeaderMap = names
            .iter()
            .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1")))
            .collect();
        let call = Call {
            client: IpAddr::from([127, 0, 0, 1]),
            headers: &headers,
            query: None,
            claims: None,
        };
        let chosen = conditional.of(&call);
        if std::ptr::eq(chosen, &conditional.otherwise) {
            return None;
        }
        conditional
            .limits
            .iter()
            .position(|(_, level)| std::ptr::eq(level, chosen))
    };
    assert_eq!(chosen(&["a", "b"]), Some(0));
    assert_eq!(chosen(&["b"]), Some(1));
    assert_eq!(chosen(&["a"]), None);
}

#[test]
fn a_pattern_that_cannot_be_used_refuses_instead_of_opening() {
    for pattern in ["(", "(?=x)", "a{1000}{1000}"] {
        let condition = [Condition {
            subject: Subject::Header {
                name: "a".into(),
                pattern: pattern.into(),
            },
            inverted: false,
        }];
        let level = Conditional::level([(condition.as_slice(), Level::Unlimited)], Level::Unlimited);
        assert!(matches!(level, Level::Unknown), "{pattern}");
    }
}
