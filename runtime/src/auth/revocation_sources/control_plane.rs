//! Revoked tokens as the control plane lists them (`GET …/revokedjwt`).
//!
//! The last list is kept in the data folder, as digests: a gateway that starts while the control plane is away must not
//! admit what was revoked before.

use super::{Reporter, now_ms};
use crate::asking::Asking;
use crate::auth::revocation::key;
use crate::auth::revocation_list::milliseconds;
use crate::auth::{Revocations, Revoked};
use crate::config::PersistentRevocation;
use crate::control_plane::{ControlPlane, NoAnswer};
use crate::kept_answer::KeptAnswer;
use crate::pause::Pause;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Largest list.
const MAX_LIST: usize = 64 << 20;
/// How long one fetch may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longest text of an entry.
const MAX_TEXT: usize = 70_000;
/// Largest file of a list: its entries are shorter than those of the control plane, or not much longer.
const MAX_KEPT: u64 = 4 * MAX_LIST as u64;

/// A revocation that is kept: its digest, and until when, where that was said.
type Kept = ([u8; 32], Option<u64>);

/// The list of a control plane.
pub(in crate::auth) struct ControlPlaneList {
    plane: ControlPlane,
    config: PersistentRevocation,
    revocations: Arc<Revocations>,
    reporter: Reporter,
    kept: Option<Arc<KeptAnswer>>,
}

impl ControlPlaneList {
    /// Prepares the connection. What an earlier gateway left in `data_dir` is revoked at once; without a folder nothing is
    /// kept.
    pub(in crate::auth) fn new(
        config: &PersistentRevocation,
        asking: &Asking,
        revocations: Arc<Revocations>,
        reporter: Reporter,
        data_dir: Option<&Path>,
    ) -> Result<Self, String> {
        let kept = data_dir.map(|folder| KeptAnswer::new(folder, &config.url, &config.username, MAX_KEPT));
        let earlier: Option<Vec<Kept>> = kept.as_ref().and_then(KeptAnswer::read);
        for (key, expires) in earlier.into_iter().flatten() {
            if expires.is_none_or(|expires| expires > now_ms()) {
                // What finds no room will find none either when the list is fetched, and is told then.
                let _ = revocations.revoke_key(key, expires, now_ms());
            }
        }
        Ok(Self {
            plane: ControlPlane::new(&config.url, &config.username, &config.password, asking)?,
            config: config.clone(),
            revocations,
            reporter,
            kept: kept.map(Arc::new),
        })
    }

    /// Fetches for ever: until it succeeds, then from time to time, and when `missed` tells that something may have been
    /// missed elsewhere.
    pub(in crate::auth) async fn run(self, missed: Arc<Notify>) {
        let mut pause = Pause::new(Duration::from_millis(500), Duration::from_secs(15));
        loop {
            let wait = match self.fetch().await {
                Ok(entries) => {
                    let in_force = self.apply(&entries);
                    self.reporter.current();
                    self.keep(in_force).await;
                    pause.reset();
                    self.config.refresh
                }
                Err(reason) => {
                    self.reporter.failed(&reason.to_string());
                    pause.next_pause()
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = missed.notified() => {}
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Value>, NoAnswer> {
        let url = self.config.url.clone();
        let body = self.plane.answer(url, |request| request, MAX_LIST, DEADLINE).await?;
        entries(&body).ok_or(NoAnswer::Unusable("the answer is no list of revoked tokens"))
    }

    /// Applies a list. Returns what of it is in force, for the next start.
    fn apply(&self, entries: &[Value]) -> Vec<Kept> {
        let (mut applied, mut rejected) = (0, 0);
        let mut in_force = Vec::new();
        for entry in entries {
            let done = revocation(entry).is_some_and(|(what, expires)| {
                // A token that has expired needs no place.
                if expires.is_some_and(|expires| expires <= now_ms()) {
                    return true;
                }
                let key = key(what);
                in_force.push((key, expires));
                self.revocations.revoke_key(key, expires, now_ms()).is_ok()
            });
            if done { applied += 1 } else { rejected += 1 }
        }
        self.reporter.read(applied, rejected);
        // The same list, in whatever order, is the same file.
        in_force.sort_unstable();
        in_force
    }

    async fn keep(&self, in_force: Vec<Kept>) {
        if let Some(kept) = self.kept.clone() {
            // Whether it ends well is told where it is written.
            let _ = tokio::task::spawn_blocking(move || kept.write(in_force)).await;
        }
    }
}

/// What later generations answer. Revocations by user and by client have no equivalent here and count as rejected.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lists {
    #[serde(rename = "revokedJWTList")]
    tokens: Vec<Value>,
    #[serde(rename = "revokedJWTSubjectEntityList", default)]
    subjects: Vec<Value>,
    #[serde(rename = "revokedJWTConsumerKeyList", default)]
    clients: Vec<Value>,
}

/// Reads the entries of either shape.
fn entries(body: &[u8]) -> Option<Vec<Value>> {
    if let Ok(list) = serde_json::from_slice::<Vec<Value>>(body) {
        return Some(list);
    }
    let mut lists: Lists = serde_json::from_slice(body).ok()?;
    // They say no signature, so they cannot pass for revocations of tokens.
    let others = lists.subjects.len() + lists.clients.len();
    lists.tokens.extend(std::iter::repeat_n(Value::Null, others));
    Some(lists.tokens)
}

/// Reads what is revoked and until when, in milliseconds since the epoch.
fn revocation(entry: &Value) -> Option<(Revoked<'_>, Option<u64>)> {
    let first = |names: [&str; 2]| names.into_iter().find_map(|name| entry.get(name));
    let text = first(["jwt_signature", "jwtSignature"])?.as_str()?;
    if text.is_empty() || text.len() > MAX_TEXT {
        return None;
    }
    let expires = match first(["expiry_time", "expiryTime"]) {
        None | Some(Value::Null) => None,
        Some(Value::String(time)) => Some(milliseconds(time.parse().ok()?)),
        Some(time) => Some(milliseconds(time.as_u64()?)),
    };
    Some((Revoked::any(text), expires))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_shapes_are_read() {
        let old = json!([{"jwt_signature": "s1", "expiry_time": 1_767_007_200_000_u64}, {"jwtSignature": "a.b.s2"}]);
        let new = json!({"revokedJWTList": old, "revokedJWTSubjectEntityList": [{"entityId": "ana"}]});
        for (body, rejected) in [(&old, 0), (&new, 1)] {
            let entries = entries(body.to_string().as_bytes()).expect("a list");
            let read: Vec<_> = entries.iter().filter_map(revocation).collect();
            assert_eq!(
                read,
                [
                    (Revoked::Any("s1"), Some(1_767_007_200_000)),
                    (Revoked::Any("s2"), None)
                ]
            );
            assert_eq!(entries.len() - read.len(), rejected);
        }
        for bad in ["", "{}", "null", "{\"error\":1}", "[", "<html>"] {
            assert!(entries(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn malformed_entries_are_not_taken() {
        for entry in [
            json!(null),
            json!({}),
            json!({"jwt_signature": ""}),
            json!({"jwt_signature": 1}),
            json!({"jwt_signature": "s", "expiry_time": -1}),
            json!({"jwt_signature": "s", "expiry_time": "soon"}),
        ] {
            assert_eq!(revocation(&entry), None, "{entry}");
        }
        let text = json!({"jwt_signature": "s", "expiry_time": "1767007200"});
        assert_eq!(revocation(&text), Some((Revoked::Any("s"), Some(1_767_007_200_000))));
    }
}
