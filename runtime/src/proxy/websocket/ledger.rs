//! Accounting for one WebSocket, from the handshake to its end, whatever ends it.

use super::super::exchange::Exchange;
use crate::core::Core;
use crate::throttle::Admission;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What has passed. Dropping it does the accounts of the handshake's request too.
pub(super) struct Ledger {
    core: Arc<Core>,
    exchange: Exchange,
    to_client: AtomicU64,
    from_client: AtomicU64,
    last_ms: AtomicU64,
    /// What the last message still owes, and up to which byte others have paid.
    owing: Mutex<(Option<Admission>, u64)>,
}

impl Ledger {
    /// Takes over what `exchange` still owes.
    pub(super) fn new(core: &Arc<Core>, mut exchange: Exchange) -> Self {
        core.metrics.web_socket_began();
        Self {
            last_ms: AtomicU64::new(core.clock.monotonic_ms()),
            owing: Mutex::new((exchange.admission.take().map(|admission| *admission), 0)),
            core: Arc::clone(core),
            exchange,
            to_client: AtomicU64::new(0),
            from_client: AtomicU64::new(0),
        }
    }

    /// Notes bytes that were passed to the client.
    pub(super) fn sent_to_client(&self, bytes: usize) {
        self.to_client.fetch_add(bytes as u64, Relaxed);
        self.last_ms.store(self.core.clock.monotonic_ms(), Relaxed);
    }

    /// Notes bytes that were passed to the backend.
    pub(super) fn sent_to_backend(&self, bytes: usize) {
        self.from_client.fetch_add(bytes as u64, Relaxed);
        self.last_ms.store(self.core.clock.monotonic_ms(), Relaxed);
    }

    /// Notes a message of the backend.
    pub(super) fn message_to_client(&self) {
        self.core.metrics.web_socket_message(false);
    }

    /// When bytes last passed, on the core's clock.
    pub(super) fn last_ms(&self) -> u64 {
        self.last_ms.load(Relaxed)
    }

    /// Notes a message of the client: bytes from now on are charged to it.
    pub(super) fn admitted(&self, admission: Admission) {
        self.core.metrics.web_socket_message(true);
        self.charge(Some(admission).filter(Admission::is_metered));
    }

    /// Charges the bytes so far, and goes on. Returns whether any limit counts them.
    pub(super) fn charge_so_far(&self) -> bool {
        let passed = self.to_client.load(Relaxed) + self.from_client.load(Relaxed);
        let mut owing = self.owing.lock().unwrap_or_else(PoisonError::into_inner);
        let (admission, paid) = &mut *owing;
        if let Some(admission) = admission {
            admission.charge(passed - *paid, self.core.clock.now().unix_ms);
        }
        *paid = passed;
        admission.is_some()
    }

    fn charge(&self, next: Option<Admission>) {
        let passed = self.to_client.load(Relaxed) + self.from_client.load(Relaxed);
        let mut owing = self.owing.lock().unwrap_or_else(PoisonError::into_inner);
        let (admission, paid) = std::mem::replace(&mut *owing, (next, passed));
        if let Some(admission) = admission {
            admission.charge(passed - paid, self.core.clock.now().unix_ms);
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.charge(None);
        self.core.metrics.web_socket_ended();
        self.exchange.bytes = self.to_client.load(Relaxed);
        self.exchange.complete = true;
    }
}
