//! Whether the store is there. Many tasks use the link; one renews it.

use super::connection::Connection;
use super::status::Tally;
use arc_swap::ArcSwapOption;
use redis::{ErrorKind, RedisError};
use std::sync::Arc;
use tokio::sync::Notify;

/// The connection that is used now, if there is one.
pub(super) struct Link {
    connected: ArcSwapOption<Connection>,
    lost: Notify,
    tally: Arc<Tally>,
}

impl Link {
    pub(super) fn new(tally: Arc<Tally>) -> Self {
        Self {
            connected: ArcSwapOption::empty(),
            lost: Notify::new(),
            tally,
        }
    }

    /// The connection; `None`: the store is away.
    pub(super) fn connection(&self) -> Option<Arc<Connection>> {
        self.connected.load_full()
    }

    pub(super) fn connected(&self, connection: Arc<Connection>) {
        self.connected.store(Some(connection));
        self.tally.connected();
    }

    /// Somebody could not use `connection`. Whoever comes first makes everybody see it.
    pub(super) fn failed(&self, connection: &Arc<Connection>, error: &RedisError) {
        let expected = Some(Arc::clone(connection));
        let before = self.connected.compare_and_swap(&expected, None);
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, connection)) {
            self.tally.lost(reason(error));
            self.lost.notify_one();
        }
    }

    /// One node of a cluster could not be used.
    pub(super) fn missed(&self, error: &RedisError) {
        self.tally.missed(reason(error));
    }

    /// Waits until the connection is lost.
    pub(super) async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let connected = self.connected.load().is_some();
        formatter.debug_struct("Link").field("connected", &connected).finish()
    }
}

/// What to say of an error: its code. Its text may come from the other side.
pub(super) fn reason(error: &RedisError) -> &str {
    match (error.code(), error.kind()) {
        (Some(code), _) => code,
        (None, ErrorKind::AuthenticationFailed) => "user or password refused",
        (None, ErrorKind::MasterNameNotFoundBySentinel) => "no such master",
        (None, _) if error.is_timeout() => "no answer in time",
        (None, _) if error.is_connection_refusal() => "connection refused",
        (None, _) => "no connection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_reason_tells_what_to_look_at_and_quotes_nobody() {
        let refused = RedisError::from((ErrorKind::AuthenticationFailed, "Password authentication failed"));
        assert_eq!(reason(&refused), "user or password refused");
        for (kind, said) in [
            (io::ErrorKind::ConnectionRefused, "connection refused"),
            (io::ErrorKind::TimedOut, "no answer in time"),
            (io::ErrorKind::ConnectionReset, "no connection"),
        ] {
            assert_eq!(reason(&io::Error::from(kind).into()), said, "{kind}");
        }
    }
}
