//! Accounting for one WebSocket, from the handshake to its end, whatever ends it.

use super::super::bill::Bill;
use super::super::exchange::Exchange;
use crate::core::Core;
use crate::refusal::Refusal;
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
    /// What the last message, or the last look, still owes. Never contended.
    bill: Mutex<Option<Bill>>,
}

impl Ledger {
    /// Takes over what `exchange` still owes.
    pub(super) fn new(core: &Arc<Core>, mut exchange: Exchange) -> Self {
        core.metrics.web_socket_began();
        Self {
            last_ms: AtomicU64::new(core.clock.monotonic_ms()),
            bill: Mutex::new(exchange.bill.take().map(|bill| *bill)),
            core: Arc::clone(core),
            exchange,
            to_client: AtomicU64::new(0),
            from_client: AtomicU64::new(0),
        }
    }

    /// Notes bytes that were passed to the client.
    pub(super) fn sent_to_client(&self, bytes: usize) -> Result<(), Refusal> {
        self.sent(&self.to_client, bytes)
    }

    /// Notes bytes that were passed to the backend.
    pub(super) fn sent_to_backend(&self, bytes: usize) -> Result<(), Refusal> {
        self.sent(&self.from_client, bytes)
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
        self.charge_to(admission);
    }

    /// Has bytes from now on charged to `admission`, and looks whether it leaves any.
    pub(super) fn goes_on(&self, admission: Admission) -> Result<(), Refusal> {
        self.charge_to(admission);
        let bill = self.bill.lock().unwrap_or_else(PoisonError::into_inner);
        let used_up = bill.as_ref().and_then(|bill| bill.used_up(&self.core.clock, 0));
        used_up.map_or(Ok(()), |rejection| Err(rejection.refusal))
    }

    fn sent(&self, count: &AtomicU64, bytes: usize) -> Result<(), Refusal> {
        count.fetch_add(bytes as u64, Relaxed);
        self.last_ms.store(self.core.clock.monotonic_ms(), Relaxed);
        let mut bill = self.bill.lock().unwrap_or_else(PoisonError::into_inner);
        let used_up = bill
            .as_mut()
            .and_then(|bill| bill.go_on(self.passed(), &self.core.clock, 0));
        used_up.map_or(Ok(()), |rejection| Err(rejection.refusal))
    }

    fn passed(&self) -> u64 {
        self.to_client.load(Relaxed) + self.from_client.load(Relaxed)
    }

    /// Settles what is owed, and goes on with another bill.
    fn charge_to(&self, admission: Admission) {
        let (passed, clock) = (self.passed(), &self.core.clock);
        let mut bill = self.bill.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bill) = &mut *bill {
            bill.charge(passed, clock);
        }
        *bill = Bill::open(admission, passed, clock);
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.charge_to(Admission::default());
        self.core.metrics.web_socket_ended();
        self.exchange.bytes = self.to_client.load(Relaxed);
        self.exchange.complete = true;
    }
}
