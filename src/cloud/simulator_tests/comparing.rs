//! What a pull would change for callers.

use super::*;
use crate::project::Layout;

fn diff(bench: &Bench, arguments: &[&str]) -> Result<ExitCode, Failure> {
    let project = bench.project().display().to_string();
    let mut words = vec!["diff", project.as_str()];
    words.extend(arguments);
    bench.run(&words)
}

#[test]
fn a_project_is_compared_with_what_a_pull_would_bring() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let layout = Layout::new(bench.project());
    let own = "openapi: 3.0.0\ninfo: {title: Own, version: '1'}\nx-wso2-basePath: /own\nx-wso2-production-endpoints: {urls: ['https://own.example']}\npaths: {/a: {get: {}}}\n";
    std::fs::create_dir(layout.definitions()).unwrap();
    std::fs::write(layout.definitions().join("own.yaml"), own).unwrap();
    let before = contents(&bench.project());
    assert_eq!(diff(&bench, &["--exit-code"]).unwrap(), ExitCode::NothingChanged);
    // Another label: one API comes, others go.
    assert_eq!(
        diff(&bench, &["--label", "prod", "--exit-code"]).unwrap(),
        ExitCode::Changes
    );
    let gate = ["--label", "prod", "--fail-on", "breaking", "--format", "markdown"];
    assert_eq!(diff(&bench, &gate).unwrap(), ExitCode::Gate);
    assert_eq!(contents(&bench.project()), before, "the project itself is not touched");
}

#[test]
fn a_project_is_compared_with_its_own_bundle() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let project = bench.project().display().to_string();
    bench.run(&["build", &project]).unwrap();
    let layout = Layout::new(bench.project());
    let bundle = layout.bundle(&layout.folder_name()).display().to_string();
    assert_eq!(
        bench.run(&["diff", &bundle, &project, "--exit-code"]).unwrap(),
        ExitCode::NothingChanged
    );
    // An edit that opens an operation is seen, and is a weakening.
    let definition = std::fs::read_dir(layout.pulled_definitions())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            std::fs::read_to_string(path)
                .unwrap()
                .contains("\"title\": \"Catalog\"")
        })
        .unwrap();
    let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(&definition).unwrap()).unwrap();
    let operations = document["paths"].as_object_mut().unwrap().values_mut();
    for operation in operations.flat_map(|path| path.as_object_mut().unwrap().values_mut()) {
        if operation.is_object() {
            operation["x-wso2-disable-security"] = true.into();
        }
    }
    std::fs::write(&definition, document.to_string()).unwrap();
    let gate = |class: &str| bench.run(&["diff", &bundle, &project, "--fail-on", class]).unwrap();
    assert_eq!(gate("weakening"), ExitCode::Gate);
    assert_eq!(gate("breaking"), ExitCode::Success);
}
