//! `mgw generate`: files for those who run gateways.

use super::deploy::{self, Parts, image_name};
use super::findings;
use super::signing_keys;
use super::version::TOOL;
use crate::compile::{compile_project, pack};
use crate::context::Context;
use crate::deployment::Wanted;
use crate::diagnostics::{Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Layout, shown};
use mgw_bundle::{Limits, sign_bundle};
use std::path::{Path, PathBuf};

/// Arguments of `mgw generate`.
#[derive(Debug, clap::Args)]
pub struct GenerateCommand {
    /// What is written.
    #[command(subcommand)]
    pub kind: Kind,
}

/// What is written.
#[derive(Debug, clap::Subcommand)]
pub enum Kind {
    /// Write a folder from which an image with the project's bundle is built.
    Docker(DockerArgs),
    /// Write objects of Kubernetes in one file: those that conf/deployment-config.toml enables, and a Deployment and a Service.
    Kubernetes(ObjectArgs),
    /// Write the same objects as a Helm chart.
    Helm(ObjectArgs),
}

/// Arguments of `mgw generate docker`.
#[derive(Debug, clap::Args)]
pub struct DockerArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// What the image is called [default: of conf/deployment-config.toml, else PROJECT:latest]
    #[arg(long, value_name = "NAME:TAG")]
    pub image: Option<String>,
    /// What it is built on [default: of conf/deployment-config.toml, else a small image with authorities for TLS]
    #[arg(long, value_name = "IMAGE")]
    pub base_image: Option<String>,
    /// mgw for Linux, which goes into the image [default: this program, on Linux]
    #[arg(long, value_name = "FILE", env = "MGW_LINUX_PROGRAM")]
    pub program: Option<PathBuf>,
}

/// Arguments of `mgw generate kubernetes` and `mgw generate helm`.
#[derive(Debug, clap::Args)]
pub struct ObjectArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// The image that is run [default: of conf/deployment-config.toml, else PROJECT:latest]
    #[arg(long, value_name = "NAME:TAG")]
    pub image: Option<String>,
}

/// The result with `--output json`.
#[derive(Debug, serde::Serialize)]
struct Generated<'a> {
    project: &'a str,
    files: Vec<String>,
    commands: Vec<String>,
    summary: Summary,
    diagnostics: &'a Diagnostics,
}

/// Writes files below `target/gen/target` of the project.
pub fn run(command: GenerateCommand, context: &Context) -> Result<ExitCode, Failure> {
    let (project, wanted, parts, program) = match command.kind {
        Kind::Docker(args) => {
            image_name("--image", args.image.as_deref())?;
            image_name("--base-image", args.base_image.as_deref())?;
            let wanted = Wanted {
                image: true,
                objects: false,
                name: args.image,
                base: args.base_image,
            };
            let parts = Parts {
                image: true,
                manifest: false,
                chart: false,
            };
            (args.project, wanted, parts, args.program)
        }
        Kind::Kubernetes(args) => objects(args, false)?,
        Kind::Helm(args) => objects(args, true)?,
    };
    generate(&project, &wanted, parts, program.as_deref(), context)
}

fn objects(args: ObjectArgs, chart: bool) -> Result<(PathBuf, Wanted, Parts, Option<PathBuf>), Failure> {
    image_name("--image", args.image.as_deref())?;
    let wanted = Wanted {
        image: false,
        objects: true,
        name: args.image,
        base: None,
    };
    let parts = Parts {
        image: false,
        manifest: !chart,
        chart,
    };
    Ok((args.project, wanted, parts, None))
}

fn generate(
    project: &Path,
    wanted: &Wanted,
    parts: Parts,
    program: Option<&Path>,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let keys = match parts.image {
        true => signing_keys::to_sign_with(&[], context)?,
        false => Vec::new(),
    };
    let layout = Layout::new(project);
    let mut compiled = compile_project(&layout)?;
    let mut found = Diagnostics::default();
    let environment = Some(&context.environment).filter(|_| parts.has_objects());
    let deployment = deploy::plan(&layout, None, &compiled, wanted, environment, &mut found)?;
    compiled.diagnostics.extend(found);
    compiled.diagnostics.sort();
    findings::show(ui, &compiled.diagnostics);
    if compiled.diagnostics.has_errors() {
        return Err(findings::invalid(&compiled.name, &compiled.diagnostics).hint("Nothing was written."));
    }
    let program = deploy::program(&deployment, parts, program)?;
    let bundle = match parts.image {
        true => {
            let mut bytes = pack(&compiled, TOOL)?.bytes;
            for key in &keys {
                bytes = sign_bundle(&bytes, key, &Limits::default()).map_err(|error| {
                    Failure::new(ExitCode::Internal, "the bundle could not be signed").because(error)
                })?;
            }
            Some(bytes)
        }
        false => None,
    };
    let written = deploy::write(
        &layout,
        &deployment,
        &compiled,
        bundle,
        parts,
        program.as_ref(),
        context,
    )?;
    let files: Vec<String> = written.paths.iter().map(|path| shown(path)).collect();
    let result = Generated {
        project: &compiled.name,
        files: files.clone(),
        commands: written.commands.iter().map(|(_, command)| command.clone()).collect(),
        summary: compiled.diagnostics.summary(),
        diagnostics: &compiled.diagnostics,
    };
    ui.result(files.join("\n"), &result);
    Ok(ExitCode::Success)
}
