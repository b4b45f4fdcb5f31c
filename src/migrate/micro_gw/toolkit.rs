//! `toolkit-config.toml`: what of it is a setting of the project.

use super::cors;
use crate::cloud::address::Address;
use crate::diagnostics::{Code, nearest};
use crate::migrate::draft::{Draft, Place};
use crate::migrate::settings_file::{Leaf, SettingsFile, Value};
use crate::project::ControlPlaneSettings;

/// What is to be said of a key that says something.
enum Fate {
    /// It is a setting of the project.
    Carried,
    /// It is a secret that was encrypted for the old tool.
    Secret,
    /// It is not needed; why.
    Needless(&'static str, &'static str),
    /// It has another place; what to do.
    Elsewhere(&'static str, &'static str),
}

const KEYS: [(&str, Fate); 20] = [
    (
        "client.httpRequestTimeout",
        Fate::Needless(
            "the time that requests to the control plane may take is mgw's own",
            "Nothing is to be done.",
        ),
    ),
    (
        "token.apimVersion",
        Fate::Needless(
            "the version of the control plane is found out at sign-in",
            "Name it with `mgw login --kind` where it is not.",
        ),
    ),
    ("token.baseURL", Fate::Carried),
    (
        "token.restVersion",
        Fate::Needless(
            "the version of the control plane is found out at sign-in",
            "Name it with `mgw login --kind` where it is not.",
        ),
    ),
    (
        "token.dcrVersion",
        Fate::Needless(
            "the version of the control plane is found out at sign-in",
            "Name it with `mgw login --kind` where it is not.",
        ),
    ),
    (
        "token.publisherEndpoint",
        Fate::Needless(
            "the addresses of the control plane follow from its base URL",
            "Nothing is to be done.",
        ),
    ),
    (
        "token.adminEndpoint",
        Fate::Needless(
            "the addresses of the control plane follow from its base URL",
            "Nothing is to be done.",
        ),
    ),
    (
        "token.registrationEndpoint",
        Fate::Needless(
            "the addresses of the control plane follow from its base URL",
            "Nothing is to be done.",
        ),
    ),
    (
        "token.tokenEndpoint",
        Fate::Needless(
            "the addresses of the control plane follow from its base URL",
            "Nothing is to be done.",
        ),
    ),
    (
        "token.username",
        Fate::Elsewhere(
            "the user is no setting of the project",
            "Name the user with `mgw login --username`.",
        ),
    ),
    ("token.clientId", Fate::Secret),
    ("token.clientSecret", Fate::Secret),
    (
        "token.trustStoreLocation",
        Fate::Elsewhere(
            "the trust store is no setting of the project",
            "Name its certificates, PEM, in the variable MGW_CA_FILE at sign-in.",
        ),
    ),
    ("token.trustStorePassword", Fate::Secret),
    ("corsConfiguration.corsConfigurationEnabled", Fate::Carried),
    ("corsConfiguration.accessControlAllowOrigins", Fate::Carried),
    ("corsConfiguration.accessControlAllowCredentials", Fate::Carried),
    ("corsConfiguration.accessControlAllowHeaders", Fate::Carried),
    ("codeGen.apiFaultResponses", Fate::Carried),
    ("codeGen.globalFaultResponses", Fate::Carried),
];
/// Keys that are carried over and only sometimes written.
const MORE: [&str; 2] = [
    "corsConfiguration.accessControlAllowMethods",
    "corsConfiguration.accessControlExposeHeaders",
];

/// Takes the settings over.
pub(super) fn take(file: &SettingsFile, draft: &mut Draft) {
    for leaf in file
        .leaves
        .iter()
        .filter(|leaf| leaf.value != Value::Text(String::new()))
    {
        tell(file, leaf, draft);
    }
    for (name, flag) in [
        ("codeGen.apiFaultResponses", &mut draft.build.api_fault_responses),
        ("codeGen.globalFaultResponses", &mut draft.build.global_fault_responses),
    ] {
        if let Some(value) = file.flag(name) {
            *flag = Some(value);
            draft.carried.settings += 1;
        }
    }
    if let Some(url) = file.text("token.baseURL") {
        match Address::parse(url) {
            Ok(address) => {
                draft.control_plane = Some(ControlPlaneSettings {
                    url: address.to_string(),
                    kind: None,
                });
                draft.carried.settings += 1;
            }
            Err(_) => {
                if let Some(leaf) = file.get("token.baseURL") {
                    draft.lost(
                        Code::MigrateSetting,
                        &Place::At(file.source.clone(), leaf.key),
                        "the address of the control plane is none that mgw signs in at",
                        "Write it under `[control-plane]` in mgw.toml, as https://HOST:PORT.",
                    );
                }
            }
        }
    }
    draft.build.cors = cors::rules(file);
    draft.carried.settings += usize::from(draft.build.cors.is_some());
}

fn tell(file: &SettingsFile, leaf: &Leaf, draft: &mut Draft) {
    let place = Place::At(file.source.clone(), leaf.key);
    let name = &leaf.name;
    match KEYS
        .iter()
        .find(|(known, _)| *known == name.as_str())
        .map(|(_, fate)| fate)
    {
        Some(Fate::Carried) => {}
        Some(Fate::Secret) => draft.note(
            Code::MigrateSecret,
            &place,
            format!("`{name}` is encrypted for micro-gw, and is not copied"),
            "`mgw login` gets what it needs by itself.",
        ),
        Some(Fate::Needless(why, remedy)) => draft.note(Code::MigrateSetting, &place, *why, *remedy),
        Some(Fate::Elsewhere(why, remedy)) => draft.lost(Code::MigrateSetting, &place, *why, *remedy),
        None if MORE.contains(&name.as_str()) => {}
        None => {
            let known = KEYS.iter().map(|(known, _)| *known).chain(MORE);
            let remedy = nearest(name, known).map_or_else(
                || "See what it does there; mgw.toml has all settings of a project.".to_owned(),
                |near| format!("Did you mean `{near}`?"),
            );
            draft.lost(
                Code::MigrateSetting,
                &place,
                format!("`{name}` is not understood"),
                remedy,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_project_are_taken_and_the_rest_is_told() {
        let text = "[client]\n  httpRequestTimeout = 1000000\n[token]\n  baseURL = \"https://apim.example:9443/\"\n  username = \"ana\"\n  \
                    clientId = \"canary\"\n  trustStoreLocation = \"\"\n  restVersin = \"v1\"\n[codeGen]\n  apiFaultResponses = true\n  globalFaultResponses = \"true\"\n";
        let file = SettingsFile::parse("toolkit-config.toml", text.into()).unwrap();
        let mut draft = Draft::default();
        take(&file, &mut draft);
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
        let told: Vec<String> = draft
            .findings
            .iter()
            .map(|finding| format!("{finding} {}", finding.remedy.as_deref().unwrap_or_default()))
            .collect();
        for (start, remedy) in [
            ("toolkit-config.toml:2:3: note: the time", "Nothing"),
            ("toolkit-config.toml:5:3: warning: the user", "mgw login --username"),
            (
                "toolkit-config.toml:6:3: note: `token.clientId` is encrypted",
                "mgw login",
            ),
            (
                "toolkit-config.toml:8:3: warning: `token.restVersin` is not understood",
                "`token.restVersion`",
            ),
        ] {
            assert!(
                told.iter().any(|line| line.starts_with(start) && line.contains(remedy)),
                "{start}: {told:#?}"
            );
        }
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(!told.concat().contains("canary"));
    }
}
