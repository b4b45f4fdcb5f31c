//! Variables that sign in, where two of them say different things.

use crate::commands::secrets::in_place_of_a_file;
use crate::context::Environment;
use crate::doctor::{Finding, Sight};
use std::path::Path;

/// Ours, and API Cloud's own, which count where ours are not set.
const PAIRS: [(&str, &str); 3] = [
    ("MGW_EMAIL", "WSO2_CLOUD_EMAIL"),
    ("MGW_ORG", "WSO2_CLOUD_ORG_KEY"),
    ("MGW_PASSWORD", "WSO2_CLOUD_PASSWORD"),
];
/// A secret, or the file that holds it.
const SECRETS: [&str; 6] = [
    "MGW_PASSWORD",
    "MGW_ACCESS_TOKEN",
    "MGW_CLIENT_SECRET",
    "MGW_BROKER_PASSWORD",
    "MGW_USAGE_PASSWORD",
    "MGW_SIGNING_KEY",
];

/// Variables that check or vouch for something: to be set to nothing is an error. Each with another one that says the same.
const NEVER_EMPTY: [(&str, Option<&str>); 4] = [
    ("MGW_SIGNING_KEY", Some("MGW_SIGNING_KEY_FILE")),
    ("MGW_SIGNING_KEY_FILE", Some("MGW_SIGNING_KEY")),
    ("MGW_VERIFY_KEY", None),
    ("MGW_DIGEST", None),
];

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let is_file = |path: &str| Path::new(path).exists();
    let findings = decide(&sight.environment, is_file);
    if findings.is_empty() {
        vec![Finding::ok("no variables contradict each other")]
    } else {
        findings
    }
}

fn decide(environment: &Environment, is_file: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (own, clouds) in PAIRS {
        if let (Some(one), Some(other)) = (environment.get(own), environment.get(clouds))
            && one != other
        {
            findings.push(Finding::warning(
                format!("{own} and {clouds} are both set, and differ; {own} counts"),
                format!("Unset {clouds}."),
            ));
        }
    }
    for secret in SECRETS {
        let file = format!("{secret}_FILE");
        if environment.is_set(secret) && environment.is_set(&file) {
            findings.push(Finding::problem(
                format!("{secret} and {file} are both set"),
                "Unset one of them: commands that need it end with an error.",
            ));
        } else if let Some(value) = environment.get(&file).filter(|path| !is_file(path)) {
            // Not repeated: it may be the secret itself.
            let remedy = in_place_of_a_file(&file, secret, value);
            findings.push(Finding::problem(
                format!("{file} names a file that is not there"),
                remedy.unwrap_or_else(|| "Correct the path, or mount the secret.".to_owned()),
            ));
        }
    }
    for (name, other) in NEVER_EMPTY {
        let is_empty = environment.get_even_empty(name) == Some("");
        if is_empty && !other.is_some_and(|other| environment.is_set(other)) {
            findings.push(Finding::problem(
                format!("{name} is set to nothing"),
                "Set it, or unset it: commands that sign or check bundles end with an error.",
            ));
        }
    }
    if environment.is_set("MGW_USERNAME") && (environment.is_set("MGW_EMAIL") || environment.is_set("MGW_ORG")) {
        findings.push(Finding::warning(
            "MGW_USERNAME is set beside MGW_EMAIL or MGW_ORG; MGW_USERNAME counts",
            "Unset what is not meant.",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_told_without_any_value() {
        let texts = |variables: &[(&str, &str)]| {
            let environment: Environment = variables.iter().copied().collect();
            let findings = decide(&environment, |path| path == "/there");
            let text = format!("{findings:?}");
            assert!(!text.contains("canary"), "{text}");
            findings.into_iter().map(|finding| finding.text).collect::<Vec<_>>()
        };
        assert!(texts(&[]).is_empty());
        assert!(texts(&[("MGW_EMAIL", "a"), ("WSO2_CLOUD_EMAIL", "a")]).is_empty());
        assert!(texts(&[("MGW_PASSWORD_FILE", "/there")]).is_empty());
        assert_eq!(
            texts(&[("MGW_PASSWORD", "canary-1"), ("WSO2_CLOUD_PASSWORD", "canary-2")]),
            ["MGW_PASSWORD and WSO2_CLOUD_PASSWORD are both set, and differ; MGW_PASSWORD counts"]
        );
        assert_eq!(
            texts(&[("MGW_ACCESS_TOKEN", "canary"), ("MGW_ACCESS_TOKEN_FILE", "/there")]),
            ["MGW_ACCESS_TOKEN and MGW_ACCESS_TOKEN_FILE are both set"]
        );
        for value in ["canary", "-----BEGIN PRIVATE KEY-----\ncanary\n"] {
            assert_eq!(
                texts(&[("MGW_SIGNING_KEY_FILE", value)]),
                ["MGW_SIGNING_KEY_FILE names a file that is not there"]
            );
        }
        assert_eq!(texts(&[("MGW_USERNAME", "a"), ("MGW_ORG", "b")]).len(), 1);
        assert_eq!(texts(&[("MGW_VERIFY_KEY", "")]), ["MGW_VERIFY_KEY is set to nothing"]);
        assert_eq!(texts(&[("MGW_SIGNING_KEY", "")]), ["MGW_SIGNING_KEY is set to nothing"]);
        assert!(texts(&[("MGW_SIGNING_KEY", ""), ("MGW_SIGNING_KEY_FILE", "/there")]).is_empty());
    }
}
