//! Which limit of a policy with conditions a request falls under.

use super::Level;
use http::{HeaderMap, HeaderName};
use mgw_bundle::config::{Condition, Subject};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::sync::Arc;

/// Most bytes that a compiled pattern may take.
const MAX_PATTERN_BYTES: usize = 1 << 18;
/// Longest pattern.
const MAX_PATTERN: usize = 1024;

/// What conditions look at.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// Header fields as received.
    pub headers: &'a HeaderMap,
    /// The query as received.
    pub query: Option<&'a str>,
    /// Claims of the caller's token.
    pub claims: Option<&'a Map<String, Value>>,
}

/// The limits of one policy at one level: the first whose conditions hold is the one, else the policy's own.
#[derive(Debug)]
pub struct Conditional {
    limits: Vec<(Vec<Matcher>, Level)>,
    otherwise: Level,
}

impl Conditional {
    /// Puts limits in the order in which they are tried. A pattern that cannot be used makes the level
    /// [`Level::Unknown`]: the compiler lets none into a bundle, and no limit at all would be the worse answer.
    pub(super) fn level<'a>(limits: impl IntoIterator<Item = (&'a [Condition], Level)>, otherwise: Level) -> Level {
        let limits: Option<Vec<_>> = limits
            .into_iter()
            .map(|(conditions, level)| {
                let matchers: Option<Vec<_>> = conditions.iter().map(Matcher::new).collect();
                Some((matchers?, level))
            })
            .collect();
        limits.map_or(Level::Unknown, |limits| {
            Level::Conditional(Arc::new(Self { limits, otherwise }))
        })
    }

    /// Returns the level of a call.
    pub(super) fn of(&self, call: &Call<'_>) -> &Level {
        self.limits
            .iter()
            .find(|(matchers, _)| matchers.iter().all(|matcher| matcher.holds(call)))
            .map_or(&self.otherwise, |(_, level)| level)
    }
}

/// One thing that a condition looks at, with its pattern compiled.
#[derive(Debug)]
pub(super) struct Matcher {
    subject: Matched,
    inverted: bool,
}

#[derive(Debug)]
enum Matched {
    Address(IpAddr, IpAddr),
    Header(HeaderName, Regex),
    Query(String, Regex),
    Claim(String, Regex),
}

impl Matcher {
    /// `None`: the condition has a pattern or a name that cannot be used.
    pub(super) fn new(condition: &Condition) -> Option<Self> {
        let subject = match &condition.subject {
            Subject::Address { first, last } => Matched::Address(first.to_canonical(), last.to_canonical()),
            Subject::Header { name, pattern } => {
                Matched::Header(HeaderName::from_bytes(name.as_bytes()).ok()?, compiled(pattern).ok()?)
            }
            Subject::Query { name, pattern } => Matched::Query(name.clone(), compiled(pattern).ok()?),
            Subject::Claim { name, pattern } => Matched::Claim(name.clone(), compiled(pattern).ok()?),
        };
        Some(Self {
            subject,
            inverted: condition.inverted,
        })
    }

    /// Returns whether a call meets the condition.
    pub(super) fn holds(&self, call: &Call<'_>) -> bool {
        let matches = |pattern: &Regex, value: &str| !value.is_empty() && pattern.is_match(value);
        let found = match &self.subject {
            Matched::Address(first, last) => within(call.client.to_canonical(), *first, *last),
            Matched::Header(name, pattern) => {
                let mut values = call.headers.get_all(name).iter();
                values.any(|value| matches(pattern, &String::from_utf8_lossy(value.as_bytes())))
            }
            Matched::Query(name, pattern) => call.query.is_some_and(|query| {
                // A parameter that is given twice counts once, with its last value.
                let given = url::form_urlencoded::parse(query.as_bytes()).filter(|(given, _)| given == name);
                given.last().is_some_and(|(_, value)| matches(pattern, &value))
            }),
            Matched::Claim(name, pattern) => call
                .claims
                .and_then(|claims| claims.get(name))
                .is_some_and(|claim| claim_matches(claim, &|value| matches(pattern, value))),
        };
        found != self.inverted
    }
}

/// Tells whether a pattern of a condition can be used.
///
/// # Errors
///
/// What is wrong with it, on one line.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    compiled(pattern).map(drop)
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("it is longer than {MAX_PATTERN} bytes"));
    }
    let compiled = RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // The library draws the pattern with a mark below; its last line says what is wrong.
        error => error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
    })
}

/// Addresses of the other family are never within.
pub(super) fn within(address: IpAddr, first: IpAddr, last: IpAddr) -> bool {
    address.is_ipv4() == first.is_ipv4() && address.is_ipv4() == last.is_ipv4() && first <= address && address <= last
}

fn claim_matches(claim: &Value, matches: &dyn Fn(&str) -> bool) -> bool {
    match claim {
        Value::String(text) => matches(text),
        Value::Number(number) => matches(&number.to_string()),
        Value::Bool(flag) => matches(if *flag { "true" } else { "false" }),
        Value::Array(list) => list.iter().any(|one| !one.is_array() && claim_matches(one, matches)),
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
