//! Scopes of several security requirements. The gateway asks for one of all of them, whichever requirement a caller satisfies, as
//! the control plane's own gateways do; a record under `docs/decisions/` tells why.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Source, Span};
use mgw_bundle::config::Scheme;
use std::collections::BTreeSet;

/// A requirement that takes tokens.
#[derive(Debug, Clone)]
pub(super) struct TokenRequirement {
    /// Everything that it asks for.
    pub(super) schemes: Vec<Scheme>,
    /// The scopes that it lists.
    pub(super) scopes: BTreeSet<String>,
    /// Where it stands.
    pub(super) span: Span,
}

/// Reports the first requirement of a `security` that means another thing beside the others than it would alone; `scopes` are those that
/// count together.
pub(super) fn check(
    source: &Source,
    requirements: &[TokenRequirement],
    scopes: &[String],
    diagnostics: &mut Diagnostics,
) {
    let all: BTreeSet<&str> = scopes.iter().map(String::as_str).collect();
    let mut tell = |requirement: &TokenRequirement, message: String, remedy: &str| {
        let found = Diagnostic::warning(Code::ScopeAlternatives, source, requirement.span, message);
        diagnostics.push(found.remedy(remedy));
    };
    if let Some(bare) = requirements.iter().find(|requirement| requirement.scopes.is_empty())
        && !all.is_empty()
    {
        let message = format!(
            "this requirement lists no scopes, and tokens need {} all the same: scopes of all requirements count together",
            one_of(all)
        );
        let remedy = "List the scopes in every requirement, or, where no scope is to be needed, in none.";
        return tell(bare, message, remedy);
    }
    // Tokens with the scope of one may pass by the credentials of another.
    for (index, requirement) in requirements.iter().enumerate() {
        let earlier = requirements.iter().take(index);
        let mut others = earlier.filter(|other| !is_same(&other.schemes, &requirement.schemes));
        let Some(other) = others.find(|other| other.scopes != requirement.scopes) else {
            continue;
        };
        // Where more is asked for in one of them, the other is the way around it.
        let is_weaker = other.schemes.iter().all(|scheme| requirement.schemes.contains(scheme));
        let pairs = match is_weaker {
            true => [(other, requirement), (requirement, other)],
            false => [(requirement, other), (other, requirement)],
        };
        let foreign = pairs.map(|(here, there)| (here, there.scopes.difference(&here.scopes).map(String::as_str)));
        let foreign = foreign.map(|(here, names)| (here, names.collect::<BTreeSet<&str>>()));
        let Some((here, foreign)) = foreign.into_iter().find(|(_, names)| !names.is_empty()) else {
            continue;
        };
        let message = format!(
            "here tokens may have {} as well: scopes of all requirements count together",
            one_of(foreign)
        );
        let remedy = "List the same scopes in every requirement; who is to have others needs operations of their own.";
        return tell(here, message, remedy);
    }
}

fn is_same(one: &[Scheme], other: &[Scheme]) -> bool {
    one.len() == other.len() && one.iter().all(|scheme| other.contains(scheme))
}

/// Scopes of which one is needed, for people.
pub(super) fn one_of(names: BTreeSet<&str>) -> String {
    /// More make a sentence that nobody reads.
    const TOLD: usize = 3;
    let told: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    let told = told.join(", ");
    match names.len() {
        1 => format!("the scope {told}"),
        count if count > TOLD => format!("one of the scopes {told} and {} more", count - TOLD),
        _ => format!("one of the scopes {told}"),
    }
}
