//! What to pull, and as whom: flags, settings, lock.

use crate::cloud::pull::{PullError, Selection};
use crate::cloud::session::Connection;
use crate::commands::connect::{Identity, address_of};
use crate::commands::credentials::{CredentialArgs, HttpDefaults, SessionArgs};
use crate::commands::login::{LoginArgs, MethodArgs, sign_in_and_store};
use crate::commands::secrets::secret;
use crate::commands::trust_store::{STORE_PASSWORD, trust_store};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::LockFile;
use crate::project::{ControlPlaneSettings, PullSettings};
use crate::toolkit_config::ToolkitConfig;
use secrecy::SecretString;
use std::path::PathBuf;

/// What to pull, and as whom.
#[derive(Debug, Clone, clap::Args)]
pub struct PullOptions {
    /// What to pull.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// As whom.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// What to pull.
#[derive(Debug, Clone, clap::Args)]
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
    /// Version of the API that -a names without one; scripts for micro-gw give it as -v
    #[arg(long, value_name = "VERSION", requires = "apis", hide = true)]
    pub api_version: Option<String>,
    /// Pull everything that can be served and that you may see
    #[arg(long)]
    pub all: bool,
}

/// Which control plane is asked, and as whom.
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// Sign in there first, as mgw login does; also done when user and password are given as flags
    #[arg(long, short = 's', alias = "server-url", value_name = "URL")]
    pub url: Option<String>,
    /// Settings of micro-gw's toolkit; what mgw.toml says wins [default: conf/toolkit-config.toml of the project]
    #[arg(long, short = 'c', value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// PKCS#12 store of what to trust beside the platform's authorities; --ca takes PEM. The password comes from
    /// MGW_TRUSTSTORE_PASSWORD, else it is micro-gw's
    #[arg(long, short = 't', value_name = "FILE", conflicts_with = "ca")]
    pub truststore: Option<PathBuf>,
    /// The store's password itself. Others can see it in the process list; kept for scripts written for micro-gw.
    #[arg(
        id = "truststore_password",
        long = "truststore-pass",
        short = 'w',
        value_name = "PASSWORD",
        requires = "truststore",
        hide = true
    )]
    pub truststore_password: Option<SecretString>,
    /// Accept a certificate of the control plane that is another host's, as long as --truststore or --ca vouches for it
    #[arg(long, short = 'k')]
    pub insecure: bool,
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
            apis: self.apis.iter().map(|api| self.with_version(api)).collect(),
            all: self.all,
        })
    }

    /// `NAME:VERSION`, where the version is given beside the name too.
    fn with_version(&self, api: &str) -> String {
        match &self.api_version {
            Some(version) if !api.contains(':') => format!("{api}:{version}"),
            _ => api.to_owned(),
        }
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
    /// Completes what flags and variables say with what micro-gw's toolkit was told.
    pub(super) fn completed_by(&self, toolkit: &ToolkitConfig, context: &Context) -> Result<Self, Failure> {
        let mut source = self.clone();
        if self.credentials.likely_user(&context.environment)?.is_none() && self.credentials.email.is_none() {
            source.credentials.username.clone_from(&toolkit.username);
        }
        let extra_roots = self.trusted(toolkit, context)?;
        if self.insecure {
            let has_ca = self.session.ca.is_some() || context.environment.is_set("MGW_CA_FILE");
            if extra_roots.is_none() && !has_ca {
                let message = "--insecure counts with --truststore or --ca: any authority vouches for any host";
                return Err(Failure::new(ExitCode::Usage, message).hint(
                    "Name whom to trust, or leave --insecure out and give the address by a name that the certificate has.",
                ));
            }
            context
                .ui
                .warn("the certificate of the control plane may be another host's (--insecure)");
        }
        source.session.defaults = HttpDefaults {
            timeout: toolkit.timeout,
            extra_roots,
            any_host: self.insecure,
        };
        Ok(source)
    }

    /// What the trust store holds, in PEM.
    fn trusted(&self, toolkit: &ToolkitConfig, context: &Context) -> Result<Option<String>, Failure> {
        let has_ca = self.session.ca.is_some() || context.environment.is_set("MGW_CA_FILE");
        let of_toolkit = toolkit.trust_store.as_ref().filter(|_| !has_ca);
        let Some(path) = self.truststore.as_ref().or(of_toolkit) else {
            return Ok(None);
        };
        if self.truststore_password.is_some() {
            context.ui.warn(
                "a password on the command line can be seen by other users; use MGW_TRUSTSTORE_PASSWORD or --ca FILE",
            );
        }
        let of_environment = secret(
            &context.environment,
            "MGW_TRUSTSTORE_PASSWORD",
            "MGW_TRUSTSTORE_PASSWORD_FILE",
        )?;
        let password = self.truststore_password.clone().or(of_environment);
        let password = password.unwrap_or_else(|| STORE_PASSWORD.into());
        trust_store(path, &password).map(Some)
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
        self.sign_in_at(self.sign_in_url(wanted, context)?, context).map(Some)
    }

    /// Whether somebody who is not signed in is asked for what it takes: at a terminal, where no session is there.
    fn asks(&self, context: &Context) -> Result<bool, Failure> {
        let store = self.session.store(&context.environment)?;
        let others = ["MGW_ACCESS_TOKEN", "MGW_ACCESS_TOKEN_FILE", "MGW_CLIENT_ID"];
        let has_other = others.into_iter().any(|name| context.environment.is_set(name));
        Ok(context.ui.is_interactive() && !store.path().exists() && !has_other)
    }

    /// Signs in with user name and password, which are asked for where nobody gave them.
    fn sign_in_at(&self, url: Option<String>, context: &Context) -> Result<SecretString, Failure> {
        let login = LoginArgs {
            url,
            kind: None,
            from: None,
            method: MethodArgs::default(),
            credentials: self.credentials.clone(),
            session: self.session.clone(),
        };
        sign_in_and_store(&login, context).map(|(_, password)| password)
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
        match identity.connect(context) {
            // Somebody at a terminal is asked, as micro-gw did.
            Err(failure) if failure.code == ExitCode::NotSignedIn && self.asks(context)? => {
                let password = self.sign_in_at(self.sign_in_url(wanted, context)?, context)?;
                let store = self.session.store(&context.environment)?;
                let options = self.session.http(&context.environment)?;
                Ok((Connection::open(store, &options, &context.ui)?, Some(password)))
            }
            connected => connected,
        }
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
