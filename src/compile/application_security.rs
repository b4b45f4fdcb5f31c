//! `x-wso2-application-security`
//!
//! Whatever is misspelt in it may let somebody in once it is put right: no correction is more than likely.

use super::extensions::APPLICATION_SECURITY;
use super::security_schemes::Known;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};

const TYPES: [(&str, Known); 3] = [
    ("oauth2", Known::Oauth2),
    ("basic_auth", Known::Basic),
    ("api_key", Known::ApiKey),
];
const KEYS: [&str; 2] = ["security-types", "optional"];

/// What the extension says at one level.
#[derive(Debug, Default)]
pub(super) struct ApplicationSecurity {
    /// The kinds of credentials that are accepted, instead of those that `security` names.
    pub(super) types: Option<Vec<Known>>,
    /// Whether they may be missing.
    pub(super) optional: Option<bool>,
}

impl ApplicationSecurity {
    /// Reads the extension of an API or operation.
    pub(super) fn read(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let node = owner.get(APPLICATION_SECURITY)?;
        let Some(members) = node.as_object() else {
            let what = format!("`{APPLICATION_SECURITY}`");
            let expected = "a map with `security-types` and `optional`";
            diagnostics.push(Diagnostic::expected(
                Code::ApplicationSecurity,
                source,
                node,
                &what,
                expected,
            ));
            return None;
        };
        let mut found = Self::default();
        for (key, member) in members {
            let value = &member.node;
            match key.as_str() {
                "security-types" => found.types = types(source, value, diagnostics),
                "optional" => match value.as_bool() {
                    Some(optional) => found.optional = Some(optional),
                    None => {
                        let (what, expected) = ("`optional`", "`true` or `false`");
                        let code = Code::ApplicationSecurity;
                        diagnostics.push(Diagnostic::expected(code, source, value, what, expected).only_likely());
                    }
                },
                _ => {
                    let message = format!("`{APPLICATION_SECURITY}` has no `{key}`");
                    diagnostics.push(
                        Diagnostic::error(Code::ApplicationSecurity, source, member.key, message)
                            .misspelt(key, member.key, KEYS)
                            .only_likely(),
                    );
                }
            }
        }
        Some(found)
    }
}

/// An empty list says nothing and leaves `security` in force.
fn types(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<Known>> {
    let Some(elements) = node.as_array() else {
        let expected = "a list of `oauth2`, `basic_auth`, `api_key`";
        let finding = Diagnostic::expected(Code::ApplicationSecurity, source, node, "`security-types`", expected);
        diagnostics.push(finding.expecting_list(node).only_likely());
        return None;
    };
    let mut types = Vec::new();
    for element in elements {
        let text = element.as_str().unwrap_or_default();
        match TYPES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            Some((_, kind)) => types.push(kind),
            None => {
                let message = "a security type is `oauth2`, `basic_auth` or `api_key`";
                let known = TYPES.map(|(name, _)| name);
                diagnostics.push(
                    Diagnostic::error(Code::ApplicationSecurity, source, element.span, message)
                        .misspelt(text, element.span, known)
                        .only_likely(),
                );
            }
        }
    }
    (!types.is_empty()).then_some(types)
}
