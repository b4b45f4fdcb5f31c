//! The open connections of one core.

use super::connection::{ClientTimeouts, Connection, Order};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// The open connections of one core. Only its own core uses it, apart from reading the count.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    count: AtomicUsize,
    emptied: Notify,
    finishing: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_number: HashMap<u64, Arc<Connection>>,
}

/// Keeps a connection in the list for as long as it lives, whatever ends it.
#[derive(Debug)]
pub(super) struct Registration {
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    pub(super) fn register(self: &Arc<Self>, connection: Arc<Connection>) -> Registration {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let number = open.next;
        open.next += 1;
        open.by_number.insert(number, connection);
        self.count.store(open.by_number.len(), Relaxed);
        Registration {
            connections: Arc::clone(self),
            number,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Tells every connection whose time is over to go.
    pub(super) fn sweep(&self, now_ms: u64, limits: &ClientTimeouts) {
        self.for_each(|connection| connection.order(connection.verdict(now_ms, limits)));
    }

    /// Tells the connections that can to finish; the others get `patience_ms` to send their request.
    pub(super) fn finish(&self, now_ms: u64, patience_ms: u64) {
        self.finishing.notify_waiters();
        self.for_each(|connection| {
            if connection.may_finish(now_ms, patience_ms) {
                connection.order(Order::Finish);
            }
        });
    }

    /// Waits until connections are told to finish; told again and again until they have.
    pub(crate) async fn finishing(&self) {
        self.finishing.notified().await;
    }

    pub(super) fn abort(&self) {
        self.for_each(|connection| connection.order(Order::Abort));
    }

    /// Waits until there are none.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn for_each(&self, action: impl Fn(&Connection)) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_number.values().for_each(|connection| action(connection));
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_number.remove(&self.number);
        self.connections.count.store(open.by_number.len(), Relaxed);
        if open.by_number.is_empty() {
            open.by_number.shrink_to_fit();
            self.connections.emptied.notify_waiters();
        }
    }
}
