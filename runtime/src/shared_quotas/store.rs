//! What is asked of the store.

use super::connection::Connection;
use super::link::Link;
use mgw_quota::{Ask, Counter, PoolId, Reply};
use redis::{RedisResult, Script, ScriptInvocation};
use std::fmt::Write;
use uuid::Uuid;

/// How long a window outlives its end, so that clocks may differ.
const AFTERLIFE_MS: u64 = 60_000;

/// The store, under the name of this process.
#[derive(Debug)]
pub(super) struct Store {
    prefix: String,
    /// Never used twice: what an earlier process held is not this one's.
    gateway: String,
    settle: Script,
    take: Script,
    put_back: Script,
    present: Script,
    pub(super) link: Link,
}

/// A window of a limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) pool: PoolId,
    pub(super) number: u64,
    pub(super) limit: u64,
    /// Until it ends, in milliseconds.
    pub(super) remaining_ms: u64,
}

impl Window {
    /// A window of a counter's limit, present or to come.
    pub(super) fn of(pool: PoolId, counter: &Counter, number: u64, now_ms: u64) -> Self {
        let end_ms = number.saturating_add(1).saturating_mul(counter.window_ms());
        Self {
            pool,
            number,
            limit: counter.limit(),
            remaining_ms: end_ms.saturating_sub(now_ms),
        }
    }

    /// The window of `now_ms`.
    pub(super) fn present(pool: PoolId, counter: &Counter, now_ms: u64) -> Self {
        Self::of(pool, counter, now_ms / counter.window_ms(), now_ms)
    }
}

/// What the store says of gateways and of itself.
#[derive(Debug)]
pub(super) struct Presence {
    pub(super) gateways: u64,
    /// The store's clock, in milliseconds since the epoch.
    pub(super) now_ms: u64,
    /// Another name than before: the store has forgotten everything.
    pub(super) name: String,
}

impl Store {
    pub(super) fn new(prefix: &str, link: Link) -> Self {
        Self {
            prefix: prefix.to_owned(),
            gateway: Uuid::new_v4().simple().to_string(),
            settle: Script::new(include_str!("settle.lua")),
            take: Script::new(include_str!("take.lua")),
            put_back: Script::new(include_str!("put_back.lua")),
            present: Script::new(include_str!("present.lua")),
            link,
        }
    }

    /// Reports and asks. `None`: the store is away.
    pub(super) async fn settle(&self, window: Window, ask: Ask) -> Option<Reply> {
        let mut script = self.settle.key(self.key(&window));
        script.arg(&self.gateway).arg(window.limit).arg(ask.held).arg(ask.more);
        script.arg(window.remaining_ms.saturating_add(AFTERLIFE_MS));
        let (granted, total, before) = self.run::<(u64, u64, u64)>(&script).await?;
        Some(Reply {
            // Whatever the store says: no more than was asked for.
            granted: granted.min(ask.more),
            total,
            before,
        })
    }

    /// Takes one unit; `known` were taken before by this process. Whether there was one, and how many are taken by all.
    /// `None`: the store is away.
    pub(super) async fn take(&self, window: Window, known: u64) -> Option<(bool, u64)> {
        let mut script = self.take.key(self.key(&window));
        script.arg(&self.gateway).arg(window.limit).arg(known);
        script.arg(window.remaining_ms.saturating_add(AFTERLIFE_MS));
        let (taken, total) = self.run::<(u64, u64)>(&script).await?;
        Some((taken == 1, total))
    }

    /// Tells a store that has forgotten how many units this process took one by one.
    pub(super) async fn remind(&self, window: Window, known: u64) {
        // A limit of nothing: nothing more is taken.
        self.take(Window { limit: 0, ..window }, known).await;
    }

    /// Puts units back that [`Self::take`] took.
    pub(super) async fn put_back(&self, window: Window, units: u64) {
        let mut script = self.put_back.key(self.key(&window));
        script.arg(&self.gateway).arg(units);
        // What cannot be put back is lost until the window ends.
        let _ = self.run::<u64>(&script).await;
    }

    /// Says that this process is there, over a connection that nobody else uses yet.
    pub(super) async fn present(&self, connection: &Connection, gone_after_ms: u64) -> RedisResult<Presence> {
        // Braces: both names are on one node of a cluster.
        let mut script = self.present.key(format!("{{{}}}:gateways", self.prefix));
        script.key(format!("{{{}}}:store", self.prefix));
        // A new name each time: a store that was emptied must not be given the one it had.
        let name = Uuid::new_v4().simple().to_string();
        script.arg(&self.gateway).arg(gone_after_ms).arg(name);
        let (gateways, now_ms, name) = invoke(&script, connection).await?;
        Ok(Presence { gateways, now_ms, name })
    }

    async fn run<T: redis::FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        let connection = self.link.connection()?;
        match invoke(script, &connection).await {
            Ok(value) => Some(value),
            Err(error) => {
                match *connection {
                    Connection::Server(_) => self.link.failed(&connection, &error),
                    // Other nodes may be there; saying that this gateway is tells whether the cluster is.
                    Connection::Cluster(_) => self.link.missed(&error),
                }
                None
            }
        }
    }

    fn key(&self, window: &Window) -> String {
        let mut key = format!("{}:", self.prefix);
        for byte in window.pool {
            // Writing to memory does not fail.
            let _ = write!(key, "{byte:02x}");
        }
        let _ = write!(key, ":{}", window.number);
        key
    }
}

async fn invoke<T: redis::FromRedisValue>(script: &ScriptInvocation<'_>, connection: &Connection) -> RedisResult<T> {
    match connection.clone() {
        Connection::Server(mut connection) => script.invoke_async(&mut connection).await,
        Connection::Cluster(mut connection) => script.invoke_async(&mut connection).await,
    }
}
