//! `policies.yaml` in all its forms.

use super::*;
use crate::yaml::{Format, parse};

fn policies(text: &str) -> (Policies, Vec<String>) {
    let mut diagnostics = Diagnostics::default();
    let (source, node) = parse("policies.yaml", text.into(), Format::Yaml).unwrap();
    let policies = read(&source, &node, &mut diagnostics);
    diagnostics.sort();
    (policies, diagnostics.iter().map(ToString::to_string).collect())
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let (policies, problems) = policies(DEFAULT_POLICIES);
    assert_eq!(problems, [""; 0]);
    let names = |list: &[Policy]| -> Vec<String> {
        list.iter()
            .map(|policy| format!("{}: {}", policy.name, describe(policy)))
            .collect()
    };
    assert_eq!(
        names(&policies.resource),
        [
            "10kPerMin: 10000 requests per min",
            "20kPerMin: 20000 requests per min",
            "50kPerMin: 50000 requests per min"
        ]
    );
    assert_eq!(
        names(&policies.application),
        [
            "10PerMin: 10 requests per min",
            "20PerMin: 20 requests per min",
            "50PerMin: 50 requests per min"
        ]
    );
    assert_eq!(
        names(&policies.subscription),
        [
            "Bronze: 10 requests per min",
            "Default: 500 requests per min",
            "Gold: 5000 requests per min",
            "Silver: 2000 requests per min",
            "Unauthenticated: 500 requests per min"
        ]
    );
}

#[test]
fn windows_and_quota_flags() {
    let (policies, problems) = policies(
        "subscriptionPolicies:\n- A: {count: 1, unitTime: 2, timeUnit: Week, stopOnQuota: false}\n\
         - B: {count: 1, unitTime: 1, timeUnit: month}\n- C: {count: 1, unitTime: 1, timeUnit: year}\n",
    );
    assert_eq!(problems, [""; 0]);
    let windows: Vec<_> = policies
        .subscription
        .iter()
        .map(|policy| (policy.quota, policy.stop_on_quota))
        .collect();
    let days = |days: u64| Quota::Requests {
        count: 1,
        window_ms: days * 86_400_000,
    };
    assert_eq!(windows, [(days(14), false), (days(30), true), (days(365), true)]);
}

#[test]
fn policies_may_limit_data_and_bursts() {
    let (policies, problems) = policies(
        "resourcePolicies:\n- Export:\n    bandwidth: 10MB\n    unitTime: 1\n    timeUnit: hour\n    \
         burst: {count: 20, unitTime: 2, timeUnit: sec}\napplicationPolicies:\n\
         - Quoted: {count: '5', unitTime: '1', timeUnit: MINUTES, strict: 'true'}\n\
         subscriptionPolicies:\n- Soft: {bandwidth: 1 gb, unitTime: 1, timeUnit: day, stopOnQuota: false}\n\
         - Endless: {count: -1, unitTime: 1, timeUnit: min}\n\
         - Paced: {count: 0, unitTime: 1, timeUnit: min, burst: {count: 3, unitTime: 1, timeUnit: sec}}\n\
         - Meter: {bandwidth: 5KB, unitTime: 1, timeUnit: min, strict: true}\n",
    );
    let shown = |list: &[Policy]| -> Vec<String> {
        list.iter()
            .map(|policy| format!("{}: {}", policy.name, describe(policy)))
            .collect()
    };
    assert_eq!(
        shown(&policies.resource),
        ["Export: 10 MB per hour, at most 20 per 2 sec"]
    );
    assert_eq!(
        shown(&policies.application),
        ["Quoted: 5 requests per min, counted strictly"]
    );
    assert_eq!(
        shown(&policies.subscription),
        [
            "Endless: no limit",
            "Meter: 5 KB per min, counted strictly",
            "Paced: no limit, at most 3 per sec",
            "Soft: 1 GB per day, not enforced"
        ]
    );
    insta::assert_snapshot!(problems.join("\n"), @r"
    policies.yaml:11:20: warning: `count` of policy `Endless` is not above 0, which is no limit
    policies.yaml:12:18: warning: `count` of policy `Paced` is not above 0, which is no limit
    policies.yaml:13:63: warning: `strict` of policy `Meter` has no effect: data can only be counted when they have passed
    ");
}

#[test]
fn mistakes_in_data_and_bursts_are_reported() {
    let (policies, problems) = policies(
        "resourcePolicies:\n- A: {bandwidth: 10, unitTime: 1, timeUnit: min}\n\
         - B: {bandwidth: 0MB, unitTime: 1, timeUnit: min}\n\
         - C: {bandwidth: 1MB, count: 5, unitTime: 1, timeUnit: min}\n\
         - D: {bandwidth: 3000GB, unitTime: 1, timeUnit: month}\n\
         - E: {count: 5, unitTime: 1, timeUnit: min, burst: 7}\n\
         - F: {count: 5, unitTime: 1, timeUnit: min, burst: {count: 0, unitTime: 1, timeUnit: sec}}\n\
         - G: {count: 5, unitTime: 1, timeUnit: min, burst: {count: 2, units: 1, timeUnit: secs}}\n\
         - H: {count: 5.5, unitTime: 1, timeUnit: min}\n\
         - I: {count: 2199023255552, unitTime: 1, timeUnit: year}\n\
         - J: {count: five, unitTime: [1], timeUnit: 5}\n- K: {}\n",
    );
    insta::assert_snapshot!(problems.join("\n"), @r"
    policies.yaml:2:18: error: `bandwidth` of policy `A` should be an amount of data with its unit
    policies.yaml:3:18: error: `bandwidth` of policy `B` should be an amount of data with its unit
    policies.yaml:4:18: error: policy `C` has `count` and `bandwidth`
    policies.yaml:5:18: error: `bandwidth` of policy `D` should be an amount of data with its unit
    policies.yaml:6:52: error: `burst` of policy `E` should be a map with `count`, `unitTime` and `timeUnit`, found a number
    policies.yaml:7:45: error: `count` of `burst` of policy `F` should be at least 1
    policies.yaml:8:45: error: `burst` of policy `G` has no `unitTime`
    policies.yaml:8:63: error: `burst` of policy `G` has no `units`
    policies.yaml:9:14: error: `count` of policy `H` should be a whole number of at most 2199023255551
    policies.yaml:10:14: error: `count` of policy `I` should be a whole number of at most 2199023255551
    policies.yaml:11:14: error: `count` of policy `J` should be a whole number of at most 2199023255551
    policies.yaml:11:30: error: `unitTime` of policy `J` should be a whole number of at least 1
    policies.yaml:11:45: error: `timeUnit` of policy `J` should be `sec`, `min`, `hour`, `day`, `week`, `month` or `year`
    policies.yaml:12:3: error: policy `K` has no `count`
    policies.yaml:12:3: error: policy `K` has no `timeUnit`
    policies.yaml:12:3: error: policy `K` has no `unitTime`
    ");
    assert_eq!(policies.resource, []);
}

#[test]
fn custom_policies_count_by_a_template() {
    let (policies, problems) = policies(
        "customPolicies:\n- PerUser: {keyTemplate: '$userId:$apiContext', count: 5, unitTime: 1, timeUnit: min}\n\
         - Address: {keyTemplate: $clientIp, count: 9, unitTime: 1, timeUnit: hour, strict: true,\
         \x20burst: {count: 2, unitTime: 1, timeUnit: sec}}\n\
         - A: {keyTemplate: $user, count: 5, unitTime: 1, timeUnit: min}\n\
         - B: {keyTemplate: all, count: 5, unitTime: 1, timeUnit: min}\n\
         - C: {keyTemplate: [], count: 0, unitTime: 1, timeUnit: min}\n\
         - D: {keyTemplate: $customProperty.region, bandwidth: 5MB, unitTime: 1, timeUnit: min}\n\
         - PerUser: {keyTemplate: $appId, count: 5, unitTime: 1, timeUnit: min}\n\
         - E: {count: 5, unitTime: 1, timeUnit: min, stopOnQuota: false}\n",
    );
    let shown: Vec<_> = policies
        .custom
        .iter()
        .map(|custom| {
            format!(
                "{} by {}: {}",
                custom.policy.name,
                custom.key_template,
                describe(&custom.policy)
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "PerUser by $userId:$apiContext: 5 requests per min",
            "Address by $clientIp: 9 requests per hour, at most 2 per sec, counted strictly",
        ],
        "in the order of the file"
    );
    insta::assert_snapshot!(problems.join("\n"), @r#"
    policies.yaml:4:20: error: `keyTemplate` of policy `A` cannot be used: `$user` is none of $resourceKey, $userId, $apiContext, $apiVersion, $appTenant, $apiTenant, $appId, $clientIp and $customProperty.<name>
    policies.yaml:5:20: error: `keyTemplate` of policy `B` cannot be used: it names no field
    policies.yaml:6:3: error: `count` of policy `C` should be at least 1
    policies.yaml:6:20: error: `keyTemplate` of policy `C` should be a text such as "$userId:$apiContext", found an empty list
    policies.yaml:7:3: error: policy `D` has no `count`
    policies.yaml:7:20: error: `keyTemplate` of policy `D` cannot be used: no request has custom properties here
    policies.yaml:7:44: error: policy `D` has no `bandwidth`
    policies.yaml:8:3: error: the policy `PerUser` stands a second time in `customPolicies`
    policies.yaml:9:3: error: policy `E` has no `keyTemplate`
    policies.yaml:9:45: error: policy `E` has no `stopOnQuota`
    "#);
}

#[test]
fn strict_counts_are_the_projects_matter() {
    let text = "resourcePolicies:\n- Till: {count: 5, unitTime: 1, timeUnit: min, strict: true}\n\
                applicationPolicies:\n- Own: {count: 5, unitTime: 1, timeUnit: min, strict: false}\n\
                subscriptionPolicies:\n- Gold: {count: 5, unitTime: 1, timeUnit: min, strict: true}\n\
                - Bad: {count: 5, unitTime: 1, timeUnit: min, strict: yes please}\n";
    let (mut own, problems) = policies(text);
    assert_eq!(
        problems,
        ["policies.yaml:7:55: error: `strict` of policy `Bad` should be `true` or `false`, found a text"]
    );
    assert_eq!(describe(&own.resource[0]), "5 requests per min, counted strictly");
    assert!(!own.application[0].strict);
    let (pulled, _) = policies(
        "resourcePolicies:\n- Till: {count: 5, unitTime: 1, timeUnit: min}\n\
         subscriptionPolicies:\n- Gold: {count: 9, unitTime: 1, timeUnit: hour}\n",
    );
    let differences = merge(&mut own, pulled);
    assert_eq!(describe(&own.resource[0]), "5 requests per min, counted strictly");
    assert_eq!(describe(&own.subscription[0]), "9 requests per hour, counted strictly");
    let messages: Vec<_> = differences
        .iter()
        .map(|difference| difference.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "the control plane's subscription policy `Gold` holds instead: 9 requests per hour, counted strictly, \
          not 5 requests per min, counted strictly"
        ]
    );
}

#[test]
fn files_without_policies_are_empty() {
    for text in ["", "---\n", "resourcePolicies:\n", "resourcePolicies: []\n"] {
        assert_eq!(policies(text), (Policies::default(), Vec::new()), "{text:?}");
    }
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let (policies, problems) = policies(
        "resourcePolicy: []\nresourcePolicies:\n- A:\n  count: 5\n- B: {count: 0, unitTime: -1, timeUnit: sek}\n\
         - C: {count: 5, unitTime: 1}\n- D: {count: 5, unitTime: 1, timeUnit: min, stopOnquota: true}\n\
         - D: {count: 6, unitTime: 1, timeUnit: min}\n- Unlimited: {count: 6, unitTime: 1, timeUnit: min}\n\
         applicationPolicies:\n- E: {count: 5, unitTime: 1, timeUnit: min, stopOnQuota: false}\n\
         - F: {count: 5, unitTime: 1000, timeUnit: year}\n- G: 5\nsubscriptionPolicies: 7\n",
    );
    insta::assert_snapshot!(problems.join("\n"), @r"
    policies.yaml:1:1: error: there is no section `resourcePolicy`
    policies.yaml:3:3: error: a policy has its name as its only key, this has 2 keys
    policies.yaml:5:27: error: `unitTime` of policy `B` should be a whole number of at least 1
    policies.yaml:5:41: error: `timeUnit` of policy `B` should be `sec`, `min`, `hour`, `day`, `week`, `month` or `year`
    policies.yaml:6:3: error: policy `C` has no `timeUnit`
    policies.yaml:7:45: error: policy `D` has no `stopOnquota`
    policies.yaml:8:3: error: the policy `D` stands a second time in `resourcePolicies`
    policies.yaml:9:3: warning: `Unlimited` exists without being written; this entry has no effect
    policies.yaml:11:58: warning: `stopOnQuota: false` of policy `E` has no effect; only subscription policies have it
    policies.yaml:12:3: error: the window of policy `F` is longer than 100 years
    policies.yaml:13:6: error: policy `G` should be a map with `count`, `unitTime` and `timeUnit`, found a number
    policies.yaml:14:23: error: `subscriptionPolicies` should be a list of at most 10000 policies, each `- NAME:` with `count`, `unitTime` and `timeUnit`, found a number
    ");
    assert_eq!(policies.resource.len(), 1);
    assert_eq!(policies.application.len(), 1);
}

#[test]
fn pulled_policies_win_and_differences_are_told() {
    let text = "subscriptionPolicies:\n- Bronze: {count: 10, unitTime: 1, timeUnit: min}\n\
                - Gold: {count: 5000, unitTime: 1, timeUnit: min}\n- Own: {count: 1, unitTime: 1, timeUnit: min}\n";
    let (mut own, _) = policies(text);
    let (pulled, _) = policies(
        "subscriptionPolicies:\n- Bronze: {count: 1000, unitTime: 1, timeUnit: min}\n\
         - Gold: {count: 5000, unitTime: 1, timeUnit: min}\n- Asia: {count: 1, unitTime: 1, timeUnit: hour}\n",
    );
    let differences = merge(&mut own, pulled);
    let (source, document) = parse("policies.yaml", text.into(), Format::Yaml).unwrap();
    let notes: Vec<_> = differences
        .into_iter()
        .map(|difference| difference.note(&source, &document).to_string())
        .collect();
    assert_eq!(
        notes,
        [
            "policies.yaml:2:3: note: the control plane's subscription policy `Bronze` holds instead: \
          1000 requests per min, not 10 requests per min"
        ]
    );
    let names: Vec<_> = own.subscription.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["Asia", "Bronze", "Gold", "Own"]);
    assert_eq!(describe(&own.subscription[1]), "1000 requests per min");
}
