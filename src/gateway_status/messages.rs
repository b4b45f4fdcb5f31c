//! What is sent.

use super::shown::Shown;
use serde_json::{Value, json};

/// `initialize`: asks for an identity.
pub(super) fn initialise(shown: &Shown) -> Value {
    json!({
        "tenantDomain": shown.tenant,
        "macAddress": shown.mac_address,
        "port": shown.port.to_string(),
        "hostName": shown.host_name,
        "gwUrl": null,
        "label": shown.label,
        "envMetadataMap": shown.env_metadata,
        "customMetadataMap": shown.custom_metadata,
    })
}

/// `ping`
pub(super) fn ping(shown: &Shown, id: &str) -> Value {
    json!({"tenantDomain": shown.tenant, "token": id})
}

/// `notify-gateway`, to be known. `now`: milliseconds since the epoch.
pub(super) fn register(shown: &Shown, id: &str, environments: &[String], now: i64) -> Value {
    json!({
        "payloadType": "REGISTER",
        "gatewayId": id,
        "timeStamp": now,
        // The service knows no other property, and takes none that it does not know.
        "gatewayProperties": {"ipAddress": shown.host_name},
        "environmentLabels": environments,
        "loadingTenants": [tenants(shown)],
    })
}

/// `notify-gateway`, to be known as there.
pub(super) fn heartbeat(shown: &Shown, id: &str, now: i64) -> Value {
    json!({
        "payloadType": "HEARTBEAT",
        "gatewayId": id,
        "timeStamp": now,
        "loadingTenants": [tenants(shown)],
    })
}

/// The super tenant's gateways serve everybody.
fn tenants(shown: &Shown) -> &str {
    match shown.tenant.as_str() {
        "carbon.super" => "WSO2-ALL-TENANTS",
        tenant => tenant,
    }
}
