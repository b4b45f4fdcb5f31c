//! The life of one core: serve, sweep, drain.

use super::connection::Offer;
use super::serve::{Entrance, ServeSettings, accept};
use crate::core::Core;
use arc_swap::ArcSwap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// While draining, how long a connection that was accepted but not yet used may take to send its request.
const PATIENCE_MS: u64 = 1000;
/// How often a draining core looks at its connections.
const DRAIN_PERIOD: Duration = Duration::from_millis(20);
/// How long aborted connections get to go away.
const ABORT_TIME: Duration = Duration::from_millis(500);

/// Whether to serve or to drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drain {
    /// Serve.
    No,
    /// Finish what is running, until the deadline.
    Until(Instant),
}

/// A listener of one core.
#[derive(Debug)]
pub(crate) struct CoreListener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<Arc<ArcSwap<rustls::ServerConfig>>>,
    pub(crate) offer: Offer,
}

/// How draining ended on one core.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DrainOutcome {
    /// Connections that were still open at the deadline.
    pub(crate) aborted: usize,
}

/// Runs a core until it is drained.
pub(crate) fn run(
    runtime: Runtime,
    core: &Arc<Core>,
    listeners: Vec<CoreListener>,
    settings: &Arc<ServeSettings>,
    drain: watch::Receiver<Drain>,
) -> DrainOutcome {
    let outcome = runtime.block_on(live(core, listeners, settings, drain));
    core.upstream.pool.clear();
    // Name look-ups may still block threads of their own; nobody waits for them.
    runtime.shutdown_background();
    outcome
}

async fn live(
    core: &Arc<Core>,
    listeners: Vec<CoreListener>,
    settings: &Arc<ServeSettings>,
    mut drain: watch::Receiver<Drain>,
) -> DrainOutcome {
    let mut accepting = Vec::new();
    for listener in listeners {
        let socket = match tokio::net::TcpListener::from_std(listener.socket) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::error!(%error, "a listener could not be used");
                continue;
            }
        };
        let mut stop = drain.clone();
        let stopped = async move {
            // An error means that the gateway is gone: the same as draining.
            let _ = stop.wait_for(|drain| *drain != Drain::No).await;
        };
        let entrance = Entrance {
            tls: listener.tls,
            offer: listener.offer,
        };
        accepting.push(tokio::spawn(accept(
            Arc::clone(core),
            socket,
            entrance,
            Arc::clone(settings),
            stopped,
        )));
    }

    let mut sweeps = tokio::time::interval(settings.timeouts.sweep_period());
    sweeps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let deadline = loop {
        tokio::select! {
            _ = sweeps.tick() => sweep(core, settings),
            drained = drain.wait_for(|drain| *drain != Drain::No) => {
                break match drained.map(|drain| *drain) {
                    Ok(Drain::Until(deadline)) => deadline,
                    Ok(Drain::No) | Err(_) => Instant::now(),
                };
            }
        }
    };

    core.draining.store(true, Relaxed);
    for accepting in accepting {
        // A panic in accepting has been reported by then.
        let _ = accepting.await;
    }
    finish(core, settings, deadline).await
}

fn sweep(core: &Core, settings: &ServeSettings) {
    core.clock.renew();
    let now_ms = core.clock.monotonic_ms();
    core.connections.sweep(now_ms, &settings.timeouts);
    core.upstream.pool.sweep(now_ms);
    if let Some(active) = &core.upstream.active {
        active.sweep();
    }
}

async fn finish(core: &Core, settings: &ServeSettings, deadline: Instant) -> DrainOutcome {
    let mut looks = tokio::time::interval(DRAIN_PERIOD);
    let deadline = tokio::time::sleep_until(deadline.into());
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            biased;
            () = core.connections.emptied() => return DrainOutcome::default(),
            () = &mut deadline => break,
            _ = looks.tick() => {
                sweep(core, settings);
                core.connections.finish(core.clock.monotonic_ms(), PATIENCE_MS);
            }
        }
    }
    let aborted = core.connections.count();
    core.connections.abort();
    // The tasks only have to be polled once more.
    let _ = tokio::time::timeout(ABORT_TIME, core.connections.emptied()).await;
    DrainOutcome { aborted }
}
