//! The policies of a project: its own, and what the control plane puts over them.

use super::own_parts::OwnParts;
use super::project::CompileError;
use super::sources::Sources;
use super::{files, policies};
use crate::diagnostics::Diagnostics;
use crate::project::Layout;
use crate::yaml::{self, Format, Node, Source};
use mgw_bundle::config::Policies;

const POLICIES: &str = "policies.yaml";

/// The project's own policies, before those of the control plane are put over them.
pub(super) struct OwnPolicies {
    pub(super) policies: Policies,
    /// Where they are written; `None`: nobody wrote them down here.
    written: Option<(Source, Node)>,
    /// Whether they could be read at all.
    pub(super) are_read: bool,
}

impl OwnPolicies {
    pub(super) fn of_bundle(own: &OwnParts) -> Self {
        Self {
            policies: own.policies().clone(),
            written: None,
            are_read: true,
        }
    }

    pub(super) fn read(
        layout: &Layout,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, CompileError> {
        let shown = files::shown(layout.root(), POLICIES);
        let bytes = files::read_optional(&layout.policies())?;
        if let Some(bytes) = &bytes {
            sources.add(POLICIES, bytes);
        }
        let is_written = bytes
            .as_ref()
            .is_some_and(|bytes| bytes != policies::DEFAULT_POLICIES.as_bytes());
        let bytes = bytes.unwrap_or_else(|| policies::DEFAULT_POLICIES.as_bytes().to_vec());
        Ok(match yaml::parse(&shown, bytes, Format::Yaml) {
            Ok((source, document)) => Self {
                policies: policies::read(&source, &document, diagnostics),
                // Differences from the built-in defaults are nobody's mistake, whether `mgw init` wrote them down or not.
                written: is_written.then_some((source, document)),
                are_read: true,
            },
            Err(error) => {
                diagnostics.push(error.into());
                Self {
                    policies: Policies::default(),
                    written: None,
                    are_read: false,
                }
            }
        })
    }

    /// These with those of the control plane put over them.
    pub(super) fn merged(&self, pulled: Option<Policies>, diagnostics: &mut Diagnostics) -> Policies {
        let mut policies = self.policies.clone();
        if let Some(pulled) = pulled {
            let differences = policies::merge(&mut policies, pulled);
            if let Some((source, document)) = &self.written {
                for difference in differences {
                    diagnostics.push(difference.note(source, document));
                }
            }
        }
        policies
    }
}
