//! The decision about a request: levels in their order, what is told, and what is not looked at.

use crate::auth::{Caller, CallerKeyType, Grant};
use crate::config::ConditionKinds;
use crate::event_hub::{BlockChange, KeyTemplateChange, ThrottleDecision};
use crate::refusal::{Refusal, Rejection};
use crate::throttle::global::conditions::encode;
use crate::throttle::global::{CoreGlobal, GlobalLimits, GlobalRequest, GlobalThrottle};
use crate::throttle::{Admission, Call, Consulted, ConsultedDecision, LevelKind, SubscriptionTerms};
use crate::traffic_manager::{EventQueue, Events, FIELDS};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Block, Policies};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

const NOW: u64 = 1_000_000;
const UNTIL: u64 = NOW + 4_999;

/// Two APIs, one of them with a policy of its own; each with a resource with a policy and one without.
fn config() -> GatewayConfig {
    let api = |base_path: &str, policy: Value| {
        let resource = |template: &str, policy: Value| {
            json!({"template": template, "method": "GET", "security": {"enabled": true, "optional": false, "alternatives": [
                {"schemes": [{"kind": "api-key", "location": "header", "name": "X-Key"}]}]}, "policy": policy,
                "scopes": {"match": "any", "names": []}})
        };
        json!({
            "id": base_path, "name": "My Ledger", "version": "1.0.0", "base_path": base_path, "state": "published",
            "transports": {"http": true, "https": true}, "endpoints": {}, "definition": "", "source": "", "policy": policy,
            "resources": [resource("/x/{id}", json!({"name": "Tight"})), resource("/y", Value::Null)]
        })
    };
    let apis = json!([
        api("/t/meridian/ledger/1.0.0", Value::Null),
        api("/shop", json!({"name": "Wide"})),
    ]);
    let reporting = json!([{"name": "Report", "quota": {"kind": "unlimited"}, "stop_on_quota": false}]);
    GatewayConfig {
        format: mgw_bundle::config::FORMAT,
        project: "test".into(),
        apis: serde_json::from_value(apis).expect("APIs"),
        policies: Policies {
            subscription: serde_json::from_value(reporting).expect("policies"),
            ..Policies::default()
        },
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
    }
}

struct Fixture {
    limits: Arc<GlobalLimits>,
    throttle: GlobalThrottle,
    core: CoreGlobal,
    queue: EventQueue,
    events: Events,
    headers: HeaderMap,
    client: IpAddr,
    /// What the last request depended on.
    consulted: Consulted,
}

impl Fixture {
    fn new(kinds: ConditionKinds) -> Self {
        let limits = Arc::new(GlobalLimits::new(1000, kinds));
        let (queue, events) = EventQueue::new(100);
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-client", "mobile"), ("authorization", "canary"), ("x-key", "canary")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Self {
            throttle: GlobalThrottle::new(&config(), &AUTHORIZATION, &limits),
            limits,
            core: CoreGlobal::new(),
            queue,
            events,
            headers,
            client: [192, 0, 2, 1].into(),
            consulted: Consulted::default(),
        }
    }

    fn caller(&self, api: u32, subscription: &str, stop_on_quota: Option<bool>) -> Caller {
        let grant = Grant {
            application_id: "12".into(),
            application_uuid: None,
            application_name: "Till".into(),
            application_policy: "50PerMin".into(),
            subscriber: "bo@meridian".into(),
            tenant: None,
            subscription_policy: subscription.into(),
            terms: SubscriptionTerms {
                stop_on_quota,
                burst: None,
            },
            key_type: CallerKeyType::Production,
        };
        let Value::Object(claims) = json!({"sub": "ana"}) else {
            panic!("an object")
        };
        Caller::for_tests("ana", claims, grant, |identity, grant| {
            self.throttle.caller(api, identity, grant, NOW)
        })
    }

    fn ask(&mut self, api: u32, resource: u32, caller: Option<&Caller>) -> Result<Admission, Rejection> {
        let request = GlobalRequest {
            api,
            resource,
            caller,
            call: Call {
                client: self.client,
                headers: &self.headers,
                query: Some("q=1"),
                claims: caller.map(|caller| &caller.identity.claims),
            },
            events: Some(&self.queue),
            now_ms: NOW,
        };
        self.consulted = self.throttle.consult(&mut self.core, &request);
        self.throttle.admit(&mut self.core, &request)
    }

    fn refusal(&mut self, api: u32, resource: u32, caller: Option<&Caller>) -> Option<Refusal> {
        self.ask(api, resource, caller).err().map(|rejection| rejection.refusal)
    }

    fn decide(&self, key: &str, until_ms: Option<u64>, conditions: Option<&Value>) {
        let decision = ThrottleDecision {
            key: key.into(),
            until_ms,
            conditions: conditions.map(encode),
        };
        self.limits.decide(&decision, NOW).expect("it is applied");
    }

    fn template(&self, template: &str, added: bool) {
        let change = KeyTemplateChange {
            template: template.into(),
            added,
        };
        self.limits.change_template(&change).expect("it is applied");
    }

    fn block(&self, block: Block, tenant: Option<&str>, added: bool) {
        let change = BlockChange {
            id: Some(1),
            block,
            tenant: tenant.map(str::to_owned),
            added,
        };
        self.limits.change_block(&change).expect("it is applied");
    }

    /// The events that wait, by field.
    fn told(&mut self) -> Vec<BTreeMap<&'static str, String>> {
        std::iter::from_fn(|| self.events.take())
            .map(|event| event.fields(|values| FIELDS.into_iter().zip(values.map(str::to_owned)).collect()))
            .collect()
    }
}

#[test]
fn callers_are_refused_by_the_first_level_in_order_and_told_when_to_come_back() {
    let mut fixture = Fixture::new(ConditionKinds::default());
    let caller = fixture.caller(0, "Gold", None);
    fixture.template("$userId:$apiVersion", true);
    let user = Block::User { name: "ana".into() };
    fixture.block(user.clone(), None, true);
    let keys = [
        "/t/meridian/ledger/1.0.0/1.0.0/x/{id}:GET_default",
        "12:/t/meridian/ledger/1.0.0:1.0.0",
        "12:ana",
        "ana:1.0.0",
    ];
    for key in keys {
        fixture.decide(key, Some(UNTIL), None);
    }
    assert_eq!(fixture.refusal(0, 0, Some(&caller)), Some(Refusal::BlockingCondition));
    fixture.block(user, None, false);
    let refusals = [
        Refusal::ResourceQuota,
        Refusal::SubscriptionQuota,
        Refusal::ApplicationQuota,
        Refusal::CustomQuota,
    ];
    for (key, refusal) in keys.into_iter().zip(refusals) {
        let rejection = fixture.ask(0, 0, Some(&caller)).expect_err(key);
        assert_eq!(
            (rejection.refusal, rejection.retry_after.map(u32::from)),
            (refusal, Some(5)),
            "{key}"
        );
        fixture.decide(key, None, None);
    }
    assert!(fixture.told().is_empty(), "what is refused is told nobody");
    assert_eq!(fixture.refusal(0, 0, Some(&caller)), None);
    assert_eq!(fixture.told().len(), 1);
}

#[test]
fn callers_without_credentials_are_refused_by_custom_policies_first() {
    let mut fixture = Fixture::new(ConditionKinds::default());
    fixture.template("$clientIp", true);
    let keys = [
        "/t/meridian/ledger/1.0.0/1.0.0/x/{id}:GET_default",
        "192.0.2.1",
        "192.0.2.1:/t/meridian/ledger/1.0.0:1.0.0",
    ];
    for key in keys {
        fixture.decide(key, Some(UNTIL), None);
    }
    for (key, refusal) in
        keys.into_iter()
            .zip([Refusal::ResourceQuota, Refusal::CustomQuota, Refusal::SubscriptionQuota])
    {
        assert_eq!(fixture.refusal(0, 0, None), Some(refusal), "{key}");
        fixture.decide(key, None, None);
    }
    // The traffic manager may write addresses as it is told them.
    fixture.decide("3221225985", Some(UNTIL), None);
    assert_eq!(fixture.refusal(0, 0, None), Some(Refusal::CustomQuota));
    fixture.template("$clientIp", false);
    assert_eq!(fixture.refusal(0, 0, None), None);
    // Whoever has a network of their own counts once.
    fixture.client = "2001:db8::1".parse().expect("an address");
    fixture.decide("2001:db8:::/t/meridian/ledger/1.0.0:1.0.0", Some(UNTIL), None);
    assert_eq!(fixture.refusal(0, 0, None), Some(Refusal::SubscriptionQuota));
    fixture.client = "2001:db8::2".parse().expect("an address");
    assert_eq!(fixture.refusal(0, 0, None), Some(Refusal::SubscriptionQuota));
}

#[test]
fn the_policy_of_an_api_takes_the_place_of_its_resources() {
    let mut fixture = Fixture::new(ConditionKinds::default());
    let caller = fixture.caller(1, "Gold", None);
    fixture.decide("/shop/1.0.0/x/{id}:GET_default", Some(UNTIL), None);
    assert_eq!(fixture.refusal(1, 0, Some(&caller)), None);
    fixture.decide("/shop/1.0.0:1.0.0_default", Some(UNTIL), None);
    for resource in [0, 1] {
        assert_eq!(fixture.refusal(1, resource, Some(&caller)), Some(Refusal::ApiQuota));
    }
    // Without policies there is nothing to be refused by.
    fixture.decide("/t/meridian/ledger/1.0.0:1.0.0_default", Some(UNTIL), None);
    fixture.decide("/t/meridian/ledger/1.0.0/1.0.0/y:GET_default", Some(UNTIL), None);
    let caller = fixture.caller(0, "Gold", None);
    assert_eq!(fixture.refusal(0, 1, Some(&caller)), None);
}

#[test]
fn unlimited_policies_limit_nobody_and_reporting_ones_let_pass() {
    for (policy, terms, expected) in [
        ("Unlimited", None, Ok(false)),
        ("Gold", None, Err(Refusal::SubscriptionQuota)),
        ("Gold", Some(false), Ok(true)),
        ("Report", None, Ok(true)),
        ("Report", Some(true), Err(Refusal::SubscriptionQuota)),
    ] {
        let mut fixture = Fixture::new(ConditionKinds::default());
        let caller = fixture.caller(0, policy, terms);
        fixture.decide("12:/t/meridian/ledger/1.0.0:1.0.0", Some(UNTIL), None);
        let admitted = fixture.ask(0, 0, Some(&caller));
        let marked = admitted
            .map(|admission| admission.over_quota)
            .map_err(|rejection| rejection.refusal);
        assert_eq!(marked, expected, "{policy} {terms:?}");
        assert_eq!(fixture.told().len(), usize::from(marked.is_ok()));
    }
}

#[test]
fn conditions_look_at_what_is_switched_on() {
    let all = ConditionKinds {
        headers: true,
        query: true,
        claims: true,
    };
    let none = ConditionKinds::default();
    for (part, kinds) in [
        ("header", ConditionKinds { headers: true, ..none }),
        ("queryparametertype", ConditionKinds { query: true, ..none }),
        ("jwtclaims", ConditionKinds { claims: true, ..none }),
    ] {
        let values = json!({"x-client": "mobile", "q": "1", "sub": "ana"});
        let name = match part {
            "header" => "x-client",
            "queryparametertype" => "q",
            _ => "sub",
        };
        let conditions = json!([{ part: {"values": {name: values[name]}} }]);
        let of_group = |kinds, conditions: &Value| {
            let mut fixture = Fixture::new(kinds);
            let caller = fixture.caller(1, "Gold", None);
            fixture.decide("/shop/1.0.0:1.0.0_condition_0", Some(UNTIL), Some(conditions));
            fixture.refusal(1, 0, Some(&caller))
        };
        assert_eq!(of_group(all, &conditions), Some(Refusal::ApiQuota), "{part}");
        assert_eq!(of_group(kinds, &conditions), Some(Refusal::ApiQuota), "{part}");
        // What is off is as if the request did not have it.
        assert_eq!(of_group(none, &conditions), None, "{part}");
        let inverse = json!([{ part: {"values": {name: values[name]}, "invert": true} }]);
        assert_eq!(of_group(all, &inverse), None, "{part}");
        assert_eq!(of_group(none, &inverse), Some(Refusal::ApiQuota), "{part}");
    }
}

#[test]
fn what_passes_is_told_with_its_keys() {
    let all = ConditionKinds {
        headers: true,
        query: true,
        claims: true,
    };
    let mut fixture = Fixture::new(all);
    let caller = fixture.caller(0, "Gold", None);
    for (api, resource, caller) in [(0, 0, Some(&caller)), (0, 1, Some(&caller)), (0, 0, None)] {
        assert_eq!(fixture.refusal(api, resource, caller), None);
    }
    let of_shop = fixture.caller(1, "Gold", None);
    assert_eq!(fixture.refusal(1, 0, Some(&of_shop)), None);
    let told = fixture.told();
    let field = |name: &str| -> Vec<&str> { told.iter().map(|event| event[name].as_str()).collect() };
    let ledger = "/t/meridian/ledger/1.0.0";
    for (name, expected) in [
        ("appKey", ["12:ana", "12:ana", "anonymous:anonymous", "12:ana"]),
        ("appTier", ["50PerMin", "50PerMin", "Unlimited", "50PerMin"]),
        ("apiKey", ["/t/meridian/ledger/1.0.0:1.0.0"; 4]),
        ("apiTier", ["", "", "", "Wide"]),
        ("subscriptionTier", ["Gold", "Gold", "Unauthenticated", "Gold"]),
        ("resourceTier", ["Tight", "Unlimited", "Tight", "Wide"]),
        ("userId", ["ana", "ana", "anonymous", "ana"]),
        ("apiContext", [ledger, ledger, ledger, "/shop"]),
        ("apiVersion", ["1.0.0"; 4]),
        ("appTenant", ["meridian", "meridian", "meridian", "meridian"]),
        ("apiTenant", ["meridian", "meridian", "meridian", "carbon.super"]),
        ("appId", ["12", "12", "anonymous", "12"]),
        ("apiName", ["My_space_Ledger__1_0_0"; 4]),
    ] {
        let expected = match name {
            "apiKey" => [expected[0], expected[0], expected[0], "/shop/1.0.0:1.0.0"],
            _ => expected,
        };
        assert_eq!(field(name), expected, "{name}");
    }
    assert_eq!(
        field("subscriptionKey"),
        [
            "12:/t/meridian/ledger/1.0.0:1.0.0",
            "12:/t/meridian/ledger/1.0.0:1.0.0",
            "192.0.2.1:/t/meridian/ledger/1.0.0:1.0.0",
            "12:/shop:1.0.0"
        ]
    );
    assert_eq!(
        field("resourceKey"),
        [
            "/t/meridian/ledger/1.0.0/1.0.0/x/{id}:GET",
            "/t/meridian/ledger/1.0.0/1.0.0/y:GET",
            "/t/meridian/ledger/1.0.0/1.0.0/x/{id}:GET",
            "/shop/1.0.0:1.0.0"
        ]
    );
    let ids: std::collections::BTreeSet<_> = field("messageID").into_iter().collect();
    assert_eq!(ids.len(), 4);
    let properties =
        |index: usize| -> Map<String, Value> { serde_json::from_str(&told[index]["properties"]).expect("an object") };
    let expected = json!({"ip": 3_221_225_985_u32, "ipv6": 0, "x-client": "mobile", "q": "1", "sub": "ana"});
    assert_eq!(Value::Object(properties(0)), expected);
    assert!(!properties(2).contains_key("sub"));
    assert!(!format!("{told:?}").contains("canary"));
}

#[test]
fn blocks_apply_to_whom_they_name_and_to_new_configurations() {
    let mut fixture = Fixture::new(ConditionKinds::default());
    let here = Block::Address {
        first: [192, 0, 2, 0].into(),
        last: [192, 0, 2, 9].into(),
        inverted: false,
    };
    let caller = fixture.caller(0, "Gold", None);
    let blocked = Some(Refusal::BlockingCondition);
    // Addresses are blocked for the APIs of the tenant.
    fixture.block(here.clone(), Some("meridian"), true);
    assert_eq!(fixture.refusal(0, 0, Some(&caller)), blocked);
    assert_eq!(fixture.refusal(0, 0, None), blocked);
    assert_eq!(fixture.refusal(1, 0, None), None);
    // The number says which one is meant.
    let elsewhere = Block::Address {
        first: [10, 0, 0, 0].into(),
        last: [10, 0, 0, 9].into(),
        inverted: false,
    };
    fixture.block(elsewhere.clone(), Some("meridian"), true);
    assert_eq!(fixture.refusal(0, 0, None), None);
    fixture.block(here, Some("carbon.super"), true);
    assert_eq!(fixture.refusal(1, 0, None), blocked);
    fixture.block(elsewhere, Some("carbon.super"), false);
    assert_eq!(fixture.refusal(1, 0, None), None);
    for block in [
        Block::Api {
            context: "/t/meridian/ledger/1.0.0".into(),
        },
        Block::Application {
            owner: "bo@meridian".into(),
            name: "Till".into(),
        },
        Block::User {
            name: "ana@carbon.super".into(),
        },
        Block::subscription("/t/meridian/ledger/1.0.0:1.0.0:bo@meridian-Till:PRODUCTION").expect("a subscription"),
    ] {
        fixture.block(block.clone(), None, true);
        assert_eq!(fixture.refusal(0, 0, Some(&caller)), blocked, "{block:?}");
        let reloaded = GlobalThrottle::new(&config(), &AUTHORIZATION, &fixture.limits);
        let before = std::mem::replace(&mut fixture.throttle, reloaded);
        assert_eq!(fixture.refusal(0, 0, Some(&caller)), blocked, "{block:?}");
        drop(before);
        fixture.block(block, None, false);
        assert_eq!(fixture.refusal(0, 0, Some(&caller)), None);
    }
}

/// What is said that a request depends on is what it depends on: a decision about each refuses it, and the first of them does.
#[test]
fn what_is_consulted_decides_in_that_order() {
    let mut fixture = Fixture::new(ConditionKinds::default());
    fixture.template("$userId:$apiContext", true);
    fixture.template("$customProperty.missing", true);
    let known = fixture.caller(0, "Gold", None);
    let shop = fixture.caller(1, "Gold", None);
    let reporting = fixture.caller(0, "Report", None);
    let unlimited = fixture.caller(0, "Unlimited", None);
    for (api, resource, caller, levels) in [
        (
            0,
            0,
            Some(&known),
            &["resource", "subscription", "application", "custom"][..],
        ),
        (0, 1, Some(&known), &["subscription", "application", "custom"]),
        (1, 0, Some(&shop), &["api", "subscription", "application", "custom"]),
        (0, 1, Some(&reporting), &["subscription", "application", "custom"]),
        (0, 1, Some(&unlimited), &["application", "custom"]),
        (0, 0, None, &["resource", "custom", "subscription"]),
    ] {
        assert_eq!(fixture.refusal(api, resource, caller), None);
        let consulted = fixture.consulted.clone();
        let found: Vec<_> = consulted
            .decisions
            .iter()
            .map(|decision| decision.level.name())
            .collect();
        assert_eq!((found, consulted.key_templates), (levels.to_vec(), 2));
        let key = |decision: &ConsultedDecision| match decision.level {
            LevelKind::Api | LevelKind::Resource => format!("{}_default", decision.key),
            _ => decision.key.clone(),
        };
        // From the last to the first: whatever comes before it answers in its place.
        for decision in consulted.decisions.iter().rev() {
            let before = fixture.refusal(api, resource, caller);
            fixture.decide(&key(decision), Some(UNTIL), None);
            let refusal = if decision.stops {
                Some(decision.level.refusal())
            } else {
                before
            };
            assert_eq!(fixture.refusal(api, resource, caller), refusal, "{decision:?}");
        }
        for decision in &consulted.decisions {
            fixture.decide(&key(decision), None, None);
        }
    }
}
