//! The folder from which an image is built.

use super::RenderError;
use super::decide::{CONF_DIR, CONF_FILE};
use super::model::{Deployment, ImageFolder};
use super::objects::{USER, ready};
use super::program::Program;
use super::render::render;
use super::write::OutputFile;
use crate::shell::quoted;
use serde_json::json;
use std::collections::BTreeMap;

/// The home of everything in the image, as micro-gw had it, so that targets of copied files go on to be right.
const HOME: &str = "/home/ballerina";

/// The files of the folder, by their paths in it.
pub(super) fn files(
    deployment: &Deployment,
    image: &ImageFolder,
    bundle: Vec<u8>,
    program: &Program,
) -> Result<BTreeMap<String, OutputFile>, RenderError> {
    let mut files = BTreeMap::new();
    let bundle_name = format!("{}.zip", deployment.project);
    let app = format!("{HOME}/{bundle_name}");
    let mut copies = vec![
        json!(["mgw", "/usr/local/bin/mgw"]).to_string(),
        json!([bundle_name, app]).to_string(),
    ];
    for file in &image.files {
        let name = format!("files/{}", file.name);
        copies.push(json!([name, file.target]).to_string());
        files.insert(name, OutputFile::Bytes(file.bytes.clone()));
    }
    let mut variables = "MGW_CONFIG_DIR=/tmp/mgw MGW_DATA_DIR=/tmp/mgw".to_owned();
    let settings = format!("{CONF_DIR}/{CONF_FILE}");
    if image.files.iter().any(|file| file.target == settings) {
        variables.push_str(&format!(" MGW_CONF_DIR={CONF_DIR}"));
    }
    let mut command = vec!["mgw".to_owned(), "run".to_owned(), app];
    command.extend(image.arguments.iter().cloned());
    let ports: Vec<u16> = deployment.ports.named().into_iter().map(|(_, port)| port).collect();
    let mut context = tera::Context::new();
    context.insert("base", &image.base);
    context.insert("copies", &copies);
    context.insert("variables", &variables);
    context.insert("ports", &ports);
    context.insert("user", &USER);
    let check = deployment.ports.admin.map(|port| json!(ready(port)).to_string());
    context.insert("check", &check);
    context.insert("command", &json!(command).to_string());
    let dockerfile = render(
        "Dockerfile",
        include_str!("../../templates/docker/Dockerfile"),
        &context,
    )?;
    files.insert("Dockerfile".to_owned(), OutputFile::Bytes(dockerfile.into_bytes()));
    files.insert(bundle_name, OutputFile::Bytes(bundle));
    files.insert("mgw".to_owned(), OutputFile::Program(program.path.clone()));
    Ok(files)
}

/// The command that builds the image from the folder.
pub(super) fn build_command(image: &ImageFolder, folder: &str, program: &Program) -> String {
    let names: Vec<String> = image.names.iter().map(|name| format!(" -t {name}")).collect();
    format!(
        "docker build --platform {}{} {}",
        program.platform,
        names.concat(),
        quoted(folder)
    )
}
