//! Compiles one definition.

use super::api::CompiledApi;
use super::endpoint::{warn_about_urls, without_secrets};
use super::known_policies::KnownPolicies;
use super::project::CompileError;
use super::sources::Sources;
use super::unique::Candidate;
use super::{about, api, extensions};
use crate::diagnostics::Diagnostics;
use crate::openapi::{self, Definition};
use crate::yaml::{Node, Source};
use mgw_bundle::config::Cors;
use mgw_bundle::{api_id, names};
use serde_json::Value;
use std::collections::BTreeMap;

/// What all definitions of a project have in common.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) policies: KnownPolicies<'a>,
    /// The rules of definitions that say nothing about CORS.
    pub(super) cors: Option<&'a Cors>,
}

/// Compiles a definition, and puts its normalised text among `entries`; `None`: what is wrong is among `diagnostics`, which has
/// findings of this definition alone.
pub(super) fn compile(
    source: Source,
    document: Node,
    file: &str,
    common: Common<'_>,
    entries: &mut BTreeMap<String, Vec<u8>>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Candidate>, CompileError> {
    let Some(definition) = openapi::read(source, document, diagnostics) else {
        return Ok(None);
    };
    let compiled = of_definition(&definition, file, common, entries, sources, diagnostics);
    about::tell(&definition, diagnostics);
    let candidate = compiled?.map(|compiled| Candidate {
        compiled,
        title: definition.title_span(),
        source: definition.source,
    });
    Ok(candidate)
}

fn of_definition(
    definition: &Definition,
    file: &str,
    common: Common<'_>,
    entries: &mut BTreeMap<String, Vec<u8>>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Option<CompiledApi>, CompileError> {
    let entry = entry_name(definition.title(), definition.version());
    let Some(mut compiled) = api::compile(definition, common.policies, file, entry.clone(), diagnostics) else {
        return Ok(None);
    };
    if definition.pruned.get(extensions::CORS).is_none() {
        compiled.api.cors = common.cors.cloned();
    }
    warn_about_urls(&definition.source, &definition.document, diagnostics);
    let mut document = openapi::resolved_document(&definition.document);
    if without_secrets(&mut document) {
        sources.hide(file);
    }
    name_as_written(definition, &mut document);
    let json = serde_json::to_vec_pretty(&document).map_err(|source| CompileError::Definition {
        api: definition.name(),
        source,
    })?;
    entries.insert(entry, json);
    Ok(Some(compiled))
}

/// Writes the name of the API as the texts that it is: as a number, `1.10` would be `1.1`.
fn name_as_written(definition: &Definition, document: &mut Value) {
    for (key, text) in [("title", definition.title()), ("version", definition.version())] {
        if let Some(value) = document.pointer_mut(&format!("/info/{key}")) {
            *value = text.into();
        }
    }
}

/// `definitions/<title>_<version>.json`; where that is no safe file name, it is made one and the API id keeps it unique.
fn entry_name(title: &str, version: &str) -> String {
    /// Longest name that every file system takes, with room for the rest.
    const LONGEST: usize = 120;
    let plain = format!("{title}_{version}");
    let safe: String = plain
        .chars()
        .take(LONGEST)
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if safe == plain && !safe.starts_with('.') && safe.len() <= 2 * LONGEST {
        return format!("{}{safe}.json", names::DEFINITIONS);
    }
    let id = api_id(title, version);
    let short: String = id.chars().take("api_".len() + 12).collect();
    let safe: String = safe.chars().filter(char::is_ascii).collect();
    format!("{}{}_{short}.json", names::DEFINITIONS, safe.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::entry_name;

    #[test]
    fn entry_names_are_safe_and_differ() {
        assert_eq!(entry_name("Shop", "1.0.0"), "definitions/Shop_1.0.0.json");
        for (title, version) in [
            ("../../etc", "1"),
            ("a/b", "1"),
            ("a b", "1"),
            ("a:b", "1"),
            (".x", ""),
            ("x", "\\"),
        ] {
            let name = entry_name(title, version);
            let rest = name.strip_prefix("definitions/").unwrap();
            assert!(
                !rest.contains(['/', '\\', ':', ' ']) && !rest.starts_with('.'),
                "{name}"
            );
        }
        assert_ne!(entry_name("a b", "1"), entry_name("a/b", "1"));
        assert!(entry_name(&"é".repeat(256), "1").len() < 255);
    }
}
