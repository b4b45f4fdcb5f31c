//! Throttling policies that micro-gw 2.6 generated, each in a file of its own.

use super::tokens::{Token, tokens};
use crate::compile::describe_data;
use crate::yaml::Source;
use mgw_bundle::config::{self, Quota};
use std::fmt::Write;

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Resource,
    Application,
    Subscription,
}

/// A policy, and what it is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policy {
    pub(super) level: Level,
    pub(super) policy: config::Policy,
}

impl Policy {
    fn new(level: Level, name: String, count: u64, window_ms: u64, stops: bool) -> Self {
        Self {
            level,
            policy: config::Policy {
                name,
                quota: Quota::Requests { count, window_ms },
                stop_on_quota: stops,
                burst: None,
                strict: false,
                conditional: Vec::new(),
            },
        }
    }
}

/// Units, from the longest.
const UNITS: [(&str, u64); 4] = [
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("min", 60_000),
    ("sec", 1_000),
];

/// Reads the policy of a file: its name behind `…Tier == "…"`, its window in `timeBatch(…)`, its count before `as
/// isThrottled`, and whether it stops before `as stopOnQuota`. `None` when one of them is not there.
pub(super) fn read(source: &Source) -> Option<Policy> {
    let tokens: Vec<Token> = tokens(source).into_iter().map(|placed| placed.token).collect();
    let name = |word: &str| Token::Name(word.to_owned());
    let mut tier = None;
    let mut milliseconds = None;
    let mut count = None;
    let mut stops = None;
    for window in tokens.windows(4) {
        match window {
            [Token::Name(kind), Token::Mark('='), Token::Mark('='), Token::Text(text)] => {
                let level = match kind.as_str() {
                    "appTier" => Level::Application,
                    "subscriptionTier" => Level::Subscription,
                    "resourceTier" | "apiTier" => Level::Resource,
                    _ => continue,
                };
                tier.get_or_insert((level, text.clone()));
            }
            [Token::Name(batch), Token::Mark('('), Token::Number(number), _]
                if batch == "timeBatch" || batch.ends_with(":timeBatch") =>
            {
                milliseconds = milliseconds.or(number.parse().ok());
            }
            [Token::Mark('='), Token::Number(number), cast, what]
                if *cast == name("as") && *what == name("isThrottled") =>
            {
                count = count.or(number.parse().ok());
            }
            [Token::Name(flag), cast, what, _] if *cast == name("as") && *what == name("stopOnQuota") => {
                stops = stops.or(flag.parse().ok());
            }
            _ => {}
        }
    }
    let (level, name) = tier?;
    let window_ms = milliseconds.filter(|milliseconds| *milliseconds >= 1_000)?;
    Some(Policy::new(level, name, count?, window_ms, stops?))
}

/// Subscription policies that callers have of whom nothing else is known.
const OF_UNKNOWN_CALLERS: [&str; 2] = ["Unauthenticated", "Default"];

/// The policies as `policies.yaml`, with those of unknown callers as every project has them.
pub(super) fn file(policies: &[Policy]) -> String {
    let mut text = String::new();
    for (level, list) in [
        (Level::Resource, "resourcePolicies"),
        (Level::Application, "applicationPolicies"),
        (Level::Subscription, "subscriptionPolicies"),
    ] {
        let of_level: Vec<&Policy> = policies.iter().filter(|policy| policy.level == level).collect();
        let is_missing =
            |name: &&str| level == Level::Subscription && of_level.iter().all(|policy| policy.policy.name != *name);
        let added: Vec<Policy> = OF_UNKNOWN_CALLERS
            .into_iter()
            .filter(is_missing)
            .map(|name| Policy::new(level, name.into(), 500, 60_000, true))
            .collect();
        if of_level.is_empty() && added.is_empty() {
            let _ = writeln!(text, "{list}: []");
            continue;
        }
        let _ = writeln!(text, "{list}:");
        for policy in of_level.into_iter().chain(&added) {
            let _ = write!(text, "{}", entry(policy));
        }
    }
    text
}

fn entry(Policy { level, policy }: &Policy) -> String {
    let name = serde_json::to_string(&policy.name).unwrap_or_default();
    let mut text = format!("  - {name}:\n");
    let limit = match policy.quota {
        Quota::Requests { count, window_ms } => Some((format!("count: {count}"), window_ms)),
        Quota::Bandwidth { bytes, window_ms } => Some((format!("bandwidth: {}", describe_data(bytes)), window_ms)),
        Quota::Unlimited => None,
    };
    // No count is no limit.
    let (limit, window_ms) = limit.unwrap_or_else(|| ("count: -1".to_owned(), 60_000));
    let (time, unit) = window(window_ms);
    let _ = write!(text, "      {limit}\n      unitTime: {time}\n      timeUnit: {unit}\n");
    if let Some(burst) = policy.burst {
        let (time, unit) = window(burst.window_ms);
        let count = burst.count;
        let _ = writeln!(
            text,
            "      burst: {{count: {count}, unitTime: {time}, timeUnit: {unit}}}"
        );
    }
    if *level == Level::Subscription {
        let _ = writeln!(text, "      stopOnQuota: {}", policy.stop_on_quota);
    }
    text
}

/// A window in the longest unit that it is whole ones of.
fn window(milliseconds: u64) -> (u64, &'static str) {
    let (unit, length) = UNITS
        .into_iter()
        .find(|(_, length)| milliseconds.is_multiple_of(*length))
        .unwrap_or(("sec", 1_000));
    (milliseconds.div_ceil(length), unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    pub(super) const GENERATED: &str = "import ballerina/io;\nstream<gateway:GlobalThrottleStreamDTO> s10PerMinresultStream;\nfunction initApplication10PerMinPolicy() {\n    forever {\n        \
        from s10PerMinreqCopy\n        select s10PerMinreqCopy.messageID, (s10PerMinreqCopy.appTier == \"10PerMin\") as isEligible, s10PerMinreqCopy.appKey as throttleKey\n        \
        => (gateway:EligibilityStreamDTO[] counts) { }\n\n        from s10PerMineligibilityStream\n        throttler:timeBatch(60000, 0)\n        where isEligible == true\n        \
        select throttleKey, count(messageID) >= 10 as isThrottled, true as stopOnQuota, expiryTimeStamp\n    }\n}\n";

    fn policy(text: &str) -> Option<Policy> {
        read(&Source::new("x.bal", text.into()).unwrap())
    }

    #[test]
    fn a_generated_policy_is_read() {
        let found = policy(GENERATED).unwrap();
        assert_eq!(
            found,
            Policy::new(Level::Application, "10PerMin".into(), 10, 60_000, true)
        );
        for (part, other) in [
            ("appTier ==", "otherTier =="),
            ("timeBatch(60000", "lengthBatch(60000"),
            (">= 10 as isThrottled", ">= limit as isThrottled"),
            ("true as stopOnQuota", "x as stopOnQuota"),
        ] {
            assert_eq!(policy(&GENERATED.replace(part, other)), None, "{other}");
        }
        let daily = policy(
            &GENERATED
                .replace("60000", "172800000")
                .replace("appTier", "subscriptionTier"),
        )
        .unwrap();
        assert_eq!(
            (
                daily.level,
                entry(&daily).contains("unitTime: 2\n      timeUnit: day\n      stopOnQuota: true")
            ),
            (Level::Subscription, true)
        );
    }

    #[test]
    fn policies_become_a_file() {
        let text = file(&[policy(GENERATED).unwrap()]);
        let (_, node) = parse("p", text.clone().into_bytes(), Format::Yaml).unwrap();
        let count = node
            .at(["applicationPolicies", "0", "10PerMin", "count"])
            .and_then(crate::yaml::Node::as_u64);
        assert_eq!(count, Some(10), "{text}");
        for (index, name) in ["Unauthenticated", "Default"].into_iter().enumerate() {
            let path = ["subscriptionPolicies", &index.to_string(), name];
            assert!(node.at(path).is_some(), "{name} in {text}");
        }
        assert_eq!(
            node.get("resourcePolicies")
                .and_then(|list| list.as_array())
                .map(<[_]>::len),
            Some(0)
        );
    }

    #[test]
    fn all_limits_are_written() {
        let mut policy = Policy::new(Level::Subscription, "A: b".into(), 1, 7_200_000, false);
        policy.policy.quota = Quota::Bandwidth {
            bytes: 3 << 20,
            window_ms: 7_200_000,
        };
        policy.policy.burst = Some(config::Burst {
            count: 5,
            window_ms: 1_000,
        });
        let text = file(&[policy]);
        let start = "resourcePolicies: []\napplicationPolicies: []\nsubscriptionPolicies:\n  - \"A: b\":\n      bandwidth: 3 MB\n      unitTime: 2\n      timeUnit: hour\n      burst: {count: 5, unitTime: 1, timeUnit: sec}\n      stopOnQuota: false\n";
        assert!(text.starts_with(start), "{text}");
    }
}
