//! Custom rules of the traffic manager: queries of which those that only count by a key become custom policies.

use crate::compile::time_unit;
use mgw_runtime::throttle::KeyTemplate;
use regex::Regex;
use std::fmt::Write;

/// Properties that nothing in this gateway sets.
const PROPERTY: &str = "$customProperty.";

/// A rule that counts every request by a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CustomRule {
    pub(super) name: String,
    template: String,
    count: u64,
    unit_time: u64,
    unit: String,
}

/// Reads a rule: its window from `timeBatch(…)`, its count from `count(…) >= …`. The key has to be made of what the
/// template names, in its order, and every request has to be eligible that has a key.
///
/// # Errors
///
/// Why this gateway cannot count like that.
pub(super) fn read(name: &str, template: &str, query: &str) -> Result<CustomRule, String> {
    KeyTemplate::parse(template).map_err(|error| format!("its key template cannot be used: {error}"))?;
    if template.contains(PROPERTY) {
        return Err("no request has custom properties here".to_owned());
    }
    let query: String = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let only = |pattern: &str| -> Option<Vec<String>> {
        let regex = Regex::new(pattern).ok()?;
        let mut found = regex.captures_iter(&query);
        let first = found.next()?;
        let groups = first.iter().skip(1).flatten().map(|group| group.as_str().to_owned());
        found.next().is_none().then(|| groups.collect())
    };
    let condition = only(r"(?i-u:select)\b.*?,\s*(?:\((.*)\)|(true))\s+(?i-u:as\s+isEligible)\b").unwrap_or_default();
    let is_open = |condition: &String| {
        let condition = condition.trim();
        let not_null = Regex::new(r"\A(?:true|(?i-u:not)\s*\(\s*\w+\s+(?i-u:is\s+null)\s*\)|\w+\s*!=\s*(?i-u:null))\z");
        not_null.is_ok_and(|regex| regex.is_match(condition))
    };
    if !condition.iter().any(is_open) {
        return Err("it counts only some of the requests".to_owned());
    }
    let key =
        only(r"(?i-u:isEligible)\s*,\s*(.+?)\s+(?i-u:as\s+throttleKey)\b").and_then(|groups| groups.into_iter().next());
    let parts = |text: &str| -> Vec<String> {
        let names = Regex::new(r"[A-Za-z]+").ok();
        let names = names.iter().flat_map(|regex| regex.find_iter(text));
        let names = names.map(|name| name.as_str().to_owned());
        names
            .filter(|name| !["str", "concat"].contains(&name.as_str()))
            .collect()
    };
    if key.is_none_or(|key| parts(&key) != parts(template)) {
        return Err("its key is another one than its template says".to_owned());
    }
    let not_understood = || "its limit is not understood".to_owned();
    let window = only(r"#(?i-u:throttler:timeBatch)\(\s*(\d+)\s+([A-Za-z]+)\b[^)]*\)").ok_or_else(not_understood)?;
    let count = only(r"\b(?i-u:count)\(\s*\w+\s*\)\s*>=\s*(\d+)").ok_or_else(not_understood)?;
    let ([unit_time, unit], [count]) = (window.as_slice(), count.as_slice()) else {
        return Err(not_understood());
    };
    let number = |text: &String| text.parse::<u64>().ok().filter(|number| *number > 0);
    let unit = unit.to_ascii_lowercase();
    match (number(count), number(unit_time), time_unit::milliseconds(&unit)) {
        (Some(count), Some(unit_time), Some(_)) => Ok(CustomRule {
            name: name.to_owned(),
            template: template.to_owned(),
            count,
            unit_time,
            unit,
        }),
        _ => Err(not_understood()),
    }
}

/// The rules as `customPolicies`.
pub(super) fn section(rules: &[CustomRule]) -> String {
    let mut text = String::new();
    for (index, rule) in rules.iter().enumerate() {
        if index == 0 {
            text.push_str("\ncustomPolicies:\n");
        }
        let _ = write!(
            text,
            "  - {}:\n      keyTemplate: {}\n      count: {}\n      unitTime: {}\n      timeUnit: {}\n",
            serde_json::Value::from(rule.name.as_str()),
            serde_json::Value::from(rule.template.as_str()),
            rule.count,
            rule.unit_time,
            rule.unit
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "FROM RequestStream\nSELECT userId, ( not(userId is null) ) AS isEligible , str:concat(userId,':',apiContext) as throttleKey\n\
        INSERT INTO EligibilityStream;\nFROM EligibilityStream[isEligible==true]#throttler:timeBatch(2 min)\n\
        SELECT throttleKey, (count(throttleKey) >= 5) as isThrottled, expiryTimeStamp group by throttleKey\nINSERT ALL EVENTS into ResultStream;";

    #[test]
    fn a_rule_that_counts_by_its_key_becomes_a_policy() {
        let rule = read("PerUser", "$userId:$apiContext", QUERY).unwrap();
        assert_eq!(
            section(&[rule]),
            "\ncustomPolicies:\n  - \"PerUser\":\n      keyTemplate: \"$userId:$apiContext\"\n      count: 5\n      unitTime: 2\n      timeUnit: min\n"
        );
        assert_eq!(section(&[]), "");
    }

    #[test]
    fn others_are_refused_for_what_they_are() {
        for (template, from, to, why) in [
            (
                "$userId:$apiContext",
                "not(userId is null)",
                "userId == 'ana@carbon.super'",
                "only some",
            ),
            ("$apiContext:$userId", "", "", "another one"),
            (
                "$userId:$apiContext",
                "str:concat(userId,':',apiContext)",
                "str:concat('ana','')",
                "another one",
            ),
            ("$userId:$customProperty.x", "", "", "custom properties"),
            ("$nobody", "", "", "key template"),
            ("$userId:$apiContext", "(2 min)", "(2 fortnight)", "not understood"),
            (
                "$userId:$apiContext",
                "count(throttleKey)",
                "sum(bytes)",
                "not understood",
            ),
        ] {
            let error = read("x", template, &QUERY.replace(from, to)).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
