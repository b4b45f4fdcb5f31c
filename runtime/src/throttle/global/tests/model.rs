//! Conditional decisions against a model that looks at the JSON anew for every request.

use crate::throttle::Call;
use crate::throttle::global::conditions::encode;
use crate::throttle::global::decisions::{Decision, Decisions};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

const KEY: &str = "/ledger/1.0.0:1.0.0";

/// A request as the model sees it.
#[derive(Debug, Clone)]
struct Request {
    client: u32,
    headers: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    claims: BTreeMap<String, String>,
}

/// What the traffic manager says, and the time that passes in between.
#[derive(Debug, Clone)]
enum Step {
    Decide {
        group: Option<u32>,
        life: u64,
        conditions: Value,
    },
    TakeBack(Option<u32>),
    Pass(u64),
    Sweep,
    Ask(Request),
}

/// What holds, by group; `None` is the default.
type Model = BTreeMap<Option<u32>, (u64, Value)>;

fn texts_match(values: &Value, found: &BTreeMap<String, String>, name: fn(&str) -> String) -> bool {
    values["values"]
        .as_object()
        .expect("an object")
        .iter()
        .all(|(own, pattern)| {
            let text = found.get(&name(own)).map_or("", String::as_str);
            !text.is_empty()
                && Regex::new(pattern.as_str().expect("a text"))
                    .expect("a pattern")
                    .is_match(text)
        })
}

fn part_matches(kind: &str, part: &Value, request: &Request) -> bool {
    let number = |name: &str| part[name].as_str().expect("a text").parse::<u128>().expect("a number");
    let found = match kind {
        "ipspecific" => number("specificIp") == request.client.into(),
        "iprange" => (number("startingIp")..=number("endingIp")).contains(&request.client.into()),
        "header" => texts_match(part, &request.headers, str::to_lowercase),
        "queryparametertype" => texts_match(part, &request.query, str::to_owned),
        "jwtclaims" => texts_match(part, &request.claims, str::to_owned),
        other => panic!("{other}"),
    };
    found != part["invert"].as_bool().expect("a flag")
}

fn conditions_match(conditions: &Value, request: &Request) -> bool {
    conditions.as_array().expect("a list").iter().any(|alternative| {
        let parts = alternative.as_object().expect("an object");
        parts.iter().all(|(kind, part)| part_matches(kind, part, request))
    })
}

fn refused(model: &Model, request: &Request, now: u64) -> bool {
    let in_force = |group: &&Option<u32>| model[*group].0 >= now;
    let mut numbered = model.keys().filter(in_force).filter(|group| group.is_some());
    if numbered.any(|group| conditions_match(&model[group].1, request)) {
        return true;
    }
    let default = model.get(&None).filter(|(until, _)| *until >= now);
    default.is_some_and(|(_, conditions)| !conditions_match(conditions, request))
}

fn ask(decisions: &Decisions, request: &Request, now: u64) -> bool {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&request.query)
        .finish();
    let claims: Map<String, Value> = request
        .claims
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let call = Call {
        client: IpAddr::from(request.client.to_be_bytes()),
        headers: &headers,
        query: Some(&query),
        claims: Some(&claims),
    };
    decisions.conditioned(KEY).until(&call, now).is_some()
}

fn names_and_values() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[abc]", "[xy]{0,2}", 0..3)
}

fn values() -> impl Strategy<Value = Value> {
    (
        prop::collection::btree_map("[abcA]", "\\^?[xy]{0,2}\\$?", 0..3),
        any::<bool>(),
    )
        .prop_map(|(values, invert)| json!({"values": values, "invert": invert}))
}

fn part() -> impl Strategy<Value = (&'static str, Value)> {
    let address = || 167_772_160_u32..167_772_166;
    prop_oneof![
        (address(), any::<bool>())
            .prop_map(|(ip, invert)| ("ipspecific", json!({"specificIp": ip.to_string(), "invert": invert}))),
        (address(), address(), any::<bool>()).prop_map(|(first, last, invert)| {
            (
                "iprange",
                json!({"startingIp": first.to_string(), "endingIp": last.to_string(), "invert": invert}),
            )
        }),
        values().prop_map(|values| ("header", values)),
        values().prop_map(|values| ("queryparametertype", values)),
        values().prop_map(|values| ("jwtclaims", values)),
    ]
}

fn conditions() -> impl Strategy<Value = Value> {
    let alternative = prop::collection::vec(part(), 0..3).prop_map(|parts| {
        let parts = parts.into_iter().map(|(kind, part)| (kind.to_owned(), part));
        Value::Object(parts.collect())
    });
    prop::collection::vec(alternative, 0..3).prop_map(Value::from)
}

fn group() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(0..3_u32)
}

fn step() -> impl Strategy<Value = Step> {
    let request = (
        167_772_160..167_772_166_u32,
        names_and_values(),
        names_and_values(),
        names_and_values(),
    );
    let request = request.prop_map(|(client, headers, query, claims)| Request {
        client,
        headers,
        query,
        claims,
    });
    prop_oneof![
        3 => (group(), 0..20_u64, conditions())
            .prop_map(|(group, life, conditions)| Step::Decide { group, life, conditions }),
        1 => group().prop_map(Step::TakeBack),
        2 => (0..10_u64).prop_map(Step::Pass),
        1 => Just(Step::Sweep),
        6 => request.prop_map(Step::Ask),
    ]
}

fn key(group: Option<u32>) -> String {
    match group {
        Some(number) => format!("{KEY}_condition_{number}"),
        None => format!("{KEY}_default"),
    }
}

proptest! {
    #[test]
    fn decisions_are_about_those_whom_the_model_finds(steps in prop::collection::vec(step(), 1..40)) {
        let (decisions, mut model, mut now) = (Decisions::new(1000), Model::new(), 1000);
        for step in steps {
            match step {
                Step::Decide { group, life, conditions } => {
                    let text = encode(&conditions);
                    let decision = Decision { key: &key(group), until_ms: Some(now + life), conditions: Some(&text) };
                    prop_assert_eq!(decisions.apply(decision, now), Ok(()));
                    model.insert(group, (now + life, conditions));
                }
                Step::TakeBack(group) => {
                    let decision = Decision { key: &key(group), until_ms: None, conditions: None };
                    prop_assert_eq!(decisions.apply(decision, now), Ok(()));
                    model.remove(&group);
                }
                Step::Pass(time) => now += time,
                Step::Sweep => decisions.sweep(now),
                Step::Ask(request) => {
                    prop_assert_eq!(ask(&decisions, &request, now), refused(&model, &request, now), "{:?} {:?}", request, model);
                }
            }
        }
    }
}
