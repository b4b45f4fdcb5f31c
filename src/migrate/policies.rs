//! Throttling policies that are named and not in the export: those that every control plane has, and the rest.

use crate::compile::DEFAULT_POLICIES;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The advanced policies that every API Manager is delivered with: name, and requests per minute.
const DELIVERED: [(&str, u64); 3] = [("10KPerMin", 10_000), ("20KPerMin", 20_000), ("50KPerMin", 50_000)];
/// The list of advanced policies, with which the file starts.
const LIST: &str = "resourcePolicies:\n";

/// What is known of a policy of an API or operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is in the policies of a new project, or needs no definition.
    Here,
    /// Every control plane has it, with so many requests per minute.
    Delivered(u64),
    /// Nothing.
    Nothing,
}

/// Looks a policy up.
pub(super) fn known(name: &str) -> Known {
    let entry = format!("  - {name}:\n");
    let list = DEFAULT_POLICIES.split(LIST).nth(1).unwrap_or_default();
    let list = list.split("\n\n").next().unwrap_or_default();
    if name == "Unlimited" || list.contains(&entry) {
        return Known::Here;
    }
    match DELIVERED.iter().find(|(delivered, _)| *delivered == name) {
        Some((_, count)) => Known::Delivered(*count),
        None => Known::Nothing,
    }
}

/// The policies that a definition names, of the API and of operations.
pub(super) fn named(definition: &Value) -> BTreeSet<String> {
    const KEYS: [&str; 2] = ["x-wso2-throttling-tier", "x-throttling-tier"];
    let of = |owner: &Value| -> Vec<String> {
        KEYS.iter()
            .filter_map(|key| owner.get(*key)?.as_str().map(str::to_owned))
            .collect()
    };
    let mut names: BTreeSet<String> = of(definition).into_iter().collect();
    let paths = definition.get("paths").and_then(Value::as_object);
    for item in paths.into_iter().flat_map(|paths| paths.values()) {
        for operation in item.as_object().into_iter().flat_map(|item| item.values()) {
            names.extend(of(operation));
        }
    }
    names
}

/// The policies of a new project with delivered ones among them.
pub(super) fn file(delivered: &BTreeSet<String>) -> Vec<u8> {
    let mut added = String::from(LIST);
    for (name, count) in DELIVERED.iter().filter(|(name, _)| delivered.contains(*name)) {
        let _ = write!(
            added,
            "  - {name}:\n      count: {count}\n      unitTime: 1\n      timeUnit: min\n"
        );
    }
    DEFAULT_POLICIES.replacen(LIST, &added, 1).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};
    use serde_json::json;

    #[test]
    fn policies_are_known_by_name() {
        for (name, expected) in [
            ("10kPerMin", Known::Here),
            ("Unlimited", Known::Here),
            ("10KPerMin", Known::Delivered(10_000)),
            ("Gold", Known::Nothing),
            ("10PerMin", Known::Nothing),
        ] {
            assert_eq!(known(name), expected, "{name}");
        }
    }

    #[test]
    fn delivered_policies_are_added_to_the_file() {
        let (_, node) = parse("p", file(&["50KPerMin".into(), "Other".into()].into()), Format::Yaml).unwrap();
        let list = node.get("resourcePolicies").unwrap().as_array().unwrap();
        assert_eq!(list.len(), 4);
        assert_eq!(list[0].at(["50KPerMin", "count"]).unwrap().as_u64(), Some(50_000));
        assert_eq!(file(&BTreeSet::new()), DEFAULT_POLICIES.as_bytes());
    }

    #[test]
    fn policies_are_found_where_they_count() {
        let definition = json!({"x-wso2-throttling-tier": "A", "paths": {"/a": {"get": {"x-throttling-tier": "B"}, "parameters": []}, "/b": 5}});
        assert_eq!(named(&definition), ["A", "B"].map(str::to_owned).into());
    }
}
