//! What a project has of its own, beside what it pulls: as a bundle of it has it, compiled already.
//!
//! A connected gateway compiles what it pulled without the project's files: the definitions that somebody wrote do not change
//! while it runs, and what they became is in the bundle.

use super::project::PULLED_DEFINITIONS;
use super::project_entries;
use super::sources::Origin;
use crate::attestation;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use mgw_bundle::Bundle;
use mgw_bundle::config::{Api, Policies};
use std::collections::BTreeMap;

/// The parts of its own that a project has.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnParts {
    /// APIs that were not pulled, without what was pulled for them.
    apis: Vec<Api>,
    /// Their entries of the bundle.
    entries: BTreeMap<String, Vec<u8>>,
    /// The policies that somebody wrote.
    policies: Policies,
    /// What they were made from.
    origin: Origin,
}

impl OwnParts {
    /// Takes them from a bundle that has been checked; its project part has to be there, see
    /// [`Followed::of_bundle`](super::Followed::of_bundle).
    ///
    /// # Errors
    ///
    /// What of the project part cannot be read.
    pub(crate) fn of_bundle(bundle: &Bundle) -> Result<Self, project_entries::FollowedError> {
        let pulled = format!("{PULLED_DEFINITIONS}/");
        let mut own = Self {
            policies: project_entries::own_policies(bundle)?,
            origin: attestation::own_origin(bundle),
            ..Self::default()
        };
        for api in &bundle.config.apis {
            if api.source.starts_with(&pulled) {
                continue;
            }
            if let Some(definition) = bundle.entries.get(&api.definition) {
                own.entries.insert(api.definition.clone(), definition.clone());
            }
            own.apis.push(Api {
                // They are pulled with everything else.
                client_certificates: Vec::new(),
                ..api.clone()
            });
        }
        Ok(own)
    }

    /// The policies that somebody wrote.
    pub(super) fn policies(&self) -> &Policies {
        &self.policies
    }

    /// What they were made from.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether there is no API.
    pub(super) fn is_empty(&self) -> bool {
        self.apis.is_empty()
    }

    /// Adds the APIs and their entries to those that were pulled, and keeps the order. What was pulled must not take the
    /// names or paths of what the project has itself.
    pub(super) fn add_to(
        &self,
        apis: &mut Vec<Api>,
        entries: &mut BTreeMap<String, Vec<u8>>,
        diagnostics: &mut Diagnostics,
    ) {
        for pulled in apis.iter() {
            if let Some(own) = self.apis.iter().find(|own| own.id == pulled.id) {
                let message = format!(
                    "the API {}:{} is defined in {} already",
                    own.name, own.version, own.source
                );
                diagnostics.push(Diagnostic::file(Code::DuplicateApi, &pulled.source, message));
            }
            let paths = |api: &Api| [Some(api.base_path.clone()), api.default_version_path.clone()];
            let taken = paths(pulled).into_iter().flatten().find_map(|path| {
                let owner = self.apis.iter().find(|own| paths(own).contains(&Some(path.clone())));
                owner.map(|owner| (path, owner))
            });
            if let Some((path, owner)) = taken {
                let message = format!(
                    "the base path `{path}` belongs to {}:{} of {} already",
                    owner.name, owner.version, owner.source
                );
                diagnostics.push(Diagnostic::file(Code::DuplicateBasePath, &pulled.source, message));
            }
        }
        apis.extend(self.apis.iter().cloned());
        apis.sort_by(|a, b| (&a.base_path, &a.name, &a.version).cmp(&(&b.base_path, &b.name, &b.version)));
        entries.extend(self.entries.iter().map(|(name, bytes)| (name.clone(), bytes.clone())));
    }
}
