//! Own policies beside those of the control plane.

use super::describe::describe;
use super::{SECTIONS, UNLIMITED};
use crate::diagnostics::{Code, Diagnostic};
use crate::yaml::{Node, Source};
use mgw_bundle::config::{Policies, Policy};

/// A policy that the control plane has with another limit.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::compile) struct Difference {
    /// Its list in `policies.yaml`.
    section: &'static str,
    /// Its name.
    name: String,
    /// What to tell about it.
    pub(super) message: String,
}

impl Difference {
    /// The note about it, at the place of the policy in `policies.yaml`.
    pub(in crate::compile) fn note(self, source: &Source, document: &Node) -> Diagnostic {
        let policies = document.get(self.section).and_then(Node::as_array);
        let span = policies
            .into_iter()
            .flatten()
            .find_map(|policy| policy.member(&self.name))
            .map_or(document.span, |member| member.key);
        Diagnostic::note(Code::PolicyDiffers, source, span, self.message)
    }
}

/// Puts the pulled policies into force: management stays in the control plane, so they replace others of their name.
/// Only whether they are counted strictly is the project's matter; the control plane knows nothing of it. Returns what to
/// tell about it.
pub(in crate::compile) fn merge(own: &mut Policies, pulled: Policies) -> Vec<Difference> {
    own.blocks = pulled.blocks;
    let mut differences = Vec::new();
    let [resource, application, subscription] = SECTIONS;
    for (kind, section, own, pulled) in [
        ("resource", resource, &mut own.resource, pulled.resource),
        ("application", application, &mut own.application, pulled.application),
        ("subscription", subscription, &mut own.subscription, pulled.subscription),
    ] {
        for policy in pulled.into_iter().filter(|policy| policy.name != UNLIMITED) {
            match own.iter_mut().find(|other| other.name == policy.name) {
                Some(other) => {
                    let policy = Policy {
                        strict: other.strict,
                        ..policy
                    };
                    if *other != policy {
                        differences.push(Difference {
                            section,
                            name: policy.name.clone(),
                            message: format!(
                                "the control plane's {kind} policy `{}` holds instead: {}, not {}",
                                policy.name,
                                describe(&policy),
                                describe(other)
                            ),
                        });
                    }
                    *other = policy;
                }
                None => own.push(policy),
            }
        }
        own.sort_by(|a, b| a.name.cmp(&b.name));
    }
    differences
}
