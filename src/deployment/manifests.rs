//! Objects of Kubernetes as files: one with all of them, and a Helm chart.

use super::RenderError;
use super::model::Deployment;
use super::objects::objects;
use super::render::render;
use super::write::OutputFile;
use crate::yaml::to_yaml;
use serde_json::Value;
use std::collections::BTreeMap;

/// First line of every file.
const HEAD: &str = "# Written by mgw: the next build writes it anew.\n";

/// Stands in a template where Helm puts a value in; nobody writes it by chance.
const MARK: &str = "MGW-VALUE-9b1c7e52-";

/// All objects as one text.
pub(super) fn manifest(deployment: &Deployment) -> Result<String, RenderError> {
    documents(&objects(deployment))
}

/// All objects in one file.
pub(super) fn manifest_file(deployment: &Deployment) -> Result<OutputFile, RenderError> {
    Ok(with_objects(deployment, manifest(deployment)?))
}

/// A file of objects: nobody else reads it where secrets are among them.
fn with_objects(deployment: &Deployment, text: String) -> OutputFile {
    match deployment.objects.secrets.is_empty() {
        true => OutputFile::Bytes(text.into_bytes()),
        false => OutputFile::Private(text.into_bytes()),
    }
}

fn documents(objects: &[Value]) -> Result<String, RenderError> {
    let mut text = HEAD.to_owned();
    for object in objects {
        text.push_str("---\n");
        text.push_str(&to_yaml(object)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

/// The chart's files, by their paths in its folder. Image, pull policy and number of replicas are values.
pub(super) fn chart(
    deployment: &Deployment,
    app_version: &str,
) -> Result<(String, BTreeMap<String, OutputFile>), RenderError> {
    let workload = deployment.objects.workload.as_ref();
    let name = workload.map_or_else(|| deployment.project.clone(), |workload| workload.name.clone());
    let mut objects = objects(deployment);
    for object in &mut objects {
        if object["kind"] == "Deployment" {
            if object["spec"].get("replicas").is_some() {
                object["spec"]["replicas"] = marked("replicas");
            }
            let container = &mut object["spec"]["template"]["spec"]["containers"][0];
            container["image"] = marked("image");
            container["imagePullPolicy"] = marked("imagePullPolicy");
        }
    }
    // What looks like an action of Helm's is none.
    let mut template = documents(&objects)?.replace("{{", "{{ \"{{\" }}");
    for (value, quotes) in [("replicas", ""), ("image", "\""), ("imagePullPolicy", "\"")] {
        let action = format!("{quotes}{{{{ .Values.{value} }}}}{quotes}");
        template = template.replace(&format!("{MARK}{value}-"), &action);
    }
    let mut context = tera::Context::new();
    // As JSON, whose texts are texts of YAML too.
    let mut insert = |name: &'static str, text: &str| context.insert(name, &Value::from(text).to_string());
    insert("name", &name);
    insert("description", &format!("The gateway of {}", deployment.project));
    insert("app_version", app_version);
    insert(
        "image",
        workload.map(|workload| workload.image.as_str()).unwrap_or_default(),
    );
    insert(
        "pull_policy",
        workload.map(|workload| workload.pull_policy).unwrap_or_default(),
    );
    context.insert("replicas", &workload.map_or(1, |workload| workload.replicas));
    let text = |text: String| OutputFile::Bytes(text.into_bytes());
    let files = BTreeMap::from([
        (
            "Chart.yaml".to_owned(),
            text(render(
                "Chart.yaml",
                include_str!("../../templates/helm/Chart.yaml"),
                &context,
            )?),
        ),
        (
            "values.yaml".to_owned(),
            text(render(
                "values.yaml",
                include_str!("../../templates/helm/values.yaml"),
                &context,
            )?),
        ),
        (
            format!("templates/{}.yaml", deployment.project),
            with_objects(deployment, template),
        ),
    ]);
    Ok((name, files))
}

fn marked(value: &str) -> Value {
    Value::String(format!("{MARK}{value}-"))
}
