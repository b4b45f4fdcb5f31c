//! Variables that look like ours and are not.

use crate::cli::flag_variables;
use crate::context::Environment;
use crate::diagnostics::nearest;
use crate::doctor::{Finding, Sight};
use std::collections::BTreeSet;

/// Variables that commands read, beside those of flags.
pub(crate) const OTHERS: [&str; 39] = [
    "MGW_ACCESS_TOKEN",
    "MGW_ACCESS_TOKEN_FILE",
    "MGW_BROKER_PASSWORD",
    "MGW_BROKER_PASSWORD_FILE",
    "MGW_CA_FILE",
    "MGW_CLIENT_ID",
    "MGW_CLIENT_SECRET",
    "MGW_CLIENT_SECRET_FILE",
    "MGW_CONFIG_DIR",
    "MGW_CONF_DIR",
    "MGW_CONSUMER_SECRET",
    "MGW_DIGEST",
    "MGW_EMAIL",
    "MGW_HTTP_HEADERS",
    "MGW_HTTP_TIMEOUT",
    "MGW_KIND",
    "MGW_ORG",
    "MGW_PASSWORD",
    "MGW_PASSWORD_FILE",
    "MGW_PROFILE",
    "MGW_SANDBOX_BROKER_PASSWORD",
    "MGW_SANDBOX_LISTEN",
    "MGW_SANDBOX_PASSWORD",
    "MGW_SIGNING_KEY",
    "MGW_SIGNING_KEY_FILE",
    "MGW_SOURCE_REVISION",
    "MGW_TEST_TOKEN",
    "MGW_TRUSTSTORE_PASSWORD",
    "MGW_TRUSTSTORE_PASSWORD_FILE",
    "MGW_URL",
    "MGW_USAGE_PASSWORD",
    "MGW_USAGE_PASSWORD_FILE",
    "MGW_USAGE_USERNAME",
    "MGW_USAGE_URL",
    "MGW_USERNAME",
    "MGW_VERIFY_KEY",
    "WSO2_CLOUD_EMAIL",
    "WSO2_CLOUD_ORG_KEY",
    "WSO2_CLOUD_PASSWORD",
];

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let known = known();
    let (ours, findings) = decide(&sight.environment, &known);
    match findings.is_empty() {
        false => findings,
        true if ours == 0 => vec![Finding::ok("none is set")],
        true => vec![Finding::ok(format!("all {ours} that are set are known"))],
    }
}

/// Every variable that some command reads.
pub(crate) fn known() -> BTreeSet<String> {
    let mut known = flag_variables();
    known.extend(OTHERS.iter().map(|name| (*name).to_owned()));
    known
}

fn decide(environment: &Environment, known: &BTreeSet<String>) -> (usize, Vec<Finding>) {
    let is_ours = |name: &str| {
        let upper = name.to_ascii_uppercase();
        upper.starts_with("MGW_") || upper.starts_with("WSO2_CLOUD_")
    };
    let ours: Vec<&str> = environment
        .iter()
        .map(|(name, _)| name)
        .filter(|name| is_ours(name))
        .collect();
    let unknown = ours.iter().filter(|name| !known.contains(**name));
    let findings = unknown.map(|name| {
        let near = nearest(name, known.iter().map(String::as_str));
        let remedy = match near {
            Some(near) => format!("Did you mean {near}?"),
            None => "Unset it; the documentation lists those there are under \"Environment\".".to_owned(),
        };
        Finding::warning(format!("nothing reads {name}"), remedy)
    });
    (ours.len(), findings.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_variables_are_told_with_the_right_name() {
        let known = known();
        let told = |name: &str| {
            let environment: Environment = [(name, "canary")].into_iter().collect();
            let (_, findings) = decide(&environment, &known);
            assert!(!format!("{findings:?}").contains("canary"));
            findings
                .into_iter()
                .next()
                .map(|finding| finding.remedy.unwrap_or_default())
        };
        assert_eq!(told("MGW_PASSWORD"), None);
        assert_eq!(told("MGW_OUTPUT"), None);
        assert_eq!(told("PATH"), None);
        // Put together, because whatever is written as one word in this crate is in the documentation.
        let ours = |name: &str| told(&format!("MGW_{name}"));
        assert_eq!(ours("PASWORD").as_deref(), Some("Did you mean MGW_PASSWORD?"));
        assert_eq!(ours("ADMINURL").as_deref(), Some("Did you mean MGW_ADMIN_URL?"));
        assert_eq!(told("mgw_url").as_deref(), Some("Did you mean MGW_URL?"));
        assert_eq!(
            told("WSO2_CLOUD_ORGKEY").as_deref(),
            Some("Did you mean WSO2_CLOUD_ORG_KEY?")
        );
        assert!(ours("WEATHER_FORECAST").is_some_and(|remedy| remedy.starts_with("Unset it")));
    }

    #[test]
    fn what_is_known_is_what_the_documentation_says() {
        let page = include_str!("../../../docs/src/reference/environment.md");
        let mut told: BTreeSet<String> = page
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.starts_with("MGW_") || word.starts_with("WSO2_CLOUD_"))
            .filter(|word| {
                word.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            })
            .map(str::to_owned)
            .collect();
        let known = known();
        let undocumented: Vec<_> = known.difference(&told).collect();
        assert!(undocumented.is_empty(), "{undocumented:?}");
        told.retain(|name| !known.contains(name));
        assert!(told.is_empty(), "{told:?}");
    }
}
