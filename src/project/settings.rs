//! `mgw.toml`: what the project is called, where its APIs come from.

mod day;
mod moving;
mod origin;
mod read;
mod schema;

use super::shown;
use super::workspace::is_workspace;
use crate::audit::AuditSettings;
use crate::diagnostics::Diagnostics;
use crate::whole_file::read_public;
pub(crate) use origin::never_sent;
use read::ReadSettings;
pub(super) use read::read_workspace;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the file format that this program reads and writes.
pub const FORMAT: u32 = 1;

/// The largest file that is read, in bytes.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// The contents of `mgw.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Format version, [`FORMAT`].
    pub format: u32,
    /// Project name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Where `pull` gets the APIs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_plane: Option<ControlPlaneSettings>,
    /// What `pull` gets.
    #[serde(default, skip_serializing_if = "PullSettings::is_empty")]
    pub pull: PullSettings,
    /// How `build` compiles.
    #[serde(default, skip_serializing_if = "BuildSettings::is_default")]
    pub build: BuildSettings,
    /// What `audit` passes over.
    #[serde(default, skip_serializing_if = "AuditSettings::is_default")]
    pub audit: AuditSettings,
}

/// `[build]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BuildSettings {
    /// Answer unknown resources and methods of an API with JSON bodies (micro-gw: `codeGen.apiFaultResponses`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_fault_responses: Option<bool>,
    /// Answer unknown base paths with a JSON body (micro-gw: `codeGen.globalFaultResponses`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_fault_responses: Option<bool>,
    /// Build what that gateway would have built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
    /// CORS of definitions that say nothing about it, and of the token endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsSettings>,
}

/// `[build.cors]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CorsSettings {
    /// Origins that may call; `*` stands for all.
    #[serde(deserialize_with = "header_texts")]
    pub allow_origins: Vec<String>,
    /// Methods that may be used.
    #[serde(deserialize_with = "header_texts")]
    pub allow_methods: Vec<String>,
    /// Request headers that may be sent.
    #[serde(deserialize_with = "header_texts")]
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read.
    #[serde(deserialize_with = "header_texts")]
    pub expose_headers: Vec<String>,
    /// Whether callers may send credentials.
    pub allow_credentials: bool,
}

impl CorsSettings {
    /// Whether a text can stand in a list of a header as it is.
    pub(crate) fn is_header_text(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b',')
    }
}

fn header_texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    match texts.iter().find(|text| !CorsSettings::is_header_text(text)) {
        Some(text) => Err(serde::de::Error::custom(format!("{text:?} cannot stand in a header"))),
        None => Ok(texts),
    }
}

/// A gateway whose ways a project relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compat {
    /// A policy that nobody defined is a warning, and the calls under it are refused with 900809. What the gateway's own
    /// services hide is a warning.
    #[serde(rename = "micro-gw-3.2")]
    MicroGw32,
}

impl BuildSettings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// `[control-plane]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ControlPlaneSettings {
    /// Base URL.
    pub url: String,
    /// Which generation of REST APIs it speaks; found out at sign-in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ControlPlaneKind>,
}

/// The REST API generation of a control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ControlPlaneKind {
    /// WSO2 API Cloud: the APIs of 3.2 without a version segment.
    ApiCloud,
    /// Self-hosted API Manager 2.6.
    #[serde(rename = "apim-2.6")]
    #[value(name = "apim-2.6")]
    Apim26,
    /// Self-hosted API Manager 3.0.
    #[serde(rename = "apim-3.0")]
    #[value(name = "apim-3.0")]
    Apim30,
    /// Self-hosted API Manager 3.1.
    #[serde(rename = "apim-3.1")]
    #[value(name = "apim-3.1")]
    Apim31,
    /// Self-hosted API Manager 3.2.
    #[serde(rename = "apim-3.2")]
    #[value(name = "apim-3.2")]
    Apim32,
    /// Self-hosted API Manager 4.0.
    #[serde(rename = "apim-4.0")]
    #[value(name = "apim-4.0")]
    Apim40,
    /// Self-hosted API Manager 4.1.
    #[serde(rename = "apim-4.1")]
    #[value(name = "apim-4.1")]
    Apim41,
    /// Self-hosted API Manager 4.2 to 4.6.
    #[serde(rename = "apim-4.2")]
    #[value(name = "apim-4.2")]
    Apim42,
}

/// `[pull]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PullSettings {
    /// Gateway labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Tags of APIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Single APIs as `NAME:VERSION`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<String>,
    /// Everything that can be served.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl PullSettings {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why `mgw.toml` could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what is expected.
    #[error("{}", told(findings))]
    Invalid {
        /// The file.
        path: String,
        /// Everything that is wrong with it.
        findings: Diagnostics,
    },
    /// The file is that of a folder with several projects.
    #[error("{path} is the file of a workspace: its projects are in folders below it")]
    Workspace {
        /// The file.
        path: String,
    },
}

/// The first finding, for those who have room for one.
fn told(findings: &Diagnostics) -> String {
    let first = findings.iter().next().map(|finding| match finding.position() {
        Some(position) => format!(
            "{}:{}:{}: {}",
            finding.file, position.line, position.column, finding.message
        ),
        None => format!("{}: {}", finding.file, finding.message),
    });
    match (first, findings.iter().count()) {
        (Some(first), 2..) => format!("{first} (and more)"),
        (first, _) => first.unwrap_or_default(),
    }
}

impl Settings {
    /// Settings of a new project.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            format: FORMAT,
            name: name.into(),
            control_plane: None,
            pull: PullSettings::default(),
            build: BuildSettings::default(),
            audit: AuditSettings::default(),
        }
    }

    /// Reads `path` as far as it can be understood, and tells everything that is wrong with it; `None` when there is no such
    /// file (a micro-gw project has none).
    ///
    /// # Errors
    ///
    /// When it cannot be read at all.
    pub(crate) fn read(path: &Path) -> Result<Option<ReadSettings>, SettingsError> {
        match read_public(path, MAX_FILE) {
            Ok(bytes) => {
                refuse_workspace(&String::from_utf8_lossy(&bytes), path)?;
                Ok(Some(read::read(bytes, &shown(path))))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SettingsError::Read {
                path: path.display().to_string(),
                source,
            }),
        }
    }

    /// Reads `path`; `None` when there is no such file.
    ///
    /// # Errors
    ///
    /// Has everything that is wrong with the file.
    pub fn load(path: &Path) -> Result<Option<Self>, SettingsError> {
        Self::read(path)?.map(|read| whole(read, path)).transpose()
    }

    /// Reads the text of `mgw.toml`; `path` is for messages.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        refuse_workspace(text, path)?;
        whole(read::read(text.as_bytes().to_vec(), &shown(path)), path)
    }
}

/// The file of a workspace says nothing of a project.
fn refuse_workspace(text: &str, path: &Path) -> Result<(), SettingsError> {
    if is_workspace(text) {
        return Err(SettingsError::Workspace {
            path: path.display().to_string(),
        });
    }
    Ok(())
}

fn whole(read: ReadSettings, path: &Path) -> Result<Settings, SettingsError> {
    if read.diagnostics.has_errors() {
        Err(SettingsError::Invalid {
            path: shown(path),
            findings: read.diagnostics,
        })
    } else {
        Ok(read.settings)
    }
}

#[cfg(test)]
mod tests;
