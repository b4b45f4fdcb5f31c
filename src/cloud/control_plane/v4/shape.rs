//! What the details of 4.x have beyond those of 3.2.

use super::policies;
use crate::cloud::control_plane::{ApiDetails, ApiKind};
use crate::cloud::json;
use serde_json::Value;

/// The vendor of gateways that this one can stand in for.
const VENDOR: &str = "wso2";

/// Adds it to details that were read from `document`.
pub(in crate::cloud::control_plane) fn complete(api: &mut ApiDetails, document: &Value) {
    api.mediation.extend(policies::read(document));
    if let Some(whose) = elsewhere(document) {
        api.kind = ApiKind::Elsewhere(whose);
    }
}

/// Who serves the API, when it is not the control plane's own gateway.
fn elsewhere(document: &Value) -> Option<String> {
    let advertised = json::member(document, "advertiseInfo").and_then(|info| json::flag(info, "advertised"));
    if advertised == Some(true) || json::flag(document, "advertiseOnly") == Some(true) {
        return Some("a third party".to_owned());
    }
    let vendor = json::text(document, "gatewayVendor")?;
    (!vendor.eq_ignore_ascii_case(VENDOR)).then(|| format!("gateways of {vendor}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn apis_that_others_serve_are_found() {
        for (document, expected) in [
            (json!({}), None),
            (json!({"gatewayVendor": null, "advertiseInfo": null}), None),
            (
                json!({"gatewayVendor": "wso2", "advertiseInfo": {"advertised": false}}),
                None,
            ),
            (json!({"advertiseInfo": {"advertised": true}}), Some("a third party")),
            (json!({"advertiseOnly": true}), Some("a third party")),
            (json!({"gatewayVendor": "solace"}), Some("gateways of solace")),
        ] {
            assert_eq!(elsewhere(&document).as_deref(), expected, "{document}");
        }
    }
}
