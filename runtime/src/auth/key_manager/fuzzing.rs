//! Entry point of the fuzz target into what a key manager answers.

use super::token_request::TokenAnswer;
use super::{claim_source, introspector};
use crate::strict_json;
use serde_json::Value;

/// Reads an answer to an introspection, to a request for a token and to one for claims. What is taken as JSON without
/// repetitions is what every reader of JSON takes it for.
pub fn key_manager_answer(bytes: &[u8]) {
    let _ = (
        introspector::read(bytes),
        claim_source::read(bytes),
        TokenAnswer::read(bytes).is_some(),
    );
    if let Some(value) = strict_json::parse_value(bytes) {
        let plain: Value = serde_json::from_slice(bytes).expect("it was read as JSON just now");
        assert_eq!(plain, value);
    }
}
