//! The operator's settings: file, environment, `--set`.

use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::{Detail, Failure};
use crate::ui::Ui;
use crate::ui::count::Counted;
use mgw_runtime::config::{ConfigError, ConfigWarning, RuntimeConfig, Sources, WhatIsSet};
use std::path::{Path, PathBuf};

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
        ("b7a.observability.metrics.prometheus.port", "0"),
        ("b7a.http.accesslog.console", "false"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// Merges and checks the settings; warnings are shown, problems all reported together.
///
/// # Errors
///
/// When the file cannot be read, or any setting is wrong.
pub(crate) fn load_settings(
    settings: &GatewaySettings,
    environment: &Environment,
    ui: &Ui,
) -> Result<RuntimeConfig, Failure> {
    let (config, warnings) = read_settings(settings, environment)?;
    for warning in warnings {
        ui.warn(warning);
    }
    Ok(config)
}

/// Merges and checks the settings, and returns what there is to warn of.
///
/// # Errors
///
/// As [`load_settings`].
pub(crate) fn read_settings(
    settings: &GatewaySettings,
    environment: &Environment,
) -> Result<(RuntimeConfig, Vec<ConfigWarning>), Failure> {
    let file = match &settings.file {
        Some(path) => Some((path.display().to_string(), read(path)?)),
        None => None,
    };
    let variables: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let sources = Sources {
        file: file.as_ref().map(|(path, text)| (path.as_str(), text.as_str())),
        environment: &variables,
        sets: &settings.sets,
    };
    RuntimeConfig::load(sources).map_err(|problems| {
        let count = Counted(problems.len(), "problem", "problems");
        let mut failure = Failure::new(ExitCode::Invalid, format!("the gateway's settings have {count}"))
            .hint("Every key is described in the documentation under \"Gateway configuration\".");
        failure.details.extend(problems.iter().map(detail));
        failure
    })
}

/// What is set, for those who look at it: no secret, and where each value comes from.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn what_is_set(settings: &GatewaySettings, environment: &Environment) -> Result<WhatIsSet, Failure> {
    let file = match &settings.file {
        Some(path) => Some((path.display().to_string(), read(path)?)),
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

fn detail(problem: &ConfigError) -> Detail {
    let message = problem.to_string();
    let mut text = format!("error: {message}");
    if !problem.remedy.is_empty() {
        text = format!("{text}\n  hint: {}", problem.remedy);
    }
    Detail {
        text,
        json: serde_json::json!({ "severity": "error", "message": message, "remedy": problem.remedy }),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))
}
