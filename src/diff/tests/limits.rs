//! Policies and their numbers.

use super::*;

#[test]
fn another_policy_is_weighed_by_its_numbers() {
    let with = |name: &str, index| {
        let mut config = config();
        config.apis[0].resources[0].policy = uses(name, index);
        config
    };
    let (ten, twenty) = (with("Ten", 0), with("Twenty", 1));
    assert_eq!(classes(&ten, &twenty), [Class::Weakening]);
    assert_eq!(classes(&twenty, &ten), [Class::Breaking]);
    // One change of a policy is one change, however many operations are under it.
    let mut raised = ten.clone();
    raised.policies.resource[0] = policy("Ten", 11);
    assert_eq!(classes(&ten, &raised), [Class::Weakening]);
}

#[test]
fn a_limit_that_moves_both_ways_is_told_as_both() {
    let mut used = config();
    used.apis[0].resources[0].policy = uses("Ten", 0);
    let mut hourly = used.clone();
    hourly.policies.resource[0].quota = Quota::Requests {
        count: 100,
        window_ms: 3_600_000,
    };
    assert_eq!(classes(&used, &hourly), [Class::Breaking, Class::Weakening]);
    assert_eq!(classes(&hourly, &used), [Class::Breaking, Class::Weakening]);
}

#[test]
fn a_resource_policy_that_is_gone_breaks_what_is_still_under_it() {
    let mut unused = config();
    unused.policies.resource.remove(1);
    assert_eq!(classes(&config(), &unused), [Class::Cosmetic]);
    let mut used = config();
    used.apis[0].resources[0].policy = uses("Twenty", 1);
    let mut refused = unused.clone();
    refused.apis[0].resources[0].policy = Some(PolicyRef {
        name: "Twenty".into(),
        index: None,
    });
    assert_eq!(classes(&used, &refused), [Class::Breaking, Class::Cosmetic]);
    assert_eq!(classes(&refused, &used), [Class::Weakening, Class::Compatible]);
}
