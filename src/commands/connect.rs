//! As whom a command speaks to the control plane: a token from the environment, the stored session, or user and
//! password from the environment. Sessions that come from the environment are kept in memory alone.

use super::credentials::{API_CLOUD_URL, CredentialArgs, SessionArgs};
use super::interrupt::interruptible;
use super::login::{MethodArgs, warn};
use super::secrets::secret;
use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::grant_sign_in::{Grant, GrantSignIn, sign_in_with_grant};
use crate::cloud::http::HttpOptions;
use crate::cloud::oauth::Registration;
use crate::cloud::session::{Again, Connection, PIPELINE_CLIENT, SessionStore};
use crate::cloud::sign_in::{SignIn, SignedIn, sign_in};
use crate::cloud::token_sign_in::{TokenSignIn, sign_in_with_token};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{ControlPlaneKind, ControlPlaneSettings};
use secrecy::SecretString;

/// What decides as whom a command speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    /// Which session.
    pub(crate) session: &'a SessionArgs,
    /// User and password from flags and variables.
    pub(crate) credentials: &'a CredentialArgs,
    /// The control plane of the project, where it names one.
    pub(crate) project: Option<&'a ControlPlaneSettings>,
    /// Whether a session that comes from the environment is stored for later commands.
    pub(crate) save: bool,
}

impl Identity<'_> {
    /// Opens the way to the control plane: with `MGW_ACCESS_TOKEN` (unless a profile is named by flag), else with the
    /// stored session, else with user and password, else as the client that `MGW_CLIENT_ID` names. Also returns the
    /// password, where it was used.
    ///
    /// # Errors
    ///
    /// When none of them is there, or the control plane refuses them.
    pub(crate) fn connect(&self, context: &Context) -> Result<(Connection, Option<SecretString>), Failure> {
        let (environment, ui) = (&context.environment, &context.ui);
        let options = self.session.http(environment)?;
        let store = self.session.store(environment)?;
        let token = match self.session.profile {
            Some(_) => None,
            None => secret(environment, "MGW_ACCESS_TOKEN", "MGW_ACCESS_TOKEN_FILE")?,
        };
        if let Some(access) = token {
            return Ok((self.with_token(access, &options, context)?, None));
        }
        if store.path().exists() {
            return Ok((Connection::open(store, &options, ui)?, None));
        }
        match (
            self.credentials.given_user(environment)?,
            self.credentials.given_password(context)?,
        ) {
            (Some(user), Some(password)) => {
                let connection = self.with_password(&store, user, password.clone(), &options, context)?;
                Ok((connection, Some(password)))
            }
            _ => {
                match MethodArgs::pipeline_client(environment)? {
                    Some(client) => Ok((self.with_client(client, &options, context)?, None)),
                    None => {
                        let failure = Failure::from(CloudError::NotSignedIn {
                            profile: store.profile().to_string(),
                        });
                        Err(match environment.is_set("MGW_CLIENT_ID") {
                        true => failure.hint("MGW_CLIENT_ID is set; its secret goes into MGW_CLIENT_SECRET_FILE or MGW_CLIENT_SECRET."),
                        false => failure,
                    })
                    }
                }
            }
        }
    }

    fn with_client(
        &self,
        client: Registration,
        options: &HttpOptions,
        context: &Context,
    ) -> Result<Connection, Failure> {
        let (address, kind) = self.place(context)?;
        let request = GrantSignIn {
            address,
            kind,
            client,
            user: self.credentials.likely_user(&context.environment)?,
            grant: Grant::ClientCredentials,
        };
        let signed_in = context.block_on(interruptible(async {
            // Nobody has to do anything elsewhere.
            Ok(sign_in_with_grant(request, options, &context.ui, |_| {}).await?)
        }))?;
        self.take_up(signed_in, None, options, context)
    }

    fn with_token(
        &self,
        access: SecretString,
        options: &HttpOptions,
        context: &Context,
    ) -> Result<Connection, Failure> {
        let (address, kind) = self.place(context)?;
        let request = TokenSignIn {
            address,
            kind,
            access,
            expires: None,
            user: self.credentials.likely_user(&context.environment)?,
        };
        let signed_in = context.block_on(interruptible(async {
            Ok(sign_in_with_token(request, options, &context.ui).await?)
        }))?;
        self.take_up(signed_in, None, options, context)
    }

    fn with_password(
        &self,
        store: &SessionStore,
        user: UserName,
        password: SecretString,
        options: &HttpOptions,
        context: &Context,
    ) -> Result<Connection, Failure> {
        let (address, kind) = self.place(context)?;
        let client_name = match self.save {
            true => store.client_name()?,
            false => PIPELINE_CLIENT.to_owned(),
        };
        let again = Again {
            client_name: client_name.clone(),
            password: password.clone(),
            options: options.clone(),
            ui: context.ui.clone(),
        };
        let request = SignIn {
            address,
            kind,
            client_name,
            user,
            password,
        };
        let signed_in = context.block_on(interruptible(async {
            Ok(sign_in(request, options, &context.ui).await?)
        }))?;
        self.take_up(signed_in, Some(again), options, context)
    }

    /// Says who signed in, and keeps the session in memory, or in its file where that is wanted.
    fn take_up(
        &self,
        signed_in: SignedIn,
        again: Option<Again>,
        options: &HttpOptions,
        context: &Context,
    ) -> Result<Connection, Failure> {
        let ui = &context.ui;
        warn(&signed_in, ui);
        let mut session = signed_in.session;
        ui.status(
            "Signed in",
            format_args!(
                "as {} at {} ({})",
                session.user,
                session.address,
                session.method.title()
            ),
        );
        if !self.save {
            return Ok(Connection::in_memory(session, again, options, ui)?);
        }
        let store = self.session.store(&context.environment)?;
        context.block_on(async {
            let _lock = store.lock().await?;
            session.keep_gateway_of(store.load().ok().flatten());
            Ok(store.save(&session)?)
        })?;
        ui.detail(format_args!("session file {}", store.path().display()));
        Ok(Connection::open(store, options, ui)?)
    }

    /// Where the credentials of the environment go: to `MGW_URL`, else to the project's control plane, else to API
    /// Cloud; never to another one than the project's.
    fn place(&self, context: &Context) -> Result<(Address, Option<ControlPlaneKind>), Failure> {
        let given = context.environment.get("MGW_URL").map(|url| ("MGW_URL", url));
        let address = match address_of(given, self.project)? {
            Some(address) => address,
            None => Address::parse(API_CLOUD_URL)?,
        };
        let kind = context.environment.get("MGW_KIND").map(kind).transpose()?;
        Ok((address, kind.or(self.project.and_then(|project| project.kind))))
    }
}

/// Where credentials go: to the address that somebody gave (with the name of the flag or variable), else to the
/// project's control plane; `None` when neither is there.
///
/// # Errors
///
/// When the given address is not the project's: credentials go to no other control plane.
pub(crate) fn address_of(
    given: Option<(&str, &str)>,
    project: Option<&ControlPlaneSettings>,
) -> Result<Option<Address>, Failure> {
    let of_project = project.map(|project| Address::parse(&project.url)).transpose()?;
    let Some((name, url)) = given else {
        return Ok(of_project);
    };
    let given = Address::parse(url)?;
    match of_project {
        Some(address) if given != address => Err(Failure::new(
            ExitCode::Usage,
            format!("{name} is {given}, and the project is of {address}"),
        )
        .hint(format!(
            "Credentials go to the project's control plane only; leave {name} out or correct mgw.toml."
        ))),
        _ => Ok(Some(given)),
    }
}

fn kind(name: &str) -> Result<ControlPlaneKind, Failure> {
    use clap::ValueEnum;
    ControlPlaneKind::from_str(name, true).map_err(|_| {
        let kinds: Vec<String> = ControlPlaneKind::value_variants()
            .iter()
            .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()))
            .collect();
        Failure::new(ExitCode::Usage, format!("MGW_KIND is `{name}`")).hint(format!(
            "Give one of {}; leave it out to have it found.",
            kinds.join(", ")
        ))
    })
}
