//! Follows one key.

use super::client::Etcd;
use super::error::EtcdError;
use super::wire::Told;
use crate::discovery::candidate::Candidate;
use crate::discovery::sink::Sink;
use crate::pause::{Pause, jittered};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first pause before etcd is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// A watch that lasted this long was no failure: proxies end connections that are old.
const LASTED: Duration = Duration::from_secs(30);

/// Follows a key and has the sink know its value. Ends when it is aborted.
pub(in crate::discovery) async fn watch(etcd: Arc<Etcd>, key: String, mut sink: Sink) {
    let mut pause = Pause::new(FIRST_PAUSE.min(etcd.longest_pause), etcd.longest_pause);
    loop {
        let began = Instant::now();
        let ended = follow(&etcd, &key, &mut sink).await;
        if began.elapsed() >= LASTED {
            pause.reset();
        }
        match ended {
            // The value is read anew at once, and changes from there on: nothing is missed.
            Err(EtcdError::Compacted) | Ok(()) if began.elapsed() >= LASTED => continue,
            Err(error) => {
                sink.failed(error);
                etcd.turn_to_another();
            }
            Ok(()) => tracing::debug!(key, "etcd ended a watch"),
        }
        tokio::time::sleep(jittered(pause.next_pause())).await;
    }
}

/// Reads the key, then takes every change over, until etcd says no more or fails.
async fn follow(etcd: &Etcd, key: &str, sink: &mut Sink) -> Result<(), EtcdError> {
    let read = etcd.read(key).await?;
    take(read.value, sink);
    // Changes after what was read: none is missed, and none comes twice.
    let mut watching = etcd.watch(key, read.revision.saturating_add(1)).await?;
    while let Some(told) = watching.next().await? {
        match told {
            Told::Nothing => {}
            Told::Value(value, revision) => {
                tracing::debug!(key, revision, "etcd told of a change");
                take(value, sink);
            }
        }
    }
    Ok(())
}

fn take(value: Option<Vec<u8>>, sink: &mut Sink) {
    match value.map(String::from_utf8) {
        None => sink.missing(),
        Some(Ok(url)) => sink.found(vec![Candidate::equal(url.trim())]),
        Some(Err(_)) => sink.refuse("is no text"),
    }
}
