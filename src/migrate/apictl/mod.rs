//! Projects and exports of `apictl`, those for Choreo Connect among them: a folder or archive for each API.

mod api;
mod api_file;
mod certificates;
mod fields;
mod files;
mod older;
mod parameters;

use super::draft::{Draft, Place};
use super::tree::{Branch, Tree};
use super::{MigrateError, policies};
use crate::cloud::pull::{CertificateFiles, document};
use crate::diagnostics::Code;
use api::Converter;
use api_file::{ApiFile, NAMES, Shape};
use parameters::Parameters;
use std::collections::{BTreeMap, BTreeSet};

/// Most archives in what is migrated.
const MAX_ARCHIVES: usize = 2_000;

/// What the user says about the environments of APIs.
#[derive(Debug, Default)]
pub(super) struct Environments<'a> {
    /// The one that is meant.
    pub(super) name: Option<&'a str>,
    /// Where its parameters are, when not beside the APIs.
    pub(super) parameters: Option<Branch<'a>>,
}

/// Whether there is an API of `apictl` in it.
pub(super) fn is_there(root: &Branch<'_>) -> bool {
    if !folders(root).is_empty() {
        return true;
    }
    archives(root, &[]).take(MAX_ARCHIVES).any(|path| {
        let Ok(bytes) = root.read(path) else { return false };
        Tree::of_archive(root.shown(path), &bytes).is_ok_and(|tree| !folders(&tree.root()).is_empty())
    })
}

/// Converts every API.
pub(super) fn convert(
    root: &Branch<'_>,
    environments: &Environments<'_>,
    draft: &mut Draft,
) -> Result<(), MigrateError> {
    let mut batch = Batch {
        environments,
        converter: Converter {
            draft,
            certificates: CertificateFiles::new(),
            names: BTreeMap::new(),
            delivered: BTreeSet::new(),
        },
        used_environment: false,
    };
    batch.convert(root, true)?;
    if let Some(name) = environments.name
        && !batch.used_environment
    {
        return Err(MigrateError::NoParameters(name.to_owned()));
    }
    let Converter {
        certificates,
        delivered,
        ..
    } = batch.converter;
    draft.carried.policies += delivered.len();
    draft.files.insert("policies.yaml".into(), policies::file(&delivered));
    let certificates = certificates.sorted();
    if !certificates.is_empty() {
        let index = document(&certificates.index).map_err(MigrateError::Document)?;
        draft.files.insert("gen/control-plane/certificates.json".into(), index);
        for (path, pem) in certificates.files {
            draft
                .files
                .insert(format!("gen/control-plane/{path}"), pem.into_bytes());
        }
    }
    Ok(())
}

/// All APIs of a migration.
struct Batch<'a, 'd> {
    environments: &'a Environments<'a>,
    converter: Converter<'d>,
    used_environment: bool,
}

impl Batch<'_, '_> {
    /// Converts the APIs in folders, then those in archives among them.
    fn convert(&mut self, root: &Branch<'_>, looks_into_archives: bool) -> Result<(), MigrateError> {
        let folders = folders(root);
        for folder in &folders {
            self.api(root, &root.folder(folder))?;
        }
        let mut seen: BTreeSet<String> = BTreeSet::new();
        if looks_into_archives {
            for path in archives(root, &folders).take(MAX_ARCHIVES) {
                let place = Place::File(root.shown(path));
                seen.insert(path.to_owned());
                let opened = root
                    .read(path)
                    .and_then(|bytes| Tree::of_archive(root.shown(path), &bytes));
                match opened {
                    Ok(tree) => self.convert(&tree.root(), false)?,
                    Err(error) => {
                        let why = std::error::Error::source(&error).map_or(String::new(), |why| format!(": {why}"));
                        self.converter.draft.left_out(
                            Code::MigrateApi,
                            &place,
                            format!("this archive is not read{why}"),
                            "Export the API again.",
                        );
                    }
                }
            }
        }
        // What lies inside a folder of an API has been listed with it.
        seen.extend(root.files().filter(|path| is_inside(path, &folders)).map(str::to_owned));
        seen.extend(parameters::NAMES.map(str::to_owned));
        files::list(root, &seen, self.converter.draft);
        Ok(())
    }

    fn api(&mut self, root: &Branch<'_>, branch: &Branch<'_>) -> Result<(), MigrateError> {
        let found = match &self.environments.parameters {
            Some(given) => Parameters::read(given),
            None => Parameters::read(branch).or_else(|| Parameters::read(root)),
        };
        let parameters = match found {
            None => None,
            Some(Ok(parameters)) => Some(parameters),
            Some(Err(error)) => return Err(MigrateError::Parameters(api::sentence(error))),
        };
        let environment = match (&parameters, self.environments.name) {
            (Some(parameters), Some(name)) => {
                self.used_environment = true;
                Some(parameters.environment(name)?)
            }
            (Some(parameters), None) => {
                let names = parameters.names().join(", ");
                self.converter.draft.lost(
                    Code::MigrateSetting,
                    &parameters.place(),
                    format!("what differs between environments is not applied: {names}"),
                    "Name the one that is meant with --environment.",
                );
                None
            }
            (None, _) => None,
        };
        self.converter.api(branch, environment.as_ref());
        Ok(())
    }
}

/// The folders of APIs, sorted; the empty path is the branch itself. A folder inside that of an API belongs to it.
fn folders(root: &Branch<'_>) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    let candidates: BTreeSet<&str> = root.files().filter_map(folder_of_api).collect();
    for folder in candidates {
        if is_inside_of(folder, &folders) {
            continue;
        }
        let describes = |file: &ApiFile| file.shape != Shape::Unknown;
        match ApiFile::read(&root.folder(folder)) {
            Some(Ok(file)) if describes(&file) => folders.push(folder.to_owned()),
            // A file of that name that cannot be read is told, rather than passed over.
            Some(Err(_)) => folders.push(folder.to_owned()),
            _ => {}
        }
    }
    folders
}

/// The folder whose API this file describes, if it does by its name.
fn folder_of_api(path: &str) -> Option<&str> {
    NAMES
        .iter()
        .rev()
        .find_map(|name| path.strip_suffix(name))
        .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        .map(|folder| folder.trim_end_matches('/'))
}

fn is_inside(path: &str, folders: &[String]) -> bool {
    folders.iter().any(|folder| {
        folder.is_empty()
            || path
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
    })
}

fn is_inside_of(folder: &str, folders: &[String]) -> bool {
    is_inside(folder, folders)
}

/// Archives outside the folders of APIs.
fn archives<'a>(root: &Branch<'a>, folders: &'a [String]) -> impl Iterator<Item = &'a str> {
    let paths: Vec<&'a str> = root
        .files()
        .filter(|path| path.to_ascii_lowercase().ends_with(".zip") && !is_inside(path, folders))
        .collect();
    paths.into_iter()
}

#[cfg(test)]
mod tests;
