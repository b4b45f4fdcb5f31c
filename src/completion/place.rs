//! What is around a command line: the project that it is about, and the user's files.

use crate::context::Environment;
use crate::project::{Layout, Settings};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The ids under which commands know the project's folder.
const FOLDERS: [&str; 4] = ["project", "source", "dir", "folder"];

/// What is around a command line.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) environment: &'a Environment,
    /// The project, which need not be one.
    pub(super) layout: Layout,
    pub(super) arguments: &'a BTreeMap<String, Vec<String>>,
}

impl<'a> Place<'a> {
    pub(super) fn new(arguments: &'a BTreeMap<String, Vec<String>>, environment: &'a Environment) -> Self {
        let named = FOLDERS.iter().find_map(|id| arguments.get(*id)?.first());
        let folder = named.map_or_else(|| PathBuf::from("."), PathBuf::from);
        Self {
            environment,
            layout: Layout::new(folder),
            arguments,
        }
    }

    /// `mgw.toml`, where it can be read.
    pub(super) fn settings(&self) -> Option<Settings> {
        Settings::load(&self.layout.settings()).ok().flatten()
    }
}
