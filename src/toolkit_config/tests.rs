//! What the file means, and what is said about mistakes in it.

use super::catalogue::BLOCKS;
use super::{ToolkitConfig, reset};
use crate::diagnostics::{Diagnostics, Severity, render};
use crate::micro_gw_file::{SettingsFile, tables};
use crate::project::{BuildSettings, ControlPlaneKind, CorsSettings};
use std::path::Path;
use std::time::Duration;

/// The file as micro-gw 3.2 wrote it after an import.
const WRITTEN: &str = r#"[client]
  httpRequestTimeout = 90000

[token]
  apimVersion = ""
  restVersion = "v1.2"
  dcrVersion = "v0.17"
  baseURL = "https://apim.example:9443/"
  publisherEndpoint = "{baseURL}/api/am/publisher/{restVersion}"
  adminEndpoint = "{baseURL}/api/am/admin/{restVersion}"
  registrationEndpoint = "{baseURL}/client-registration/{dcrVersion}/register"
  tokenEndpoint = "{baseURL}/oauth2/token"
  username = "admin"
  clientId = "canary-id"
  clientSecret = "canary-secret"
  trustStoreLocation = ""
  trustStorePassword = "canary-store"

[corsConfiguration]
  accessControlAllowCredentials = false
  corsConfigurationEnabled = true
  accessControlAllowOrigins = ["https://shop.example"]
  accessControlAllowHeaders = ["authorization"]
  accessControlAllowMethods = ["GET"]

[codeGen]
  apiFaultResponses = true
"#;

fn read(text: &str) -> (ToolkitConfig, Vec<String>) {
    let mut diagnostics = Diagnostics::default();
    let file = SettingsFile::parse("toolkit-config.toml", text.into()).unwrap();
    let config = ToolkitConfig::read(&file, &mut diagnostics);
    diagnostics.sort();
    let told: Vec<String> = diagnostics
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .map(|finding| format!("{finding}|{}", finding.remedy.clone().unwrap_or_default()))
        .collect();
    for finding in diagnostics.iter() {
        assert!(!render(finding, false).contains("canary"), "{}", render(finding, false));
    }
    (config, told)
}

#[test]
fn only_a_file_with_a_secret_in_it_holds_one() {
    for (text, holds) in [
        ("", false),
        ("[codeGen]\napiFaultResponses = true\n", false),
        (
            "[token]\nbaseURL = \"https://apim.example:9443\"\nusername = \"ana\"\nclientSecret = \"\"\n",
            false,
        ),
        (
            "[corsConfiguration]\naccessControlAllowOrigins = [\"https://shop.example\"]\n",
            false,
        ),
        ("[token]\nclientId = \"canary\"\n", true),
        ("[token]\ntrustStorePassword = \"canary\"\n", true),
        ("[token]\nbaseURL = \"https://ana:canary@apim.example\"\n", true),
        ("[token]\nbaseURL = \"https://apim.example/#canary\"\n", true),
        ("[client]\npassword = \"canary\"\n", true),
        ("[other]\nurls = [\"https://apim.example/?key=canary\"]\n", true),
    ] {
        assert_eq!(read(text).0.digest.is_none(), holds, "{text}");
    }
    assert_eq!(read(WRITTEN).0.digest, None);
}

#[test]
fn the_file_that_micro_gw_wrote_is_understood() {
    let (config, told) = read(WRITTEN);
    assert_eq!(told, Vec::<String>::new());
    let plane = config.control_plane.clone().unwrap();
    assert_eq!((plane.url.as_str(), plane.kind), ("https://apim.example:9443", None));
    assert_eq!(config.username.as_deref(), Some("admin"));
    assert_eq!(config.timeout, Some(Duration::from_secs(90)));
    assert_eq!(config.trust_store, None);
    let cors = config.cors.clone().unwrap();
    assert_eq!(cors.allow_origins, ["https://shop.example"]);
    assert_eq!(
        (config.api_fault_responses, config.global_fault_responses),
        (Some(true), None)
    );
}

#[test]
fn the_projects_own_settings_win() {
    let (config, _) = read(WRITTEN);
    let own = BuildSettings {
        api_fault_responses: Some(false),
        cors: Some(CorsSettings::default()),
        ..BuildSettings::default()
    };
    assert_eq!(config.complete(own.clone()), own);
    let completed = config.complete(BuildSettings::default());
    assert_eq!(completed.api_fault_responses, Some(true));
    assert_eq!(completed.cors, config.cors);
}

#[test]
fn the_encrypted_values_are_told_once_and_never_shown() {
    let mut diagnostics = Diagnostics::default();
    let file = SettingsFile::parse("t.toml", WRITTEN.into()).unwrap();
    ToolkitConfig::read(&file, &mut diagnostics);
    let about = diagnostics
        .iter()
        .filter(|finding| finding.message.contains("encrypted"));
    assert_eq!(about.count(), 1);
}

#[test]
fn versions_and_addresses() {
    let kind = |text: &str| read(text).0.control_plane.map(|plane| (plane.url, plane.kind));
    let plane = |url: &str, kind| Some((url.to_owned(), kind));
    let table = [
        ("", None),
        ("[token]\nusername = 'a'\n", None),
        (
            "[token]\nbaseURL = 'https://a:9443'\napimVersion = '4.1.0'\n",
            plane("https://a:9443", Some(ControlPlaneKind::Apim41)),
        ),
        (
            "[token]\nbaseURL = 'https://a:9443'\napimVersion = '3.2'\n",
            plane("https://a:9443", Some(ControlPlaneKind::Apim32)),
        ),
        (
            "[token]\nbaseURL = 'https://gateway.api.cloud.wso2.com'\napimVersion = '3.2'\n",
            plane("https://gateway.api.cloud.wso2.com", None),
        ),
        (
            "[token]\npublisherEndpoint = 'https://b:9443/api/am/publisher/v1.2'\n",
            plane("https://b:9443", None),
        ),
    ];
    for (text, expected) in table {
        assert_eq!(kind(text), expected, "{text}");
    }
}

#[test]
fn mistakes_have_places_reasons_and_remedies() {
    let table = [
        (
            "[tokn]\nusername = 'a'\n",
            "toolkit-config.toml:1:2: warning: there is no `tokn` in this file; it is ignored|Did you mean `token`?",
        ),
        (
            "[token]\n  baseUrl = 'https://a'\n",
            "toolkit-config.toml:2:3: warning: `token` has no `baseUrl`; it is ignored|Did you mean `baseURL`?",
        ),
        (
            "[codeGen]\napiFaultResponses = 'yes'\n",
            "toolkit-config.toml:2:21: error: `codeGen.apiFaultResponses` should be `true` or `false`, found a text|Write `true` or `false`.",
        ),
        (
            "[client]\nhttpRequestTimeout = -1\n",
            "toolkit-config.toml:2:22: error: `client.httpRequestTimeout` should be a whole number from 1 to 2147483647, found a number|Write a number from 1 to 2147483647, or leave it out.",
        ),
        (
            "[token]\nbaseURL = 'https://a'\napimVersion = '5.0.0'\n",
            "toolkit-config.toml:3:15: error: API Manager 5.0.0 is none that mgw knows|Give a version from 2.6 to 4.6, or leave it empty to have it found out at sign-in.",
        ),
        (
            "[token]\nbaseURL = 'https://a'\ntokenEndpoint = 'https://b/token'\n",
            "toolkit-config.toml:3:17: warning: `token.tokenEndpoint` is another server than https://a, which is asked everything|",
        ),
        (
            "[corsConfiguration]\ncorsConfigurationEnabled = true\naccessControlAllowOrigins = ['a b']\n",
            "toolkit-config.toml:3:29: error: \"a b\" of `corsConfiguration.accessControlAllowOrigins` cannot stand in a header|",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(read(text).1, [expected], "{text}");
    }
}

#[test]
fn addresses_with_credentials_and_unknown_keys_are_not_shown() {
    for text in [
        "[token]\nbaseURL = 'https://user:canary@a'\n",
        "[token]\nbaseURL = 'user:canary@a'\n",
        "[token]\nbaseURL = 'http://user:canary@a'\n",
        "[token]\nbaseURL = 'https://user:canary@'\n",
        "[token]\nbaseURL = 'https://a'\ntokenEndpoint = 'https://user:canary@b/token'\n",
        "[token]\nclientSecrt = 'canary'\n",
        "[token]\npasswrd = 'canary'\n",
    ] {
        let mut diagnostics = Diagnostics::default();
        let file = SettingsFile::parse("t.toml", text.into()).unwrap();
        ToolkitConfig::read(&file, &mut diagnostics);
        let shown: Vec<String> = diagnostics.iter().map(|finding| render(finding, false)).collect();
        assert!(!shown.is_empty() && !shown.concat().contains("canary"), "{shown:#?}");
    }
}

#[test]
fn resetting_blanks_the_identifying_values_alone() {
    let (text, blanked) = reset("t.toml", WRITTEN.into()).unwrap();
    assert_eq!(blanked, ["username", "clientId", "clientSecret", "trustStorePassword"]);
    assert!(!text.contains("canary") && !text.contains("\"admin\""), "{text}");
    let expected = WRITTEN
        .replace("\"admin\"", "\"\"")
        .replace("\"canary-id\"", "\"\"")
        .replace("\"canary-secret\"", "\"\"")
        .replace("\"canary-store\"", "\"\"");
    assert_eq!(text, expected);
    assert_eq!(reset("t.toml", text.clone().into_bytes()).unwrap(), (text, Vec::new()));
    let marked = "\u{feff}[token]\r\nusername = 'a' # b\r\n";
    let (text, _) = reset("t.toml", marked.into()).unwrap();
    assert_eq!(text, marked.replace("'a'", "\"\""));
    assert!(reset("t.toml", b"[token".to_vec()).is_err());
}

/// `UPDATE_DOCS=1 cargo test -p mgw --lib toolkit_config` writes the page anew.
#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference/toolkit-config.md");
    let page = format!(
        "# `toolkit-config.toml`\n\n<!-- Generated from the table that the file is held against; a test keeps it current. -->\n\n\
         The settings of micro-gw's toolkit. They are read from the file that `-c` names (`mgw pull`, `build`, `status`, `apply`), \
         else from `conf/toolkit-config.toml` of the project, where there is one; `mgw login` reads the one of the folder that it is \
         run in. What `mgw.toml` says wins, as do flags and variables. Empty values say nothing. Unknown keys are warnings, values that \
         cannot be used are errors, all under the code `toolkit-config`. `mgw reset -c FILE` blanks what identifies somebody and \
         leaves the rest as it is.\n{}",
        tables(BLOCKS)
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page is writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/src/reference/toolkit-config.md is out of date; write it with UPDATE_DOCS=1 cargo test -p mgw --lib toolkit_config"
    );
}
