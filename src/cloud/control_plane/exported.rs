//! APIs that were exported into a file: the same object that 4.x answers, so that a file and the control plane are read alike.

use super::{ApiDetails, v4};
use serde_json::Value;

/// Reads the details of an API from the `data` of its `api.yaml`; the error says what is missing or of another shape, as a fragment
/// behind "an API".
pub(crate) fn read_exported(document: &Value) -> Result<ApiDetails, &'static str> {
    let mut api = ApiDetails::read(document)?;
    v4::complete(&mut api, document);
    Ok(api)
}
