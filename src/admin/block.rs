//! Blocks as the admin listener shows them.

use crate::ui::visible;
use jiff::Timestamp;
use mgw_bundle::config::Block;
use serde::{Deserialize, Serialize};

/// A block that an operator has set.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperatorBlock {
    /// Identifies it.
    pub(crate) id: u64,
    /// What is blocked.
    pub(crate) block: Block,
    /// When it was set, in milliseconds since the epoch.
    pub(crate) since_ms: u64,
    /// When it ends, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at_ms: Option<u64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl OperatorBlock {
    /// When it ends, for people.
    pub(crate) fn end(&self) -> String {
        self.expires_at_ms.map_or_else(|| "removed".to_owned(), moment)
    }
}

/// What a block is about, for people.
pub(crate) fn describe(block: &Block) -> String {
    match block {
        Block::Api { context } => format!("API {}", visible(context)),
        Block::Application { owner, name } => format!("application {} of {}", visible(name), visible(owner)),
        Block::User { name } => format!("user {}", visible(name)),
        Block::Address { first, last, inverted } => {
            let but = if *inverted { "all addresses but " } else { "address " };
            if first == last {
                format!("{but}{first}")
            } else {
                format!("{but}{first} to {last}")
            }
        }
        Block::Subscription {
            context,
            owner,
            application,
            key_type,
        } => {
            let keys = key_type.as_deref().map(|kind| format!(", {} keys", visible(kind)));
            let (application, owner) = (visible(application), visible(owner));
            let keys = keys.unwrap_or_default();
            format!("application {application} of {owner} at API {}{keys}", visible(context))
        }
    }
}

/// A moment in milliseconds since the epoch, for people.
pub(crate) fn moment(unix_ms: u64) -> String {
    i64::try_from(unix_ms)
        .ok()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .map_or_else(|| format!("{unix_ms} ms"), |moment| moment.to_string())
}
