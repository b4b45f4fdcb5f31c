//! `mgw inspect`

mod apis;
pub mod blocks;
mod certificates;
pub mod quotas;

use super::bundle_file;
use crate::compile::{Followed, describe_policy};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::count::{self, Counted};
use crate::ui::push_line;
use mgw_bundle::config::{CustomPolicy, Policy};
use mgw_bundle::{Bundle, Digest, Limits, PublicKey, names};
use std::path::{Path, PathBuf};

/// Arguments of `mgw inspect`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct InspectArgs {
    /// The bundle, or a project folder that has been built.
    #[arg(value_name = "BUNDLE", default_value = ".")]
    pub bundle: PathBuf,
    /// Print the list of what is in the bundle instead, as CycloneDX.
    #[arg(long, conflicts_with = "provenance")]
    pub sbom: bool,
    /// Print what the bundle was made from and by what instead, as an in-toto statement.
    #[arg(long)]
    pub provenance: bool,
    /// A running gateway instead.
    #[command(subcommand)]
    pub running: Option<Running>,
}

/// What to look at in a running gateway.
#[derive(Debug, clap::Subcommand)]
pub enum Running {
    /// Show how far the limits of a running gateway are used.
    Quotas(quotas::QuotasArgs),
    /// Show what a running gateway blocks.
    Blocks(blocks::BlocksArgs),
}

#[derive(serde::Serialize)]
struct Inspected<'a> {
    bundle: String,
    digest: Digest,
    sizes: Sizes,
    signed: bool,
    signers: Vec<Digest>,
    manifest: &'a mgw_bundle::Manifest,
    config: &'a mgw_bundle::GatewayConfig,
    certificates: Vec<certificates::Inspected<'a>>,
    snapshot: Option<SnapshotSummary>,
    follows: Option<Follows>,
}

/// How large it is.
#[derive(Debug, Clone, Copy, serde::Serialize)]
struct Sizes {
    /// Bytes of the file.
    archive: u64,
    /// Bytes of all entries.
    unpacked: u64,
    entries: usize,
    apis: usize,
    operations: usize,
}

impl Sizes {
    fn of(bundle: &Bundle, archive: usize) -> Self {
        let (entries, apis) = (&bundle.manifest.entries, &bundle.config.apis);
        Self {
            archive: u64::try_from(archive).unwrap_or(u64::MAX),
            unpacked: entries.iter().map(|entry| entry.size).sum(),
            entries: entries.len(),
            apis: apis.len(),
            operations: apis.iter().map(|api| api.resources.len()).sum(),
        }
    }
}

/// What a connected gateway pulls again.
#[derive(serde::Serialize)]
struct Follows {
    control_plane: String,
    labels: Vec<String>,
    apis: Vec<String>,
}

#[derive(serde::Serialize)]
struct SnapshotSummary {
    source: mgw_bundle::snapshot::SnapshotSource,
    applications: usize,
    key_mappings: usize,
    subscriptions: usize,
}

/// Shows what is in a bundle, or in a running gateway.
pub fn run(args: InspectArgs, context: &Context) -> Result<ExitCode, Failure> {
    match args.running {
        Some(Running::Quotas(args)) => quotas::run(args, context),
        Some(Running::Blocks(args)) => blocks::run(args, context),
        None if args.sbom => entry(&args.bundle, names::SBOM, context),
        None if args.provenance => entry(&args.bundle, names::PROVENANCE, context),
        None => bundle(&args.bundle, context),
    }
}

/// Prints an entry of the bundle as it is: it is JSON whatever the output is to be.
fn entry(path: &Path, name: &str, context: &Context) -> Result<ExitCode, Failure> {
    let path = bundle_file::locate(path)?;
    let bundle = bundle_file::read(&path)?;
    let Some(bytes) = bundle.entries.get(name) else {
        let message = format!("{} has no {name}: an older version of mgw built it", path.display());
        return Err(Failure::new(ExitCode::Environment, message).hint("Build it again with this version."));
    };
    context.ui.bytes(bytes);
    Ok(ExitCode::Success)
}

fn bundle(path: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let path = bundle_file::locate(path)?;
    let archive = bundle_file::bytes(&path)?;
    let bundle = Bundle::read(&archive, &Limits::default()).map_err(|error| bundle_file::not_intact(&path, error))?;
    let sizes = Sizes::of(&bundle, archive.len());
    let inspected = Inspected {
        bundle: path.display().to_string(),
        digest: bundle.digest,
        sizes,
        signed: !bundle.signers.is_empty(),
        signers: bundle.signers.iter().map(PublicKey::id).collect(),
        manifest: &bundle.manifest,
        config: &bundle.config,
        certificates: certificates::of(&bundle),
        snapshot: bundle.snapshot.as_ref().map(|snapshot| SnapshotSummary {
            source: snapshot.source,
            applications: snapshot.applications.len(),
            key_mappings: snapshot.key_mappings.len(),
            subscriptions: snapshot.subscriptions.len(),
        }),
        follows: follows(&bundle),
    };
    context.ui.result(text(&bundle, sizes).trim_end(), &inspected);
    Ok(ExitCode::Success)
}

fn follows(bundle: &Bundle) -> Option<Follows> {
    let source = Followed::of_bundle(bundle).ok()?.lock.source;
    Some(Follows {
        control_plane: source.url,
        labels: source.labels,
        apis: source.apis,
    })
}

/// The contents of a bundle for people. Its names come from elsewhere.
fn text(bundle: &Bundle, sizes: Sizes) -> String {
    let mut out = String::new();
    let config = &bundle.config;
    push_line(&mut out, format_args!("project   {}", config.project));
    push_line(&mut out, format_args!("digest    {}", bundle.digest));
    push_line(&mut out, format_args!("made by   {}", bundle.manifest.tool));
    push_line(
        &mut out,
        format_args!(
            "size      {}; {} in {}",
            count::bytes(sizes.archive),
            count::bytes(sizes.unpacked),
            Counted(sizes.entries, "entry", "entries")
        ),
    );
    push_line(
        &mut out,
        format_args!(
            "serves    {}, {}",
            count::apis(sizes.apis),
            count::operations(sizes.operations)
        ),
    );
    if bundle.signers.is_empty() {
        out.push_str("signed    by nobody\n");
    }
    for key in &bundle.signers {
        push_line(&mut out, format_args!("signed    with key {}", key.id()));
    }
    if let Some(lock) = bundle.manifest.lock {
        push_line(&mut out, format_args!("lock      {lock}"));
    }
    if let Some(follows) = follows(bundle) {
        push_line(&mut out, format_args!("follows   {}", follows.control_plane));
    }
    match &bundle.snapshot {
        Some(snapshot) => {
            push_line(
                &mut out,
                format_args!(
                    "data      {}, {}, {}",
                    Counted(snapshot.applications.len(), "application", "applications"),
                    Counted(snapshot.key_mappings.len(), "key", "keys"),
                    Counted(snapshot.subscriptions.len(), "subscription", "subscriptions")
                ),
            );
        }
        None => out.push_str("data      no subscription data\n"),
    }
    if let Some(cors) = &config.service_cors {
        push_line(
            &mut out,
            format_args!("tokens    CORS of the token endpoints: {}", apis::described(cors)),
        );
    }
    for api in &config.apis {
        out.push('\n');
        apis::describe(&mut out, bundle, api);
        certificates::describe_clients(&mut out, bundle, api);
    }
    for (kind, policies) in [
        ("resource", &config.policies.resource),
        ("application", &config.policies.application),
        ("subscription", &config.policies.subscription),
    ] {
        describe_policies(&mut out, kind, policies);
    }
    describe_custom(&mut out, &config.policies.custom);
    certificates::describe_backends(&mut out, bundle);
    out
}

fn describe_policies(out: &mut String, kind: &str, policies: &[Policy]) {
    if policies.is_empty() {
        return;
    }
    out.push('\n');
    push_line(out, format_args!("{kind} policies"));
    for policy in policies {
        push_line(out, format_args!("  {:<15} {}", policy.name, describe_policy(policy)));
    }
}

fn describe_custom(out: &mut String, policies: &[CustomPolicy]) {
    if policies.is_empty() {
        return;
    }
    out.push_str("\ncustom policies\n");
    for CustomPolicy { key_template, policy } in policies {
        push_line(
            out,
            format_args!("  {:<15} {} by {key_template}", policy.name, describe_policy(policy)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_and_never_obeyed() {
        let mut out = String::new();
        let policy = Policy {
            name: "a\u{1b}[2J\nsigned    with key b".into(),
            quota: mgw_bundle::config::Quota::Unlimited,
            stop_on_quota: true,
            burst: None,
            strict: false,
            conditional: Vec::new(),
        };
        describe_policies(&mut out, "resource", &[policy]);
        assert_eq!(
            out,
            "\nresource policies\n  a\\u{1b}[2J\\u{a}signed    with key b no limit\n"
        );
    }
}
