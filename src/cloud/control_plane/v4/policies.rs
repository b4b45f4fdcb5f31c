//! Policies that change requests and answers on the control plane's own gateways: of the whole API and of operations.

use crate::cloud::control_plane::Mediation;
use crate::cloud::json;
use serde_json::Value;

/// Every policy of the details of an API, in the order of the document.
pub(super) fn read(api: &Value) -> Vec<Mediation> {
    let mut found = of(json::member(api, "apiPolicies"), "the API", &["apiPolicies"]);
    for (index, operation) in json::items(api, "operations").iter().enumerate() {
        let verb = json::text(operation, "verb").unwrap_or_default();
        let target = json::text(operation, "target").unwrap_or_default();
        found.extend(of(
            json::member(operation, "operationPolicies"),
            format!("{verb} {target}").trim(),
            &["operations", &index.to_string(), "operationPolicies"],
        ));
    }
    found
}

fn of(flows: Option<&Value>, place: &str, at: &[&str]) -> Vec<Mediation> {
    let Some(flows) = flows else { return Vec::new() };
    let of_flow = |flow: &'static str| {
        json::items(flows, flow)
            .iter()
            .enumerate()
            .filter_map(move |(index, policy)| {
                let index = index.to_string();
                Some(Mediation {
                    what: "policy",
                    name: json::text(policy, "policyName")?,
                    place: Some(format!("{flow} of {place}")),
                    at: at.iter().chain(&[flow, &index]).map(|&key| key.to_owned()).collect(),
                })
            })
    };
    ["request", "response", "fault"].into_iter().flat_map(of_flow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_flow_of_the_api_and_of_operations_is_read() {
        let policy = |name: &str| json!({"policyName": name, "policyVersion": "v1", "parameters": {}});
        let found = read(&json!({
            "apiPolicies": {"request": [policy("addHeader")], "response": null},
            "operations": [
                {"target": "/a", "verb": "GET", "operationPolicies": {"request": [policy("x")], "fault": [policy("y"), {}]}},
                {"target": "/b", "verb": "POST", "operationPolicies": null},
                {"target": "/c"}
            ]
        }));
        let texts: Vec<(&str, &str)> = found
            .iter()
            .map(|one| (one.name.as_str(), one.place.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            texts,
            [
                ("addHeader", "request of the API"),
                ("x", "request of GET /a"),
                ("y", "fault of GET /a")
            ]
        );
        assert_eq!(found[0].at, ["apiPolicies", "request", "0"]);
        assert_eq!(found[2].at, ["operations", "0", "operationPolicies", "fault", "0"]);
        assert!(read(&json!([])).is_empty());
    }
}
