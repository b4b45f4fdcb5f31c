//! `mgw verify`

use super::members::{self, Done, MemberArgs, Pace};
use super::{bundle_file, signing_keys};
use crate::attestation;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::serve::demand_signature;
use crate::signing::KeyReference;
use crate::ui::count::Counted;
use crate::ui::visible;
use mgw_bundle::{Digest, PublicKey};
use std::path::PathBuf;

/// Arguments of `mgw verify`.
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArgs {
    /// The bundle, or a project folder that has been built.
    #[arg(value_name = "BUNDLE", default_value = ".")]
    pub bundle: PathBuf,
    /// Of a workspace.
    #[command(flatten)]
    pub members: MemberArgs,
    /// The digest that the bundle must have, as `mgw build` printed it [default: that of MGW_DIGEST]
    #[arg(long, value_name = "SHA256")]
    pub digest: Option<String>,
    /// Key that must have signed the bundle, or another that is named so: its name, or a PEM file (repeatable, or
    /// with commas between them) [default: those of MGW_VERIFY_KEY]
    #[arg(long = "key", value_name = "KEY", value_delimiter = ',')]
    pub keys: Vec<KeyReference>,
}

#[derive(serde::Serialize)]
struct Verified {
    bundle: String,
    project: String,
    tool: String,
    digest: Digest,
    entries: usize,
    signed: bool,
    signers: Vec<Signer>,
    /// Whether it lists what is in it.
    sbom: bool,
    /// Whether it says what it was made from.
    provenance: bool,
    /// What whoever built it calls the state of the sources.
    source_revision: Option<String>,
    /// The key among those asked for that signed.
    trusted: Option<Digest>,
}

#[derive(serde::Serialize)]
struct Signer {
    key_id: Digest,
    /// What the user calls the key.
    name: Option<String>,
}

/// Checks every entry of a bundle against its manifest, the manifest against the digest, and who signed it.
pub fn run(args: VerifyArgs, context: &Context) -> Result<ExitCode, Failure> {
    let Some(members) = members::of(&args.bundle, &args.members)? else {
        return one(args, context).map(|done| done.code);
    };
    if args.digest.is_some() || context.environment.is_set("MGW_DIGEST") {
        return Err(members::only_of_one("--digest (MGW_DIGEST)"));
    }
    members::each(&members, context, Pace::Together, |member, context| {
        let of_member = VerifyArgs {
            bundle: member.path.clone(),
            ..args.clone()
        };
        one(of_member, context)
    })
}

fn one(args: VerifyArgs, context: &Context) -> Result<Done, Failure> {
    let ui = &context.ui;
    let environment = &context.environment;
    let path = bundle_file::locate(&args.bundle)?;
    let bundle = bundle_file::read(&path)?;
    bundle_file::expect_digest(&path, &bundle, args.digest.as_deref(), &context.environment)?;
    let trusted = demand_signature(
        &bundle,
        &path,
        &signing_keys::trusted(signing_keys::named_for_checking(&args.keys, environment)?, environment)?,
    )?;
    let attested = attestation::check(&bundle).map_err(|error| {
        Failure::new(
            ExitCode::Mismatch,
            format!("{} says something else of itself than what is in it", path.display()),
        )
        .because(error)
        .hint("Do not use it: no version of mgw packs such a bundle. Build it again.")
    })?;
    // Nobody without a home folder has names for keys.
    let store = signing_keys::store(environment).ok();
    let signer = |key: &PublicKey| Signer {
        key_id: key.id(),
        name: store.as_ref().and_then(|store| Some(store.name_of(key)?.to_string())),
    };
    let verified = Verified {
        bundle: shown(&path),
        project: bundle.manifest.project.clone(),
        tool: bundle.manifest.tool.clone(),
        digest: bundle.digest,
        entries: bundle.manifest.entries.len(),
        signed: !bundle.signers.is_empty(),
        signers: bundle.signers.iter().map(signer).collect(),
        sbom: attested.sbom,
        provenance: attested.provenance,
        source_revision: attested.revision,
        trusted: trusted.as_ref().map(|key| key.public.id()),
    };
    let entries = Counted(verified.entries, "entry is", "entries are");
    ui.status("Verified", format_args!("{}: {entries} intact", verified.bundle));
    if let Some(revision) = &verified.source_revision {
        ui.status("Sources", format_args!("are said to be those of {}", visible(revision)));
    }
    match &trusted {
        Some(key) => ui.status("Trusted", format_args!("it is signed with {}", key.reference)),
        None => verified.signers.iter().for_each(|signer| {
            let called = signer.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            ui.status(
                "Signed",
                format_args!("with key {}{called}; --key checks whose it is", signer.key_id),
            );
        }),
    }
    ui.result(verified.digest, &verified);
    Ok(Done::serving(ExitCode::Success, &bundle.config))
}
