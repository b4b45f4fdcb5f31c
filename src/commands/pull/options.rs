//! What to pull, and as whom: flags, settings, lock.

use crate::cloud::pull::{PullError, Selection};
use crate::cloud::session::Connection;
use crate::commands::connect::{Identity, address_of};
use crate::commands::credentials::{CredentialArgs, SessionArgs};
use crate::commands::login::{LoginArgs, MethodArgs, sign_in_and_store};
use crate::context::Context;
use crate::failure::Failure;
use crate::lock::LockFile;
use crate::project::{ControlPlaneSettings, PullSettings};
use secrecy::SecretString;

/// What to pull, and as whom.
#[derive(Debug, clap::Args)]
pub struct PullOptions {
    /// What to pull.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// As whom.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// What to pull.
#[derive(Debug, clap::Args)]
pub struct SelectionArgs {
    /// Gateway label whose APIs are pulled; repeatable [default: those of mgw.toml]
    #[arg(long = "label", short = 'l', value_name = "LABEL")]
    pub labels: Vec<String>,
    /// Tag whose APIs are pulled; repeatable [default: those of mgw.toml]
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Single API as NAME:VERSION, or PROVIDER/NAME:VERSION; repeatable [default: those of mgw.toml]
    #[arg(long = "api", short = 'a', alias = "api-name", value_name = "NAME:VERSION")]
    pub apis: Vec<String>,
    /// Pull everything that can be served and that you may see
    #[arg(long)]
    pub all: bool,
}

/// Which control plane is asked, and as whom.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// Sign in there first, as mgw login does; also done when user and password are given as flags
    #[arg(long, short = 's', alias = "server-url", value_name = "URL")]
    pub url: Option<String>,
    /// Who may read the control plane's data for gateways; the signed-in user's password is needed for that.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Keep the session that MGW_ACCESS_TOKEN, or user name and password, give where nobody is signed in
    #[arg(long)]
    pub save: bool,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

impl SelectionArgs {
    /// What the command line names.
    pub(crate) fn named(&self) -> Result<Selection, PullError> {
        Selection::new(&PullSettings {
            labels: self.labels.clone(),
            tags: self.tags.clone(),
            apis: self.apis.clone(),
            all: self.all,
        })
    }

    /// Flags, else the settings, else what was pulled last.
    pub(super) fn or_settings(
        &self,
        settings: Option<&PullSettings>,
        old: Option<&LockFile>,
    ) -> Result<Selection, PullError> {
        let flags = self.named()?;
        if !flags.is_empty() {
            return Ok(flags);
        }
        let of_settings = settings.map(Selection::new).transpose()?.unwrap_or_default();
        if !of_settings.is_empty() {
            return Ok(of_settings);
        }
        match old {
            Some(old) => Selection::new(&old.source.wanted()),
            None => Err(PullError::NothingSelected),
        }
    }
}

impl SourceArgs {
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
            from: None,
            method: MethodArgs::default(),
            credentials: self.credentials.clone(),
            session: self.session.clone(),
        };
        sign_in_and_store(&login, context).map(|(_, password)| Some(password))
    }

    /// The way to the control plane, and the password where it was given to get there.
    pub(crate) fn connect(
        &self,
        wanted: Option<&ControlPlaneSettings>,
        context: &Context,
    ) -> Result<(Connection, Option<SecretString>), Failure> {
        if let Some(password) = self.sign_in(wanted, context)? {
            let store = self.session.store(&context.environment)?;
            let options = self.session.http(&context.environment)?;
            return Ok((Connection::open(store, &options, &context.ui)?, Some(password)));
        }
        let identity = Identity {
            session: &self.session,
            credentials: &self.credentials,
            project: wanted,
            save: self.save,
        };
        identity.connect(context)
    }

    /// Where to sign in: the password goes to no other control plane than the project's, or the one of the session.
    fn sign_in_url(&self, wanted: Option<&ControlPlaneSettings>, context: &Context) -> Result<Option<String>, Failure> {
        let given = match &self.url {
            Some(url) => Some(("--url", url.as_str())),
            None => context.environment.get("MGW_URL").map(|url| ("MGW_URL", url)),
        };
        if let Some(address) = address_of(given, wanted)? {
            return Ok(Some(address.to_string()));
        }
        let session = self.session.store(&context.environment)?.load()?;
        Ok(session.map(|session| session.address.to_string()))
    }
}
