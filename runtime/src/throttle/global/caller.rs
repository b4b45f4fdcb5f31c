//! What limits a caller of an API; resolved once, kept with the caller.

use super::Cell;
use crate::traffic_manager::Calling;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What limits a caller of an API, as the traffic manager counts. Cloning copies pointers.
#[derive(Debug, Clone)]
pub struct CallerLimits {
    /// `None`: the policy is `Unlimited`.
    pub(super) subscription: Option<Arc<Cell>>,
    /// `None`: the policy is `Unlimited`.
    pub(super) application: Option<Arc<Cell>>,
    /// `false`: requests over the subscription's quota are reported, and pass.
    pub(super) stops: bool,
    /// What the traffic manager is told about the caller.
    pub(super) calling: Arc<Calling>,
    /// The claims of the caller's token, where conditions look at them.
    pub(super) claims: Option<Arc<Map<String, Value>>>,
}
