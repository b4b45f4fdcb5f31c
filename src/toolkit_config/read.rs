//! From the file to what it means here.

use super::catalogue::{BLOCKS, CODES};
use crate::cloud::address::Address;
use crate::deployment::holds_secret;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::micro_gw_file::{Section, SettingsFile, check};
use crate::project::{BuildSettings, ControlPlaneKind, ControlPlaneSettings, CorsSettings};
use crate::yaml::Node;
use mgw_bundle::Digest;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What micro-gw allowed where nothing is said.
const METHODS: [&str; 6] = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
const HEADERS: [&str; 4] = [
    "authorization",
    "Access-Control-Allow-Origin",
    "Content-Type",
    "SOAPAction",
];

/// The versions of API Manager, by how they begin.
const VERSIONS: [(&str, ControlPlaneKind); 12] = [
    ("2.6", ControlPlaneKind::Apim26),
    ("3.0", ControlPlaneKind::Apim30),
    ("3.1", ControlPlaneKind::Apim31),
    ("3.2", ControlPlaneKind::Apim32),
    ("4.0", ControlPlaneKind::Apim40),
    ("4.1", ControlPlaneKind::Apim41),
    ("4.2", ControlPlaneKind::Apim42),
    ("4.3", ControlPlaneKind::Apim42),
    ("4.4", ControlPlaneKind::Apim42),
    ("4.5", ControlPlaneKind::Apim42),
    ("4.6", ControlPlaneKind::Apim42),
    ("4.7", ControlPlaneKind::Apim42),
];

/// What the file says, as far as it means something here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ToolkitConfig {
    /// Where `pull` gets the APIs.
    pub(crate) control_plane: Option<ControlPlaneSettings>,
    /// Who signs in.
    pub(crate) username: Option<String>,
    /// Authorities of the control plane.
    pub(crate) trust_store: Option<PathBuf>,
    /// Longest wait for an answer.
    pub(crate) timeout: Option<Duration>,
    /// CORS of definitions that say nothing about it, and of the token endpoints.
    pub(crate) cors: Option<CorsSettings>,
    /// JSON answers to unknown resources and methods.
    pub(crate) api_fault_responses: Option<bool>,
    /// JSON answers to unknown base paths.
    pub(crate) global_fault_responses: Option<bool>,
    /// Digest of the file; `None` where there is something in it that could be guessed with that, and where there is no file.
    pub(crate) digest: Option<Digest>,
}

impl ToolkitConfig {
    /// Reads a file; where there is none, nothing is said. Everything that cannot be used is among the findings.
    ///
    /// # Errors
    ///
    /// When the file cannot be read at all.
    pub(crate) fn load(path: &Path, diagnostics: &mut Diagnostics) -> std::io::Result<Self> {
        Ok(match SettingsFile::load(path)? {
            None => Self::default(),
            Some(Ok(file)) => Self::read(&file, diagnostics),
            Some(Err(error)) => {
                // The line may hold a secret.
                diagnostics.push(Diagnostic::from(error).secret());
                Self::default()
            }
        })
    }

    /// Reads what stands in a file.
    pub(crate) fn read(file: &SettingsFile, diagnostics: &mut Diagnostics) -> Self {
        check(file, BLOCKS, CODES, diagnostics);
        let token = file.section("token");
        tell_secrets(token, diagnostics);
        let code_gen = file.section("codeGen");
        let milliseconds = file.section("client").number("httpRequestTimeout");
        Self {
            control_plane: control_plane(token, diagnostics),
            username: token.text("username"),
            trust_store: token.text("trustStoreLocation").map(PathBuf::from),
            timeout: milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.clamp(1_000, 3_600_000))),
            cors: cors(file.section("corsConfiguration"), diagnostics),
            api_fault_responses: code_gen.boolean("apiFaultResponses"),
            global_fault_responses: code_gen.boolean("globalFaultResponses"),
            digest: (!has_secret("", &file.document)).then_some(file.digest),
        }
    }

    /// What the project builds with: its own settings first.
    pub(crate) fn complete(&self, mut build: BuildSettings) -> BuildSettings {
        build.api_fault_responses = build.api_fault_responses.or(self.api_fault_responses);
        build.global_fault_responses = build.global_fault_responses.or(self.global_fault_responses);
        build.cors = build.cors.or_else(|| self.cors.clone());
        build
    }
}

/// What micro-gw encrypted with a password.
const ENCRYPTED: [&str; 3] = ["clientId", "clientSecret", "trustStorePassword"];

/// Whether a value, or one within, is a secret or an address with one in it, wherever it stands.
fn has_secret(key: &str, value: &Node) -> bool {
    if let Some(members) = value.as_object() {
        return members.iter().any(|(key, member)| has_secret(key, &member.node));
    }
    if let Some(elements) = value.as_array() {
        return elements.iter().any(|element| has_secret(key, element));
    }
    let json = value.to_json();
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    holds_secret(key, ENCRYPTED.contains(&key), &text) || text.contains("//") && is_quiet(&text)
}

/// One note for all of them.
fn tell_secrets(token: Section<'_>, diagnostics: &mut Diagnostics) {
    if let Some(first) = ENCRYPTED.into_iter().find(|key| token.is_set(key)) {
        let text =
            "what micro-gw encrypted in this file (`clientId`, `clientSecret`, `trustStorePassword`) is not used";
        diagnostics.push(
            Diagnostic::note(Code::ToolkitConfig, token.source(), token.key_span(first), text)
                .remedy("Sign in once with `mgw login`; `mgw reset -c FILE` blanks them.")
                .secret(),
        );
    }
}

fn control_plane(token: Section<'_>, diagnostics: &mut Diagnostics) -> Option<ControlPlaneSettings> {
    let wrong = |key: &str, text: String| Diagnostic::error(Code::ToolkitConfig, token.source(), token.span(key), text);
    let version = token.text("apimVersion");
    let kind = version.as_deref().and_then(kind_of);
    if let (Some(version), None) = (&version, kind) {
        let text = format!("API Manager {version} is none that mgw knows");
        diagnostics.push(
            wrong("apimVersion", text)
                .remedy("Give a version from 2.6 to 4.6, or leave it empty to have it found out at sign-in."),
        );
    }
    let endpoints = [
        "publisherEndpoint",
        "adminEndpoint",
        "registrationEndpoint",
        "tokenEndpoint",
    ];
    // Those that are no template of the base URL.
    let own: Vec<(&str, String)> = endpoints
        .into_iter()
        .filter_map(|key| Some((key, token.text(key).filter(|text| !text.contains("{baseURL}"))?)))
        .collect();
    let written = match (token.text("baseURL"), own.first()) {
        (Some(url), _) => Some(("baseURL", url)),
        // Without a base URL, one of the addresses says where it is.
        (None, Some((key, address))) => Some((*key, origin(address).unwrap_or_else(|| address.clone()))),
        (None, None) => None,
    };
    let (key, url) = written?;
    let address = match Address::parse(&url) {
        Ok(address) => address,
        Err(error) => {
            let text = format!("`token.{key}` cannot be used: {error}");
            let finding =
                wrong(key, text).remedy("Give the base URL of the control plane, as https://apim.example:9443.");
            diagnostics.push(quiet(&url, finding));
            return None;
        }
    };
    for (key, written) in &own {
        let is_there = origin(written).and_then(|origin| Address::parse(&origin).ok());
        if is_there.is_none_or(|other| other.host() != address.host()) {
            let text = format!("`token.{key}` is another server than {address}, which is asked everything");
            let finding = Diagnostic::warning(Code::ToolkitConfig, token.source(), token.span(key), text);
            diagnostics.push(quiet(written, finding));
        }
    }
    Some(ControlPlaneSettings {
        url: address.to_string(),
        // API Cloud has its own.
        kind: kind.filter(|_| !address.is_api_cloud()),
    })
}

/// Keeps addresses with credentials in them out of the output.
fn quiet(address: &str, finding: Diagnostic) -> Diagnostic {
    match is_quiet(address) {
        true => finding.secret(),
        false => finding,
    }
}

/// Whether credentials may be in an address.
fn is_quiet(address: &str) -> bool {
    address.contains(['@', '?', '#'])
}

fn kind_of(version: &str) -> Option<ControlPlaneKind> {
    let begins = |prefix: &str| {
        version
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    };
    let found = VERSIONS.iter().find(|(prefix, _)| begins(prefix));
    found.map(|(_, kind)| *kind)
}

/// Scheme, host and port of an address.
fn origin(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn cors(section: Section<'_>, diagnostics: &mut Diagnostics) -> Option<CorsSettings> {
    if section.boolean("corsConfigurationEnabled") != Some(true) {
        return None;
    }
    let mut texts = |key: &str, default: &[&str]| {
        let texts = section.texts(key);
        let texts = texts.unwrap_or_else(|| default.iter().map(|text| (*text).to_owned()).collect());
        if let Some(text) = texts.iter().find(|text| !CorsSettings::is_header_text(text)) {
            let text = format!("{text:?} of `corsConfiguration.{key}` cannot stand in a header");
            let finding = Diagnostic::error(Code::ToolkitConfig, section.source(), section.span(key), text);
            diagnostics.push(finding);
        }
        texts
    };
    let cors = CorsSettings {
        allow_origins: texts("accessControlAllowOrigins", &["*"]),
        allow_methods: texts("accessControlAllowMethods", &METHODS),
        allow_headers: texts("accessControlAllowHeaders", &HEADERS),
        expose_headers: texts("accessControlExposeHeaders", &[]),
        allow_credentials: section.boolean("accessControlAllowCredentials") == Some(true),
    };
    Some(cors)
}
