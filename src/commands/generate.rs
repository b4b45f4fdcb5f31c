//! `mgw generate`: files for those who run gateways.

use super::build::source_revision;
use super::deploy::{self, Parts, image_name};
use super::findings;
use super::image_bundle::{ImageBundle, Told};
use super::signing_keys;
use crate::compile::compile_project;
use crate::context::Context;
use crate::deployment::Wanted;
use crate::diagnostics::{Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Layout, shown};
use crate::signing::KeyReference;
use std::path::PathBuf;

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
    /// Write a folder from which an image with the project's bundle is built: that of target/, where the project compiles to it.
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
    /// Sign the bundle in the image with a key: its name, or a PEM file (repeatable) [default: MGW_SIGNING_KEY, or the file that MGW_SIGNING_KEY_FILE names]
    #[arg(long, value_name = "KEY")]
    pub sign: Vec<KeyReference>,
    /// What the state of the sources is called, as of mgw build [default: that of MGW_SOURCE_REVISION, else that of the bundle in
    /// target/]
    #[arg(long, value_name = "REV")]
    pub source_revision: Option<String>,
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
    /// What is in the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<Told>,
    summary: Summary,
    diagnostics: &'a Diagnostics,
}

/// What is asked for.
struct Order {
    project: PathBuf,
    wanted: Wanted,
    parts: Parts,
    program: Option<PathBuf>,
    sign: Vec<KeyReference>,
    source_revision: Option<String>,
}

/// Writes files below `target/gen/target` of the project.
pub fn run(command: GenerateCommand, context: &Context) -> Result<ExitCode, Failure> {
    let order = match command.kind {
        Kind::Docker(args) => image(args)?,
        Kind::Kubernetes(args) => objects(args, false)?,
        Kind::Helm(args) => objects(args, true)?,
    };
    generate(&order, context)
}

fn image(args: DockerArgs) -> Result<Order, Failure> {
    image_name("--image", args.image.as_deref())?;
    image_name("--base-image", args.base_image.as_deref())?;
    Ok(Order {
        project: args.project,
        wanted: Wanted {
            image: true,
            objects: false,
            name: args.image,
            base: args.base_image,
        },
        parts: Parts {
            image: true,
            manifest: false,
            chart: false,
        },
        program: args.program,
        sign: args.sign,
        source_revision: args.source_revision,
    })
}

fn objects(args: ObjectArgs, chart: bool) -> Result<Order, Failure> {
    image_name("--image", args.image.as_deref())?;
    Ok(Order {
        project: args.project,
        wanted: Wanted {
            image: false,
            objects: true,
            name: args.image,
            base: None,
        },
        parts: Parts {
            image: false,
            manifest: !chart,
            chart,
        },
        program: None,
        sign: Vec::new(),
        source_revision: None,
    })
}

fn generate(order: &Order, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let parts = order.parts;
    let (keys, revision) = match parts.image {
        true => (
            signing_keys::to_sign_with(&order.sign, context)?,
            source_revision(order.source_revision.as_deref(), &context.environment)?,
        ),
        false => (Vec::new(), None),
    };
    let layout = Layout::new(&order.project);
    let mut compiled = compile_project(&layout)?;
    let mut found = Diagnostics::default();
    let environment = Some(&context.environment).filter(|_| parts.has_objects());
    let deployment = deploy::plan(&layout, None, &compiled, &order.wanted, environment, &mut found)?;
    compiled.diagnostics.extend(found);
    compiled.diagnostics.sort();
    findings::show(ui, &compiled.diagnostics);
    if compiled.diagnostics.has_errors() {
        return Err(findings::invalid(&compiled.name, &compiled.diagnostics).hint("Nothing was written."));
    }
    let program = deploy::program(&deployment, parts, order.program.as_deref())?;
    let bundle = match parts.image {
        true => Some(ImageBundle::of(&compiled, &layout, revision, &keys)?),
        false => None,
    };
    let is_signed = bundle.as_ref().is_some_and(ImageBundle::is_signed);
    let (bytes, told) = bundle.map(|bundle| (bundle.bytes, bundle.told)).unzip();
    if let Some(told) = &told {
        told.tell(&compiled, &layout, ui);
    }
    let written = deploy::write(&layout, &deployment, &compiled, bytes, parts, program.as_ref(), context)?;
    if parts.image {
        deploy::tell_unsigned(&layout, &deployment, is_signed, ui);
    }
    let files: Vec<String> = written.paths.iter().map(|path| shown(path)).collect();
    let result = Generated {
        project: &compiled.name,
        files: files.clone(),
        commands: written.commands.iter().map(|(_, command)| command.clone()).collect(),
        bundle: told,
        summary: compiled.diagnostics.summary(),
        diagnostics: &compiled.diagnostics,
    };
    ui.result(files.join("\n"), &result);
    Ok(ExitCode::Success)
}
