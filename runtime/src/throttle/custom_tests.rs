//! Custom policies of a gateway that counts for itself.

use super::*;
use crate::refusal::Refusal;
use crate::throttle::{Call, CallerLevels, Counters, Throttle, Who};
use http::HeaderMap;
use mgw_bundle::config::{CustomPolicy, Quota};
use serde_json::json;
use std::sync::{Arc, LazyLock};

const NOW: u64 = 1_700_000_000_000;

static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

fn custom(name: &str, key_template: &str, count: u64) -> CustomPolicy {
    CustomPolicy {
        key_template: key_template.into(),
        policy: policy(name, count),
    }
}

fn policy(name: &str, count: u64) -> Policy {
    Policy {
        name: name.into(),
        quota: Quota::Requests {
            count,
            window_ms: 60_000,
        },
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    }
}

/// Two APIs with two resources each.
fn config(custom: Vec<CustomPolicy>) -> GatewayConfig {
    let resource = |template: &str| {
        json!({
            "template": template, "method": "GET", "security": {"enabled": true, "optional": false, "alternatives": []},
            "scopes": {"names": [], "match": "any"}, "endpoints": {},
        })
    };
    let api = |base_path: &str| {
        json!({
            "id": base_path, "name": "x", "version": "1", "base_path": base_path, "state": "published",
            "transports": {"http": true, "https": true}, "endpoints": {}, "definition": "", "source": "",
            "resources": [resource("/a"), resource("/b")],
        })
    };
    let mut config: GatewayConfig = serde_json::from_value(json!({
        "format": 1, "project": "test", "apis": [api("/one"), api("/t/meridian/two")],
        "policies": {"resource": [], "application": [], "subscription": []},
        "api_fault_responses": false, "global_fault_responses": false,
    }))
    .expect("the configuration is complete");
    config.policies.subscription = vec![policy("Unauthenticated", 2)];
    config.policies.custom = custom;
    config
}

struct Calling {
    throttle: Throttle,
    core: CoreThrottle,
}

impl Calling {
    fn new(custom: Vec<CustomPolicy>) -> Self {
        Self {
            throttle: Throttle::new(&config(custom), Arc::new(Counters::new(10_000)), NOW),
            core: CoreThrottle::new(),
        }
    }

    fn ask(&mut self, api: u32, resource: u32, who: Who<'_>, client: [u8; 4]) -> Result<(), Refusal> {
        let call = Call {
            client: IpAddr::from(client),
            headers: &NO_HEADERS,
            query: None,
            claims: None,
        };
        let levels = self.throttle.levels(&mut self.core, api, resource, who, &call, NOW);
        let decided = levels.and_then(|levels| self.throttle.admit(&levels, NOW));
        decided.map(drop).map_err(|rejection| rejection.refusal)
    }

    fn caller(&self, user: &str, application: &str) -> CallerLevels {
        CallerLevels {
            names: self.throttle.caller_names(user, application, None, "ana@meridian"),
            ..CallerLevels::default()
        }
    }
}

const HERE: [u8; 4] = [192, 0, 2, 1];

#[test]
fn each_key_has_a_count_of_its_own() {
    let over = Err(Refusal::CustomQuota);
    for (template, same, other) in [
        // Resource and user alone make the difference.
        ("$userId", ("ana", "1", 1, 1), ("bob", "1", 0, 0)),
        ("$appId", ("bob", "1", 1, 1), ("ana", "2", 0, 0)),
        ("$apiContext", ("bob", "2", 0, 1), ("ana", "1", 1, 0)),
        ("$apiTenant", ("bob", "2", 0, 1), ("ana", "1", 1, 0)),
        ("$resourceKey", ("bob", "2", 0, 0), ("ana", "1", 0, 1)),
        ("$userId:$apiContext", ("ana", "2", 0, 1), ("ana", "1", 1, 0)),
    ] {
        let mut calling = Calling::new(vec![custom("P", template, 1)]);
        let mut ask = |(user, application, api, resource): (&str, &str, u32, u32)| {
            let caller = calling.caller(user, application);
            calling.ask(api, resource, Who::Caller(&caller), HERE)
        };
        assert_eq!(ask(("ana", "1", 0, 0)), Ok(()), "{template}");
        assert_eq!(ask(same), over, "{template}");
        assert_eq!(ask(other), Ok(()), "{template}");
    }
}

#[test]
fn addresses_count_and_policies_do_not_share_counts() {
    let mut calling = Calling::new(vec![custom("A", "$clientIp", 3), custom("B", "$clientIp", 3)]);
    let caller = calling.caller("ana", "1");
    for _ in 0..3 {
        assert_eq!(calling.ask(0, 0, Who::Caller(&caller), HERE), Ok(()));
    }
    assert_eq!(calling.ask(0, 0, Who::Caller(&caller), HERE), Err(Refusal::CustomQuota));
    assert_eq!(calling.ask(0, 0, Who::Caller(&caller), [192, 0, 2, 2]), Ok(()));
}

#[test]
fn custom_policies_answer_in_their_turn_and_refusals_count_nowhere() {
    let mut calling = Calling::new(vec![custom("A", "$apiContext", 2), custom("B", "$userId", 1)]);
    let who = Who::Anonymous(IpAddr::from(HERE));
    assert_eq!(calling.ask(0, 0, who, HERE), Ok(()));
    // The second policy is used up: the first is not charged, nor is the limit of the address.
    for _ in 0..3 {
        assert_eq!(calling.ask(0, 0, who, HERE), Err(Refusal::CustomQuota));
    }
    let ana = calling.caller("ana", "1");
    assert_eq!(calling.ask(0, 0, Who::Caller(&ana), HERE), Ok(()));
    assert_eq!(calling.ask(0, 0, Who::Caller(&ana), HERE), Err(Refusal::CustomQuota));

    let mut calling = Calling::new(vec![custom("A", "$apiContext", 2)]);
    assert_eq!(calling.ask(0, 0, who, HERE), Ok(()));
    assert_eq!(calling.ask(0, 0, who, HERE), Ok(()));
    // Both are used up; without credentials the custom policy answers first.
    assert_eq!(calling.ask(0, 0, who, HERE), Err(Refusal::CustomQuota));
    assert_eq!(
        calling.ask(1, 0, who, HERE),
        Ok(()),
        "another API is another key, and another limit of the address"
    );
}

#[test]
fn a_policy_that_cannot_be_used_refuses_everything() {
    let many = (0..=MAX_CUSTOM_POLICIES).map(|number| custom(&number.to_string(), "$userId", 9));
    for policies in [vec![custom("A", "$nobody", 9)], many.collect()] {
        let mut calling = Calling::new(policies);
        let caller = calling.caller("ana", "1");
        assert_eq!(
            calling.ask(0, 0, Who::Caller(&caller), HERE),
            Err(Refusal::UnknownPolicy)
        );
    }
}

#[test]
fn callers_are_told_each_limit_under_a_name_of_its_own() {
    let throttle = Throttle::new(
        &config(vec![custom("A", "$appId", 5), custom("B", "$userId", 7)]),
        Arc::new(Counters::new(1000)),
        NOW,
    )
    .advertising(true);
    let call = Call {
        client: IpAddr::from(HERE),
        headers: &NO_HEADERS,
        query: None,
        claims: None,
    };
    let mut core = CoreThrottle::new();
    let who = Who::Anonymous(IpAddr::from(HERE));
    let levels = throttle.levels(&mut core, 0, 0, who, &call, NOW).expect("levels");
    let standing = throttle.admit(&levels, NOW).expect("admitted").standing.expect("told");
    assert_eq!(
        standing.policy,
        "\"custom\";q=5;w=60, \"custom-2\";q=7;w=60, \"subscription\";q=2;w=60"
    );
}
