//! Secrets of backends in definitions: they are found, told by the setting that replaces them, and taken out.

use super::draft::{Draft, Place};
use crate::compile::SECRETS;
use crate::diagnostics::Code;
use crate::yaml::{Node, Source, Span, Value};

/// A secret in a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The name of the member.
    pub(super) member: &'static str,
    /// Its value.
    pub(super) value: Span,
}

/// Every secret below `securityConfig`, at any depth, in the order of the file.
pub(super) fn in_definition(node: &Node) -> Vec<Found> {
    let mut found = Vec::new();
    search(node, &mut found);
    found.sort_by_key(|secret| secret.value.start);
    found
}

fn search(node: &Node, found: &mut Vec<Found>) {
    match &node.value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "securityConfig" {
                    found.extend(SECRETS.iter().filter_map(|(secret, _)| {
                        let value = member.node.get(secret)?;
                        let is_set = !value.is_null() && value.as_str() != Some("");
                        is_set.then_some(Found {
                            member: secret,
                            value: value.span,
                        })
                    }));
                }
                search(&member.node, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| search(item, found)),
        _ => {}
    }
}

/// Tells each of them.
pub(super) fn tell(source: &Source, found: &[Found], draft: &mut Draft) {
    for secret in found {
        let setting = SECRETS
            .iter()
            .find(|(member, _)| *member == secret.member)
            .map_or("", |(_, setting)| setting);
        draft.lost(
            Code::MigrateSecret,
            &Place::At(source.clone(), secret.value),
            format!("the `{}` of a backend in the definition is not copied", secret.member),
            format!(
                "Change it, because it stood in a file, and give it to the gateway in the environment variable \
                 `<endpoint>_prod_{setting}` (`_sand_` for sandbox backends)."
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn secrets_are_found_at_any_depth() {
        let text = "x-wso2-endpoints:\n- a:\n    securityConfig: {type: basic, password: canary}\n\
                    paths:\n  /a:\n    get:\n      x-wso2-production-endpoints:\n        securityConfig:\n          clientSecret: 5\n          password: ''\n\
                    password: other\n";
        let (source, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
        let found = in_definition(&node);
        let texts: Vec<(&str, &str)> = found
            .iter()
            .map(|secret| (secret.member, source.slice(secret.value)))
            .collect();
        assert_eq!(texts, [("password", "canary"), ("clientSecret", "5")]);
        let mut draft = Draft::default();
        tell(&source, &found, &mut draft);
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2);
        assert!(
            told[0].starts_with("a.yaml:3:") && !told[0].contains("canary"),
            "{told:?}"
        );
    }
}
