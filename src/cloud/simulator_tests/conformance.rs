//! Every request of the client is an operation of the control plane's own definitions, with parameters these know.

use super::*;
use mgw_fixtures::simulator::RecordedRequest;
use serde_json::Value;

/// The definition files of a control plane: base path, file.
const API_CLOUD: &[(&str, &str)] = &[
    ("/api/am/publisher", "api-cloud/publisher-v1.yaml"),
    ("/api/am/store", "api-cloud/devportal-v1.yaml"),
    ("/api/am/admin", "api-cloud/admin-v1.yaml"),
];
const APIM_3_2: &[(&str, &str)] = &[
    ("/api/am/publisher/v1", "apim-3.2.0/publisher-api.yaml"),
    ("/api/am/store/v1", "apim-3.2.0/store-api.yaml"),
    ("/api/am/admin/v1", "apim-3.2.0/admin-api.yaml"),
    ("/internal/data/v1", "apim-3.2.0/internal-data-api.yaml"),
];

/// Paths of OAuth and client registration, which no definition file describes.
const UNDESCRIBED: [&str; 6] = [
    "/client-registration/register",
    "/token",
    "/revoke",
    "/client-registration/v0.17/register",
    "/oauth2/token",
    "/oauth2/revoke",
];

fn specs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs");
    folder.is_dir().then_some(folder)
}

fn load(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap();
    let (_, node) = crate::yaml::parse("spec.yaml", bytes, crate::yaml::Format::Yaml).unwrap();
    node.to_json()
}

/// Follows a local reference.
fn resolve<'a>(definition: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => definition
            .pointer(pointer)
            .expect("the definition's references lead somewhere"),
        None => node,
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(part, found)| part.starts_with('{') || *part == found)
}

/// What is wrong with a request by the definitions.
fn fault(request: &RecordedRequest, definitions: &[(&str, Value)]) -> Option<String> {
    let found = definitions
        .iter()
        .filter(|(base, _)| {
            request
                .path()
                .strip_prefix(base)
                .is_some_and(|rest| rest.starts_with('/'))
        })
        .max_by_key(|(base, _)| base.len());
    let Some((base, definition)) = found else {
        return Some("no definition describes it".into());
    };
    let path = request.path().strip_prefix(base)?;
    let paths = definition["paths"].as_object()?;
    // A template without parameters describes a path better than one with.
    let template = paths
        .keys()
        .filter(|template| matches(template, path))
        .min_by_key(|template| template.matches('{').count());
    let Some(item) = template.map(|template| &paths[template]) else {
        return Some("no such path".into());
    };
    let operation = &item[request.method.to_lowercase()];
    if operation.is_null() {
        return Some("no such method".into());
    }
    let lists = [&item["parameters"], &operation["parameters"]];
    let known: Vec<&Value> = lists
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|parameter| resolve(definition, parameter))
        .filter(|parameter| parameter["in"] == "query")
        .collect();
    let sent: Vec<String> = url::form_urlencoded::parse(request.query().as_bytes())
        .map(|(name, _)| name.into_owned())
        .collect();
    let unknown = sent
        .iter()
        .find(|name| !known.iter().any(|parameter| parameter["name"] == **name));
    let missing = known
        .iter()
        .find(|parameter| parameter["required"] == true && !sent.iter().any(|name| parameter["name"] == **name));
    unknown
        .map(|name| format!("the parameter {name} is not described"))
        .or_else(|| missing.map(|parameter| format!("the parameter {} is required", parameter["name"])))
}

/// Signs in, pulls in every way, signs out; then judges every request.
fn judge(shape: Shape, files: &[(&'static str, &str)]) {
    let Some(specs) = specs() else {
        // The definitions are beside a development checkout only; the test's own output says so.
        eprintln_skipped();
        return;
    };
    let definitions: Vec<(&str, Value)> = files
        .iter()
        .map(|(base, file)| (*base, load(&specs.join(file))))
        .collect();
    let bench = Bench::start(shape);
    for user in [DEVELOPER, ADMIN] {
        bench.login(user).unwrap();
        let project = bench.project().display().to_string();
        let words = [
            "pull",
            project.as_str(),
            "--label",
            "dev",
            "--label",
            "prod",
            "--api",
            "Orders:2.0.0",
        ];
        let password = if user == ADMIN {
            "demo-password"
        } else {
            "demo-password-ben"
        };
        bench.run_with(&words, &[("MGW_PASSWORD", password)]).unwrap();
        let _ = bench.pull(&["--label", "nowhere"]).unwrap_err();
        bench.run(&["logout"]).unwrap();
    }
    let requests = bench.simulator.requests();
    assert!(requests.len() > 40, "{}", requests.len());
    let faults: Vec<String> = requests
        .iter()
        .filter(|request| !UNDESCRIBED.contains(&request.path()))
        .filter_map(|request| {
            Some(format!(
                "{} {}: {}",
                request.method,
                request.target,
                fault(request, &definitions)?
            ))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[expect(clippy::print_stderr, reason = "a test that checks nothing must say so")]
fn eprintln_skipped() {
    eprintln!("skipped: ../shared/specs is not there");
}

#[test]
fn requests_to_api_cloud_are_its_own() {
    judge(Shape::ApiCloud, API_CLOUD);
}

#[test]
fn requests_to_api_manager_3_2_are_its_own() {
    judge(Shape::Apim32, APIM_3_2);
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let definition = serde_json::json!({
        "parameters": {"limit": {"name": "limit", "in": "query"}},
        "paths": {
            "/apis": {"parameters": [{"$ref": "#/parameters/limit"}], "get": {"parameters": [{"name": "q", "in": "query", "required": true}]}},
            "/apis/{id}": {"get": {}}, "/apis/export": {"get": {"parameters": [{"name": "q", "in": "query", "required": true}]}}
        }
    });
    let definitions = [("/p", definition)];
    for (method, target, expected) in [
        ("GET", "/p/apis?limit=1&q=2", None),
        ("GET", "/p/apis/7", None),
        ("GET", "/p/apis?limit=1", Some("the parameter \"q\" is required")),
        ("GET", "/p/apis?q=1&x=1", Some("the parameter x is not described")),
        ("POST", "/p/apis", Some("no such method")),
        ("GET", "/p/api", Some("no such path")),
        ("GET", "/p/apis/export", Some("the parameter \"q\" is required")),
        ("GET", "/other/apis", Some("no definition describes it")),
    ] {
        let request = RecordedRequest {
            method: method.into(),
            target: target.into(),
            content_type: None,
            status: None,
        };
        assert_eq!(fault(&request, &definitions).as_deref(), expected, "{method} {target}");
    }
}
