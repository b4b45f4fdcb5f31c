//! Connections to the control plane. Most of these keys are known and without effect.

use super::catalogue::{Key, Kind};
use super::event_hub::ENDPOINTS_KEY;

pub(super) const KEYS: &[Key] = &[ENDPOINTS_KEY, Key::inert("api.usage.data.path", Kind::Text)];
