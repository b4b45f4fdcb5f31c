//! `securityScheme` into `x-wso2-application-security` and `x-wso2-mutual-ssl`.

use serde_json::{Value, json};

/// The scheme of client certificates.
const CERTIFICATE: &str = "mutualssl";
/// The two requirement markers of the control plane.
const APPLICATION_MANDATORY: &str = "oauth_basic_auth_api_key_mandatory";
const CERTIFICATE_MANDATORY: &str = "mutualssl_mandatory";

/// What the extensions say.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SecurityExtensions {
    /// `x-wso2-application-security`
    pub(super) application: Option<Value>,
    /// `x-wso2-mutual-ssl`
    pub(super) certificate: Option<&'static str>,
    /// What could not be taken over.
    pub(super) notice: Option<&'static str>,
}

/// Whether clients may show a certificate.
pub(super) fn asks_for_certificates(schemes: &[String]) -> bool {
    schemes.iter().any(|scheme| scheme == CERTIFICATE)
}

/// Maps the list of schemes. Where the gateway cannot express what is meant, it asks for more, never for less.
pub(super) fn map(schemes: &[String]) -> SecurityExtensions {
    let has = |name: &str| schemes.iter().any(|scheme| scheme == name);
    let types: Vec<&str> = ["oauth2", "basic_auth", "api_key"]
        .into_iter()
        .filter(|name| has(name))
        .collect();
    if !asks_for_certificates(schemes) {
        return SecurityExtensions {
            application: (!types.is_empty()).then(|| json!({ "security-types": types, "optional": false })),
            ..SecurityExtensions::default()
        };
    }
    // A certificate alone proves who is calling only when there is no other way in, or when it is asked for.
    let certificate_mandatory = has(CERTIFICATE_MANDATORY) || types.is_empty();
    let application_optional = certificate_mandatory && !has(APPLICATION_MANDATORY);
    SecurityExtensions {
        application: Some(if types.is_empty() {
            json!({ "optional": application_optional })
        } else {
            json!({ "security-types": types, "optional": application_optional })
        }),
        certificate: Some(if certificate_mandatory { "mandatory" } else { "optional" }),
        notice: (!certificate_mandatory && !has(APPLICATION_MANDATORY))
            .then_some("a client certificate alone is not accepted in place of a token; the token stays mandatory"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_ask_for_enough() {
        for (schemes, application, certificate, noticed) in [
            (vec![], None, None, false),
            (
                vec!["oauth2", APPLICATION_MANDATORY],
                Some(json!({"security-types": ["oauth2"], "optional": false})),
                None,
                false,
            ),
            (
                vec!["api_key", "oauth2"],
                Some(json!({"security-types": ["oauth2", "api_key"], "optional": false})),
                None,
                false,
            ),
            (
                vec!["oauth2", APPLICATION_MANDATORY, "mutualssl"],
                Some(json!({"security-types": ["oauth2"], "optional": false})),
                Some("optional"),
                false,
            ),
            (
                vec!["oauth2", APPLICATION_MANDATORY, "mutualssl", CERTIFICATE_MANDATORY],
                Some(json!({"security-types": ["oauth2"], "optional": false})),
                Some("mandatory"),
                false,
            ),
            (
                vec!["oauth2", "mutualssl", CERTIFICATE_MANDATORY],
                Some(json!({"security-types": ["oauth2"], "optional": true})),
                Some("mandatory"),
                false,
            ),
            (
                vec!["mutualssl", CERTIFICATE_MANDATORY],
                Some(json!({"optional": true})),
                Some("mandatory"),
                false,
            ),
            (
                vec!["mutualssl"],
                Some(json!({"optional": true})),
                Some("mandatory"),
                false,
            ),
            (
                vec!["oauth2", "mutualssl"],
                Some(json!({"security-types": ["oauth2"], "optional": false})),
                Some("optional"),
                true,
            ),
        ] {
            let schemes: Vec<String> = schemes.into_iter().map(str::to_owned).collect();
            let out = map(&schemes);
            assert_eq!(
                (out.application, out.certificate),
                (application, certificate),
                "{schemes:?}"
            );
            assert_eq!(out.notice.is_some(), noticed, "{schemes:?}");
        }
    }
}
