//! Whole projects with gRPC definitions, compiled.

use crate::compile::{Compiled, compile_project};
use crate::project::Layout;
use mgw_bundle::config::{
    Api, ApiKeyLocation, ApiKind, BackendProtocol, EndpointKind, Method, Requirement, Scheme, Security, Target,
};
use tempfile::TempDir;

/// Compiles a project with these files below `grpc_definitions/`; returns the findings as lines.
fn compile(files: &[(&str, &str)]) -> (Compiled, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop");
    for (name, text) in files {
        let path = root.join("grpc_definitions").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let compiled = compile_project(&Layout::new(root.clone())).unwrap();
    let root = format!("{}/", root.display());
    let problems = compiled
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let remedy = diagnostic.remedy.as_deref().map(|remedy| format!(" [{remedy}]"));
            format!("{diagnostic}{}", remedy.unwrap_or_default()).replace(&root, "")
        })
        .collect();
    (compiled, problems)
}

fn apis(files: &[(&str, &str)]) -> Vec<Api> {
    let (compiled, problems) = compile(files);
    assert_eq!(problems, [""; 0]);
    compiled.config.apis
}

const ORDERS: &str = r#"syntax = "proto3";
package shop.v1;

import "wso2/options.proto";
import "google/protobuf/empty.proto";
import "shop/item.proto";

service Orders {
  option (wso2.production_endpoints) = { url: "http://orders:50051" advanceEndpointConfig { timeoutInMillis: 2500 } };
  option (wso2.sandbox_endpoints) = { url: ["https://a:50051", "https://b:50051"] type: FAILOVER };
  option (wso2.security) = OAUTH2;
  option (wso2.security) = JWT;
  option (wso2.security) = APIKEY;

  rpc Get (Item) returns (Item) {
    option (wso2.method_scopes) = "read";
    option (wso2.method_scopes) = "write, admin";
    option (wso2.method_throttling_tier) = "10kPerMin";
  }
  rpc Watch (stream Item) returns (stream google.protobuf.Empty);
}
"#;

const ITEM: &str = "syntax = \"proto3\"; package shop.v1; message Item { string id = 1; }";

fn single(scheme: Scheme) -> Requirement {
    Requirement { schemes: vec![scheme] }
}

#[test]
fn a_service_is_an_api() {
    let apis = apis(&[("orders.proto", ORDERS), ("shop/item.proto", ITEM)]);
    let [api] = apis.as_slice() else { panic!("{apis:?}") };
    assert_eq!((api.name.as_str(), api.version.as_str()), ("shop.v1.Orders", "1.0.0"));
    assert_eq!((api.base_path.as_str(), api.kind), ("/shop.v1.Orders", ApiKind::Grpc));
    assert_eq!(api.source, "grpc_definitions/orders.proto");
    let production = api.endpoints.production.as_ref().unwrap();
    assert_eq!(production.targets, [Target::at("http://orders:50051".into())]);
    assert_eq!(
        (production.timeout_ms, production.protocol),
        (2500, BackendProtocol::Http2)
    );
    let sandbox = api.endpoints.sandbox.as_ref().unwrap();
    assert_eq!((sandbox.kind, sandbox.targets.len()), (EndpointKind::Failover, 2));
    let resources: Vec<_> = api
        .resources
        .iter()
        .map(|resource| {
            (
                resource.template.as_str(),
                resource.method,
                resource.scopes.names.join(" "),
            )
        })
        .collect();
    assert_eq!(
        resources,
        [
            ("/Get", Method::Post, "admin read write".to_owned()),
            ("/Watch", Method::Post, String::new())
        ]
    );
    let key = Scheme::ApiKey {
        location: ApiKeyLocation::Header,
        name: "api_key".into(),
    };
    for resource in &api.resources {
        let expected = Security {
            enabled: true,
            optional: false,
            alternatives: vec![single(Scheme::Oauth2), single(key.clone())],
        };
        assert_eq!(resource.security, expected);
    }
    assert_eq!(
        api.resources[0].policy.as_ref().map(|policy| policy.name.as_str()),
        Some("10kPerMin")
    );
}

#[test]
fn what_is_not_said_has_the_gateway_s_defaults() {
    let definition = "syntax = \"proto3\";\nimport \"wso2_options.proto\";\nmessage M {}\nservice Open {\n  option \
                      (wso2.production_endpoints) = { url: 'http://b' };\n  option (wso2.security) = NONE;\n  rpc Do (M) returns \
                      (M);\n}\nservice Closed {\n  option (wso2.production_endpoints) = { url: 'http://b' };\n  rpc Do (M) \
                      returns (M);\n}\n";
    let (compiled, problems) = compile(&[("a.proto", definition)]);
    assert_eq!(problems, [""; 0]);
    let [closed, open] = compiled.config.apis.as_slice() else {
        panic!("{:?}", compiled.config.apis)
    };
    assert_eq!((closed.name.as_str(), open.base_path.as_str()), ("Closed", "/Open"));
    assert!(!open.resources[0].security.enabled);
    assert_eq!(closed.resources[0].security.alternatives, [single(Scheme::Oauth2)]);
    assert!(compiled.entries.contains_key("definitions/Open_1.0.0.json"));
}

#[test]
fn a_project_may_bring_its_own_options_file() {
    let own = "syntax = \"proto3\";\npackage wso2;\nimport \"google/protobuf/descriptor.proto\";\nmessage E { string url = 7; }\n\
               extend google.protobuf.ServiceOptions { E production_endpoints = 50001; }\nextend \
               google.protobuf.MethodOptions { string method_scopes = 50007; }\n";
    let definition = "syntax = \"proto3\";\nimport \"wso2/options.proto\";\nmessage M {}\nservice S {\n  option \
                      (wso2.production_endpoints).url = 'http://b';\n  rpc Do (M) returns (M) { option (wso2.method_scopes) = \
                      'a,b'; }\n}\n";
    let apis = apis(&[("s.proto", definition), ("wso2/options.proto", own)]);
    assert_eq!(apis[0].endpoints.production.as_ref().unwrap().targets.len(), 1);
    assert_eq!(apis[0].resources[0].scopes.names, ["a", "b"]);
}

#[test]
fn mistakes_are_located() {
    let head = "syntax = \"proto3\";\nimport \"wso2/options.proto\";\nmessage M {}\n";
    let service =
        |name: &str, options: &str, methods: &str| format!("{head}service {name} {{\n{options}\n{methods}\n}}\n");
    let endpoint = "  option (wso2.production_endpoints) = { url: 'http://b' };";
    let method = "  rpc Do (M) returns (M);";
    let files = [
        ("a.proto", service("A", "", method)),
        (
            "b.proto",
            service(
                "B",
                "  option (wso2.production_endpoints) = { url: 'ftp://b' };",
                method,
            ),
        ),
        (
            "f.proto",
            service("F", "  option (wso2.sandbox_endpoints) = { url: 'ws://b' };", method),
        ),
        ("c.proto", service("C", endpoint, "")),
        (
            "d.proto",
            service(
                "D",
                &format!("{endpoint}\n  option (wso2.throttling_tier) = 'Gold';"),
                method,
            ),
        ),
        (
            "e.proto",
            service(
                "E",
                &format!("{endpoint}\n  option (wso2.security) = NONE;\n  option (wso2.security) = BASIC;"),
                method,
            ),
        ),
    ];
    // Each in a package of its own, or their messages would be one another's.
    let files: Vec<(&str, String)> = files
        .into_iter()
        .map(|(name, text)| {
            let package = format!(
                "import \"wso2/options.proto\";\npackage p{};",
                name.trim_end_matches(".proto")
            );
            (name, text.replacen("import \"wso2/options.proto\";", &package, 1))
        })
        .collect();
    let listed: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    insta::assert_snapshot!(compile(&listed).1.join("\n"), @r#"
    grpc_definitions/a.proto:5:9: error: the service pa.A has no endpoint [Import `wso2/options.proto` and add `option (wso2.production_endpoints) = { url: "http://backend:50051" };` to the service.]
    grpc_definitions/b.proto:6:3: error: `ftp://b` is not a backend URL: the gateway speaks http, https, ws and wss to backends, not ftp [Write a URL such as `https://backend.example.com/v1`; what callers ask for is put behind its path.]
    grpc_definitions/c.proto:5:9: error: the service pc.C has no method that a gateway could serve [Add methods, or remove the service.]
    grpc_definitions/d.proto:7:3: error: there is no resource policy `Gold` [Add it to `resourcePolicies` in policies.yaml.]
    grpc_definitions/e.proto:7:3: error: `NONE` stands beside other credentials [Remove `NONE`, or the others.]
    grpc_definitions/f.proto:6:3: error: `ws://b` is not where gRPC is spoken [Use http or https.]
    "#);
}

#[test]
fn what_the_compiler_refuses_is_located() {
    let cases = [
        ("syntax", "syntax = \"proto3\";\nmessage M {\n  string a = 1\n}\n"),
        (
            "type",
            "syntax = \"proto3\";\nservice S {\n  rpc Do (Missing) returns (Missing);\n}\n",
        ),
        ("import", "syntax = \"proto3\";\nimport \"none.proto\";\n"),
        ("above", "syntax = \"proto3\";\nimport \"../../etc/passwd\";\n"),
        ("absolute", "syntax = \"proto3\";\nimport \"/etc/passwd\";\n"),
        ("itself", "syntax = \"proto3\";\nimport \"x.proto\";\n"),
        (
            "option",
            "syntax = \"proto3\";\nmessage M {}\nservice S {\n  option (wso2.security) = NONE;\n  rpc Do (M) returns (M);\n}\n",
        ),
        (
            "value",
            "syntax = \"proto3\";\nimport \"wso2/options.proto\";\nmessage M {}\nservice S {\n  option (wso2.security) = TOKEN;\n  \
             rpc Do (M) returns (M);\n}\n",
        ),
    ];
    let found: Vec<String> = cases
        .iter()
        .map(|(name, text)| format!("{name}: {}", compile(&[("x.proto", text)]).1.join("\n")))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    syntax: grpc_definitions/x.proto:4:1: error: expected `;` or `[`, but found `}` [Look at the line and at what stands before it: a `;`, a bracket or a name may be missing.]
    type: grpc_definitions/x.proto:3:11: error: name `Missing` is not defined [Correct the line, or what it names: that has to stand in this file or in one that it imports, once.]
    import: grpc_definitions/x.proto:2:1: error: import `none.proto` not found [Imports are looked for below `grpc_definitions/`; copy the file there.]
    above: grpc_definitions/x.proto:2:8: error: this is not a name that can be imported [Imports may not contain backslashes, repeated forward slashes, `.` or `..` components.]
    absolute: grpc_definitions/x.proto:2:8: error: this is not a name that can be imported [Imports may not contain backslashes, repeated forward slashes, `.` or `..` components.]
    itself: grpc_definitions/x.proto:2:8: error: these files import each other: x.proto, x.proto [Move what both need into a third file.]
    option: grpc_definitions/x.proto:4:3: error: name `wso2.security` is not defined [Add `import "wso2/options.proto";`; the file need not be there.]
    value: grpc_definitions/x.proto:5:3: error: expected a value of type `repeated wso2.Security` for option `(wso2.security)`, but found `TOKEN` [Correct the line, or what it names: that has to stand in this file or in one that it imports, once.]
    "#);
}

#[test]
fn one_mistake_is_told_once_and_circles_and_long_chains_end() {
    let broken = "syntax = \"proto3\";\nmessage M { Missing a = 1; }\n";
    let user = "syntax = \"proto3\";\nimport \"broken.proto\";\n";
    let (_, problems) = compile(&[("broken.proto", broken), ("a.proto", user), ("b.proto", user)]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let (_, problems) = compile(&[
        ("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n"),
        ("b.proto", "syntax = \"proto3\";\nimport \"a.proto\";\n"),
    ]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("grpc_definitions/b.proto:2:8: error: these files import each other"),
        "{problems:?}"
    );
    let chain: Vec<(String, String)> = (0..100)
        .map(|number| {
            let text = format!("syntax = \"proto3\";\nimport \"f{}.proto\";\n", number + 1);
            (format!("f{number}.proto"), text)
        })
        .chain([("f100.proto".to_owned(), "syntax = \"proto3\";\n".to_owned())])
        .collect();
    let listed: Vec<(&str, &str)> = chain
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let (_, problems) = compile(&listed);
    assert!(problems[0].contains("more than 64 deep"), "{problems:?}");
}

#[test]
fn the_options_are_a_definition_of_their_own() {
    assert_eq!(apis(&[("wso2/options.proto", super::OPTIONS)]), []);
}

/// The compiler would use up its stack, which ends the process.
#[test]
fn brackets_nested_without_end_are_a_finding() {
    let deep = format!(
        "syntax = \"proto3\";\npackage p;\noption (x) = {}{};\n",
        "{ m ".repeat(100_000),
        "}".repeat(100_000)
    );
    let (_, problems) = compile(&[("deep.proto", &deep)]);
    assert_eq!(
        problems,
        [
            "grpc_definitions/deep.proto:3:270: error: brackets are nested more than 64 deep here \
          [Nest messages and the values of options less deeply.]"
        ]
    );
}
