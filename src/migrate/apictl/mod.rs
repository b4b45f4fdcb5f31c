//! Projects and exports of `apictl`, those for Choreo Connect among them: a folder or archive for each API.

mod api;
mod api_file;
mod backends;
mod certificates;
mod custom_rule;
mod differences;
mod fields;
mod files;
mod older;
mod parameters;
mod primary;
mod rate_limits;
mod variables;

use super::archive::Budget;
use super::draft::{Draft, Place};
use super::tree::{Branch, Tree};
use super::{MigrateError, policies};
use crate::cloud::pull::{CertificateFiles, document};
use crate::context::Environment as Variables;
use crate::diagnostics::Code;
use api::Converter;
use api_file::{ApiFile, NAMES, Shape};
use parameters::{Environment, Parameters};
use rate_limits::RateLimits;
use std::collections::{BTreeMap, BTreeSet};

/// Most archives in what is migrated.
const MAX_ARCHIVES: usize = 2_000;

/// What the user says about the environments of APIs.
#[derive(Debug)]
pub(super) struct Environments<'a> {
    /// The one that is meant.
    pub(super) name: Option<&'a str>,
    /// Where its parameters are, when not beside the APIs.
    pub(super) parameters: Option<Branch<'a>>,
    /// The gateway's settings, where they are among the files: they are read elsewhere.
    pub(super) settings: Option<String>,
    /// What variables in parameters are filled with.
    pub(super) variables: &'a Variables,
}

/// Whether there is an API of `apictl` in it.
pub(super) fn is_there(root: &Branch<'_>) -> bool {
    if !folders(root).is_empty() {
        return true;
    }
    let mut budget = Budget::of_many();
    archives(root, &Folders::default()).take(MAX_ARCHIVES).any(|path| {
        let Ok(bytes) = root.read(path) else { return false };
        Tree::of_archive(root.shown(path), &bytes, &mut budget).is_ok_and(|tree| !folders(&tree.root()).is_empty())
    })
}

/// Converts every API.
pub(super) fn convert(
    root: &Branch<'_>,
    environments: &Environments<'_>,
    draft: &mut Draft,
) -> Result<(), MigrateError> {
    let of_apis = folders(root);
    let limits = RateLimits::read(root, |path| of_apis.hold(path), draft);
    let mut batch = Batch {
        environments,
        budget: Budget::of_many(),
        seen: limits.seen.iter().cloned().collect(),
        failed: None,
        converter: Converter {
            draft,
            certificates: CertificateFiles::new(),
            names: BTreeMap::new(),
            delivered: BTreeSet::new(),
            limits,
            elsewhere: environments.settings.iter().map(|path| root.shown(path)).collect(),
            variables: environments.variables,
        },
        used_environment: false,
    };
    batch.convert(root, None)?;
    if let Some(name) = environments.name
        && !batch.used_environment
    {
        return Err(batch
            .failed
            .unwrap_or_else(|| MigrateError::NoParameters(name.to_owned())));
    }
    let Converter {
        certificates,
        delivered,
        limits,
        draft,
        ..
    } = batch.converter;
    let mut policies = policies::file(&delivered);
    policies.extend_from_slice(limits.custom().as_bytes());
    limits.write(draft)?;
    draft.carried.policies += delivered.len();
    draft.files.insert("policies.yaml".into(), policies);
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

/// Parameters of one or more APIs.
enum Shared<'p> {
    /// There is no such file.
    None,
    /// Why it cannot be read.
    Unreadable(String),
    /// With what it says of the environment that is meant.
    Read(Box<Parameters<'p>>, Option<Environment<'p>>),
}

impl<'p> Shared<'p> {
    /// Those of a folder.
    fn read(branch: &Branch<'p>, environments: &Environments<'_>) -> Self {
        match Parameters::read(branch) {
            None => Self::None,
            Some(Err(error)) => Self::Unreadable(api::sentence(error)),
            Some(Ok(parameters)) => {
                let meant = environments.name;
                let environment = meant.and_then(|name| parameters.environment(name, environments.variables));
                Self::Read(Box::new(parameters), environment)
            }
        }
    }
}

/// All APIs of a migration.
struct Batch<'a, 'd> {
    environments: &'a Environments<'a>,
    converter: Converter<'d>,
    /// For the archives among the files.
    budget: Budget,
    /// Files that were read before the APIs.
    seen: BTreeSet<String>,
    used_environment: bool,
    /// Why the environment of the first API without one could not be used.
    failed: Option<MigrateError>,
}

impl Batch<'_, '_> {
    /// Converts the APIs in folders, then those in archives among them. In an archive, the parameters `outer` of what it lies
    /// in count where it has none. Returns whether they were.
    fn convert(&mut self, root: &Branch<'_>, outer: Option<&Shared<'_>>) -> Result<bool, MigrateError> {
        let folders = folders(root);
        // Read once: there may be thousands of APIs.
        let own = self.environments.parameters.as_ref().unwrap_or(root);
        let own = Shared::read(own, self.environments);
        let (shared, is_own) = match (&own, outer) {
            (Shared::None, Some(outer)) => (outer, false),
            (own, _) => (own, true),
        };
        let mut is_used = false;
        for folder in &folders.apis {
            is_used |= self.api(&root.folder(folder), shared);
        }
        let mut seen = std::mem::take(&mut self.seen);
        if outer.is_none() {
            for path in archives(root, &folders).take(MAX_ARCHIVES) {
                let place = Place::File(root.shown(path));
                seen.insert(path.to_owned());
                let opened = root
                    .read(path)
                    .and_then(|bytes| Tree::of_archive(root.shown(path), &bytes, &mut self.budget));
                match opened {
                    Ok(tree) => is_used |= self.convert(&tree.root(), Some(shared))?,
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
        if is_used && is_own {
            self.tell_parameters(shared);
        }
        // What lies inside a folder of an API has been listed with it.
        seen.extend(root.files().filter(|path| folders.hold(path)).map(str::to_owned));
        seen.extend(parameters::NAMES.map(str::to_owned));
        if self.environments.parameters.is_some() {
            // Others than those that are meant.
            seen.extend(
                root.files()
                    .filter(|path| files::is_parameters(path))
                    .map(str::to_owned),
            );
        }
        self.converter.list(root, seen);
        Ok(is_used && !is_own)
    }

    /// Converts the API of a folder; `shared` are the parameters of all those that have none beside them. Returns whether
    /// it is one of them.
    fn api(&mut self, branch: &Branch<'_>, shared: &Shared<'_>) -> bool {
        let own = match &self.environments.parameters {
            Some(_) => Shared::None,
            None => Shared::read(branch, self.environments),
        };
        let is_shared = matches!(own, Shared::None);
        let parameters = if is_shared { shared } else { &own };
        let environment = match (parameters, self.environments.name) {
            (Shared::Unreadable(why), _) => {
                self.fail(branch, MigrateError::Parameters(why.clone()));
                return is_shared;
            }
            (Shared::Read(parameters, None), Some(name)) => {
                self.fail(branch, parameters.no_environment(name));
                return is_shared;
            }
            (Shared::Read(_, environment), _) => environment.as_ref(),
            (Shared::None, name) => {
                if let Some(name) = name {
                    self.converter.draft.lost(
                        Code::MigrateSetting,
                        &Place::File(branch.shown("")),
                        format!("nothing says what is different in the environment `{name}`: backends and credentials are those of the export"),
                        "Put api_params.yaml beside it, or name the file with --params.",
                    );
                }
                None
            }
        };
        self.used_environment |= environment.is_some();
        self.tell_parameters(&own);
        self.converter.api(branch, environment);
        is_shared
    }

    /// Tells that parameters are not applied, where no environment is meant.
    fn tell_parameters(&mut self, parameters: &Shared<'_>) {
        if let (Shared::Read(parameters, None), None) = (parameters, self.environments.name) {
            let names = parameters.names().join(", ");
            self.converter.draft.lost(
                Code::MigrateSetting,
                &parameters.place(),
                format!("what differs between environments is not applied: {names}"),
                "Name the one that is meant with --environment.",
            );
        }
    }

    /// Leaves out an API whose environment cannot be used: it would call other backends than are meant.
    fn fail(&mut self, branch: &Branch<'_>, error: MigrateError) {
        self.converter.draft.left_out(
            Code::MigrateApi,
            &Place::File(branch.shown("")),
            format!("the API is left out: {error}"),
            "Put it right, or migrate the API without --environment.",
        );
        self.failed.get_or_insert(error);
    }
}

/// The folders of APIs, sorted; the empty path is the branch itself.
#[derive(Debug, Default)]
struct Folders {
    apis: BTreeSet<String>,
    /// Those of products among them.
    products: BTreeSet<String>,
}

impl Folders {
    fn is_empty(&self) -> bool {
        self.apis.is_empty()
    }

    /// Whether a file or folder belongs to one of them. What lies in the folder of an API belongs to it, but for the APIs
    /// that come with a product.
    fn hold(&self, path: &str) -> bool {
        let parents = path.match_indices('/').map(|(at, _)| path.split_at(at));
        let parents = parents.map(|(folder, rest)| (folder, rest.trim_start_matches('/')));
        std::iter::once(("", path)).chain(parents).any(|(folder, rest)| {
            self.apis.contains(folder) && !(self.products.contains(folder) && is_of_other_api(rest))
        })
    }
}

/// Whether a file in the folder of a product is one of an API that comes with it.
pub(super) fn is_of_other_api(path: &str) -> bool {
    path.starts_with("APIs/")
}

/// The folders in which a file describes an API.
fn folders(root: &Branch<'_>) -> Folders {
    let mut folders = Folders::default();
    let candidates: BTreeSet<&str> = root.files().filter_map(folder_of_api).collect();
    for folder in candidates {
        if folders.hold(folder) {
            continue;
        }
        match ApiFile::read(&root.folder(folder)) {
            Some(Ok(file)) if file.shape == Shape::Unknown => {}
            Some(Ok(file)) => {
                if file.shape.is_product() {
                    folders.products.insert(folder.to_owned());
                }
                folders.apis.insert(folder.to_owned());
            }
            // A file of that name that cannot be read is told, rather than passed over.
            Some(Err(_)) => {
                folders.apis.insert(folder.to_owned());
            }
            None => {}
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

/// Archives outside the folders of APIs.
fn archives<'a>(root: &Branch<'a>, folders: &Folders) -> impl Iterator<Item = &'a str> {
    let paths: Vec<&'a str> = root
        .files()
        .filter(|path| path.to_ascii_lowercase().ends_with(".zip") && !folders.hold(path))
        .collect();
    paths.into_iter()
}

#[cfg(test)]
mod environment_tests;
#[cfg(test)]
mod tests;
