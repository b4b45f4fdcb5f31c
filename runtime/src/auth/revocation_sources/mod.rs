//! Where revocations come from while the gateway runs: a Redis or Valkey server, and the control plane with its list and
//! its event hub.
//!
//! Each source is a task that never ends: it reads everything, then what is new, and begins again after a pause when the
//! other side fails. What it has brought stays in force meanwhile; [`RevocationSourceStatus`] tells how old that is.

mod control_plane;
mod event_hub;
mod redis_stream;
mod status;

pub use status::{RevocationSourceState, RevocationSourceStatus};

pub(super) use control_plane::ControlPlaneList;
pub(super) use event_hub::revoked_tokens;
pub(super) use redis_stream::RedisStream;
pub(super) use status::Reporter;

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time in milliseconds since the epoch.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
