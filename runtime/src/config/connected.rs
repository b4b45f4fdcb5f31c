//! Connections to the control plane. Most of these keys are known and without effect.

use super::catalogue::{Key, Kind};
use super::event_hub::ENDPOINTS_KEY;

pub(super) const KEYS: &[Key] = &[
    Key::inert("apim.eventHub.enable", Kind::Bool),
    Key::inert("apim.eventHub.serviceUrl", Kind::Text),
    Key::inert("apim.eventHub.internalDataContext", Kind::Text),
    Key::inert("apim.eventHub.username", Kind::Text),
    Key::inert("apim.eventHub.password", Kind::Secret),
    ENDPOINTS_KEY,
    Key::inert("api.usage.data.path", Kind::Text),
];
