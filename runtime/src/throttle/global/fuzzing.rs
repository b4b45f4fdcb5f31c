//! Entry point of the fuzz target into the readers of what is told about limits.

use super::conditions::Conditions;
use super::lists;
use crate::throttle::KeyTemplate;

/// Reads conditions, a key template and both lists.
pub fn limits(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Conditions::read(text);
        let _ = KeyTemplate::parse(text);
    }
    let _ = Conditions::of_json(bytes);
    if let Ok(list) = serde_json::from_slice::<serde_json::Value>(bytes) {
        let _ = lists::templates(list.clone());
        let _ = lists::blocks(list);
    }
}
