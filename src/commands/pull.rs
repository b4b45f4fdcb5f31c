//! `mgw pull`

use super::credentials::{CredentialArgs, SessionArgs};
use super::interrupt::interruptible;
use super::login::{LoginArgs, sign_in_and_store};
use crate::cloud::address::Address;
use crate::cloud::pull::{Change, PullError, Selection, change, removed, source_sentence};
use crate::cloud::session::{Connection, Session};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::LockFile;
use crate::project::{ControlPlaneSettings, Layout, PullSettings, Settings};
use crate::pulling::{PullRequest, Pulled, pull_into};
use crate::ui::count::{self, Counted};
use mgw_bundle::snapshot::SnapshotSource;
use secrecy::SecretString;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `mgw pull`.
#[derive(Debug, clap::Args)]
pub struct PullArgs {
    /// Project folder
    #[arg(value_name = "PROJECT", default_value = ".")]
    pub project: PathBuf,
    /// What to pull, and as whom.
    #[command(flatten)]
    pub options: PullOptions,
}

/// What to pull, and as whom.
#[derive(Debug, clap::Args)]
pub struct PullOptions {
    /// Gateway label whose APIs are pulled; repeatable [default: those of mgw.toml]
    #[arg(long = "label", short = 'l', value_name = "LABEL")]
    pub labels: Vec<String>,
    /// Single API as NAME:VERSION, or PROVIDER/NAME:VERSION; repeatable [default: those of mgw.toml]
    #[arg(long = "api", short = 'a', alias = "api-name", value_name = "NAME:VERSION")]
    pub apis: Vec<String>,
    /// Sign in there first, as mgw login does; also done when user and password are given as flags
    #[arg(long, short = 's', alias = "server-url", value_name = "URL")]
    pub url: Option<String>,
    /// Who may read the control plane's data for gateways; the signed-in user's password is needed for that.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

impl PullOptions {
    /// What the command line names.
    pub(crate) fn selection(&self) -> Result<Selection, PullError> {
        Selection::new(&self.labels, &self.apis)
    }

    /// Signs in where the flags ask for it, and returns the password then.
    fn sign_in(
        &self,
        wanted: Option<&ControlPlaneSettings>,
        context: &Context,
    ) -> Result<Option<SecretString>, Failure> {
        let has_flags = self.credentials.username.is_some() && self.credentials.password.is_some();
        if self.url.is_none() && !has_flags {
            return Ok(None);
        }
        let login = LoginArgs {
            url: self.sign_in_url(wanted, context)?,
            kind: None,
            credentials: self.credentials.clone(),
            session: self.session.clone(),
        };
        sign_in_and_store(&login, context).map(|(_, password)| Some(password))
    }
}

impl PullOptions {
    /// Where to sign in: the password goes to no other control plane than the project's, or the one of the session.
    fn sign_in_url(&self, wanted: Option<&ControlPlaneSettings>, context: &Context) -> Result<Option<String>, Failure> {
        let named = self
            .url
            .as_deref()
            .or_else(|| context.environment.get("MGW_URL"))
            .or(wanted.map(|wanted| wanted.url.as_str()));
        if let Some(url) = named {
            return Ok(Some(url.to_owned()));
        }
        let session = self.session.store(&context.environment)?.load()?;
        Ok(session.map(|session| session.address.to_string()))
    }
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct PullResult<'a> {
    control_plane: &'a str,
    organisation: &'a str,
    labels: &'a [String],
    apis: Vec<PulledApi<'a>>,
    removed: &'a [String],
    policies: PolicyCounts,
    applications: usize,
    key_mappings: usize,
    subscriptions: usize,
    subscription_source: SnapshotSource,
    client_certificates: usize,
    backend_certificates: usize,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct PulledApi<'a> {
    name: &'a str,
    version: &'a str,
    id: String,
    state: &'a str,
    change: Change,
    file: &'a str,
}

#[derive(Debug, Serialize)]
struct PolicyCounts {
    resource: usize,
    application: usize,
    subscription: usize,
}

/// Pulls APIs, policies and subscriptions into the project.
pub fn run(args: PullArgs, context: &Context) -> Result<ExitCode, Failure> {
    let pulled = pull(&Layout::new(&args.project), &args.options, context)?;
    let removed = removed(pulled.old.as_ref(), &pulled.lock);
    tell(context, &pulled, &removed);
    context.ui.result("", &result(&pulled, &removed));
    Ok(if pulled.is_partial() {
        ExitCode::Partial
    } else {
        ExitCode::Success
    })
}

/// Pulls as a step of another command, which has a result of its own.
pub(crate) fn pull_first(layout: &Layout, options: &PullOptions, context: &Context) -> Result<Pulled, Failure> {
    let pulled = pull(layout, options, context)?;
    tell(context, &pulled, &removed(pulled.old.as_ref(), &pulled.lock));
    Ok(pulled)
}

fn pull(layout: &Layout, options: &PullOptions, context: &Context) -> Result<Pulled, Failure> {
    let ui = &context.ui;
    if !layout.root().is_dir() {
        let message = format!("there is no project folder {}", layout.root().display());
        return Err(Failure::new(ExitCode::Invalid, message).hint("Create it with mgw init."));
    }
    let settings = Settings::load(&layout.settings())?;
    let old = LockFile::load(&layout.lock())?;
    let selection = selection(options, settings.as_ref().map(|settings| &settings.pull), old.as_ref())?;
    let wanted = settings.as_ref().and_then(|settings| settings.control_plane.as_ref());
    let password = options.sign_in(wanted, context)?;
    let store = options.session.store(&context.environment)?;
    let connection = Connection::open(store, &options.session.http(&context.environment)?, ui)?;
    refuse_other_control_plane(&connection, wanted)?;
    context.block_on(interruptible(async {
        let session = connection.session().await;
        let password = match password {
            Some(password) => Some(password),
            None => given_password(options, context, &session)?,
        };
        let request = PullRequest { selection, password };
        let progress = ui.progress(format_args!("Pulling from {}", session.address));
        Ok(pull_into(layout, Arc::new(connection), &request, &progress).await?)
    }))
}

/// Flags, else the settings, else what was pulled last.
fn selection(
    options: &PullOptions,
    settings: Option<&PullSettings>,
    old: Option<&LockFile>,
) -> Result<Selection, PullError> {
    let flags = options.selection()?;
    if !flags.is_empty() {
        return Ok(flags);
    }
    let of_settings = match settings {
        Some(settings) => Selection::new(&settings.labels, &settings.apis)?,
        None => Selection::default(),
    };
    if !of_settings.is_empty() {
        return Ok(of_settings);
    }
    match old {
        Some(old) => Selection::new(&old.source.labels, &old.source.apis),
        None => Err(PullError::NothingSelected),
    }
}

/// A project that names its control plane is not filled from another one by mistake.
fn refuse_other_control_plane(connection: &Connection, wanted: Option<&ControlPlaneSettings>) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    let address = Address::parse(&wanted.url)?;
    if address == *connection.address() {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::NotSignedIn,
        format!(
            "you are signed in at {}, and the project is of {address}",
            connection.address()
        ),
    )
    .hint(format!(
        "Run mgw login --url {address}, with --profile to keep both sessions."
    )))
}

/// The password for the data for gateways, when the control plane has such and the password is given for the same user.
fn given_password(
    options: &PullOptions,
    context: &Context,
    session: &Session,
) -> Result<Option<SecretString>, Failure> {
    if session.generation().internal_data.is_none() {
        return Ok(None);
    }
    if let Some(user) = options.credentials.given_user(&context.environment)?
        && user != session.user
    {
        context.ui.warn(format_args!(
            "credentials of {user} are not used: {} is signed in",
            session.user
        ));
        return Ok(None);
    }
    let password = options.credentials.given_password(context)?;
    if password.is_none() {
        context.ui.hint(
            "With the password (--password-stdin or MGW_PASSWORD) pull reads all applications and keys from the control \
             plane's data for gateways.",
        );
    }
    Ok(password)
}

/// Tells what changed, and what is to be known about it.
fn tell(context: &Context, pulled: &Pulled, removed: &[String]) {
    let ui = &context.ui;
    let (mut added, mut changed, mut unchanged) = (0, 0, 0);
    for api in &pulled.lock.apis {
        let (count, verb) = match change(pulled.old.as_ref(), api) {
            Change::Added => (&mut added, "Added"),
            Change::Changed => (&mut changed, "Changed"),
            Change::Unchanged => (&mut unchanged, "Unchanged"),
        };
        *count += 1;
        let id = mgw_bundle::api_id(&api.name, &api.version);
        ui.status(verb, format_args!("{} {}  {id}", api.name, api.version));
    }
    for api in removed {
        ui.status("Removed", api);
    }
    for notice in &pulled.files.notices {
        ui.warn(notice);
    }
    let (policies, snapshot) = (&pulled.files.policies, &pulled.files.subscriptions);
    ui.status(
        "Pulled",
        format_args!(
            "{} ({added} added, {changed} changed, {unchanged} unchanged, {} removed), {}, {}, {}",
            count::apis(pulled.lock.apis.len()),
            removed.len(),
            Counted(
                policies.resource.len() + policies.application.len() + policies.subscription.len(),
                "policy",
                "policies"
            ),
            Counted(snapshot.applications.len(), "application", "applications"),
            Counted(snapshot.subscriptions.len(), "subscription", "subscriptions")
        ),
    );
    ui.line(source_sentence(snapshot.source));
    let certificates = &pulled.files.certificates.index;
    if !pulled.files.certificates.is_empty() {
        ui.line(format_args!(
            "{} and {} were pulled.",
            Counted(certificates.clients.len(), "client certificate", "client certificates"),
            Counted(
                certificates.backends.len(),
                "backend certificate",
                "backend certificates"
            )
        ));
    }
}

fn result<'a>(pulled: &'a Pulled, removed: &'a [String]) -> PullResult<'a> {
    let (lock, policies, snapshot) = (&pulled.lock, &pulled.files.policies, &pulled.files.subscriptions);
    PullResult {
        control_plane: &lock.source.url,
        organisation: &lock.source.organisation,
        labels: &lock.source.labels,
        apis: lock
            .apis
            .iter()
            .map(|api| PulledApi {
                name: &api.name,
                version: &api.version,
                id: mgw_bundle::api_id(&api.name, &api.version),
                state: &api.state,
                change: change(pulled.old.as_ref(), api),
                file: &api.path,
            })
            .collect(),
        removed,
        policies: PolicyCounts {
            resource: policies.resource.len(),
            application: policies.application.len(),
            subscription: policies.subscription.len(),
        },
        applications: snapshot.applications.len(),
        key_mappings: snapshot.key_mappings.len(),
        subscriptions: snapshot.subscriptions.len(),
        subscription_source: snapshot.source,
        client_certificates: pulled.files.certificates.index.clients.len(),
        backend_certificates: pulled.files.certificates.index.backends.len(),
        warnings: &pulled.files.notices,
    }
}
