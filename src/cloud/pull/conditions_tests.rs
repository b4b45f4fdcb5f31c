use super::*;
use mgw_bundle::config::Quota;
use serde_json::json;

fn flat(conditions: Value) -> Value {
    json!({"conditionalGroups": [{
        "limit": {"type": "RequestCountLimit", "timeUnit": "min", "unitTime": 5, "requestCount": 20},
        "conditions": conditions
    }]})
}

fn problem(conditions: Value) -> String {
    conditional_limits(&flat(conditions)).expect_err("the group is not usable")
}

#[test]
fn both_dialects_say_the_same() {
    let older = flat(json!([
        {"type": "IPCondition", "invertCondition": false, "ipConditionType": "IPRange", "specificIP": null,
         "startingIP": "10.4.0.1", "endingIP": "10.4.0.99"},
        {"type": "IPCondition", "ipConditionType": "IPSpecific", "specificIP": "2001:db8::1"},
        {"type": "HeaderCondition", "invertCondition": true, "headerName": "X-Client", "headerValue": "mobile.*"},
        {"type": "QueryParameterCondition", "parameterName": "size", "parameterValue": "big"},
        {"type": "JWTClaimsCondition", "claimUrl": "http://wso2.org/claims/role", "attribute": "trial"}
    ]));
    let newer = json!({"conditionalGroups": [{
        "limit": {"type": "REQUESTCOUNTLIMIT", "requestCount": {"timeUnit": "min", "unitTime": 5, "requestCount": 20}},
        "conditions": [
            {"type": "IPCONDITION", "invertCondition": false,
             "ipCondition": {"ipConditionType": "IPRANGE", "startingIP": "10.4.0.1", "endingIP": "10.4.0.99"}},
            {"type": "IPCONDITION", "ipCondition": {"ipConditionType": "IPSPECIFIC", "specificIP": "2001:db8::1"}},
            {"type": "HEADERCONDITION", "invertCondition": true,
             "headerCondition": {"headerName": "X-Client", "headerValue": "mobile.*"}},
            {"type": "QUERYPARAMETERCONDITION",
             "queryParameterCondition": {"parameterName": "size", "parameterValue": "big"}},
            {"type": "JWTCLAIMSCONDITION",
             "jwtClaimsCondition": {"claimUrl": "http://wso2.org/claims/role", "attribute": "trial"}}
        ]
    }]});
    let limits = conditional_limits(&older).expect("the groups are usable");
    assert_eq!(conditional_limits(&newer), Ok(limits.clone()));
    let [limit] = limits.as_slice() else {
        panic!("one group was written");
    };
    assert_eq!(
        limit.quota,
        Quota::Requests {
            count: 20,
            window_ms: 300_000
        }
    );
    let inverted: Vec<bool> = limit.conditions.iter().map(|condition| condition.inverted).collect();
    assert_eq!(inverted, [false, false, true, false, false]);
    assert_eq!(
        limit.conditions[1].subject,
        Subject::Address {
            first: "2001:db8::1".parse().expect("an address"),
            last: "2001:db8::1".parse().expect("an address"),
        }
    );
}

#[test]
fn nothing_is_read_by_halves() {
    let header = |name, value| json!([{"type": "HEADERCONDITION", "headerCondition": {"headerName": name, "headerValue": value}}]);
    let range =
        |from, to| json!([{"type": "IPCondition", "ipConditionType": "IPRange", "startingIP": from, "endingIP": to}]);
    for (conditions, part) in [
        (json!([]), "has no condition"),
        (json!([{}]), "of a kind that this gateway does not know"),
        (
            json!([{"type": "GEOCONDITION"}]),
            "of a kind that this gateway does not know",
        ),
        (header("X Client", "a"), "names `X Client`, which is no header"),
        (header("X-Client", "(?=a)"), "cannot be used"),
        (header("X-Client", ""), "without a name or a value"),
        (range("10.0.0.9", "10.0.0.1"), "which is none"),
        (range("10.0.0.1", "::1"), "which is none"),
        (range("10.0.0.1", "here"), "has `here` for an address"),
        (json!([{"type": "IPCondition"}]), "of an unknown kind"),
    ] {
        let problem = problem(conditions);
        assert!(problem.starts_with("has a conditional group 1 that "), "{problem}");
        assert!(problem.contains(part), "{problem}");
    }
    let mut other = flat(json!([{"type": "IPCondition", "ipConditionType": "IPSpecific", "specificIP": "::1"}]));
    other["conditionalGroups"][0]["limit"] = json!({"type": "AIAPIQUOTALIMIT"});
    let problem = conditional_limits(&other).expect_err("the limit is not known");
    assert!(problem.contains("a limit that this gateway does not know"), "{problem}");
    let many = json!({"conditionalGroups": vec![json!({}); 65]});
    assert_eq!(
        conditional_limits(&many),
        Err("has more than 64 conditional groups".to_owned())
    );
}
