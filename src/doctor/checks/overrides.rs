//! Variables that override what files say, which is easily forgotten.

use crate::context::Environment;
use crate::doctor::{Finding, Sight};
use mgw_runtime::config::keys;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let project_url = sight.project.as_ref().ok().and_then(Option::as_ref);
    let project_url = project_url.and_then(|settings| settings.control_plane.as_ref());
    let keys = every_name();
    decide(&sight.environment, project_url.map(|plane| plane.url.as_str()), &keys)
}

/// The names of all settings, each with the others that it may have.
fn every_name() -> Vec<String> {
    keys()
        .into_iter()
        .flat_map(|key| std::iter::once(key.name).chain(key.aliases))
        .collect()
}

fn decide(environment: &Environment, project_url: Option<&str>, keys: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let plain = |url: &str| url.trim_end_matches('/').to_owned();
    if let (Some(url), Some(project)) = (environment.get("MGW_URL"), project_url)
        && plain(url) != plain(project)
    {
        findings.push(Finding::warning(
            "MGW_URL names another control plane than mgw.toml, and counts",
            "Unset MGW_URL to use the project's.",
        ));
    }
    // Settings of the gateway stand in the environment under their key with `_` for `.`.
    let names = environment
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name);
    let set: Vec<&str> = names
        .filter(|name| {
            keys.iter()
                .any(|key| key.contains('.') && key.replace('.', "_") == **name)
        })
        .collect();
    if !set.is_empty() {
        findings.push(Finding::warning(
            format!("set in the environment, over the file: {}", set.join(", ")),
            "Unset what is not meant: variables count more than conf/micro-gw.conf, and less than --set.",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("no variable overrides a setting"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_more_than_a_file_is_named() {
        let keys = ["listenerConfig.httpPort".to_owned(), "compat".to_owned()];
        let told = |variables: &[(&str, &str)]| {
            let environment: Environment = variables.iter().copied().collect();
            let findings = decide(&environment, Some("https://a.example/"), &keys);
            findings.into_iter().map(|finding| finding.text).collect::<Vec<_>>()
        };
        let nothing = ["no variable overrides a setting"];
        assert_eq!(told(&[]), nothing);
        assert_eq!(told(&[("MGW_URL", "https://a.example"), ("compat", "x")]), nothing);
        assert_eq!(
            told(&[("listenerConfig_httpPort", "8080")]),
            ["set in the environment, over the file: listenerConfig_httpPort"]
        );
        assert!(every_name().iter().any(|name| name == "adminConfig.port"));
        assert!(
            every_name()
                .iter()
                .any(|name| name == "b7a.observability.metrics.prometheus.port")
        );
        assert_eq!(
            told(&[("MGW_URL", "https://b.example")]),
            ["MGW_URL names another control plane than mgw.toml, and counts"]
        );
    }
}
