//! Policies in all dialects.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn digested(view: PolicyView, level: PolicyLevel, document: Value) -> Digested {
    digest(
        &PolicyDocuments {
            view,
            policies: vec![(level, document)],
            hidden: Vec::new(),
            custom_rules: Some(Vec::new()),
            blocks: Some(Vec::new()),
        },
        &[],
    )
}

fn quota_of(view: PolicyView, document: Value) -> Option<Quota> {
    let out = digested(view, PolicyLevel::Subscription, document);
    out.policies.subscription.first().map(|policy| policy.quota)
}

#[test]
fn both_dialects_say_the_same() {
    let requests = Some(Quota::Requests {
        count: 800,
        window_ms: 3_600_000,
    });
    let data = Some(Quota::Bandwidth {
        bytes: 2 << 20,
        window_ms: 300_000,
    });
    for (limit, expected) in [
        (
            json!({"type": "RequestCountLimit", "timeUnit": "hour", "unitTime": 1, "requestCount": 800}),
            requests,
        ),
        (
            json!({"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "hour", "unitTime": 1, "requestCount": 800}, "bandwidth": null}),
            requests,
        ),
        (
            json!({"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "HOURS", "unitTime": "1", "requestCount": "800"}}),
            requests,
        ),
        (
            json!({"type": "BandwidthLimit", "timeUnit": "min", "unitTime": 5, "dataAmount": 2, "dataUnit": "MB"}),
            data,
        ),
        (
            json!({"type": "BANDWIDTHLIMIT", "bandwidth": {"timeUnit": "min", "unitTime": 5, "dataAmount": 2048, "dataUnit": "KB"}}),
            data,
        ),
        (
            json!({"type": "EVENTCOUNTLIMIT", "eventCount": {"timeUnit": "min", "unitTime": 1, "eventCount": 1}}),
            None,
        ),
        (
            json!({"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "moon", "unitTime": 1, "requestCount": 1}}),
            None,
        ),
        (
            json!({"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "min", "unitTime": 1, "requestCount": 0}}),
            None,
        ),
        (
            json!({"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "year", "unitTime": u64::MAX, "requestCount": 1}}),
            None,
        ),
        (json!(null), None),
    ] {
        let policy = json!({"policyName": "Batch", "defaultLimit": limit});
        assert_eq!(quota_of(PolicyView::Admin, policy.clone()), expected, "{policy}");
        if expected.is_none() {
            let notices = digested(PolicyView::Admin, PolicyLevel::Subscription, policy).notices;
            let says_why = ["in policies.yaml", "count events"]
                .iter()
                .any(|why| notices[0].contains(why));
            assert!(notices[0].contains("Batch") && says_why, "{notices:?}");
        }
    }
}

#[test]
fn bursts_and_soft_quotas_are_kept() {
    let limit =
        json!({"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "min", "unitTime": 1, "requestCount": 9}});
    let policy = json!({"policyName": "P", "defaultLimit": limit, "rateLimitCount": 5, "rateLimitTimeUnit": "sec", "stopOnQuotaReach": false});
    let subscription = digested(PolicyView::Admin, PolicyLevel::Subscription, policy.clone())
        .policies
        .subscription;
    assert_eq!(
        subscription[0].burst,
        Some(Burst {
            count: 5,
            window_ms: 1000
        })
    );
    assert!(!subscription[0].stop_on_quota);
    let application = digested(PolicyView::Admin, PolicyLevel::Application, policy)
        .policies
        .application;
    assert!(
        application[0].stop_on_quota,
        "only subscription policies may let calls pass"
    );
    let none = json!({"policyName": "P", "defaultLimit": limit, "rateLimitCount": 0, "rateLimitTimeUnit": null});
    let none = digested(PolicyView::Admin, PolicyLevel::Subscription, none)
        .policies
        .subscription;
    assert_eq!((none[0].burst, none[0].stop_on_quota), (None, true));
}

#[test]
fn the_publisher_counts_time_in_two_ways() {
    let minute = Some(Quota::Requests {
        count: 5000,
        window_ms: 60_000,
    });
    for (policy, expected) in [
        (
            json!({"name": "Gold", "requestCount": 5000, "unitTime": 1, "timeUnit": "min"}),
            minute,
        ),
        (
            json!({"name": "Gold", "requestCount": 5000, "unitTime": 60000, "timeUnit": "min"}),
            minute,
        ),
        (json!({"name": "Gold", "requestCount": 5000, "unitTime": 1}), minute),
        (
            json!({"name": "All", "requestCount": 2147483647, "unitTime": 0}),
            Some(Quota::Unlimited),
        ),
    ] {
        assert_eq!(quota_of(PolicyView::Publisher, policy.clone()), expected, "{policy}");
    }
    let notices = digested(
        PolicyView::Publisher,
        PolicyLevel::Subscription,
        json!({"name": "Unlimited"}),
    )
    .notices;
    assert!(notices[0].contains("publisher's view"), "{notices:?}");
}

#[test]
fn lists_are_sorted_and_built_in_names_left_out() {
    let limit = json!({"type": "RequestCountLimit", "timeUnit": "min", "unitTime": 1, "requestCount": 1});
    let named = |name: &str| {
        (
            PolicyLevel::Advanced,
            json!({"policyName": name, "defaultLimit": limit, "conditionalGroups": if name == "c" { json!([{}]) } else { json!([]) }}),
        )
    };
    let out = digest(
        &PolicyDocuments {
            view: PolicyView::Admin,
            policies: ["b", "Unlimited", "c", "a", "Unauthenticated", "a"].map(named).to_vec(),
            hidden: Vec::new(),
            custom_rules: Some(vec!["PerUser".into()]),
            blocks: Some(vec![
                json!({"conditionType": "USER", "conditionValue": "ana"}),
                json!({"conditionType": "MOON", "conditionValue": "x"}),
            ]),
        },
        &[],
    );
    let names: Vec<&str> = out
        .policies
        .resource
        .iter()
        .map(|policy| policy.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b"]);
    for part in [
        "the policy c has a conditional group 1 that has no condition; whatever is under it needs a policy of that \
         name in policies.yaml",
        "custom rule PerUser",
        "an entry of the block list, of MOON kind",
    ] {
        assert!(
            out.notices.iter().any(|notice| notice.contains(part)),
            "{part}: {:?}",
            out.notices
        );
    }
}

proptest! {
    #[test]
    fn no_limit_makes_the_reader_panic(time in any::<u64>(), count in any::<u64>(), unit in "[a-z]{0,5}|sec|min|hour|year", kind in 0usize..3) {
        let kinds = ["RequestCountLimit", "BandwidthLimit", "EventCountLimit"];
        let limit = json!({"type": kinds[kind], "timeUnit": unit, "unitTime": time, "requestCount": count, "dataAmount": count, "dataUnit": "GB"});
        let quota = quota_of(PolicyView::Admin, json!({"policyName": "P", "defaultLimit": limit, "rateLimitCount": count, "rateLimitTimeUnit": unit}));
        if let Some(Quota::Requests { count, window_ms } | Quota::Bandwidth { bytes: count, window_ms }) = quota {
            prop_assert!(count > 0 && window_ms > 0);
        }
    }
}

#[test]
fn the_publisher_of_newer_servers_says_what_is_counted() {
    let policy = |kind: &str, unit: Value| json!({"name": "P", "requestCount": 3, "unitTime": 1, "timeUnit": "min", "quotaPolicyType": kind, "dataUnit": unit});
    let window_ms = 60_000;
    for (document, expected) in [
        (
            policy("REQUESTCOUNT", json!(null)),
            Some(Quota::Requests { count: 3, window_ms }),
        ),
        (
            policy("BANDWIDTHVOLUME", json!("KB")),
            Some(Quota::Bandwidth {
                bytes: 3 << 10,
                window_ms,
            }),
        ),
        (policy("BANDWIDTHVOLUME", json!(null)), None),
        (policy("AIAPIQUOTA", json!(null)), None),
    ] {
        assert_eq!(
            quota_of(PolicyView::Publisher, document.clone()),
            expected,
            "{document}"
        );
    }
    let out = digested(
        PolicyView::Publisher,
        PolicyLevel::Subscription,
        policy("REQUESTCOUNT", json!(null)),
    );
    assert!(
        out.notices[0].ends_with(": conditions are unknown"),
        "{:?}",
        out.notices
    );
}

#[test]
fn what_counts_events_is_told_once_and_what_is_unknown_each() {
    let limit = |name: &str, kind: &str| {
        (
            PolicyLevel::Subscription,
            json!({"policyName": name, "defaultLimit": {"type": kind}}),
        )
    };
    let out = digest(
        &PolicyDocuments {
            view: PolicyView::Admin,
            policies: vec![
                limit("AsyncGold", "EVENTCOUNTLIMIT"),
                limit("AsyncSilver", "EVENTCOUNTLIMIT"),
                limit("Tokens", "AIAPIQUOTALIMIT"),
            ],
            hidden: vec![PolicyLevel::Advanced],
            custom_rules: Some(Vec::new()),
            blocks: Some(Vec::new()),
        },
        &[],
    );
    assert!(out.policies.subscription.is_empty());
    assert_eq!(
        out.notices,
        [
            "the subscription policy Tokens has a limit that this gateway does not know; whatever is under it needs a policy of that name in policies.yaml",
            "policies that count events, which only streaming APIs have, are left out: AsyncGold, AsyncSilver",
            "you may not see the advanced policies: whatever is under one needs it in policies.yaml",
        ]
    );
}

#[test]
fn blocks_that_may_not_be_seen_any_more_stay() {
    let seen = |blocks: Option<Vec<Value>>, former: &[Block]| {
        let documents = PolicyDocuments {
            view: PolicyView::Admin,
            policies: Vec::new(),
            hidden: Vec::new(),
            custom_rules: None,
            blocks,
        };
        digest(&documents, former)
    };
    let former = [Block::User { name: "mallory".into() }];
    let kept = seen(None, &former);
    assert_eq!(kept.policies.blocks, former);
    assert_eq!(
        kept.notices,
        [
            "you may not see custom rules: should there be any, they are not applied",
            "you may not see the block list: 1 entry stays of the pull before, and newer ones are not applied",
        ]
    );
    let none = seen(None, &[]);
    assert!(none.policies.blocks.is_empty());
    assert!(
        none.notices[1].ends_with("what is blocked there is not blocked here"),
        "{:?}",
        none.notices
    );
    // Who sees that the list is empty has it empty.
    assert!(seen(Some(Vec::new()), &former).policies.blocks.is_empty());
}
