//! Claims about users, from the control plane.
//!
//! They enrich the token for backends and admit nobody: when they cannot be had, the token is made without them, and
//! soon made anew.

use super::connection::{Connection, Endpoint};
use super::failures::{Failures, is_passing};
use crate::asking::Asking;
use crate::config::{ClaimRetrieval, KeyManager};
use crate::questions::Questions;
use crate::strict_json;
use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use serde_json::{Map, Value, json};
use std::hash::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;

/// Where claims are, below the server's base URL.
const PATH: &str = "keymanager-operations/user-info/claims/generate";
/// For how long the claims of a user are remembered, in milliseconds.
const LIFE_MS: u64 = 900_000;
/// For how long it is remembered that there were none to be had, in milliseconds.
pub(crate) const FAILED_LIFE_MS: u64 = 10_000;
/// After a failure nobody is asked about for so long, in milliseconds: a server that is down must not hold up the first
/// request of every user.
const PAUSE_MS: u64 = 1000;
/// Most users, and bytes of their claims, that are remembered.
const MAX_USERS: usize = 10_000;
const MAX_BYTES: u64 = 16 << 20;
/// Bytes that an entry takes beside its claims.
const OVERHEAD: usize = 256;
/// Most claims of one user.
const MAX_CLAIMS: usize = 256;

/// The claims of a user, by URI. `None`: they could not be had.
pub(crate) type UserClaims = Option<Arc<Map<String, Value>>>;

#[derive(Debug, Clone)]
struct Kept {
    claims: UserClaims,
    bytes: usize,
    until_ms: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Kept> for ByBytes {
    fn weight(&self, user: &String, kept: &Kept) -> u64 {
        u64::try_from(user.len() + kept.bytes + OVERHEAD).unwrap_or(u64::MAX)
    }
}

/// Asks for claims and remembers them.
pub(crate) struct ClaimSource {
    connection: Connection,
    questions: Arc<Questions<UserClaims>>,
    failures: Failures,
    /// Taken when a token for backends has to be made, which is rare.
    kept: Mutex<Cache<String, Kept, ByBytes, RandomState>>,
    paused_until_ms: AtomicU64,
}

impl ClaimSource {
    /// `key_manager` gives the bounds of calls.
    ///
    /// # Errors
    ///
    /// The address or the certificates cannot be used.
    pub(crate) fn new(
        config: &ClaimRetrieval,
        key_manager: &KeyManager,
        asking: &Asking,
        control: &tokio::runtime::Handle,
    ) -> Result<Arc<Self>, String> {
        let url = Url::parse(&format!("{}/{PATH}", config.server_url.as_str().trim_end_matches('/')));
        let endpoint = Endpoint {
            url: url.map_err(|error| error.to_string())?,
            auth: &config.auth,
            timeout: key_manager.timeout,
            max_concurrent_calls: key_manager.max_concurrent_calls,
        };
        Ok(Arc::new(Self {
            connection: Connection::new(endpoint, asking, control)?,
            questions: Questions::new(control),
            failures: Failures::of("claim retrieval"),
            kept: Mutex::new(Cache::with(
                MAX_USERS,
                MAX_BYTES,
                ByBytes,
                RandomState::new(),
                Default::default(),
            )),
            paused_until_ms: AtomicU64::new(0),
        }))
    }

    /// Returns how often claims could not be had, altogether.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.count()
    }

    /// Returns what is known about a user without asking; the outer `None`: they have to be asked about.
    pub(crate) fn known(&self, user: &str, now_ms: u64) -> Option<UserClaims> {
        let kept = self.kept().get(without_tenant(user)).cloned();
        if let Some(kept) = kept.filter(|kept| now_ms < kept.until_ms) {
            return Some(kept.claims);
        }
        (now_ms < self.paused_until_ms.load(Ordering::Relaxed)).then_some(None)
    }

    /// Asks about a user.
    pub(crate) async fn fetch(self: Arc<Self>, user: String, now_ms: u64) -> UserClaims {
        let name = without_tenant(&user).to_owned();
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, name.as_bytes()).as_ref());
        let own = Arc::clone(&self);
        let answer = self
            .questions
            .ask(key, || async move { own.question(name, now_ms).await });
        answer.await.unwrap_or_else(|| {
            self.failures.record("too many users are being asked about", None);
            None
        })
    }

    async fn question(&self, name: String, now_ms: u64) -> UserClaims {
        let body = json!({"username": name});
        let answer = self
            .connection
            .post(|request| request.header(ACCEPT, "application/json").json(&body))
            .await;
        let read = match answer {
            Ok((StatusCode::OK, body)) => read(&body)
                .map(|claims| (Arc::new(claims), body.len()))
                .ok_or(("the answer holds no claims", Some(StatusCode::OK))),
            Ok((status, _)) => Err(("it did not tell", Some(status))),
            Err(reason) => Err((reason, None)),
        };
        let kept = match read {
            Ok((claims, bytes)) => Kept {
                claims: Some(claims),
                bytes,
                until_ms: now_ms.saturating_add(LIFE_MS),
            },
            Err((reason, status)) => {
                self.failures.record(reason, status);
                // A server that does not know one user may know the next.
                if status.is_none_or(is_passing) {
                    let pause = now_ms.saturating_add(PAUSE_MS);
                    self.paused_until_ms.store(pause, Ordering::Relaxed);
                }
                Kept {
                    claims: None,
                    bytes: 0,
                    until_ms: now_ms.saturating_add(FAILED_LIFE_MS),
                }
            }
        };
        let claims = kept.claims.clone();
        self.kept().insert(name, kept);
        claims
    }

    fn kept(&self) -> MutexGuard<'_, Cache<String, Kept, ByBytes, RandomState>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for ClaimSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClaimSource")
            .field("connection", &self.connection)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

/// The server knows users without their tenant. An only part after `@` that has a dot is taken for that of an e-mail
/// address: without it, the name could be somebody else's.
fn without_tenant(user: &str) -> &str {
    match user.rsplit_once('@') {
        Some((name, tenant)) if name.contains('@') || tenant == "carbon.super" || !tenant.contains('.') => name,
        _ => user,
    }
}

/// Reads `{"list": [{"uri": …, "value": …}]}`. The first of several claims with one URI counts.
pub(super) fn read(body: &[u8]) -> Option<Map<String, Value>> {
    let mut answer = strict_json::parse(body)?;
    let Some(Value::Array(list)) = answer.remove("list") else {
        return None;
    };
    let mut claims = Map::new();
    for entry in list.into_iter().take(MAX_CLAIMS) {
        let Value::Object(mut entry) = entry else { return None };
        if let (Some(Value::String(uri)), Some(value @ Value::String(_))) = (entry.remove("uri"), entry.remove("value"))
            && !uri.is_empty()
        {
            claims.entry(uri).or_insert(value);
        }
    }
    Some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_left_out_and_addresses_are_not_cut() {
        for (user, name) in [
            ("ana", "ana"),
            ("ana@carbon.super", "ana"),
            ("ana@meridianpay", "ana"),
            ("ana@example.com", "ana@example.com"),
            ("ana@example.com@carbon.super", "ana@example.com"),
            ("ana@example.com@meridian.example", "ana@example.com"),
            ("", ""),
            ("@", ""),
        ] {
            assert_eq!(without_tenant(user), name, "{user}");
        }
    }

    #[test]
    fn a_list_of_uris_and_values_is_read() {
        let body = br#"{"list":[{"uri":"urn:a","value":"1"},{"uri":"urn:a","value":"2"},{"uri":"urn:b","value":3},
                       {"uri":"","value":"4"},{"uri":"urn:c"},{"uri":"urn:d","value":"5","more":{}}]}"#;
        let expected = json!({"urn:a": "1", "urn:d": "5"});
        assert_eq!(read(body).map(Value::Object), Some(expected));
        assert_eq!(read(b"{\"list\":[]}"), Some(Map::new()));
        for bad in [
            "{}",
            "[]",
            "{\"list\":{}}",
            "{\"list\":[1]}",
            "",
            "{\"list\":[],\"list\":[]}",
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
    }
}
