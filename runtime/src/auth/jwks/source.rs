//! The keys of one issuer, kept fresh by one task.
//!
//! The request path only reads a pointer. A token with an unknown key id may ask for a fetch, which the one task does
//! for all who wait; between two fetches lies a minimum interval whatever tokens come, so that forged key ids can neither
//! hammer the issuer nor keep requests waiting. Keys serve on while the issuer is down, within a bound.

use super::kept::KeptKeys;
use super::{KeySet, fetch};
use crate::asking::Asking;
use crate::config::{Algorithm, JwksSettings};
use arc_swap::ArcSwap;
use reqwest::Client;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, watch};

/// The shortest pause after a failed fetch; it doubles up to the configured minimum interval.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct KeySource {
    issuer: String,
    algorithms: Vec<Algorithm>,
    settings: JwksSettings,
    current: ArcSwap<KeySet>,
    /// Number of finished fetches.
    attempts: watch::Sender<u64>,
    in_flight: AtomicBool,
    /// Epoch milliseconds before which no fetch is made.
    next_allowed_ms: AtomicU64,
    failures: AtomicU64,
    wanted: Notify,
    kept: Option<KeptKeys>,
    /// Counts changes of keys, for caches; shared by all issuers.
    generation: Arc<AtomicU64>,
}

/// What is known about an issuer's keys, for readiness and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySourceStatus {
    /// `iss` of the issuer.
    pub issuer: String,
    /// Usable keys.
    pub keys: usize,
    /// Milliseconds since the last successful fetch; `None`: there was none.
    pub age_ms: Option<u64>,
    /// Fetches that failed, altogether.
    pub failures: u64,
    /// Whether tokens of this issuer can be verified now.
    pub usable: bool,
    /// Whether a fetch has finished, well or not.
    pub attempted: bool,
}

impl KeySource {
    /// Makes the source and starts its task on the runtime of `handle`. The first fetch starts at once. Until it is done,
    /// the keys serve that an earlier gateway left in `data_dir`; without a folder none are kept.
    pub(crate) fn start(
        issuer: &str,
        algorithms: &[Algorithm],
        settings: &JwksSettings,
        asking: &Asking,
        generation: Arc<AtomicU64>,
        data_dir: Option<&Path>,
        handle: &tokio::runtime::Handle,
    ) -> Result<Arc<Self>, String> {
        let client = fetch::client(settings, asking)?;
        let kept = data_dir.map(|folder| KeptKeys::new(folder, issuer, settings.url.as_str(), settings.max_bytes));
        let earlier = kept.as_ref().and_then(|kept| kept.read(now_ms()));
        let earlier = earlier.and_then(|(document, at)| KeySet::parse(&document, algorithms, at).ok());
        let source = Arc::new(Self {
            issuer: issuer.to_owned(),
            algorithms: algorithms.to_vec(),
            settings: settings.clone(),
            current: ArcSwap::from_pointee(earlier.unwrap_or_default()),
            attempts: watch::Sender::new(0),
            in_flight: AtomicBool::new(true),
            next_allowed_ms: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            wanted: Notify::new(),
            kept,
            generation,
        });
        handle.spawn(run(Arc::clone(&source), client));
        Ok(source)
    }

    /// Returns the keys, unless they are older than allowed.
    pub(crate) fn keys(&self, now_ms: u64) -> Option<Arc<KeySet>> {
        let keys = self.current.load_full();
        let limit = u64::try_from(self.settings.max_stale.as_millis()).unwrap_or(u64::MAX);
        (keys.fetched_at_ms > 0 && now_ms.saturating_sub(keys.fetched_at_ms) <= limit).then_some(keys)
    }

    /// Returns the number of the fetch to wait for, when waiting can bring a new key.
    pub(crate) fn worth_waiting(&self, now_ms: u64) -> Option<u64> {
        let seen = *self.attempts.borrow();
        let allowed = now_ms >= self.next_allowed_ms.load(Ordering::Acquire);
        (allowed || self.in_flight.load(Ordering::Acquire)).then_some(seen)
    }

    /// Waits until a fetch after number `seen` has finished, well or not, at most a little longer than a fetch may take.
    pub(crate) async fn fetched_after(&self, seen: u64) {
        let mut attempts = self.attempts.subscribe();
        self.wanted.notify_one();
        let finished = attempts.wait_for(|&number| number > seen);
        let _ = tokio::time::timeout(self.settings.timeout + Duration::from_secs(1), finished).await;
    }

    /// Returns what is known about the keys.
    pub(crate) fn status(&self, now_ms: u64) -> KeySourceStatus {
        let keys = self.current.load();
        KeySourceStatus {
            issuer: self.issuer.clone(),
            keys: keys.keys.len(),
            age_ms: (keys.fetched_at_ms > 0).then(|| now_ms.saturating_sub(keys.fetched_at_ms)),
            failures: self.failures.load(Ordering::Relaxed),
            usable: self.keys(now_ms).is_some(),
            attempted: *self.attempts.borrow() > 0,
        }
    }

    /// Leaves the document for the next start. Failing to costs that start its keys and this one nothing.
    fn keep(&self, document: Vec<u8>, fetched_at_ms: u64) {
        if let Some(kept) = self.kept.clone() {
            let issuer = self.issuer.clone();
            tokio::task::spawn_blocking(move || {
                if let Err(error) = kept.write(&document, fetched_at_ms) {
                    tracing::warn!(issuer, %error, "the issuer's keys could not be kept for the next start");
                }
            });
        }
    }

    /// Fetches once and returns the pause before the next planned fetch.
    async fn refresh(&self, client: &Client, failed_in_a_row: &mut u32) -> Duration {
        self.in_flight.store(true, Ordering::Release);
        let fetched = fetch::fetch(client, &self.settings).await;
        let now = now_ms();
        let parsed = fetched.and_then(|bytes| Ok((KeySet::parse(&bytes, &self.algorithms, now)?, bytes)));
        let pause = match parsed {
            Ok((keys, document)) => {
                *failed_in_a_row = 0;
                let before = ids(&self.current.load());
                let changed = before != ids(&keys);
                self.current.store(Arc::new(keys));
                self.keep(document, now);
                if changed {
                    self.generation.fetch_add(1, Ordering::Release);
                }
                self.settings.min_refresh_interval
            }
            Err(reason) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                *failed_in_a_row = failed_in_a_row.saturating_add(1);
                // No more of the URL: the rest of it may have a password or a key.
                let server = self.settings.url.origin().ascii_serialization();
                tracing::warn!(
                    issuer = self.issuer,
                    server,
                    reason,
                    "the issuer's keys could not be fetched"
                );
                let pause = FIRST_RETRY.saturating_mul(1 << (*failed_in_a_row - 1).min(16));
                pause.min(self.settings.min_refresh_interval)
            }
        };
        let allowed = now.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        self.next_allowed_ms.store(allowed, Ordering::Release);
        self.in_flight.store(false, Ordering::Release);
        self.attempts.send_modify(|number| *number += 1);
        if *failed_in_a_row == 0 {
            self.settings.refresh_interval
        } else {
            pause
        }
    }
}

/// Keys that left the set must not go on admitting cached tokens.
fn ids(keys: &KeySet) -> Vec<(Option<String>, Vec<u8>)> {
    keys.keys.iter().map(|key| (key.id.clone(), key.bytes())).collect()
}

/// Runs until its runtime ends.
async fn run(source: Arc<KeySource>, client: Client) {
    let mut failed_in_a_row = 0;
    loop {
        let planned = source.refresh(&client, &mut failed_in_a_row).await;
        // A request for a fetch counts only once the minimum interval is over.
        let pause = tokio::time::sleep(planned);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                () = source.wanted.notified() => {
                    let left = source.next_allowed_ms.load(Ordering::Acquire).saturating_sub(now_ms());
                    // Clocks of request threads are coarse: those who ask a moment early have been told to wait.
                    if left <= 1000 {
                        tokio::time::sleep(Duration::from_millis(left)).await;
                        break;
                    }
                }
            }
        }
    }
}

fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
