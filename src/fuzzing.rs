//! The private parsers of bytes from outside, for the fuzz targets in `fuzz/`. Not part of the interface.

pub use crate::cloud::on_premise_properties::fuzz as on_premise_properties;
pub use crate::cloud::pull::fuzzing::answers;
pub use crate::cloud::session::fuzzing::session_file;
pub use crate::compile::fuzzing::{definition, policies_file};
pub use crate::grpc::fuzzing::grpc_definition;

#[cfg(test)]
mod tests {
    use crate::yaml::Format;
    use proptest::prelude::*;

    fn take(bytes: &[u8]) {
        super::definition(bytes, Format::Yaml);
        super::definition(bytes, Format::Json);
        super::policies_file(bytes);
        super::grpc_definition(bytes);
        super::session_file(bytes);
        super::answers(bytes);
        super::on_premise_properties(bytes);
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
}
