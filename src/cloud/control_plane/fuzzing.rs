//! One document as each generation of control planes would mean it.

use super::{ApiDetails, Mediation, read_exported, v0, v4};
use crate::cloud::json;
use serde_json::Value;

/// What APIs a document describes, read as of 2.6, 3.x and 4.x.
pub(crate) fn each_generation(document: &Value) -> Vec<ApiDetails> {
    let revisions = v4::fuzzing(json::items(document, "list"));
    let found = [
        ApiDetails::read(document),
        ApiDetails::read(&v0::shaped(document.clone())),
        read_exported(document),
    ];
    let mut found: Vec<ApiDetails> = found.into_iter().filter_map(Result::ok).collect();
    if let Some(api) = found.last_mut() {
        api.revision = revisions;
        let _ = api.revision.as_ref().map(super::Revision::describe);
    }
    let _: Vec<Mediation> = Mediation::sequences(document, "mediationPolicies");
    found
}
