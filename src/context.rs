//! What every command is given: the terminal and the process's surroundings, read once at the edge.

use crate::cli::GlobalArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::{Ui, UiSettings, Verbosity};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The surroundings of a command.
#[derive(Debug)]
pub struct Context {
    /// Output and input.
    pub ui: Ui,
    /// Environment variables.
    pub environment: Environment,
}

impl Context {
    /// Fixes the behaviour of the terminal from flags and environment.
    pub fn new(global: GlobalArgs, environment: Environment) -> Self {
        let verbosity = if global.quiet {
            Verbosity::Quiet
        } else if global.verbose {
            Verbosity::Verbose
        } else {
            Verbosity::Normal
        };
        let ui = Ui::new(UiSettings {
            format: global.output,
            verbosity,
            color: global.color,
            no_input: global.no_input,
            ci: environment.is_set("CI"),
            no_color: environment.is_set("NO_COLOR"),
        });
        if global.java_debug.is_some() {
            ui.warn("--java.debug has no effect: there is no Java to debug; -v tells every step");
        }
        Self { ui, environment }
    }

    /// Runs a future on a runtime of its own; commands that need no network never start one.
    pub fn block_on<T>(&self, future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(ExitCode::Environment, "cannot start the worker threads").because(error))?
            .block_on(future)
    }
}

#[cfg(test)]
impl Context {
    /// One that says nothing but errors, and never asks.
    pub(crate) fn silent(environment: Environment) -> Self {
        let global = GlobalArgs {
            output: crate::ui::OutputFormat::Text,
            quiet: true,
            verbose: false,
            color: crate::ui::ColorChoice::Never,
            no_input: true,
            java_debug: None,
        };
        Self::new(global, environment)
    }
}

/// Environment variables, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Takes what the process was started with. Values that are not UTF-8 are left out.
    pub fn from_process() -> Self {
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        }
    }

    /// Returns the value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns the value of a variable that is set, also to nothing. For variables that check something: one that came out
    /// empty by mistake must not have less checked.
    pub fn get_even_empty(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Whether a variable is set to anything but nothing.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Every variable.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The folder of the user's own files: `MGW_CONFIG_DIR`, else the platform's configuration folder.
    ///
    /// # Errors
    ///
    /// Without a home directory the user must name one.
    pub fn config_dir(&self) -> Result<PathBuf, Failure> {
        use etcetera::BaseStrategy;
        if let Some(dir) = self.get("MGW_CONFIG_DIR") {
            return Ok(PathBuf::from(dir));
        }
        etcetera::choose_base_strategy()
            .map(|strategy| strategy.config_dir().join("mgw"))
            .map_err(|error| {
                Failure::new(ExitCode::Environment, "cannot find your home directory")
                    .because(error)
                    .hint("Set MGW_CONFIG_DIR to the folder that is to hold mgw's files.")
            })
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}
