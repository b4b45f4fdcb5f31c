//! `toolkit-config.toml`: what of it is a setting of the project.

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::micro_gw_file::SettingsFile;
use crate::migrate::draft::{Draft, Place};
use crate::project::CorsSettings;
use crate::toolkit_config::ToolkitConfig;

/// What is to be said of a key that is set and is no setting of the project: table, key, whether something is lost, what,
/// and what to do.
const TOLD: [(&str, &str, Severity, &str, &str); 5] = [
    (
        "client",
        "httpRequestTimeout",
        Severity::Note,
        "the time that requests to the control plane may take is no setting of the project",
        "Give another one in the variable MGW_HTTP_TIMEOUT where it is needed.",
    ),
    ("token", "restVersion", Severity::Note, FOUND, NAME_IT),
    ("token", "dcrVersion", Severity::Note, FOUND, NAME_IT),
    (
        "token",
        "username",
        Severity::Warning,
        "the user is no setting of the project",
        "Name the user with `mgw login --username`.",
    ),
    (
        "token",
        "trustStoreLocation",
        Severity::Warning,
        "the trust store is no setting of the project",
        "Name it with `mgw login --truststore`, or its certificates, PEM, in the variable MGW_CA_FILE.",
    ),
];
const FOUND: &str = "the version of the control plane is found out at sign-in";
const NAME_IT: &str = "Name it with `mgw login --kind` where it is not.";

/// Takes the settings over.
pub(super) fn take(file: &SettingsFile, draft: &mut Draft) {
    let mut found = Diagnostics::default();
    let toolkit = ToolkitConfig::read(file, &mut found);
    for finding in found.iter() {
        draft.findings.push(told(finding));
    }
    for (table, key, severity, message, remedy) in TOLD {
        let section = file.section(table);
        if !section.is_set(key) {
            continue;
        }
        let place = Place::At(file.source.clone(), section.key_span(key));
        match severity {
            Severity::Note => draft.note(Code::MigrateSetting, &place, message, remedy),
            _ => draft.lost(Code::MigrateSetting, &place, message, remedy),
        }
    }
    draft.control_plane = toolkit.control_plane.clone();
    draft.build = toolkit.complete(draft.build.clone());
    if let Some(cors) = &mut draft.build.cors {
        usable(cors);
    }
    draft.carried.settings += [
        draft.control_plane.is_some(),
        draft.build.cors.is_some(),
        draft.build.api_fault_responses.is_some(),
        draft.build.global_fault_responses.is_some(),
    ]
    .into_iter()
    .filter(|is_carried| *is_carried)
    .count();
}

/// A finding about the file, as one about a migration: nothing of the project is left out for it.
fn told(finding: &Diagnostic) -> Diagnostic {
    let mut finding = finding.clone().secret();
    if finding.severity == Severity::Error {
        finding.severity = Severity::Warning;
    }
    finding
}

/// What cannot stand in a header has been told, and would keep the new project from being built.
fn usable(cors: &mut CorsSettings) {
    for texts in [
        &mut cors.allow_origins,
        &mut cors.allow_methods,
        &mut cors.allow_headers,
        &mut cors.expose_headers,
    ] {
        texts.retain(|text| CorsSettings::is_header_text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> (Draft, Vec<String>) {
        let file = SettingsFile::parse("toolkit-config.toml", text.into()).unwrap();
        let mut draft = Draft::default();
        take(&file, &mut draft);
        draft.findings.sort();
        let told = draft.findings.iter();
        let told = told.map(|finding| format!("{finding} {}", finding.remedy.as_deref().unwrap_or_default()));
        let told = told.collect();
        (draft, told)
    }

    #[test]
    fn settings_of_the_project_are_taken_and_the_rest_is_told() {
        let text = "[client]\n  httpRequestTimeout = 1000000\n[token]\n  baseURL = \"https://apim.example:9443/\"\n  username = \"ana\"\n  \
                    clientId = \"canary\"\n  trustStoreLocation = \"\"\n  restVersin = \"v1\"\n[codeGen]\n  apiFaultResponses = true\n  globalFaultResponses = \"true\"\n";
        let (draft, told) = taken(text);
        assert_eq!(
            (draft.build.api_fault_responses, draft.build.global_fault_responses),
            (Some(true), Some(true))
        );
        assert_eq!(draft.build.cors, None);
        assert_eq!(
            draft.control_plane.as_ref().map(|plane| plane.url.as_str()),
            Some("https://apim.example:9443")
        );
        assert_eq!(draft.carried.settings, 3);
        for (start, remedy) in [
            ("toolkit-config.toml:2:3: note: the time", "MGW_HTTP_TIMEOUT"),
            ("toolkit-config.toml:5:3: warning: the user", "mgw login --username"),
            ("toolkit-config.toml:6:3: note: what micro-gw encrypted", "mgw login"),
            ("toolkit-config.toml:8:3: warning: `token` has no `restVersin`", ""),
        ] {
            assert!(
                told.iter().any(|line| line.starts_with(start) && line.contains(remedy)),
                "{start}: {told:#?}"
            );
        }
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(!told.concat().contains("canary"));
    }

    #[test]
    fn cors_rules_that_no_header_can_hold_are_told_and_not_taken() {
        let (draft, told) = taken(
            "[corsConfiguration]\ncorsConfigurationEnabled = true\naccessControlAllowOrigins = [\"https://a\", \"a b\"]\naccessControlAllowMethods = [\"GET\"]\n",
        );
        let cors = draft.build.cors.unwrap();
        assert_eq!(
            (cors.allow_origins, cors.allow_methods),
            (vec!["https://a".to_owned()], vec!["GET".to_owned()])
        );
        assert!(
            told.len() == 1 && told[0].starts_with("toolkit-config.toml:3:") && told[0].contains("warning"),
            "{told:?}"
        );
    }
}
