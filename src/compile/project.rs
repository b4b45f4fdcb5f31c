//! Compiles all files of a project.

use super::document::{self, Common};
use super::files::{self, FileError, ProjectFile};
use super::known_policies::KnownPolicies;
use super::library::{NOT_FETCHED, ProjectLibrary, RemoteFiles};
use super::own_parts::OwnParts;
use super::own_policies::OwnPolicies;
use super::project_entries::{ProjectEntriesError, project_entries};
use super::pulled::{pulled, pulled_subscriptions};
use super::sources::{Origin, PulledApi, Sources};
use super::unique::{self, Candidate};
use super::{
    certificates, cors, follow_ups, implicit_policies, locked_apis, misnamed, project_name, reserved, size,
    stray_parts, subscribers, unreachable, web_sockets,
};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::openapi::link::{Document, Location, link};
use crate::project::{BuildSettings, Layout, Settings, SettingsError};
use crate::remote::{RemoteLock, RemoteLockError};
use crate::toolkit_config::ToolkitConfig;
use crate::yaml;
use crate::{grpc, openapi};
use mgw_bundle::config::{self, ApiKind};
use mgw_bundle::{Digest, GatewayConfig, Limits, SubscriptionSnapshot};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A project that has been compiled.
#[derive(Debug)]
pub struct Compiled {
    /// Project name.
    pub name: String,
    /// The configuration. Not to be used when [`Diagnostics::has_errors`].
    pub config: GatewayConfig,
    /// Pulled subscription data.
    pub snapshot: Option<SubscriptionSnapshot>,
    /// The normalised definitions and the certificates by bundle entry name.
    pub entries: BTreeMap<String, Vec<u8>>,
    /// Digest of `mgw.lock`.
    pub lock: Option<Digest>,
    /// What all of it was made from.
    pub(crate) origin: Origin,
    /// What definitions refer to on other servers.
    pub remote: RemoteFiles,
    /// Every finding, sorted.
    pub diagnostics: Diagnostics,
}

/// Why a project could not be compiled at all.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// `mgw.toml` is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing of a project is there.
    #[error("{} is not a project folder", .0.display())]
    NotAProject(PathBuf),
    /// `remote.lock` is wrong.
    #[error(transparent)]
    Remote(#[from] RemoteLockError),
    /// An interrupted pull could not be brought to its end, or pulls came in between again and again.
    #[error(transparent)]
    Lock(#[from] crate::lock::LockError),
    /// What a connected gateway needs of the project could not be serialised.
    #[error(transparent)]
    ProjectEntries(#[from] ProjectEntriesError),
    /// A definition could not be serialised.
    #[error("the definition of {api} could not be serialised")]
    Definition {
        /// The API.
        api: String,
        /// Cause.
        #[source]
        source: serde_json::Error,
    },
}

pub(super) const DEFINITIONS: &str = "api_definitions";
pub(super) const PULLED_DEFINITIONS: &str = "gen/api_definitions";
pub(super) const GRPC_DEFINITIONS: &str = "grpc_definitions";
const LOCK: &str = "mgw.lock";

/// Compiles the project at `layout`, as one pull left it: reads again when another one comes in between.
///
/// # Errors
///
/// Only when the project cannot be read at all. Mistakes in its files are among [`Compiled::diagnostics`].
pub fn compile_project(layout: &Layout) -> Result<Compiled, CompileError> {
    let mut compiled = crate::lock::steadily(layout, || compile(layout, None))?;
    let policies_file = files::shown(layout.root(), "policies.yaml");
    compiled.diagnostics = follow_ups::drop(std::mem::take(&mut compiled.diagnostics), &policies_file);
    Ok(compiled)
}

/// Compiles what was pulled into the folder at `layout`, beside the parts of its own that a bundle of the project has.
///
/// # Errors
///
/// As [`compile_project`].
pub(crate) fn compile_pulled(layout: &Layout, own: &OwnParts) -> Result<Compiled, CompileError> {
    crate::lock::steadily(layout, || compile(layout, Some(own)))
}

fn compile(layout: &Layout, own: Option<&OwnParts>) -> Result<Compiled, CompileError> {
    let root = layout.root();
    let mut diagnostics = Diagnostics::default();
    let settings = Settings::read(&layout.settings())?.map(|read| {
        diagnostics.extend(read.diagnostics);
        (read.settings, read.document)
    });
    if settings.is_none() && !looks_like_a_project(layout) {
        return Err(CompileError::NotAProject(root.to_owned()));
    }
    let (mut settings, document) = settings.unzip();
    let document = document.flatten();
    let name = project_name::of(layout, settings.as_ref(), document.as_ref(), &mut diagnostics);
    let mut sources = Sources::default();
    let mut build = settings
        .as_ref()
        .map(|settings| settings.build.clone())
        .unwrap_or_default();
    if own.is_none() {
        misnamed::check(root, &mut diagnostics);
        build = with_toolkit(layout, build, &mut sources, &mut diagnostics)?;
        // A gateway that has nothing but the bundle compiles in the same way.
        match &mut settings {
            Some(settings) => settings.build = build.clone(),
            None if build != BuildSettings::default() => {
                let mut written = Settings::new(name.clone());
                written.build = build.clone();
                settings = Some(written);
            }
            None => {}
        }
    }
    let default_cors = build.cors.as_ref().map(cors::of_settings);
    let own_policies = match own {
        Some(own) => OwnPolicies::of_bundle(own),
        None => OwnPolicies::read(layout, &mut sources, &mut diagnostics)?,
    };
    let pulled_policies = pulled(layout, &layout.pulled_policies(), &mut sources, &mut diagnostics)?;
    // Where they cannot be read, nobody can tell which policies there are.
    let policies_are_known = own_policies.are_read && pulled_policies.is_read();
    let policies = own_policies.merged(pulled_policies.found(), &mut diagnostics);
    let known = KnownPolicies::new(&policies, build.compat);
    let common = Common {
        policies: known,
        cors: default_cors.as_ref(),
    };

    let mut files = files::definitions(root, PULLED_DEFINITIONS, &mut diagnostics)?;
    let mut protos = Vec::new();
    if own.is_none() {
        let mut written = files::definitions(root, DEFINITIONS, &mut diagnostics)?;
        written.append(&mut files);
        files = written;
        protos = files::protos(root, GRPC_DEFINITIONS, &mut diagnostics)?;
    }
    if files.is_empty() && protos.is_empty() && own.is_none_or(OwnParts::is_empty) {
        diagnostics.push(
            Diagnostic::file(
                Code::NoDefinition,
                files::shown(root, DEFINITIONS),
                "there is no API definition to build",
            )
            .remedy("Copy OpenAPI files into `api_definitions/` or `.proto` files into `grpc_definitions/`, or run `mgw add` or `mgw pull`."),
        );
    }
    let mut candidates = Vec::new();
    let mut entries = BTreeMap::new();
    let mut remote_is_known = true;
    let remote = match own {
        None => match RemoteLock::load(&layout.remote_lock()) {
            Err(RemoteLockError::Unusable(finding)) => {
                diagnostics.push(*finding);
                remote_is_known = false;
                RemoteLock::default()
            }
            read => read?,
        },
        Some(_) => RemoteLock::default(),
    };
    let mut library = ProjectLibrary::new(root, remote);
    let mut parts = Vec::new();
    let mut are_read = true;
    for file in &files {
        let Some(document) = read_file(file, &mut sources, &mut diagnostics)? else {
            are_read = false;
            continue;
        };
        if !openapi::is_definition(&document.node) {
            parts.push((file, document));
            continue;
        }
        let location = Location::File(file.relative.clone());
        let is_pulled = file.relative.starts_with(PULLED_DEFINITIONS);
        let mut found = Diagnostics::default();
        let linked = link(location, document, is_pulled, &mut library, &mut found);
        library.add_to(&mut sources);
        let (source, document) = (linked.source, linked.document);
        let candidate = document::compile(
            source,
            document,
            &file.relative,
            common,
            &mut entries,
            &mut sources,
            &mut found,
        )?;
        // The gateway goes by method and path, as micro-gw does; what was pulled, nobody can edit here.
        if is_pulled || build.compat.is_some() {
            found.warn_only_of(Code::OperationId);
        }
        diagnostics.extend(found);
        candidates.extend(candidate);
        if sources.is_hidden(&file.relative) {
            // The secret may be in any of the files that it consists of.
            for location in &linked.files {
                if let Some(path) = library.path_of(location) {
                    sources.hide(path);
                }
            }
        }
    }
    // What a definition refers to is a part of it. Whatever else there is says itself why it is no definition.
    parts.retain(|(file, _)| !library.is_used(&file.relative));
    stray_parts::check(parts, !are_read || library.lacks_files(), &mut diagnostics);
    for service in read_protos(&protos, &mut sources, &mut diagnostics)? {
        let file = format!("{GRPC_DEFINITIONS}/{}", service.name);
        let mut found = Diagnostics::default();
        let candidate = document::compile(
            service.source,
            service.document,
            &file,
            Common { cors: None, ..common },
            &mut entries,
            &mut sources,
            &mut found,
        )?;
        diagnostics.extend(found);
        candidates.extend(candidate.map(|mut candidate| {
            candidate.compiled.api.kind = ApiKind::Grpc;
            candidate
        }));
    }
    unique::check(&candidates, &mut diagnostics);
    reserved::check(&candidates, build.compat, &mut diagnostics);
    candidates.sort_by(|a, b| {
        let key = |candidate: &Candidate| {
            let api = &candidate.compiled.api;
            (api.base_path.clone(), api.name.clone(), api.version.clone())
        };
        key(a).cmp(&key(b))
    });
    let (mut apis, places): (Vec<_>, Vec<_>) = candidates.into_iter().map(Candidate::split).unzip();
    unreachable::check(&apis, &places, &mut diagnostics);
    web_sockets::check(&apis, &places, &mut diagnostics);
    if let Some(own) = own {
        own.add_to(&mut apis, &mut entries, &mut diagnostics);
    }
    let policies_file = files::shown(root, "policies.yaml");
    let snapshot = pulled_subscriptions(layout, &mut sources, &mut diagnostics)?;
    implicit_policies::check(&apis, known, snapshot.is_some(), &policies_file, &mut diagnostics);
    if let Some(snapshot) = &snapshot {
        subscribers::check(snapshot, &apis, known, &policies_file, &mut diagnostics);
    }
    let mut config = GatewayConfig {
        format: config::FORMAT,
        project: name.clone(),
        apis,
        policies,
        backend_certificates: Vec::new(),
        service_cors: default_cors.clone(),
        api_fault_responses: build.api_fault_responses == Some(true),
        global_fault_responses: build.global_fault_responses == Some(true),
    };
    let certificates = pulled(layout, &layout.pulled_certificates(), &mut sources, &mut diagnostics)?.found();
    let now = jiff::Timestamp::now();
    certificates::attach(
        layout,
        certificates,
        now,
        &mut config,
        &mut entries,
        &mut sources,
        &mut diagnostics,
    )?;
    let lock = files::read_optional(&layout.lock())?;
    let mut locked = BTreeMap::new();
    if let Some(lock) = &lock {
        sources.add(LOCK, lock);
        match project_entries(&name, settings, lock, &own_policies.policies) {
            Ok(project) => {
                let named = files::shown(root, LOCK);
                locked_apis::check(&project.lock, (&named, lock), &config.apis, &sources, &mut diagnostics);
                let apis = project.lock.apis.iter();
                locked = apis.map(|api| (api.path.clone(), PulledApi::from(api))).collect();
                entries.extend(project.entries);
            }
            Err(ProjectEntriesError::Lock(error)) => match error.finding(&files::shown(root, LOCK), lock) {
                Some(finding) => diagnostics.push(finding),
                None => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(own) = own {
        sources.extend(&own.origin().sources);
    }
    if !diagnostics.has_errors() {
        size::check(root, &config, &entries, &Limits::default(), &mut diagnostics);
    }
    if !policies_are_known {
        diagnostics = diagnostics.filtered(|finding| finding.code != Code::UnknownPolicy);
    }
    if !remote_is_known {
        // Nobody can tell what is pinned.
        diagnostics =
            diagnostics.filtered(|finding| finding.code != Code::Reference || !finding.message.ends_with(NOT_FETCHED));
    }
    diagnostics.sort();
    Ok(Compiled {
        config,
        name,
        snapshot,
        entries,
        lock: lock.map(|bytes| Digest::of(&bytes)),
        origin: Origin {
            sources,
            // Also what nobody wrote down.
            options: BuildSettings {
                api_fault_responses: Some(build.api_fault_responses == Some(true)),
                global_fault_responses: Some(build.global_fault_responses == Some(true)),
                ..build
            },
            pulled: locked,
            revision: own.and_then(|own| own.origin().revision.clone()),
        },
        remote: library.remote(),
        diagnostics,
    })
}

/// What the toolkit of micro-gw was told, where the project says nothing of its own.
fn with_toolkit(
    layout: &Layout,
    build: BuildSettings,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<BuildSettings, CompileError> {
    const OWN: &str = "conf/toolkit-config.toml";
    let path = layout.toolkit_config();
    let mut found = Diagnostics::default();
    let toolkit = ToolkitConfig::load(&path, &mut found).map_err(|source| FileError {
        path: path.clone(),
        source,
    })?;
    if path == layout.root().join(OWN) {
        match toolkit.digest {
            Some(digest) => sources.add_known(OWN, digest),
            None if path.is_file() => sources.hide(OWN),
            None => {}
        }
    }
    // Notes are about signing in, and told there.
    for finding in found.iter().filter(|finding| finding.severity != Severity::Note) {
        diagnostics.push(finding.clone());
    }
    Ok(toolkit.complete(build))
}

/// A folder of micro-gw has no `mgw.toml`, but at least one of these.
fn looks_like_a_project(layout: &Layout) -> bool {
    let root = layout.root();
    layout.policies().is_file()
        || [DEFINITIONS, PULLED_DEFINITIONS, GRPC_DEFINITIONS]
            .iter()
            .any(|folder| root.join(folder).is_dir())
}

fn read_file(
    file: &ProjectFile,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Document>, CompileError> {
    let bytes = files::read(&file.path)?;
    sources.add(&file.relative, &bytes);
    match yaml::parse(&file.shown, bytes, file.format) {
        Ok((source, node)) => Ok(Some(Document { source, node })),
        Err(error) => {
            diagnostics.push(openapi::unreadable(error));
            Ok(None)
        }
    }
}

/// Reads the gRPC definitions; each service is an OpenAPI document then.
fn read_protos(
    files: &[ProjectFile<()>],
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<grpc::Service>, CompileError> {
    let prefix = format!("{GRPC_DEFINITIONS}/");
    let mut protos = Vec::with_capacity(files.len());
    for file in files {
        let bytes = files::read(&file.path)?;
        sources.add(&file.relative, &bytes);
        protos.push(grpc::ProtoFile {
            shown: file.shown.clone(),
            name: file.relative.strip_prefix(&prefix).unwrap_or(&file.relative).to_owned(),
            bytes,
        });
    }
    Ok(grpc::read(protos, diagnostics))
}
