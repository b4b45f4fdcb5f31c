//! The address of the brokers, which several elements share.

use super::catalogue::Key;
use super::event_hub::ENDPOINTS_KEY;

pub(super) const KEYS: &[Key] = &[ENDPOINTS_KEY];
