//! The policies that an API and its operations refer to.

use super::extensions::{self, CONTROL_PLANE_TIER, TIER};
use super::known_policies::{Kind, KnownPolicies};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};
use mgw_bundle::config::PolicyRef;

/// The policy that is in every list and limits nothing.
pub(super) const UNLIMITED: &str = "Unlimited";

/// The policy of an API; the gateway's own spelling wins over the control plane's.
pub(super) fn of_api(
    source: &Source,
    owner: &Node,
    policies: KnownPolicies<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<PolicyRef> {
    reference(source, owner, [TIER, CONTROL_PLANE_TIER], policies, diagnostics)
}

/// The policy of an operation; here the control plane's spelling wins. With a policy at the API it has no effect.
pub(super) fn of_operation(
    source: &Source,
    owner: &Node,
    api_policy: Option<&PolicyRef>,
    policies: KnownPolicies<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<PolicyRef> {
    let keys = [CONTROL_PLANE_TIER, TIER];
    let own = reference(source, owner, keys, policies, diagnostics);
    let Some(api_policy) = api_policy else {
        return own;
    };
    let name = match &own {
        Some(own) => own.name.as_str(),
        // Control planes write theirs at every operation, where it means nothing.
        None if owner.get(CONTROL_PLANE_TIER).is_none() && is_unlimited(owner) => UNLIMITED,
        None => return None,
    };
    let node = keys.iter().find_map(|key| owner.get(key)).unwrap_or(owner);
    let message = format!(
        "the policy `{}` has no effect here, because the API as a whole has the policy `{}`",
        name, api_policy.name
    );
    diagnostics
        .push(Diagnostic::warning(Code::PolicyHidden, source, node.span, message).remedy("Remove one of the two."));
    None
}

/// Whether the gateway's own spelling asks for no limit.
fn is_unlimited(owner: &Node) -> bool {
    owner.get(TIER).and_then(Node::as_str).map(str::trim) == Some(UNLIMITED)
}

fn reference(
    source: &Source,
    owner: &Node,
    keys: [&str; 2],
    policies: KnownPolicies<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<PolicyRef> {
    let key = keys.into_iter().find(|key| owner.get(key).is_some())?;
    let (name, node) = extensions::text(source, owner, key, diagnostics)?;
    if name == UNLIMITED {
        return None;
    }
    let index = policies.index(Kind::Resource, name);
    if index.is_none() {
        diagnostics.push(policies.missing(Kind::Resource, name, "", "all calls", |message| {
            Diagnostic::error(Code::UnknownPolicy, source, node.span, message)
        }));
    }
    Some(PolicyRef {
        name: name.to_owned(),
        index,
    })
}
