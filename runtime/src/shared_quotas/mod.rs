//! Quotas that several gateways share through a Redis or Valkey store.
//!
//! - `store` is what is asked of the store, as scripts; `connection` is how it is reached; `link` is whether it is there.
//! - `leasing` is the task that leases for the counters that requests leave at the desk, and looks after leases.
//! - `strict` counts where a policy wants every request to be counted at the store before it is admitted.
//! - `status` tells how it goes.
//!
//! What is asked for and what follows from an answer is decided by [`mgw_quota`].

mod connection;
mod leasing;
mod link;
mod looks;
mod present;
mod status;
mod store;
mod strict;
#[cfg(test)]
mod tests;

pub use connection::SharedQuotasError;
pub(crate) use status::SharedQuotaStatus;

use crate::config::SharedQuotas as Settings;
use crate::throttle::{Counters, LeaseDesk};
use connection::Store as Servers;
use leasing::Leasing;
use link::Link;
use mgw_quota::{Counter, LeaseTerms};
use status::Tally;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// What is shared, and with whom.
#[derive(Debug)]
pub(crate) struct SharedQuotas {
    desk: Arc<LeaseDesk>,
    store: Arc<Store>,
    tally: Arc<Tally>,
    control: Handle,
}

/// What is left to be started.
pub(crate) struct Unstarted {
    arriving: mpsc::Receiver<Arc<Counter>>,
    servers: Servers,
}

impl SharedQuotas {
    /// Prepares the store. Connects to nothing.
    ///
    /// # Errors
    ///
    /// When the settings fit together but cannot be used, as certificates that are none.
    pub(crate) fn new(settings: &Settings, control: &Handle) -> Result<(Self, Unstarted), SharedQuotasError> {
        let lease_ms = milliseconds(settings.lease_time);
        let (desk, arriving) = LeaseDesk::new(LeaseTerms {
            gateways: settings.gateways,
            tolerance: settings.tolerance,
            horizon_ms: lease_ms,
            idle_ms: lease_ms,
        });
        let tally = Arc::new(Tally::default());
        let link = Link::new(Arc::clone(&tally));
        let servers = Servers::new(settings)?;
        let shared = Self {
            desk: Arc::new(desk),
            store: Arc::new(Store::new(&settings.prefix, link)),
            tally,
            control: control.clone(),
        };
        Ok((shared, Unstarted { arriving, servers }))
    }

    /// Starts to connect, and to lease for `counters`, on the control runtime.
    pub(crate) fn start(&self, unstarted: Unstarted, counters: &Arc<Counters>) {
        let control = &self.control;
        let Unstarted { arriving, servers } = unstarted;
        let (desk, store, tally) = (Arc::clone(&self.desk), Arc::clone(&self.store), Arc::clone(&self.tally));
        let forgotten = Arc::new(tokio::sync::Notify::new());
        control.spawn(present::keep(
            servers,
            Arc::clone(&store),
            Arc::clone(&desk),
            Arc::clone(counters),
            Arc::clone(&tally),
            Arc::clone(&forgotten),
        ));
        control.spawn(
            Leasing {
                desk,
                store,
                tally,
                counters: Arc::clone(counters),
                forgotten,
            }
            .run(arriving),
        );
    }

    /// Where requests leave counters.
    pub(crate) fn desk(&self) -> &Arc<LeaseDesk> {
        &self.desk
    }

    /// How it goes.
    pub(crate) fn status(&self) -> SharedQuotaStatus {
        self.tally.status(self.desk.terms())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
