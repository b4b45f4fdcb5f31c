//! Conditional groups of advanced policies, in either dialect.

use super::policies::admin_quota;
use crate::cloud::json;
use mgw_bundle::config::{Condition, ConditionalLimit, Subject};
use mgw_runtime::throttle::check_pattern;
use serde_json::Value;
use std::net::IpAddr;

/// Most groups of one policy, and most conditions of one group.
const MAX_GROUPS: usize = 64;

/// Reads the groups of a policy, in the order in which they are tried.
///
/// # Errors
///
/// What is wrong, as a fragment that follows the policy's name. A group that was left out would let its requests pass
/// under another limit, so nothing is read by halves.
pub(super) fn conditional_limits(policy: &Value) -> Result<Vec<ConditionalLimit>, String> {
    let groups = json::items(policy, "conditionalGroups");
    if groups.len() > MAX_GROUPS {
        return Err(format!("has more than {MAX_GROUPS} conditional groups"));
    }
    let read = |(position, group)| {
        conditional_limit(group).map_err(|reason| format!("has a conditional group {} that {reason}", position + 1))
    };
    groups.iter().enumerate().map(read).collect()
}

fn conditional_limit(group: &Value) -> Result<ConditionalLimit, String> {
    let limit = json::member(group, "limit").and_then(admin_quota);
    let conditions = json::items(group, "conditions");
    if conditions.is_empty() {
        return Err("has no condition".to_owned());
    }
    if conditions.len() > MAX_GROUPS {
        return Err(format!("has more than {MAX_GROUPS} conditions"));
    }
    Ok(ConditionalLimit {
        conditions: conditions.iter().map(condition).collect::<Result<_, _>>()?,
        quota: limit.ok_or("has a limit that this gateway does not know")?,
    })
}

fn condition(condition: &Value) -> Result<Condition, String> {
    let kind = json::text(condition, "type").unwrap_or_default().to_ascii_lowercase();
    // The newer dialect puts the fields into an object of their own.
    let fields = |name| {
        json::member(condition, name)
            .filter(|inner| inner.is_object())
            .unwrap_or(condition)
    };
    let subject = match kind.as_str() {
        "ipcondition" => addresses(fields("ipCondition"))?,
        "headercondition" => {
            let (name, pattern) = pair(fields("headerCondition"), "headerName", "headerValue")?;
            if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!("names `{name}`, which is no header"));
            }
            Subject::Header { name, pattern }
        }
        "queryparametercondition" => {
            let (name, pattern) = pair(fields("queryParameterCondition"), "parameterName", "parameterValue")?;
            Subject::Query { name, pattern }
        }
        "jwtclaimscondition" => {
            let (name, pattern) = pair(fields("jwtClaimsCondition"), "claimUrl", "attribute")?;
            Subject::Claim { name, pattern }
        }
        _ => return Err("has a condition of a kind that this gateway does not know".to_owned()),
    };
    Ok(Condition {
        subject,
        inverted: json::flag(condition, "invertCondition").unwrap_or(false),
    })
}

fn addresses(fields: &Value) -> Result<Subject, String> {
    let kind = json::text(fields, "ipConditionType").unwrap_or_default();
    let (first, last) = match kind.to_ascii_lowercase().as_str() {
        "ipspecific" => ("specificIP", "specificIP"),
        "iprange" => ("startingIP", "endingIP"),
        _ => return Err("has an address condition of an unknown kind".to_owned()),
    };
    let (first, last) = (address(fields, first)?, address(fields, last)?);
    range(first, last)
        .map(|(first, last)| Subject::Address { first, last })
        .ok_or_else(|| format!("has a range from {first} to {last}, which is none"))
}

/// Returns the ends of a range, provided that they are of one family and in order.
pub(super) fn range(first: IpAddr, last: IpAddr) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = (first.to_canonical(), last.to_canonical());
    (first.is_ipv4() == last.is_ipv4() && first <= last).then_some((first, last))
}

fn address(fields: &Value, key: &str) -> Result<IpAddr, String> {
    let text = json::text(fields, key).unwrap_or_default();
    text.parse().map_err(|_| format!("has `{text}` for an address"))
}

fn pair(fields: &Value, name: &str, pattern: &str) -> Result<(String, String), String> {
    let (Some(name), Some(pattern)) = (json::text(fields, name), json::text(fields, pattern)) else {
        return Err("has a condition without a name or a value".to_owned());
    };
    check_pattern(&pattern).map_err(|reason| format!("has a pattern that cannot be used: {reason}"))?;
    Ok((name, pattern))
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
