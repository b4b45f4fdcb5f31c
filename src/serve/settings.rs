//! The operator's settings: file, environment, `--set`.

use super::BundleSource;
use crate::commands::findings;
use crate::context::Environment;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity, certain};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::ui::Ui;
use crate::whole_file::read_public;
use crate::yaml::{Source, Span, SyntaxError, syntax_errors};
use mgw_runtime::config::{
    ConfigError, ConfigWarning, ErrorKind, Origin, RuntimeConfig, Sources, WarningKind, WhatIsSet, known_key,
    shown_values,
};
use std::path::{Path, PathBuf};

/// Larger files are refused; the gateway says more about those that are a little too large.
const MAX_FILE: u64 = 2 << 20;

/// Where the operator's settings come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct GatewaySettings {
    /// `--config`, else `MGW_CONF_DIR/micro-gw.conf`, else the project's own file.
    pub(crate) file: Option<PathBuf>,
    /// `--set key=value`.
    pub(crate) sets: Vec<(String, String)>,
}

/// Listeners on loopback and free ports, so that a gateway that runs already is not in the way; standard output is for
/// what the command has to say.
pub(crate) fn free_ports() -> Vec<(String, String)> {
    [
        ("listenerConfig.host", "127.0.0.1"),
        ("listenerConfig.httpPort", "0"),
        ("listenerConfig.httpsPort", "0"),
        ("adminConfig.port", "0"),
        ("b7a.http.accesslog.console", "false"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// What of the settings could be understood.
#[derive(Debug)]
pub(crate) struct ReadSettings {
    /// The settings; `None` where something is wrong with them.
    pub(crate) config: Option<RuntimeConfig>,
    /// Everything that is wrong with them, or may not be meant.
    pub(crate) diagnostics: Diagnostics,
    /// The file, of which only that may be shown which is no secret.
    source: Option<Source>,
}

impl GatewaySettings {
    /// The file that `run` takes: what `--config` names, else that of the folder in `MGW_CONF_DIR`, else the project's own.
    pub(crate) fn of(config: Option<&Path>, environment: &Environment, source: &BundleSource) -> Self {
        let from_environment = environment
            .get("MGW_CONF_DIR")
            .map(|folder| Path::new(folder).join("micro-gw.conf"));
        Self {
            file: config
                .map(Path::to_owned)
                .or(from_environment)
                .or_else(|| source.runtime_config()),
            sets: Vec::new(),
        }
    }
}

/// Tells of a file that is not read, because it lies in the project's folder and not in `conf/` below, where no other one is named.
pub(crate) fn left_aside(
    config: Option<&Path>,
    environment: &Environment,
    source: &BundleSource,
) -> Option<Diagnostic> {
    let BundleSource::Project(layout) = source else {
        return None;
    };
    let is_named = config.is_some() || environment.get("MGW_CONF_DIR").is_some();
    let file = layout.root().join("micro-gw.conf");
    if is_named || layout.runtime_config().exists() || !file.is_file() {
        return None;
    }
    let message = format!(
        "this file is not read: the gateway's settings stand in {}",
        shown(&layout.runtime_config())
    );
    let mut finding = Diagnostic::file(Code::Files, shown(&file), message);
    finding.severity = Severity::Note;
    Some(finding.remedy("Move it there, or name it with --config."))
}

/// Merges and checks the settings; everything that is wrong with them is told together.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn read_settings(settings: &GatewaySettings, environment: &Environment) -> Result<ReadSettings, Failure> {
    // As good as not set, it would leave a default where somebody meant something else.
    if let Some(name) = environment.unreadable().find(|name| is_setting(name)) {
        return Err(
            Failure::new(ExitCode::Usage, format!("the value of {name} is not UTF-8")).hint(format!(
                "{name} is a setting of the gateway: set it to a text in UTF-8, or unset it."
            )),
        );
    }
    let file = match &settings.file {
        Some(path) => Some((shown(path), read_named(path, environment)?)),
        None => None,
    };
    Ok(read_sources(file, &settings.sets, environment))
}

/// Whether a variable of that name sets a key.
fn is_setting(name: &str) -> bool {
    [name, &name.replace('_', ".")]
        .into_iter()
        .any(|key| known_key(key).is_some())
}

/// The same, with the name and the bytes of the file.
pub(crate) fn read_sources(
    file: Option<(String, Vec<u8>)>,
    sets: &[(String, String)],
    environment: &Environment,
) -> ReadSettings {
    let mut diagnostics = Diagnostics::default();
    let file = match file.map(|(name, bytes)| Source::new(&name, bytes)).transpose() {
        Ok(file) => file,
        Err(error) => {
            diagnostics.push(error.into());
            let config = None;
            let source = None;
            return ReadSettings {
                config,
                diagnostics,
                source,
            };
        }
    };
    let variables: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let sources = Sources {
        file: file.as_ref().map(|source| (source.name(), source.text())),
        environment: &variables,
        sets,
    };
    let (config, errors, warnings) = match RuntimeConfig::load(sources) {
        Ok((config, warnings)) => (Some(config), Vec::new(), warnings),
        Err(errors) => (None, errors, Vec::new()),
    };
    let source = file.map(|source| {
        let values = shown_values(source.text());
        source.showing_only(values.into_iter().map(|range| Span::new(range.start, range.end)))
    });
    for error in of_syntax(&errors, source.as_ref()) {
        diagnostics.push(error.into());
    }
    errors
        .iter()
        .filter(|error| error.kind != ErrorKind::Syntax)
        .for_each(|error| diagnostics.push(of_error(error, source.as_ref())));
    warnings
        .iter()
        .for_each(|warning| diagnostics.push(of_warning(warning, source.as_ref())));
    diagnostics.sort();
    ReadSettings {
        config,
        diagnostics,
        source,
    }
}

impl ReadSettings {
    /// A finding where a setting was written; `None`: nobody wrote it.
    pub(crate) fn finding(&self, code: Code, origin: Option<&Origin>, message: &str) -> Diagnostic {
        match (origin, &self.source) {
            (Some(origin), source) => at(code, origin, source.as_ref(), message).0,
            (None, Some(source)) => Diagnostic::file(code, source.name(), message),
            (None, None) => Diagnostic::outside(code, "the gateway's settings", message),
        }
    }
}

/// Merges and checks the settings; what may not be meant is shown.
///
/// # Errors
///
/// When the file cannot be read, or any setting is wrong: the failure has everything that is.
pub(crate) fn load_settings(
    settings: &GatewaySettings,
    environment: &Environment,
    ui: &Ui,
) -> Result<RuntimeConfig, Failure> {
    let read = read_settings(settings, environment)?;
    match read.config {
        Some(config) => {
            findings::show(ui, &read.diagnostics);
            Ok(config)
        }
        None => Err(unusable("the gateway's settings have", &read.diagnostics, ui)),
    }
}

/// The failure of a command that needs settings; `who` has what was found.
pub(crate) fn unusable(who: &str, diagnostics: &Diagnostics, ui: &Ui) -> Failure {
    let mut failure = Failure::new(ExitCode::Invalid, format!("{who} {}", diagnostics.summary()))
        .hint("Every key is described in the documentation under \"Gateway configuration\".")
        .hint("`mgw explain CODE` says more about a finding; its code stands in brackets.");
    failure.details = findings::details(ui, diagnostics);
    failure
}

/// What is set, for those who look at it: no secret, and where each value comes from.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn what_is_set(settings: &GatewaySettings, environment: &Environment) -> Result<WhatIsSet, Failure> {
    let file = match &settings.file {
        Some(path) => Some((shown(path), text(path, read(path)?)?)),
        None => None,
    };
    let variables: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(WhatIsSet::of(Sources {
        file: file.as_ref().map(|(path, text)| (path.as_str(), text.as_str())),
        environment: &variables,
        sets: &settings.sets,
    }))
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error());
        Failure::file("read", path, error)
    })
}

/// What is no TOML in the file, explained as in every other one.
fn of_syntax(errors: &[ConfigError], file: Option<&Source>) -> Vec<SyntaxError> {
    let said = errors.iter().filter_map(|error| match (&error.kind, &error.origin) {
        (ErrorKind::Syntax, Origin::File { bytes, .. }) => Some((error.reason.clone(), bytes.clone())),
        _ => None,
    });
    file.map(|source| syntax_errors(source, said)).unwrap_or_default()
}

fn of_error(error: &ConfigError, file: Option<&Source>) -> Diagnostic {
    let code = match error.kind {
        ErrorKind::Syntax => Code::Syntax,
        ErrorKind::UnknownKey { .. } => Code::UnknownSetting,
        ErrorKind::Value => Code::GatewaySetting,
    };
    let (mut finding, place) = at(code, &error.origin, file, &error.reason);
    if !error.remedy.is_empty() {
        finding = finding.remedy(&error.remedy);
    }
    let correction = match &error.kind {
        ErrorKind::UnknownKey { part, known } => certain(part, known.iter().copied()),
        ErrorKind::Syntax | ErrorKind::Value => error.correction.as_deref(),
    };
    match (correction, place, file) {
        (Some(text), Some(place), Some(source)) => {
            let finding = finding.replacing(place, text);
            let admits = is_switch(source, place) || ADMITTING.contains(&text);
            finding.only_likely_if(admits)
        }
        _ => finding,
    }
}

/// Names of settings by which somebody is trusted.
const ADMITTING: [&str; 9] = [
    "jwtTokenConfig",
    "tokenConfigs",
    "users",
    "certificates",
    "clientCaFile",
    "caFile",
    "trustStorePath",
    "trustedKeys",
    "trustedProxies",
];

/// Whether what stands at a place is a truth value, or its key: what is switched by it may be a protection.
fn is_switch(source: &Source, place: Span) -> bool {
    let (line, start) = source.line_of(place);
    let behind = line
        .get((place.end as usize).saturating_sub(start)..)
        .unwrap_or_default();
    let value = behind
        .trim_start()
        .strip_prefix('=')
        .unwrap_or_else(|| source.slice(place));
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    value.starts_with("true") || value.starts_with("false")
}

fn of_warning(warning: &ConfigWarning, file: Option<&Source>) -> Diagnostic {
    let (code, severity, remedy) = match warning.kind {
        WarningKind::NoEffect => (
            Code::SettingWithoutEffect,
            Severity::Note,
            "Remove it, unless micro-gw reads the file too.",
        ),
        WarningKind::Doubtful => (
            Code::DoubtfulSetting,
            Severity::Warning,
            "Change it, unless it is meant.",
        ),
    };
    let (mut finding, _) = at(code, &warning.origin, file, &warning.reason);
    finding.severity = severity;
    finding.remedy(warning.remedy.unwrap_or(remedy))
}

/// A finding where a setting was written, and that place when it is in the file.
fn at(code: Code, origin: &Origin, file: Option<&Source>, message: &str) -> (Diagnostic, Option<Span>) {
    match (origin, file) {
        (Origin::File { bytes, .. }, Some(source)) => {
            let span = Span::new(bytes.start, bytes.end);
            (Diagnostic::error(code, source, span, message), Some(span))
        }
        (origin, _) => (Diagnostic::outside(code, origin.to_string(), message), None),
    }
}

/// Reads the file, which a variable may name.
fn read_named(path: &Path, environment: &Environment) -> Result<Vec<u8>, Failure> {
    read(path).map_err(|failure| {
        let folder = environment.get("MGW_CONF_DIR").map(Path::new);
        match folder.is_some_and(|folder| path.parent() == Some(folder)) {
            true => failure.hint("MGW_CONF_DIR names the folder: set another one, or unset it."),
            false => failure,
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    // The bytes may hold secrets, and become a text that does.
    read_public(path, MAX_FILE).map_err(|error| Failure::file("read", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Layout;

    #[test]
    fn settings_beside_their_folder_are_told_where_no_other_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("micro-gw.conf");
        let source = BundleSource::Project(Layout::new(folder.path()));
        let is_told = |config: Option<&Path>, variables: &[(&'static str, &'static str)]| {
            let environment: Environment = variables.iter().copied().collect();
            left_aside(config, &environment, &source).is_some()
        };
        assert!(!is_told(None, &[]));
        std::fs::write(&file, "").unwrap();
        assert!(is_told(None, &[]));
        assert!(!is_told(Some(&file), &[]));
        assert!(!is_told(None, &[("MGW_CONF_DIR", "/etc/mgw")]));
        std::fs::create_dir(folder.path().join("conf")).unwrap();
        std::fs::write(folder.path().join("conf/micro-gw.conf"), "").unwrap();
        assert!(!is_told(None, &[]));
    }
}
