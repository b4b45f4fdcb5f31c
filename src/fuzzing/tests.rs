//! The readers take any bytes, and damaged documents.

use proptest::prelude::*;

fn take(bytes: &[u8]) {
    // Those that make files or start a gateway are too slow for so many inputs.
    let slow = ["compiled_configuration", "explained_request", "project", "usage_export"];
    for (name, read) in super::READERS {
        if !slow.contains(&name) {
            read(bytes);
        }
    }
}

/// A good document with one piece of it replaced gets further into the readers than bytes at random.
fn damaged(document: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        "[-\\[\\]{}:,\"'&*#|>0-9 \n\t]{0,8}".prop_map(String::into_bytes)
    ];
    (0..document.len(), 0..40_usize, piece).prop_map(|(start, length, piece)| {
        let mut bytes = document.as_bytes().to_vec();
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, piece);
        bytes
    })
}

const DEFINITION: &str = r##"{"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "x-wso2-basePath": "/t",
    "x-wso2-production-endpoints": {"urls": ["http://b/é"]}, "x-wso2-cors": {"accessControlMaxAge": 5},
    "paths": {"/a/{b}": {"get": {"security": [{"k": []}], "x-scope": "s", "responses": {}}}},
    "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "x"}}}}"##;

const GRPC: &str = r#"syntax = "proto3"; package a.b; import "wso2/options.proto"; import "google/protobuf/empty.proto";
    message M { string a = 1; repeated M b = 2; oneof c { int32 d = 3; } }
    service S { option (wso2.production_endpoints) = { url: ["http://b"] type: FAILOVER advanceEndpointConfig { timeoutInMillis: 5 } };
    option (wso2.security) = OAUTH2; option (wso2.throttling_tier) = "T";
    rpc R (M) returns (stream google.protobuf.Empty) { option (wso2.method_scopes) = "a,b"; } }"#;

const ANSWERS: &str = r#"{"id": "i", "name": "N", "version": "1", "context": "/t/org/c", "lifeCycleStatus": "PUBLISHED",
    "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": "http://u:p@b"}}, "unitTime": 1,
    "operations": [{"target": "/a", "verb": "GET", "scopes": ["s"]}], "policyName": "P", "timeUnit": "min",
    "defaultLimit": {"type": "RequestCountLimit", "requestCount": 5, "unitTime": 1, "timeUnit": "min"},
    "paths": {"/a": {"get": {}}}, "apiId": 1, "appId": 2, "applicationId": "2", "policyId": "P"}"#;

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in any::<Vec<u8>>()) {
        take(&bytes);
    }

    #[test]
    fn damaged_documents_are_taken(
        definition in damaged(DEFINITION),
        policies in damaged(crate::compile::DEFAULT_POLICIES),
        answers in damaged(ANSWERS),
        grpc in damaged(GRPC),
    ) {
        take(&grpc);
        take(&definition);
        take(&policies);
        take(&answers);
    }
}
/// The folder of what the fuzz targets begin with, and of every input that once was a finding.
const INPUTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/inputs");

/// The inputs of a fuzz target.
pub(super) fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(INPUTS).join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut inputs: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            (
                path.display().to_string(),
                std::fs::read(&path).expect("the file can be read"),
            )
        })
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    inputs
}

#[test]
fn every_input_is_taken() {
    for (target, read) in super::READERS {
        for (path, bytes) in inputs(target) {
            let said = read(&bytes);
            // Inputs have secrets where secrets belong.
            assert!(!said.contains("CANARY"), "{path}: a secret is told: {said}");
        }
    }
}

#[test]
fn every_fuzz_target_has_inputs_and_is_described() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("it can be read");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("it can be read");
    let mut targets: Vec<String> = std::fs::read_dir(root.join("fuzz_targets"))
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    for target in &targets {
        assert!(!inputs(target).is_empty());
        assert!(
            readme.contains(&format!("`{target}`")),
            "fuzz/README.md says nothing of {target}"
        );
        assert!(
            manifest.contains(&format!("name = \"{target}\"\n")),
            "fuzz/Cargo.toml has no {target}"
        );
    }
    for (reader, _) in super::READERS {
        assert!(
            targets.iter().any(|target| target == reader),
            "{reader} has no fuzz target"
        );
    }
}
