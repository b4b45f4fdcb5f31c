//! Keeps the connection to the store, and this gateway among those that are there.

use super::connection::Store as Servers;
use super::link::reason;
use super::status::Tally;
use super::store::{Presence, Store};
use crate::pause::{Pause, jittered};
use crate::throttle::{Counters, LeaseDesk};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// Between two times of saying that this gateway is there.
const INTERVAL: Duration = Duration::from_secs(2);
/// After which a gateway that says nothing is gone, in milliseconds.
const GONE_AFTER_MS: u64 = 8_000;
/// Clocks that differ by more put requests into different windows.
const MAX_SKEW_MS: u64 = 500;

/// Runs for ever. `forgotten` is told when the store has forgotten everything.
pub(super) async fn keep(
    mut servers: Servers,
    store: Arc<Store>,
    desk: Arc<LeaseDesk>,
    counters: Arc<Counters>,
    tally: Arc<Tally>,
    forgotten: Arc<Notify>,
) {
    let mut pause = Pause::new(Duration::from_millis(50), Duration::from_secs(5));
    let mut known = Known::default();
    loop {
        match servers.connect().await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                // A server that answers, but not to this, is no store.
                match store.present(&connection, GONE_AFTER_MS).await {
                    Ok(presence) => {
                        known.learn(presence, &desk, &counters, &tally, &forgotten);
                        store.link.connected(Arc::clone(&connection));
                        loop {
                            tokio::select! {
                                () = store.link.lost() => break,
                                () = tokio::time::sleep(INTERVAL) => {}
                            }
                            match store.present(&connection, GONE_AFTER_MS).await {
                                Ok(presence) => {
                                    known.learn(presence, &desk, &counters, &tally, &forgotten);
                                    // It has lasted: a store that refuses all but this is not asked without a pause.
                                    pause.reset();
                                }
                                Err(error) => store.link.failed(&connection, &error),
                            }
                        }
                    }
                    Err(error) => tally.unreachable(reason(&error)),
                }
            }
            Err(error) => tally.unreachable(reason(&error)),
        }
        // Gateways that lost the store together do not come back together.
        tokio::time::sleep(jittered(pause.next_pause())).await;
    }
}

/// What the store said last.
#[derive(Default)]
struct Known {
    name: Option<String>,
    skewed: bool,
}

impl Known {
    fn learn(&mut self, presence: Presence, desk: &LeaseDesk, counters: &Counters, tally: &Tally, forgotten: &Notify) {
        if desk.set_gateways(presence.gateways) {
            counters.follow_terms();
        }
        if self.name.as_ref().is_some_and(|name| *name != presence.name) {
            tracing::warn!(
                "the store of the shared quotas has forgotten them; what this gateway admitted is reported again"
            );
            tally.forgotten();
            forgotten.notify_one();
        }
        self.name = Some(presence.name);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let skew = super::milliseconds(since).abs_diff(presence.now_ms);
        tally.skew(skew);
        let skewed = skew > MAX_SKEW_MS;
        if skewed && !self.skewed {
            tracing::warn!(
                milliseconds = skew,
                "this clock and that of the store of the shared quotas differ; windows begin and end at other times here"
            );
        }
        self.skewed = skewed;
    }
}
