//! Entry points of the fuzz targets into the reader of definitions and policies, and into whole projects.

use super::known_policies::KnownPolicies;
use super::{api, compile_project, pack, policies, pulled};
use crate::diagnostics::fuzzing::told;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fuzzing::files::{files, first};
use crate::openapi::link::{Document, Library, Location, Unavailable, link};
use crate::project::{Layout, PulledCertificates};
use crate::yaml::{self, Format, Node, Source};
use crate::{attestation, openapi};
use mgw_bundle::config::{self, Policies};
use mgw_bundle::{GatewayConfig, SubscriptionSnapshot};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Parses, checks and compiles a definition.
pub fn definition(bytes: &[u8], format: Format) -> String {
    let mut diagnostics = Diagnostics::default();
    match yaml::parse("definition", bytes.to_vec(), format) {
        Err(error) => diagnostics.push(openapi::unreadable(error)),
        Ok((source, document)) => compile(source, document, &mut diagnostics),
    }
    told(diagnostics)
}

fn compile(source: Source, document: Node, diagnostics: &mut Diagnostics) {
    if let Some(definition) = openapi::read(source, document, diagnostics) {
        let entry = "definitions/x.json".to_owned();
        let policies = Policies::default();
        let known = KnownPolicies::new(&policies, None);
        let _ = api::compile(&definition, known, "x", entry, diagnostics);
        let _ = openapi::resolved_document(&definition.document);
    }
}

/// The configuration of a project without APIs.
pub(crate) fn empty_config() -> GatewayConfig {
    GatewayConfig {
        format: config::FORMAT,
        project: "shop".to_owned(),
        apis: Vec::new(),
        policies: Policies::default(),
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
    }
}

/// What a small definition of everything that requests go through is compiled to.
pub(crate) fn gateway_config() -> GatewayConfig {
    const DEFINITION: &str = include_str!("fuzzing/gateway.yaml");
    let mut diagnostics = Diagnostics::default();
    let (source, document) = yaml::parse("gateway.yaml", DEFINITION.into(), Format::Yaml).expect("it is YAML");
    let definition = openapi::read(source, document, &mut diagnostics).expect("it is a definition");
    let policies = Policies::default();
    let known = KnownPolicies::new(&policies, None);
    let compiled = api::compile(
        &definition,
        known,
        "gateway.yaml",
        "definitions/x.json".into(),
        &mut diagnostics,
    );
    assert!(!diagnostics.has_errors(), "{}", told(diagnostics));
    GatewayConfig {
        apis: compiled.map(|compiled| compiled.api).into_iter().collect(),
        ..empty_config()
    }
}

/// Links a definition, the first of several files, with the others, and compiles it. Linking again finds nothing to do.
pub fn definition_files(input: &[u8]) -> String {
    let mut others = files(input);
    let (name, bytes) = first(&mut others);
    let mut diagnostics = Diagnostics::default();
    match parsed(&name, bytes) {
        Err(error) => diagnostics.push(*error),
        Ok(document) => {
            let mut library = Files(others);
            let linked = link(
                Location::File(name.clone()),
                document,
                false,
                &mut library,
                &mut diagnostics,
            );
            if !diagnostics.has_errors() {
                let document = Document {
                    source: linked.source.clone(),
                    node: linked.document.clone(),
                };
                let again = link(
                    Location::File(name),
                    document,
                    false,
                    &mut library,
                    &mut Diagnostics::default(),
                );
                assert!(again.files.is_empty(), "{:?} are left", again.files);
                assert_eq!(again.document.to_json(), linked.document.to_json());
            }
            compile(linked.source, linked.document, &mut diagnostics);
        }
    }
    told(diagnostics)
}

fn parsed(name: &str, bytes: Vec<u8>) -> Result<Document, Box<Diagnostic>> {
    let format = Format::of_name(name).unwrap_or_else(|| Format::sniff(&bytes));
    match yaml::parse(name, bytes, format) {
        Ok((source, node)) => Ok(Document { source, node }),
        Err(error) => Err(Box::new(error.into())),
    }
}

struct Files(BTreeMap<String, Vec<u8>>);

impl Library for Files {
    fn open(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable> {
        match location {
            Location::File(path) if self.0.contains_key(path) => match parsed(path, self.0[path].clone()) {
                Ok(document) => Ok(Arc::new(document)),
                Err(finding) => Err(Unavailable::Broken(finding)),
            },
            _ => Err(Unavailable::Refused {
                reason: "is not there".into(),
                remedy: "Put it there.".into(),
                near: None,
            }),
        }
    }
}

/// Reads a `policies.yaml`.
pub fn policies_file(bytes: &[u8]) -> String {
    let mut diagnostics = Diagnostics::default();
    match yaml::parse("policies.yaml", bytes.to_vec(), Format::Yaml) {
        Err(error) => diagnostics.push(error.into()),
        Ok((source, document)) => {
            let _ = policies::read(&source, &document, &mut diagnostics);
        }
    }
    told(diagnostics)
}

/// Reads one of the files that `pull` writes beside definitions. What was read is written as what is read again.
pub fn pulled_file(bytes: &[u8]) -> String {
    let mut diagnostics = Diagnostics::default();
    read_pulled::<Policies>("policies.json", bytes, &mut diagnostics);
    read_pulled::<SubscriptionSnapshot>("subscriptions.json", bytes, &mut diagnostics);
    read_pulled::<PulledCertificates>("certificates.json", bytes, &mut diagnostics);
    told(diagnostics)
}

fn read_pulled<T: DeserializeOwned + Serialize>(name: &str, bytes: &[u8], diagnostics: &mut Diagnostics) {
    if let Some(value) = pulled::read::<T>(name, bytes.to_vec(), diagnostics).found() {
        let written = serde_json::to_string(&value).expect("it is plain data");
        let again: T = serde_json::from_str(&written).expect("it was written just now");
        assert_eq!(serde_json::to_string(&again).expect("it is plain data"), written);
    }
}

/// Compiles the files of a project in a folder of its own. What has no errors becomes a bundle that is read back, says what
/// is in it, and comes out the same again.
pub fn project(input: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("there is room for files");
    for (path, bytes) in files(input) {
        let path = folder.path().join(path);
        let made = path.parent().map(std::fs::create_dir_all).transpose();
        // A file may stand where another one wants a folder.
        let _ = made.and_then(|_| std::fs::write(path, bytes));
    }
    let layout = Layout::new(folder.path());
    match compile_project(&layout) {
        Err(error) => {
            let mut causes = error.to_string();
            let mut error: &dyn std::error::Error = &error;
            while let Some(cause) = error.source() {
                causes.push_str(&format!("\n{cause}"));
                error = cause;
            }
            causes
        }
        Ok(compiled) => {
            if !compiled.diagnostics.has_errors() {
                let packed = pack(&compiled, "mgw 0.0.0").expect("what has no errors can be packed");
                let attested = attestation::check(&packed.bundle).expect("it describes itself");
                assert!(attested.sbom && attested.provenance);
                assert_eq!(packed.bundle.config, compiled.config);
                let again = compile_project(&layout).expect("it could be compiled just now");
                let again = pack(&again, "mgw 0.0.0").expect("it could be packed just now");
                assert!(again.bytes == packed.bytes, "the same project became another bundle");
            }
            told(compiled.diagnostics)
        }
    }
}
