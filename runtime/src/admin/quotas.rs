//! `GET /quotas` shows how far limits are used, `POST /quotas/reset` starts counts again.

use super::State;
use super::answer::{Answer, error, json, not_allowed};
use super::aside::Aside;
use super::guard;
use crate::throttle::{LevelKind, QuotaFilter, QuotaReset, QuotaState, What};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// Quotas in one answer, unless asked for another number, and at most.
const USUAL: usize = 100;
const MOST: usize = 1000;

/// Longest key that can be asked for.
const MAX_KEY: usize = 4096;

/// `GET /quotas`
pub(super) async fn show<S: State>(
    state: &Arc<S>,
    aside: &Aside,
    request: Request<Incoming>,
    local: Option<IpAddr>,
) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    let headers = request.headers();
    let refused = guard::refuse_page(headers, "see quotas").or_else(|| guard::refuse_other_host(headers, local));
    if let Some(refused) = refused {
        return refused;
    }
    let filter = match filter(request.uri().query().unwrap_or_default()) {
        Ok(filter) => filter,
        Err(reason) => return error(StatusCode::BAD_REQUEST, &reason),
    };
    match aside.run(state, move |state| state.quotas(&filter)).await {
        Ok(quotas) => {
            let shown = Shown {
                total: quotas.total,
                quotas: quotas.quotas.iter().map(ShownQuota::of).collect(),
            };
            // Plain data with text keys is always JSON.
            json(StatusCode::OK, serde_json::to_string_pretty(&shown).unwrap_or_default())
        }
        Err(failed) => failed,
    }
}

/// `POST /quotas/reset`
pub(super) async fn reset<S: State>(state: &Arc<S>, aside: &Aside, request: Request<Incoming>, peer: IpAddr) -> Answer {
    if request.method() != Method::POST {
        return not_allowed("POST");
    }
    let body = match guard::submitted(request, "reset quotas", &["application/json"]).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let which = match which(&body) {
        Ok(which) => which,
        Err(reason) => return error(StatusCode::BAD_REQUEST, &reason),
    };
    let asked = which.clone();
    let counters = match aside.run(state, move |state| state.reset_quotas(&which)).await {
        Ok(counters) => counters,
        Err(failed) => return failed,
    };
    if counters == 0 {
        return error(StatusCode::NOT_FOUND, "nothing is counted under this level and key");
    }
    tracing::info!(
        %peer,
        level = asked.level.name(),
        key = ?asked.key,
        what = asked.what.map_or("all", What::name),
        counters,
        "an operator has reset a quota"
    );
    json(StatusCode::OK, serde_json::json!({ "reset": counters }).to_string())
}

/// Reads the query of `GET /quotas`.
fn filter(query: &str) -> Result<QuotaFilter, String> {
    let mut filter = QuotaFilter {
        limit: USUAL,
        ..QuotaFilter::default()
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "level" => filter.level = Some(level(&value)?),
            "key" => filter.key = Some(key(value.into_owned())?),
            "full" => {
                filter.full = match &*value {
                    "true" => true,
                    "false" => false,
                    _ => return Err("`full` is `true` or `false`".to_owned()),
                };
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                filter.limit = limit.ok_or_else(|| format!("`limit` is a number from 1 to {MOST}"))?;
            }
            _ => return Err("quotas are asked for by `level`, `key`, `full` and `limit`".to_owned()),
        }
    }
    Ok(filter)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    level: String,
    key: String,
    #[serde(default)]
    what: Option<String>,
}

/// Reads the body of `POST /quotas/reset`.
fn which(body: &[u8]) -> Result<QuotaReset, String> {
    let asked: Asked = serde_json::from_slice(body)
        .map_err(|error| format!("the body has to name `level` and `key`, and may name `what`: {error}"))?;
    let what = asked.what.map(|name| {
        let what = What::ALL.into_iter().find(|what| what.name() == name);
        what.ok_or_else(|| format!("`what` is {}", list(What::ALL.map(What::name))))
    });
    Ok(QuotaReset {
        level: level(&asked.level)?,
        key: key(asked.key)?,
        what: what.transpose()?,
    })
}

fn level(name: &str) -> Result<LevelKind, String> {
    let level = LevelKind::ALL.into_iter().find(|level| level.name() == name);
    level.ok_or_else(|| format!("`level` is {}", list(LevelKind::ALL.map(LevelKind::name))))
}

fn key(key: String) -> Result<String, String> {
    if key.len() > MAX_KEY {
        return Err(format!("`key` is longer than {MAX_KEY} bytes"));
    }
    Ok(key)
}

fn list<const N: usize>(names: [&str; N]) -> String {
    names.map(|name| format!("`{name}`")).join(", ")
}

#[derive(Serialize)]
struct Shown<'a> {
    total: u64,
    quotas: Vec<ShownQuota<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownQuota<'a> {
    level: &'static str,
    key: &'a str,
    what: &'static str,
    limit: u64,
    used: u64,
    used_here: u64,
    left: u64,
    full: bool,
    window_ms: u64,
    ends_at_ms: u64,
    /// Many keys count together, because there were too many.
    shared: bool,
}

impl<'a> ShownQuota<'a> {
    fn of(quota: &'a QuotaState) -> Self {
        Self {
            level: quota.level,
            key: &quota.key,
            what: quota.what,
            limit: quota.limit,
            used: quota.used,
            used_here: quota.used_here,
            left: quota.limit.saturating_sub(quota.used),
            full: quota.full,
            window_ms: quota.window_ms,
            ends_at_ms: quota.ends_ms,
            shared: quota.is_shared(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_say_which_quotas_to_show() {
        let usual = QuotaFilter {
            limit: USUAL,
            ..QuotaFilter::default()
        };
        assert_eq!(filter(""), Ok(usual.clone()));
        assert_eq!(
            filter("level=application&key=a%20b%3A&full=true&limit=7"),
            Ok(QuotaFilter {
                level: Some(LevelKind::Application),
                key: Some("a b:".into()),
                full: true,
                limit: 7,
            })
        );
        let long = format!("key={}", "a".repeat(MAX_KEY + 1));
        for (query, reason) in [
            (
                "level=user",
                "`level` is `api`, `resource`, `subscription`, `application`, `custom`",
            ),
            ("full=yes", "`full` is `true` or `false`"),
            ("limit=0", "`limit` is a number from 1 to 1000"),
            ("limit=1001", "`limit` is a number from 1 to 1000"),
            ("page=1", "quotas are asked for by `level`, `key`, `full` and `limit`"),
            (long.as_str(), "`key` is longer than 4096 bytes"),
        ] {
            assert_eq!(filter(query), Err(reason.to_owned()), "{query}");
        }
    }

    #[test]
    fn bodies_say_which_counts_start_again() {
        assert_eq!(
            which(br#"{"level": "api", "key": "/shop/1"}"#),
            Ok(QuotaReset {
                level: LevelKind::Api,
                key: "/shop/1".into(),
                what: None,
            })
        );
        assert_eq!(
            which(br#"{"level": "resource", "key": "", "what": "burst"}"#),
            Ok(QuotaReset {
                level: LevelKind::Resource,
                key: String::new(),
                what: Some(What::Burst),
            })
        );
        for (body, reason) in [
            (r#"{"level": "api"}"#, "missing field `key`"),
            (r#"{"level": "api", "key": "x", "all": true}"#, "unknown field `all`"),
            (
                r#"{"level": "api", "key": "x", "what": "all"}"#,
                "`what` is `requests`, `burst`, `bytes`",
            ),
            (r#"{"level": "all", "key": "x"}"#, "`level` is `api`"),
            ("[]", "the body has to name `level` and `key`"),
            ("", "the body has to name `level` and `key`"),
        ] {
            let found = which(body.as_bytes()).expect_err(body);
            assert!(found.contains(reason), "{found}");
        }
    }
}
