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

#[test]
fn requests_that_change_hands_leave_one_limit_for_another() {
    let with = |operations: &[(&str, Method, Option<PolicyRef>)]| {
        let mut config = config();
        let resources = operations.iter().map(|(template, method, policy)| Resource {
            method: *method,
            policy: policy.clone(),
            ..resource(template)
        });
        config.apis[0].resources = resources.collect();
        config
    };
    use Method::{Get, Head};
    let (ten, twenty) = (uses("Ten", 0), uses("Twenty", 1));
    let pets = ("/pets/{id}", Get, ten.clone());
    type Operations = Vec<(&'static str, Method, Option<PolicyRef>)>;
    let table: [(Operations, Operations, &[&str], &[&str]); 5] = [
        (
            vec![pets.clone()],
            vec![pets.clone(), ("/pets/new", Get, None)],
            &[
                "weakening GET /pets/new: it is limited by no policy, not by the policy Ten (no limit, not 10 requests per min)",
                "compatible GET /pets/new: it is new",
            ],
            &[
                "breaking GET /pets/new: it is limited by the policy Ten, not by no policy (10 requests per min, not no limit)",
                "compatible GET /pets/new: it is gone: GET /pets/{id} serves its requests",
            ],
        ),
        (
            vec![pets.clone(), ("/*", Get, None)],
            vec![("/*", Get, None)],
            &[
                "weakening GET /pets/{id}: it is limited by no policy, not by the policy Ten (no limit, not 10 requests per min)",
                "compatible GET /pets/{id}: it is gone: GET /* serves its requests",
            ],
            &[
                "breaking GET /pets/{id}: it is limited by the policy Ten, not by no policy (10 requests per min, not no limit)",
                "compatible GET /pets/{id}: it is new",
            ],
        ),
        (
            vec![pets.clone()],
            vec![pets.clone(), ("/pets/new", Get, twenty)],
            &[
                "weakening GET /pets/new: it is limited by the policy Twenty, not by the policy Ten (20 requests per min, not 10 \
                 requests per min)",
                "compatible GET /pets/new: it is new",
            ],
            &[
                "breaking GET /pets/new: it is limited by the policy Ten, not by the policy Twenty (10 requests per min, not 20 \
                 requests per min)",
                "compatible GET /pets/new: it is gone: GET /pets/{id} serves its requests",
            ],
        ),
        (
            vec![pets.clone()],
            vec![pets.clone(), ("/pets/{id}", Head, None)],
            &[
                "weakening HEAD /pets/{id}: it is limited by no policy, not by the policy Ten (no limit, not 10 requests per min)",
                "compatible HEAD /pets/{id}: it is new",
            ],
            &[
                "breaking HEAD /pets/{id}: it is limited by the policy Ten, not by no policy (10 requests per min, not no limit)",
                "compatible HEAD /pets/{id}: it is gone: GET /pets/{id} serves its requests",
            ],
        ),
        (
            vec![pets.clone()],
            vec![pets.clone(), ("/pets/new", Get, ten)],
            &["compatible GET /pets/new: it is new"],
            &["compatible GET /pets/new: it is gone: GET /pets/{id} serves its requests"],
        ),
    ];
    for (before, after, there, back) in table {
        let (before, after) = (with(&before), with(&after));
        assert_eq!(sentences(&before, &after), there);
        assert_eq!(sentences(&after, &before), back);
    }
}
