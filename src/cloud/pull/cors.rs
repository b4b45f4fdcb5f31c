//! `corsConfiguration` into `x-wso2-cors`.

use crate::cloud::control_plane::Cors;
use serde_json::{Value, json};

/// The extension.
pub(super) fn map(cors: &Cors) -> Value {
    json!({
        "corsConfigurationEnabled": true,
        "accessControlAllowOrigins": cors.origins,
        "accessControlAllowCredentials": cors.credentials,
        "accessControlAllowHeaders": cors.headers,
        "accessControlAllowMethods": cors.methods,
    })
}
