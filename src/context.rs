//! What every command is given: the terminal and the process's surroundings, read once at the edge.

use crate::cli::GlobalArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::{Ui, UiSettings, Verbosity};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
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
            no_color: environment.is_set("NO_COLOR") || environment.get("TERM") == Some("dumb"),
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
    /// Names of those that are set to what is not UTF-8.
    unreadable: BTreeSet<String>,
}

impl Environment {
    /// Takes what the process was started with. Of values that are not UTF-8 only the names are kept.
    pub fn from_process() -> Self {
        Self::of(std::env::vars_os())
    }

    /// The same, of given variables.
    pub(crate) fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(environment.variables.insert(name, value)),
                Err(_) => drop(environment.unreadable.insert(name)),
            }
        }
        environment
    }

    /// Whether a variable is set to what is not UTF-8, and is as good as not set to whoever asks for its value.
    pub fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.contains(name)
    }

    /// The variables that are set to what is not UTF-8.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.unreadable.iter().map(String::as_str)
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
            unreadable: BTreeSet::new(),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn values_that_are_not_utf_8_are_known_by_their_names() {
        let pair = |name: &str, value: &[u8]| (OsString::from(name), OsString::from_vec(value.to_vec()));
        let pairs = [pair("GOOD", b"g"), pair("BAD", b"\xff")];
        let environment = Environment::of(pairs.into_iter());
        assert_eq!((environment.get("GOOD"), environment.get("BAD")), (Some("g"), None));
        assert!(environment.is_unreadable("BAD") && !environment.is_unreadable("GOOD"));
        assert_eq!(environment.unreadable().collect::<Vec<_>>(), ["BAD"]);
    }
}
