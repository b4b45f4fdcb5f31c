//! Entry point of the fuzz target into small texts that operators and earlier gateways leave.

use crate::server::fuzzing::stapled;
use crate::slow_hash::SlowHash;
use crate::throttle::KeyTemplate;
use crate::usage::fuzzing::file_name;

/// Reads a hash of a password, a template of keys, the name of a file of usage records and an answer about
/// a certificate. What is taken is what was given.
pub fn operator_texts(bytes: &[u8]) {
    stapled(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(hash) = text.parse::<SlowHash>() {
        assert!(!format!("{hash:?}").contains(text));
    }
    if let Ok(template) = KeyTemplate::parse(text) {
        assert_eq!(template.as_str(), text);
    }
    file_name(text);
}
