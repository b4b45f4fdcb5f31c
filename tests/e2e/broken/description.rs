//! `format.toml` and `case.toml`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What all cases of a format share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Format {
    /// The command that reads the file, without the name of the program.
    pub command: Vec<String>,
    /// Where the files of a case go, below the working folder.
    pub to: String,
    /// How many cases there are at least.
    pub at_least: usize,
    /// Which files of `base` are damaged at random, and how often.
    #[serde(default)]
    pub damage: Vec<String>,
    #[serde(default)]
    pub damaged: u64,
    /// What the command is to end with for `base` itself; absent: there is no command that ends.
    pub good: Option<i32>,
    #[serde(flatten)]
    pub surroundings: Surroundings,
}

/// What happens before the command.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Surroundings {
    /// Commands that make what the case needs; they end with success.
    #[serde(default)]
    pub before: Vec<Vec<String>>,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Files that no repository holds: too large, not text, or no files at all.
    #[serde(default)]
    pub make: Vec<Make>,
}

/// A case, where it says more than its files do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The command, where it is not the format's.
    pub command: Option<Vec<String>>,
    /// What the command is to read from standard input.
    pub input: Option<String>,
    /// The command writes by design; only then may the folder be another afterwards.
    #[serde(default)]
    pub writes: bool,
    #[serde(flatten)]
    pub surroundings: Surroundings,
}

/// A file to make, below the working folder, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Make {
    pub file: String,
    /// What is done, and what with; see [`super::make`].
    pub how: String,
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Format {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        read(path, &text)
    }
}

impl Description {
    /// A case without the file says no more than its files do.
    pub fn read(path: &Path) -> Self {
        std::fs::read_to_string(path).map_or_else(|_| Self::default(), |text| read(path, &text))
    }
}
