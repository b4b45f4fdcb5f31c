//! `sbom.json`: what is in a bundle, as CycloneDX 1.6.
//!
//! Every entry is a component with its digest. What a scanner may want to know of it beside its name stands in properties
//! whose names begin with `mgw:`.

use super::{Packing, name_and_version};
use crate::compile::sources::PulledApi;
use mgw_bundle::config::Api;
use mgw_bundle::{Digest, Entry, names};
use mgw_keystore::{CertificateFacts, read_certificates};
use serde::Serialize;
use std::collections::BTreeMap;

/// The file of the policies that somebody wrote. What they became is in the configuration.
const POLICIES: &str = "policies.yaml";
/// What the bundle as a whole is called in the document.
const ROOT: &str = "bundle";

/// The document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sbom {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    tools: Tools,
    component: Component,
}

#[derive(Debug, Serialize)]
struct Tools {
    components: [Component; 1],
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crypto_properties: Option<CryptoProperties>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component>,
}

/// CycloneDX's types of components.
#[derive(Debug, Default, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Application,
    #[default]
    File,
    Data,
    CryptographicAsset,
}

#[derive(Debug, Serialize)]
struct Hash {
    alg: &'static str,
    content: Digest,
}

#[derive(Debug, Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CryptoProperties {
    asset_type: &'static str,
    certificate_properties: CertificateProperties,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateProperties {
    subject_name: String,
    issuer_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_valid_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_valid_after: Option<String>,
    certificate_format: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

impl Component {
    /// A file with its digest.
    fn file(kind: Kind, name: &str, sha256: Digest) -> Self {
        Self {
            kind,
            reference: Some(name.to_owned()),
            name: name.to_owned(),
            hashes: vec![hash(sha256)],
            ..Self::default()
        }
    }

    fn tell(&mut self, name: &'static str, value: impl Into<String>) {
        self.properties.push(Property {
            name,
            value: value.into(),
        });
    }
}

fn hash(content: Digest) -> Hash {
    Hash {
        alg: "SHA-256",
        content,
    }
}

/// Describes a bundle.
pub(super) fn of(packing: &Packing<'_>) -> Sbom {
    let apis: BTreeMap<&str, &Api> = packing
        .config
        .apis
        .iter()
        .map(|api| (api.definition.as_str(), api))
        .collect();
    let uses = uses(packing);
    let mut components: Vec<Component> = packing
        .entries
        .iter()
        .map(|entry| {
            let mut component = match apis.get(entry.name.as_str()) {
                Some(api) => definition(entry, api, packing.origin.pulled.get(&api.source)),
                None if entry.name.starts_with(names::CERTIFICATES) => certificates(entry, packing, &uses),
                None if entry.name == names::SUBSCRIPTIONS => Component::file(Kind::Data, &entry.name, entry.sha256),
                None => Component::file(Kind::File, &entry.name, entry.sha256),
            };
            component.tell("mgw:entry", &entry.name);
            component
        })
        .collect();
    let policies = packing.origin.sources.iter().find(|(path, _)| *path == POLICIES);
    if let Some((path, Some(digest))) = policies {
        let mut component = Component::file(Kind::File, path, digest);
        component.tell("mgw:compiled-into", names::CONFIG);
        components.push(component);
    }
    let references: Vec<String> = components
        .iter()
        .filter_map(|component| component.reference.clone())
        .collect();
    let (name, version) = name_and_version(packing.tool);
    Sbom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: serial_number(packing.tool, packing.entries),
        version: 1,
        metadata: Metadata {
            tools: Tools {
                components: [Component {
                    kind: Kind::Application,
                    name: name.to_owned(),
                    version: version.map(str::to_owned),
                    ..Component::default()
                }],
            },
            component: Component {
                kind: Kind::Application,
                reference: Some(ROOT.to_owned()),
                name: packing.config.project.clone(),
                ..Component::default()
            },
        },
        dependencies: std::iter::once(Dependency {
            reference: ROOT.to_owned(),
            depends_on: references.clone(),
        })
        .chain(references.into_iter().map(|reference| Dependency {
            reference,
            depends_on: Vec::new(),
        }))
        .collect(),
        components,
    }
}

/// A name for the document that follows from what it describes: a UUID whose bits are a digest (version 8 of RFC 9562).
pub(super) fn serial_number(tool: &str, entries: &[Entry]) -> String {
    let mut text = format!("{tool}\n");
    for Entry { name, sha256, .. } in entries {
        text.push_str(&format!("{sha256} {name}\n"));
    }
    let digest = Digest::of(text.as_bytes()).to_string();
    let part = |range| digest.get(range).unwrap_or_default();
    // The digits that say which version and variant it is are not the digest's.
    format!(
        "urn:uuid:{}-{}-8{}-a{}-{}",
        part(0..8),
        part(8..12),
        part(13..16),
        part(17..20),
        part(20..32)
    )
}

fn definition(entry: &Entry, api: &Api, pulled: Option<&PulledApi>) -> Component {
    let mut component = Component::file(Kind::File, &entry.name, entry.sha256);
    component.name.clone_from(&api.name);
    component.version = Some(api.version.clone());
    component.tell("mgw:api-id", &api.id);
    component.tell("mgw:base-path", &api.base_path);
    component.tell("mgw:source", &api.source);
    if let Some(pulled) = pulled {
        component.tell("mgw:control-plane-id", &pulled.id);
        if let Some(revision) = pulled.revision {
            component.tell("mgw:revision", revision.to_string());
        }
    }
    component
}

/// What each file of certificates is for.
fn uses(packing: &Packing<'_>) -> BTreeMap<String, Vec<Property>> {
    let mut uses: BTreeMap<String, Vec<Property>> = BTreeMap::new();
    let mut note = |entry: &str, name, value| uses.entry(entry.to_owned()).or_default().push(Property { name, value });
    for api in &packing.config.apis {
        for client in &api.client_certificates {
            let value = format!("{} of {}:{}", client.alias, api.name, api.version);
            note(&client.entry, "mgw:client-certificate", value);
        }
    }
    for backend in &packing.config.backend_certificates {
        let value = format!("{} of {}", backend.alias, backend.backend);
        note(&backend.entry, "mgw:backend-certificate", value);
    }
    uses
}

/// A file of certificates; each of them is a component in it, whose digest is what others call its fingerprint.
fn certificates(entry: &Entry, packing: &Packing<'_>, uses: &BTreeMap<String, Vec<Property>>) -> Component {
    let mut component = Component::file(Kind::File, &entry.name, entry.sha256);
    for Property { name, value } in uses.get(&entry.name).into_iter().flatten() {
        component.tell(name, value);
    }
    let bytes = packing.bytes.get(&entry.name).map(Vec::as_slice).unwrap_or_default();
    let read = read_certificates(bytes).unwrap_or_default();
    for (index, der) in read.iter().enumerate() {
        let Some(facts) = CertificateFacts::of(der) else {
            continue;
        };
        let time = |seconds| jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string());
        let mut certificate = Component {
            kind: Kind::CryptographicAsset,
            reference: Some(format!("{}#{}", entry.name, index + 1)),
            name: facts.subject.clone(),
            hashes: vec![hash(Digest::of(der))],
            crypto_properties: Some(CryptoProperties {
                asset_type: "certificate",
                certificate_properties: CertificateProperties {
                    subject_name: facts.subject,
                    issuer_name: facts.issuer,
                    not_valid_before: time(facts.validity.not_before),
                    not_valid_after: time(facts.validity.not_after),
                    certificate_format: "X.509",
                },
            }),
            ..Component::default()
        };
        certificate.tell("mgw:serial-number", facts.serial);
        component.components.push(certificate);
    }
    component
}
