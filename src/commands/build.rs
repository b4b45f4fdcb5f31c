//! `mgw build`

use super::deploy::{self, DeploymentArgs, Former, Parts};
use super::findings;
use super::members::{self, Done, MemberArgs, Pace};
use super::pull::{Agreed, PullOptions, pull_first};
use super::remote::{RemoteArgs, fetch_first};
use super::signing_keys;
use super::toolkit;
use super::version::TOOL;
use crate::attestation::SourceRevision;
use crate::compile::{build_bundle, compile_project};
use crate::context::{Context, Environment};
use crate::diagnostics::{Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::{LockError, steadily, verify};
use crate::project::shown;
use crate::signing::KeyReference;
use crate::ui::count;
use mgw_bundle::{Digest, PublicKey, SigningKey};
use std::path::PathBuf;

/// Arguments of `mgw build`.
#[derive(Debug, Clone, clap::Args)]
pub struct BuildArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Of a workspace.
    #[command(flatten)]
    pub members: MemberArgs,
    /// Change nothing that was pulled: end with code 15 where files or selection differ from mgw.lock.
    #[arg(long)]
    pub locked: bool,
    /// Pull nothing, so that no connection is opened.
    #[arg(long, conflicts_with_all = ["labels", "tags", "apis", "all"])]
    pub offline: bool,
    /// With --label and the like: remove APIs that were pulled before and are gone
    #[arg(long, conflicts_with = "locked")]
    pub prune: bool,
    /// With --label and the like: take less than was pulled before, where the control plane does not show the rest any more
    #[arg(long, conflicts_with = "locked")]
    pub accept_unseen: bool,
    /// Sign the bundle with a key: its name, or a PEM file (repeatable); signatures that the same bundle has already stay [default: MGW_SIGNING_KEY, or the file that MGW_SIGNING_KEY_FILE names]
    #[arg(long, value_name = "KEY")]
    pub sign: Vec<KeyReference>,
    /// What the state of the sources is called, such as a commit; it is told in the bundle's provenance, and thereby changes the
    /// digest [default: that of MGW_SOURCE_REVISION]
    #[arg(long, value_name = "REV")]
    pub source_revision: Option<String>,
    /// Containers.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// Fetch files that definitions refer to on other servers, keep them in remote/ and pin them in remote.lock.
    #[arg(long, conflicts_with_all = ["offline", "locked"])]
    pub allow_remote: bool,
    /// With --label, --tag, --api or --all: pull first.
    #[command(flatten)]
    pub pull: PullOptions,
}

#[derive(serde::Serialize)]
struct BuildResult<'a> {
    project: &'a str,
    bundle: Option<String>,
    digest: Option<String>,
    bytes: Option<usize>,
    /// Whether it was written, rather than there already.
    written: bool,
    /// Whose signatures it bears.
    key_ids: Vec<Digest>,
    apis: usize,
    operations: usize,
    /// What was written for containers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    artefacts: Vec<String>,
    /// What makes use of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<String>,
    summary: Summary,
    diagnostics: &'a Diagnostics,
}

/// Compiles the project and writes its bundle.
pub fn run(args: BuildArgs, context: &Context) -> Result<ExitCode, Failure> {
    let Some(members) = members::of(&args.project, &args.members)? else {
        return one(args, context).map(|done| done.code);
    };
    if !args.pull.selection.named()?.is_empty() {
        return Err(members::only_of_one("a selection such as --label"));
    }
    if args.deployment.deployment_config.is_some() || args.deployment.docker_image.is_some() {
        return Err(members::only_of_one("--deployment-config or --docker-image"));
    }
    members::each(&members, context, Pace::Together, |member, context| {
        let of_member = BuildArgs {
            project: member.path.clone(),
            ..args.clone()
        };
        one(of_member, context)
    })
}

fn one(args: BuildArgs, context: &Context) -> Result<Done, Failure> {
    let ui = &context.ui;
    // A key that cannot be used is told before anything is pulled.
    let keys = signing_keys::to_sign_with(&args.sign, context)?;
    let revision = source_revision(args.source_revision.as_deref(), &context.environment)?;
    let layout = toolkit::layout(&args.project, args.pull.source.config.as_deref())?;
    let selection = args.pull.selection.named()?;
    let mut is_partial = false;
    if !args.locked && !selection.is_empty() {
        let agreed = Agreed {
            prune: args.prune,
            accept_unseen: args.accept_unseen,
            only_adds: false,
        };
        is_partial = pull_first(&layout, &args.pull, agreed, context)?.is_partial();
    }
    let remote = RemoteArgs {
        allow_remote: args.allow_remote,
    };
    fetch_first(&layout, remote.into(), context)?;
    // What was found to be as pulled is what is compiled.
    let mut compiled = steadily(&layout, || -> Result<_, Failure> {
        if args.locked {
            match verify(&layout, &selection) {
                // Compiling tells it, beside everything else that is wrong.
                Ok(()) | Err(LockError::Parse { .. } | LockError::Format { .. } | LockError::Settings(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(compile_project(&layout)?)
    })?;
    compiled.origin.revision = revision;
    let settings = args.deployment.settings(ui)?;
    let wanted = args.deployment.wanted(&compiled.name, context)?;
    let mut found = Diagnostics::default();
    let named = args.deployment.deployment_config.as_deref();
    let environment = Some(&context.environment);
    let deployment = deploy::plan(&layout, named, &compiled, &wanted, environment, &mut found)?;
    compiled.diagnostics.extend(found);
    compiled.diagnostics.sort();
    findings::show(ui, &compiled.diagnostics);
    let mut result = BuildResult {
        project: &compiled.name,
        bundle: None,
        digest: None,
        bytes: None,
        written: false,
        key_ids: Vec::new(),
        apis: compiled.config.apis.len(),
        operations: compiled.config.apis.iter().map(|api| api.resources.len()).sum(),
        artefacts: Vec::new(),
        commands: Vec::new(),
        summary: compiled.diagnostics.summary(),
        diagnostics: &compiled.diagnostics,
    };
    if compiled.diagnostics.has_errors() {
        ui.result("", &result);
        return Err(findings::invalid(&compiled.name, &compiled.diagnostics).hint("Nothing was built."));
    }
    let parts = Parts {
        image: true,
        manifest: true,
        chart: true,
    };
    let program = deploy::program(&deployment, parts, args.deployment.program.as_deref())?;
    if let Some((path, bytes)) = settings {
        deploy::take_over(&layout, path, &bytes, ui)?;
    }
    let former = Former::at(&layout);
    let built = build_bundle(&layout, &compiled, TOOL, &keys)?;
    result.bundle = Some(shown(&built.path));
    result.digest = Some(built.digest.to_string());
    let by = |keys: &[PublicKey]| keys.iter().map(PublicKey::id).collect::<Vec<_>>();
    let named: Vec<PublicKey> = keys.iter().map(SigningKey::public).collect();
    let kept: Vec<PublicKey> = built.kept.iter().filter(|key| !named.contains(key)).copied().collect();
    result.key_ids = by(&[&named[..], &kept].concat());
    result.bytes = Some(built.bytes.len());
    result.written = !built.is_unchanged;
    ui.status(
        if built.is_unchanged { "Unchanged" } else { "Built" },
        format_args!(
            "{}, {}, {}",
            count::apis(result.apis),
            count::operations(result.operations),
            result.summary
        ),
    );
    if let Some(former) = &built.removed {
        ui.status(
            "Removed",
            format_args!("{}: the project is called {} now", shown(former), compiled.name),
        );
    }
    ui.status("Digest", built.digest);
    for key in by(&named) {
        ui.status("Signed", format_args!("with key {key}"));
    }
    for key in by(&kept) {
        ui.status("Signed", format_args!("with key {key} before: it is the same bundle"));
    }
    former.remove_unwanted(&layout, &deployment, ui)?;
    let written = deploy::write(
        &layout,
        &deployment,
        &compiled,
        Some(built.bytes),
        parts,
        program.as_ref(),
        context,
    )?;
    deploy::tell_unsigned(&layout, &deployment, !result.key_ids.is_empty(), ui);
    result.artefacts = written.paths.iter().map(|path| shown(path)).collect();
    result.commands = written.commands.into_iter().map(|(_, command)| command).collect();
    ui.result(shown(&built.path), &result);
    let code = if is_partial {
        ExitCode::Partial
    } else {
        ExitCode::Success
    };
    Ok(Done::serving(code, &compiled.config))
}

/// The revision that is named: on the command line, else in the environment.
pub(super) fn source_revision(named: Option<&str>, environment: &Environment) -> Result<Option<String>, Failure> {
    let Some(text) = named.or_else(|| environment.get("MGW_SOURCE_REVISION")) else {
        return Ok(None);
    };
    let revision: SourceRevision = text.parse().map_err(|error| {
        Failure::new(
            ExitCode::Usage,
            "the value of --source-revision (MGW_SOURCE_REVISION) is no revision",
        )
        .because(error)
        .hint("Give what `git rev-parse HEAD` prints, or the name of a tag.")
    })?;
    Ok(Some(revision.into()))
}
