//! Whether what a bundle says of itself agrees with what is in it.
//!
//! The manifest vouches for the bytes of `sbom.json` and `provenance.json` as for any other entry. That they describe this
//! bundle, and not another one, is looked at here. A version of the program that says more than this one is no disagreement.

use super::provenance::{PREDICATE, SHA256, STATEMENT, Statement};
use super::sbom::serial_number;
use mgw_bundle::{Bundle, Entry, names};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a bundle says of itself that agrees with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attested {
    /// It has a list of what is in it.
    pub(crate) sbom: bool,
    /// It says what it was made from.
    pub(crate) provenance: bool,
    /// What whoever built it calls the state of the sources.
    pub(crate) revision: Option<String>,
}

/// A bundle that says something else of itself than what is in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Disagreement {
    /// It cannot be understood.
    #[error("{entry} cannot be read: {problem}")]
    Unreadable {
        /// The entry.
        entry: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// It is of another kind than its name says.
    #[error("{entry} is not of the kind that its name says")]
    Kind {
        /// The entry.
        entry: &'static str,
    },
    /// It is about something else.
    #[error("{entry} describes another bundle: {what}")]
    Other {
        /// The entry.
        entry: &'static str,
        /// What shows it.
        what: String,
    },
}

/// Compares what a bundle says of itself with its entries.
///
/// # Errors
///
/// The first thing that differs.
pub(crate) fn check(bundle: &Bundle) -> Result<Attested, Disagreement> {
    let sbom = match bundle.entries.get(names::SBOM) {
        Some(bytes) => {
            check_sbom(bundle, &parse(names::SBOM, bytes)?)?;
            true
        }
        None => false,
    };
    let statement: Option<Statement> = match bundle.entries.get(names::PROVENANCE) {
        Some(bytes) => Some(parse(names::PROVENANCE, bytes)?),
        None => None,
    };
    if let Some(statement) = &statement {
        check_provenance(bundle, statement)?;
    }
    Ok(Attested {
        sbom,
        provenance: statement.is_some(),
        revision: statement.and_then(|statement| statement.revision().map(str::to_owned)),
    })
}

fn parse<'a, T: Deserialize<'a>>(entry: &'static str, bytes: &'a [u8]) -> Result<T, Disagreement> {
    serde_json::from_slice(bytes).map_err(|error| Disagreement::Unreadable {
        entry,
        problem: error.to_string(),
    })
}

/// What is compared of `sbom.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sbom {
    bom_format: String,
    serial_number: String,
    metadata: Metadata,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Metadata {
    component: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    hashes: Vec<Hash>,
    #[serde(default)]
    properties: Vec<Property>,
}

#[derive(Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct Property {
    name: String,
    value: String,
}

fn check_sbom(bundle: &Bundle, sbom: &Sbom) -> Result<(), Disagreement> {
    let entry = names::SBOM;
    if sbom.bom_format != "CycloneDX" {
        return Err(Disagreement::Kind { entry });
    }
    let project = &sbom.metadata.component.name;
    if *project != bundle.manifest.project {
        let what = format!("it is about {project:?}");
        return Err(Disagreement::Other { entry, what });
    }
    let described = sbom.components.iter().filter_map(|component| {
        let of_entry = component
            .properties
            .iter()
            .find(|property| property.name == "mgw:entry")?;
        let hash = component.hashes.iter().find(|hash| hash.alg == "SHA-256")?;
        Some((of_entry.value.clone(), hash.content.clone()))
    });
    let covered = entries(bundle, &[names::SBOM, names::PROVENANCE]);
    compare(entry, described, &covered)?;
    if sbom.serial_number != serial_number(&bundle.manifest.tool, &covered) {
        let what = "its serial number is not that of these entries".to_owned();
        return Err(Disagreement::Other { entry, what });
    }
    Ok(())
}

fn check_provenance(bundle: &Bundle, statement: &Statement) -> Result<(), Disagreement> {
    let entry = names::PROVENANCE;
    if statement.kind != STATEMENT || statement.predicate_type != PREDICATE {
        return Err(Disagreement::Kind { entry });
    }
    let (project, lock) = statement.project();
    if project != bundle.manifest.project || lock != bundle.manifest.lock {
        let what = match project == bundle.manifest.project {
            true => "it is about another mgw.lock".to_owned(),
            false => format!("it is about {project:?}"),
        };
        return Err(Disagreement::Other { entry, what });
    }
    let described = statement.subject.iter().filter_map(|subject| {
        let digest = subject.digest.get(SHA256)?;
        Some((subject.name.clone(), digest.clone()))
    });
    compare(entry, described, &entries(bundle, &[names::PROVENANCE]))
}

/// The entries of a bundle but some, sorted by name.
fn entries(bundle: &Bundle, without: &[&str]) -> Vec<Entry> {
    let listed = bundle.manifest.entries.iter();
    let mut entries: Vec<Entry> = listed
        .filter(|entry| !without.contains(&entry.name.as_str()))
        .cloned()
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

/// Both have to name the same entries with the same digests.
fn compare(
    entry: &'static str,
    described: impl Iterator<Item = (String, String)>,
    covered: &[Entry],
) -> Result<(), Disagreement> {
    let mut described: BTreeMap<String, String> = described.collect();
    let other = |what| Err(Disagreement::Other { entry, what });
    for Entry { name, sha256, .. } in covered {
        match described.remove(name) {
            None => return other(format!("{name} is not in it")),
            Some(digest) if digest != sha256.to_string() => return other(format!("{name} has another digest in it")),
            Some(_) => {}
        }
    }
    match described.keys().next() {
        Some(name) => other(format!("there is no {name:?}")),
        None => Ok(()),
    }
}
