//! What an operator asks to block.

use super::NewBlock;
use jiff::Timestamp;
use mgw_bundle::config::Block;
use serde::Deserialize;
use std::net::IpAddr;

/// Longest name, and longest reason, in bytes.
const MAX_NAME: usize = 1024;
const MAX_REASON: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    block: Block,
    #[serde(default)]
    seconds: Option<u64>,
    #[serde(default)]
    expires: Option<Moment>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    /// Milliseconds since the epoch.
    Milliseconds(u64),
    /// RFC 3339.
    Text(String),
}

/// Reads a request; else says what is wrong with it.
pub(crate) fn new_block(body: &[u8], now_ms: u64) -> Result<NewBlock, String> {
    let asked: Asked = serde_json::from_slice(body).map_err(|error| {
        format!("the body has to name a `block`, and may name `seconds` or `expires`, and a `reason`: {error}")
    })?;
    check(&asked.block)?;
    let expires_at_ms = match (asked.seconds, asked.expires) {
        (Some(_), Some(_)) => return Err("`seconds` and `expires` exclude each other".to_owned()),
        (Some(0), None) => return Err("`seconds` is at least 1".to_owned()),
        (Some(seconds), None) => Some(now_ms.saturating_add(seconds.saturating_mul(1000))),
        (None, Some(moment)) => Some(milliseconds(moment)?),
        (None, None) => None,
    };
    if asked.reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON) {
        return Err(format!("`reason` is longer than {MAX_REASON} bytes"));
    }
    Ok(NewBlock {
        block: asked.block,
        expires_at_ms,
        reason: asked.reason.filter(|reason| !reason.is_empty()),
    })
}

fn milliseconds(moment: Moment) -> Result<u64, String> {
    match moment {
        Moment::Milliseconds(moment) => Ok(moment),
        Moment::Text(text) => {
            let moment: Option<Timestamp> = text.parse().ok();
            moment
                .and_then(|moment| u64::try_from(moment.as_millisecond()).ok())
                .ok_or_else(|| "`expires` is milliseconds since 1970, or a moment like 2026-01-31T18:00:00Z".to_owned())
        }
    }
}

/// A block that can never hold is a mistake that its author would not notice.
fn check(block: &Block) -> Result<(), String> {
    let names: [Option<&str>; 3] = match block {
        Block::Api { context } => [Some(context), None, None],
        Block::Application { owner, name } => [Some(owner), Some(name), None],
        Block::User { name } => [Some(name), None, None],
        Block::Subscription {
            context,
            owner,
            application,
            key_type,
        } => {
            if key_type
                .as_deref()
                .is_some_and(|kind| !matches!(kind, "PRODUCTION" | "SANDBOX"))
            {
                return Err("`key_type` is `PRODUCTION` or `SANDBOX`".to_owned());
            }
            [Some(context), Some(owner), Some(application)]
        }
        Block::Address { first, last, .. } => {
            let (first, last): (IpAddr, IpAddr) = (first.to_canonical(), last.to_canonical());
            if first.is_ipv4() != last.is_ipv4() || first > last {
                return Err("`first` and `last` are the ends of a range of addresses of one kind".to_owned());
            }
            [None; 3]
        }
    };
    if names
        .iter()
        .flatten()
        .any(|name| name.is_empty() || name.len() > MAX_NAME)
    {
        return Err(format!("names have 1 to {MAX_NAME} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    #[test]
    fn an_end_is_given_in_three_ways_or_not_at_all() {
        for (end, expected) in [
            ("", None),
            (r#","seconds":90"#, Some(NOW + 90_000)),
            (r#","expires":1800000000000"#, Some(1_800_000_000_000)),
            (r#","expires":"2027-01-15T08:00:00Z""#, Some(1_800_000_000_000)),
            (r#","expires":"2027-01-15T10:00:00+02:00""#, Some(1_800_000_000_000)),
            (r#","seconds":18446744073709551615"#, Some(u64::MAX)),
        ] {
            let body = format!(r#"{{"block":{{"kind":"user","name":"ana"}}{end}}}"#);
            let block = new_block(body.as_bytes(), NOW).expect("a good request");
            assert_eq!(block.expires_at_ms, expected, "{body}");
            assert_eq!(block.block, Block::User { name: "ana".into() });
        }
    }

    #[test]
    fn blocks_that_can_never_hold_are_refused() {
        let long = format!(r#"{{"block":{{"kind":"user","name":"{}"}}}}"#, "a".repeat(MAX_NAME + 1));
        for (body, reason) in [
            ("", "the body has to name a `block`"),
            (r#"{"block":{"kind":"planet","name":"Mars"}}"#, "unknown variant"),
            (
                r#"{"block":{"kind":"user","name":"ana","also":"bob"}}"#,
                "unknown field",
            ),
            (r#"{"block":{"kind":"user","name":""}}"#, "names have 1 to 1024 bytes"),
            (long.as_str(), "names have 1 to 1024 bytes"),
            (r#"{"block":{"kind":"user","name":"a"},"seconds":0}"#, "at least 1"),
            (
                r#"{"block":{"kind":"user","name":"a"},"seconds":1,"expires":2}"#,
                "exclude each other",
            ),
            (
                r#"{"block":{"kind":"user","name":"a"},"expires":"soon"}"#,
                "`expires` is milliseconds",
            ),
            (
                r#"{"block":{"kind":"address","first":"10.0.0.9","last":"10.0.0.1"}}"#,
                "ends of a range",
            ),
            (
                r#"{"block":{"kind":"address","first":"10.0.0.9","last":"::1"}}"#,
                "ends of a range",
            ),
            (
                r#"{"block":{"kind":"subscription","context":"/a","owner":"a","application":"b","key_type":"TEST"}}"#,
                "`key_type` is",
            ),
        ] {
            let found = new_block(body.as_bytes(), NOW).expect_err(body);
            assert!(found.contains(reason), "{found}");
        }
    }
}
