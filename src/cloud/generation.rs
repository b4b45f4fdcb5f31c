//! What differs between generations of control planes: base paths and scopes, as data.

use crate::project::ControlPlaneKind;

/// The paths and scopes of one generation. Paths are lists of segments below the base URL.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Which one.
    pub(crate) kind: ControlPlaneKind,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// Dynamic client registration.
    pub(crate) registration: &'static [&'static str],
    /// Token endpoint.
    pub(crate) token: &'static [&'static str],
    /// Revocation endpoint.
    pub(crate) revocation: &'static [&'static str],
    /// Publisher API.
    pub(crate) publisher: &'static [&'static str],
    /// Store API.
    pub(crate) store: &'static [&'static str],
    /// Admin API.
    pub(crate) admin: &'static [&'static str],
    /// Data for gateways, where the control plane offers it.
    pub(crate) internal_data: Option<&'static [&'static str]>,
    /// The scopes of everything `mgw` does.
    pub(crate) scopes: &'static [&'static str],
}

/// The scopes of the 3.x generations and of API Cloud.
const SCOPES_3X: &[&str] = &[
    "apim:api_view",
    "apim:mediation_policy_view",
    "apim:client_certificates_view",
    "apim:ep_certificates_view",
    "apim:subscription_view",
    "apim:subscribe",
    "apim:tier_view",
    "apim:bl_view",
    "apim:label_read",
];

static API_CLOUD: Generation = Generation {
    kind: ControlPlaneKind::ApiCloud,
    title: "WSO2 API Cloud",
    registration: &["client-registration", "register"],
    token: &["token"],
    revocation: &["revoke"],
    publisher: &["api", "am", "publisher"],
    store: &["api", "am", "store"],
    admin: &["api", "am", "admin"],
    internal_data: None,
    scopes: SCOPES_3X,
};

static APIM_3_2: Generation = Generation {
    kind: ControlPlaneKind::Apim32,
    title: "API Manager 3.2",
    registration: &["client-registration", "v0.17", "register"],
    token: &["oauth2", "token"],
    revocation: &["oauth2", "revoke"],
    publisher: &["api", "am", "publisher", "v1"],
    store: &["api", "am", "store", "v1"],
    admin: &["api", "am", "admin", "v1"],
    internal_data: Some(&["internal", "data", "v1"]),
    scopes: SCOPES_3X,
};

/// Returns the data of a generation.
pub(crate) fn generation(kind: ControlPlaneKind) -> &'static Generation {
    match kind {
        ControlPlaneKind::ApiCloud => &API_CLOUD,
        ControlPlaneKind::Apim32 => &APIM_3_2,
    }
}

/// The generations to try at an address, the likeliest first.
pub(crate) fn candidates(is_api_cloud_host: bool) -> [&'static Generation; 2] {
    if is_api_cloud_host {
        [&API_CLOUD, &APIM_3_2]
    } else {
        [&APIM_3_2, &API_CLOUD]
    }
}

/// Returns the wanted scopes that were not granted.
pub(crate) fn missing_scopes<'a>(wanted: &[&'a str], granted: &[String]) -> Vec<&'a str> {
    wanted
        .iter()
        .copied()
        .filter(|scope| !granted.iter().any(|have| have == scope))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_that_were_dropped_are_found() {
        let granted = ["apim:api_view".to_owned(), "openid".to_owned()];
        assert_eq!(
            missing_scopes(&["apim:api_view", "apim:tier_view"], &granted),
            ["apim:tier_view"]
        );
        assert_eq!(
            missing_scopes(SCOPES_3X, &["default".to_owned()]).len(),
            SCOPES_3X.len()
        );
    }

    #[test]
    fn api_cloud_has_no_version_segment() {
        assert_eq!(
            generation(ControlPlaneKind::ApiCloud).publisher.join("/"),
            "api/am/publisher"
        );
        assert_eq!(
            generation(ControlPlaneKind::Apim32).publisher.join("/"),
            "api/am/publisher/v1"
        );
    }
}
