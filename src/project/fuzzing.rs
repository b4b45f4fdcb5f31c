//! Entry points of the fuzz targets into the readers of `mgw.toml`, and of definitions that come from elsewhere.

use super::incoming::{Incoming, name_from_server};
use super::{Settings, SettingsError};
use crate::audit;
use crate::diagnostics::fuzzing::told;
use crate::yaml::Format;
use std::path::Path;
use url::Url;

pub use super::workspace::fuzz as workspace_file;

/// Reads the settings of a project. What is good is written as what is read again.
pub fn project_settings(bytes: &[u8]) -> String {
    let path = Path::new("mgw.toml");
    let Ok(text) = std::str::from_utf8(bytes) else {
        return String::new();
    };
    match Settings::parse(text, path) {
        Ok(settings) => {
            let written = toml::to_string(&settings).expect("settings are TOML");
            assert_eq!(
                Settings::parse(&written, path).expect("it was written just now"),
                settings
            );
            told(audit::fuzzing::suppressions(&settings.audit))
        }
        Err(SettingsError::Invalid { findings, .. }) => told(findings),
        Err(error) => error.to_string(),
    }
}

/// Takes a definition from elsewhere, whose `Content-Disposition` is the first line. Its file gets a name that is one, in one
/// of the folders of definitions, and that is kept when it comes again.
pub fn added_definition(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (disposition, rest) = bytes.split_at(end);
    let url = Url::parse("https://h.example/a/b%2Fc").expect("it is one");
    let name = name_from_server(&url, std::str::from_utf8(disposition).ok());
    match Incoming::new("definition", &name, rest.to_vec()) {
        Ok(incoming) => {
            let name = &incoming.file_name;
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!(
                name.chars().all(plain) && !name.starts_with('.') && name.len() <= 120,
                "{name}"
            );
            assert!(Format::of_name(name).is_some() || name.ends_with(".proto"), "{name}");
            assert_eq!(&super::incoming::file_name(name, rest), name);
            let places = incoming.places(|path, _| !path.contains("-2"));
            assert!(places.iter().all(|(path, _)| path.starts_with(incoming.folder)));
            String::new()
        }
        Err(diagnostics) => told(diagnostics),
    }
}
