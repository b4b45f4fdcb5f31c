//! What the program that embeds the gateway decides.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What the program that embeds the gateway decides.
#[derive(Debug, Clone)]
pub struct GatewayOptions {
    /// Threads that serve requests; `None`: the operator's setting, or one per core.
    pub cores: Option<usize>,
    /// Where the gateway keeps what it makes itself: the self-signed certificate and its key, and the keys that issuers
    /// published when they could last be asked, and the blocks that operators have set.
    pub data_dir: PathBuf,
    /// Counts the lines of the program's log that were lost, for the metrics: the gateway writes no log itself.
    pub lost_log_lines: Arc<AtomicU64>,
}
