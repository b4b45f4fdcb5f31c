//! Connections to the control plane, which this gateway does not make by itself: the keys are known and without effect.

use super::catalogue::{Key, Kind};

pub(super) const KEYS: &[Key] = &[
    Key::inert("apim.eventHub.enable", Kind::Bool),
    Key::inert("apim.eventHub.serviceUrl", Kind::Text),
    Key::inert("apim.eventHub.internalDataContext", Kind::Text),
    Key::inert("apim.eventHub.username", Kind::Text),
    Key::inert("apim.eventHub.password", Kind::Secret),
    Key::inert("apim.eventHub.eventListeningEndpoints", Kind::Secret),
    Key::inert("api.usage.data.path", Kind::Text),
];
