use super::agreement::Attested;
use super::*;
use crate::compile::{compile_project, pack};
use crate::lock::{LockFile, LockedApi, LockedSource};
use crate::project::Layout;
use mgw_bundle::{Bundle, BundleContents, Limits, write_described_bundle};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const OWN: &str = "openapi: 3.0.0\ninfo: {title: Own, version: 1.0.0}\nx-wso2-basePath: /own\n\
    x-wso2-production-endpoints: {urls: ['https://own.example']}\npaths: {/y: {get: {}}}\n";

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    std::fs::write(path, text).expect("writable");
}

/// A project with a definition of its own, one that was pulled, and a backend's certificate.
fn project() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    write(
        root,
        "mgw.toml",
        "format = 1\nname = \"shop\"\n[build]\napi-fault-responses = true\n",
    );
    write(root, "policies.yaml", crate::compile::DEFAULT_POLICIES);
    write(root, "api_definitions/own.yaml", OWN);
    let pulled = OWN.replace("Own", "Pulled").replace("/own", "/pulled");
    let pulled = pulled.replace("own.example", "pulled.example");
    write(root, "gen/api_definitions/Pulled.yaml", &pulled);
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(vec!["own.example".to_owned()]).expect("valid names");
    parameters.serial_number = Some(rcgen::SerialNumber::from(vec![10, 27]));
    let pem = parameters.self_signed(&key).expect("a certificate").pem();
    write(root, "gen/control-plane/certificates/backends/own.pem", &pem);
    write(
        root,
        "gen/control-plane/certificates.json",
        r#"{"format": 1, "clients": [], "backends": [{"backend": "https://own.example:443", "alias": "core", "file": "certificates/backends/own.pem"}]}"#,
    );
    let api = LockedApi {
        path: "gen/api_definitions/Pulled.yaml".to_owned(),
        id: "4711".to_owned(),
        revision: Some(3),
        etag: Some("\"e-tag\"".to_owned()),
        ..LockedApi::sample("Pulled", "1.0.0", pulled.as_bytes())
    };
    let lock = LockFile::new(LockedSource::sample(), vec![api], Vec::new());
    write(root, "mgw.lock", &lock.to_text().expect("a lock"));
    folder
}

fn bundle(root: &Path, revision: Option<&str>) -> Bundle {
    let mut compiled = compile_project(&Layout::new(root)).expect("readable");
    compiled.origin.revision = revision.map(str::to_owned);
    pack(&compiled, "mgw 1.2.3").expect("packed").bundle
}

fn document(bundle: &Bundle, name: &str) -> Value {
    serde_json::from_slice(&bundle.entries[name]).expect("JSON")
}

/// The component with this name.
fn component<'a>(sbom: &'a Value, name: &str) -> &'a Value {
    let components = sbom["components"].as_array().expect("a list");
    components
        .iter()
        .find(|component| component["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {sbom:#}"))
}

fn property<'a>(component: &'a Value, name: &str) -> &'a Value {
    let properties = component["properties"].as_array().expect("a list");
    let found = properties.iter().find(|property| property["name"] == name);
    found.map_or(&Value::Null, |property| &property["value"])
}

#[test]
fn everything_in_a_bundle_is_a_component() {
    let folder = project();
    let bundle = bundle(folder.path(), None);
    let sbom = document(&bundle, names::SBOM);
    assert_eq!(sbom["metadata"]["component"]["name"], "shop");
    let tool = json!([{"type": "application", "name": "mgw", "version": "1.2.3"}]);
    assert_eq!(sbom["metadata"]["tools"]["components"], tool);

    let pulled = component(&sbom, "Pulled");
    assert_eq!(pulled["version"], "1.0.0");
    for (name, value) in [
        ("mgw:control-plane-id", "4711"),
        ("mgw:revision", "3"),
        ("mgw:source", "gen/api_definitions/Pulled.yaml"),
        ("mgw:base-path", "/pulled"),
        ("mgw:entry", "definitions/Pulled_1.0.0.json"),
    ] {
        assert_eq!(property(pulled, name), value, "{name}");
    }
    assert_eq!(property(component(&sbom, "Own"), "mgw:control-plane-id"), &Value::Null);
    assert!(!sbom.to_string().contains("e-tag"));

    let certificates = sbom["components"].as_array().expect("a list").iter();
    let mut certificates = certificates.filter(|component| component["components"].is_array());
    let file = certificates.next().expect("a file of certificates");
    assert_eq!(
        property(file, "mgw:backend-certificate"),
        "core of https://own.example:443"
    );
    let certificate = &file["components"][0];
    assert_eq!(property(certificate, "mgw:serial-number"), "0a1b");
    let facts = &certificate["cryptoProperties"]["certificateProperties"];
    assert_eq!(facts["notValidAfter"], "4096-01-01T00:00:00Z");
    assert_eq!(facts["subjectName"], "CN=rcgen self signed cert");

    let policies = component(&sbom, "policies.yaml");
    let digest = Digest::of(crate::compile::DEFAULT_POLICIES.as_bytes());
    assert_eq!(policies["hashes"], json!([{"alg": "SHA-256", "content": digest}]));
    for entry in &bundle.manifest.entries {
        let of_entry = |component: &&Value| property(component, "mgw:entry") == &json!(entry.name);
        let found = sbom["components"].as_array().expect("a list").iter().find(of_entry);
        match entry.name.as_str() {
            names::SBOM | names::PROVENANCE => assert!(found.is_none()),
            name => assert_eq!(
                found.unwrap_or_else(|| panic!("no {name}"))["hashes"][0]["content"],
                json!(entry.sha256)
            ),
        }
    }
}

/// What the specification asks for: required members, types of components, references that are there once.
#[test]
fn the_list_is_what_cyclonedx_asks_for() {
    let folder = project();
    let sbom = document(&bundle(folder.path(), None), names::SBOM);
    assert_eq!(
        (&sbom["bomFormat"], &sbom["specVersion"]),
        (&"CycloneDX".into(), &"1.6".into())
    );
    assert_eq!(sbom["version"], 1);
    let serial = sbom["serialNumber"].as_str().expect("a text");
    let parts: Vec<&str> = serial.strip_prefix("urn:uuid:").expect("a UUID").split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert!(
        parts
            .iter()
            .all(|part| part.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
    );
    assert!(parts[2].starts_with('8') && parts[3].starts_with('a'), "{serial}");

    let mut references = Vec::new();
    let mut left: Vec<&Value> = vec![&sbom["metadata"]["component"]];
    left.extend(sbom["components"].as_array().expect("a list"));
    while let Some(component) = left.pop() {
        let kind = component["type"].as_str().expect("a type");
        assert!(
            ["application", "file", "data", "cryptographic-asset"].contains(&kind),
            "{kind}"
        );
        assert!(component["name"].is_string(), "{component:#}");
        assert_eq!(component["cryptoProperties"].is_object(), kind == "cryptographic-asset");
        references.push(component["bom-ref"].as_str().expect("a reference").to_owned());
        left.extend(component["components"].as_array().into_iter().flatten());
    }
    let count = references.len();
    references.sort();
    references.dedup();
    assert_eq!(references.len(), count);
    for dependency in sbom["dependencies"].as_array().expect("a list") {
        let depends = dependency["dependsOn"].as_array().into_iter().flatten();
        for reference in std::iter::once(&dependency["ref"]).chain(depends) {
            assert!(
                references.contains(&reference.as_str().expect("a text").to_owned()),
                "{reference}"
            );
        }
    }
}

#[test]
fn a_bundle_says_what_it_was_made_from() {
    let folder = project();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let bundle = bundle(folder.path(), Some(commit));
    let statement = document(&bundle, names::PROVENANCE);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let subjects = statement["subject"].as_array().expect("a list");
    let listed: Vec<Value> = bundle
        .manifest
        .entries
        .iter()
        .filter(|entry| entry.name != names::PROVENANCE)
        .map(|entry| json!({"name": entry.name, "digest": {"sha256": entry.sha256}}))
        .collect();
    assert_eq!(*subjects, listed);

    let definition = &statement["predicate"]["buildDefinition"];
    let parameters = json!({
        "project": "shop",
        "options": {"api-fault-responses": true, "global-fault-responses": false},
        "lock": bundle.manifest.lock,
        "sourceRevision": commit,
    });
    assert_eq!(definition["externalParameters"], parameters);
    let sources = definition["resolvedDependencies"].as_array().expect("a list");
    let names: Vec<&Value> = sources.iter().map(|source| &source["name"]).collect();
    assert_eq!(
        json!(names),
        json!([
            "api_definitions/own.yaml",
            "gen/api_definitions/Pulled.yaml",
            "gen/control-plane/certificates.json",
            "gen/control-plane/certificates/backends/own.pem",
            "mgw.lock",
            "policies.yaml",
            "source revision",
        ])
    );
    for source in &sources[..6] {
        let path = folder.path().join(source["name"].as_str().expect("a text"));
        let digest = Digest::of(&std::fs::read(&path).expect("there"));
        assert_eq!(source["digest"], json!({"sha256": digest}), "{}", path.display());
    }
    assert_eq!(sources[6]["digest"], json!({"gitCommit": commit}));
    let builder = &statement["predicate"]["runDetails"]["builder"];
    assert_eq!(
        *builder,
        json!({"id": "pkg:generic/mgw@1.2.3", "version": {"mgw": "1.2.3"}})
    );
}

/// With all but a password at hand, a digest is enough to guess it.
#[test]
fn a_file_with_a_secret_has_no_digest() {
    let folder = project();
    let secret = OWN.replace(
        "urls: ['https://own.example']",
        "urls: ['https://own.example'], securityConfig: {type: basic, username: u, password: canary}",
    );
    write(folder.path(), "api_definitions/own.yaml", &secret);
    let bundle = bundle(folder.path(), None);
    let source = &document(&bundle, names::PROVENANCE)["predicate"]["buildDefinition"]["resolvedDependencies"][0];
    assert_eq!(source["name"], "api_definitions/own.yaml");
    assert_eq!(source["uri"], "file:api_definitions/own.yaml");
    assert_eq!(source["digest"], Value::Null);
    let digest = Digest::of(secret.as_bytes()).to_string();
    for bytes in bundle.entries.values() {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(&digest) && !text.contains("canary"));
    }
    assert!(check(&bundle).is_ok());
}

/// A definition of several files consists of all of them, and its secret may be in any.
#[test]
fn every_file_of_a_definition_is_a_source() {
    let folder = project();
    let of_two = OWN.replace("get: {}", "$ref: '../parts/path.yaml'");
    write(folder.path(), "api_definitions/own.yaml", &of_two);
    write(folder.path(), "parts/path.yaml", "get: {responses: {}}\n");
    let dependencies = |bundle: &Bundle| {
        let statement = document(bundle, names::PROVENANCE);
        statement["predicate"]["buildDefinition"]["resolvedDependencies"].clone()
    };
    let of = |dependencies: &Value, name: &str| {
        let found = dependencies.as_array().expect("a list").iter();
        let mut found = found.filter(|source| source["name"] == name);
        found.next().unwrap_or_else(|| panic!("no {name}"))["digest"].clone()
    };
    let found = dependencies(&bundle(folder.path(), None));
    let digest = Digest::of(b"get: {responses: {}}\n");
    assert_eq!(of(&found, "parts/path.yaml"), json!({"sha256": digest}));

    let secret = of_two.replace(
        "urls: ['https://own.example']",
        "urls: ['https://own.example'], securityConfig: {type: basic, username: u, password: canary}",
    );
    write(folder.path(), "api_definitions/own.yaml", &secret);
    let found = dependencies(&bundle(folder.path(), None));
    for name in ["parts/path.yaml", "api_definitions/own.yaml"] {
        assert_eq!(of(&found, name), Value::Null, "{name}");
    }
}

#[test]
fn what_somebody_wrote_is_told_by_the_bundle_itself() {
    let folder = project();
    let origin = own_origin(&bundle(folder.path(), Some("v1")));
    let names: Vec<&str> = origin.sources.iter().map(|(path, _)| path).collect();
    assert_eq!(names, ["api_definitions/own.yaml", "policies.yaml"]);
    assert_eq!(origin.revision.as_deref(), Some("v1"));
}

/// The bundle with another entry in the place of one of its own, and a manifest that vouches for it.
fn with(bundle: &Bundle, name: &str, change: impl FnOnce(&mut Value)) -> Bundle {
    let mut entry = document(bundle, name);
    change(&mut entry);
    let mut entries = bundle.entries.clone();
    entries.remove(names::CONFIG);
    entries.insert(name.to_owned(), json(&entry).expect("JSON"));
    let contents = BundleContents {
        tool: &bundle.manifest.tool,
        lock: bundle.manifest.lock,
        config: &bundle.config,
        snapshot: None,
        entries,
    };
    let written = write_described_bundle::<mgw_bundle::WriteError>(contents, |_, _| Ok(BTreeMap::new()));
    Bundle::read(&written.expect("written").0, &Limits::default()).expect("intact")
}

#[test]
fn a_description_of_something_else_is_noticed() {
    let folder = project();
    let bundle = bundle(folder.path(), Some("v1"));
    let attested = Attested {
        sbom: true,
        provenance: true,
        revision: Some("v1".to_owned()),
    };
    assert_eq!(check(&bundle), Ok(attested.clone()));
    assert_eq!(check(&with(&bundle, names::PROVENANCE, |_| {})), Ok(attested));

    // A later version may say more.
    let more = with(&bundle, names::PROVENANCE, |statement| {
        let parameters = &mut statement["predicate"]["buildDefinition"]["externalParameters"];
        parameters["options"]["later"] = json!(true);
        parameters["later"] = json!({});
        statement["later"] = json!([]);
    });
    assert!(check(&more).is_ok());
    assert_eq!(own_origin(&more), own_origin(&bundle));

    let zeroes = json!("0".repeat(64));
    type Change = Box<dyn FnOnce(&mut Value)>;
    let cases: Vec<(&str, &str, Change)> = vec![
        (
            names::SBOM,
            "it is about \"other\"",
            Box::new(|sbom| sbom["metadata"]["component"]["name"] = json!("other")),
        ),
        (
            names::SBOM,
            "is not of the kind",
            Box::new(|sbom| sbom["bomFormat"] = json!("SPDX")),
        ),
        (
            names::SBOM,
            "cannot be read",
            Box::new(|sbom| sbom["components"] = json!("all")),
        ),
        (
            names::SBOM,
            "serial number",
            Box::new(|sbom| sbom["serialNumber"] = json!("urn:uuid:0")),
        ),
        (
            names::SBOM,
            "has another digest",
            Box::new({
                let zeroes = zeroes.clone();
                move |sbom| sbom["components"][0]["hashes"][0]["content"] = zeroes
            }),
        ),
        (
            names::SBOM,
            "is not in it",
            Box::new(|sbom| drop(sbom["components"].as_array_mut().map(|components| components.remove(0)))),
        ),
        (
            names::PROVENANCE,
            "has another digest",
            Box::new(move |statement| statement["subject"][0]["digest"]["sha256"] = zeroes),
        ),
        (
            names::PROVENANCE,
            "there is no \"more\"",
            Box::new(|statement| {
                let subject = json!({"name": "more", "digest": {"sha256": "0"}});
                statement["subject"].as_array_mut().expect("a list").push(subject);
            }),
        ),
        (
            names::PROVENANCE,
            "is not of the kind",
            Box::new(|statement| statement["predicateType"] = json!("x")),
        ),
        (
            names::PROVENANCE,
            "it is about \"other\"",
            Box::new(|statement| {
                statement["predicate"]["buildDefinition"]["externalParameters"]["project"] = json!("other");
            }),
        ),
        (
            names::PROVENANCE,
            "it is about another mgw.lock",
            Box::new(|statement| {
                statement["predicate"]["buildDefinition"]["externalParameters"]["lock"] = json!("1".repeat(64));
            }),
        ),
    ];
    for (name, told, change) in cases {
        let error = check(&with(&bundle, name, change)).expect_err(told).to_string();
        assert!(error.contains(told), "{told}: {error}");
    }
}

#[test]
fn the_serial_number_follows_the_contents() {
    let folder = project();
    let number = |bundle: &Bundle| document(bundle, names::SBOM)["serialNumber"].clone();
    let first = bundle(folder.path(), None);
    assert_eq!(number(&first), number(&bundle(folder.path(), Some("v2"))));
    write(folder.path(), "api_definitions/own.yaml", &OWN.replace("/y:", "/z:"));
    assert_ne!(number(&first), number(&bundle(folder.path(), None)));
}
