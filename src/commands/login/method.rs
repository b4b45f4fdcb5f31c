//! How to sign in, other than with user name and password.

use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::grant_sign_in::{Grant, GrantSignIn, Instruction, sign_in_with_grant};
use crate::cloud::http::HttpOptions;
use crate::cloud::oauth::Registration;
use crate::cloud::sign_in::SignedIn;
use crate::cloud::token_sign_in::{TokenSignIn, sign_in_with_token};
use crate::commands::interrupt::interruptible;
use crate::commands::secrets::{secret, secret_of_file, secret_of_stdin};
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Serialize;
use std::path::PathBuf;

/// How to sign in.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MethodArgs {
    /// Sign in in the browser; needs a client that may use the authorisation code grant
    #[arg(long, group = "method")]
    pub browser: bool,
    /// Sign in on another device, with a code; self-hosted control planes only
    #[arg(long, group = "method")]
    pub device: bool,
    /// Sign in as a client, without a user
    #[arg(long, group = "method")]
    pub client_credentials: bool,
    /// Read an access token from standard input
    #[arg(long, group = "method", conflicts_with_all = ["password_stdin", "client_secret_stdin"])]
    pub token_stdin: bool,
    /// Client that signs in [env: MGW_CLIENT_ID]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the client's secret from standard input [env for the secret: MGW_CLIENT_SECRET, MGW_CLIENT_SECRET_FILE]
    #[arg(long, requires = "method", conflicts_with_all = ["password_stdin", "client_secret_file"])]
    pub client_secret_stdin: bool,
    /// Read the client's secret from a file
    #[arg(long, requires = "method", value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// Show the address for the browser, and do not open it
    #[arg(long, requires = "browser")]
    pub no_open: bool,
    /// Port of 127.0.0.1 that the browser comes back to [default: a free one]
    #[arg(long, requires = "browser", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub redirect_port: Option<u16>,
    /// Seconds that the token is good for, when it does not tell
    #[arg(long, requires = "token_stdin", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub expires_in: Option<u32>,
}

/// A step that the user takes elsewhere, with `--output json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event<'a> {
    Browser {
        url: &'a str,
    },
    Device {
        user_code: &'a str,
        url: &'a str,
        complete_url: Option<&'a str>,
        expires_in: u64,
    },
}

impl MethodArgs {
    /// Whether another way than user name and password is asked for.
    pub(super) fn is_chosen(&self) -> bool {
        self.browser || self.device || self.client_credentials || self.token_stdin
    }

    /// The grant that is chosen, if any.
    fn grant(&self, context: &Context) -> Option<Grant> {
        if self.browser {
            return Some(Grant::Browser {
                port: self.redirect_port.unwrap_or_default(),
                open: !self.no_open && context.ui.is_interactive(),
            });
        }
        match (self.device, self.client_credentials) {
            (true, _) => Some(Grant::Device),
            (_, true) => Some(Grant::ClientCredentials),
            _ => None,
        }
    }

    /// Signs in as is chosen here; `None` when that is with user name and password.
    pub(super) fn sign_in(
        &self,
        address: &Address,
        kind: Option<ControlPlaneKind>,
        user: Option<UserName>,
        options: &HttpOptions,
        context: &Context,
    ) -> Result<Option<SignedIn>, Failure> {
        let ui = &context.ui;
        if self.token_stdin {
            let request = TokenSignIn {
                address: address.clone(),
                kind,
                access: secret_of_stdin("token")?,
                expires: self.expires_in.and_then(|seconds| {
                    let lifetime = SignedDuration::from_secs(seconds.into());
                    Timestamp::now().checked_add(lifetime).ok()
                }),
                user,
            };
            let signed_in = interruptible(async { Ok(sign_in_with_token(request, options, ui).await?) });
            return context.block_on(signed_in).map(Some);
        }
        let Some(grant) = self.grant(context) else {
            return Ok(None);
        };
        let request = GrantSignIn {
            address: address.clone(),
            kind,
            client: self.client(grant, context)?,
            user,
            grant,
        };
        let tell = |instruction: Instruction<'_>| tell(&instruction, ui);
        let signed_in = interruptible(async { Ok(sign_in_with_grant(request, options, ui, tell).await?) });
        context.block_on(signed_in).map(Some)
    }

    fn client(&self, grant: Grant, context: &Context) -> Result<Registration, Failure> {
        let id = self
            .client_id
            .as_deref()
            .or_else(|| context.environment.get("MGW_CLIENT_ID"));
        let id = id.ok_or_else(|| no_client(grant, self.redirect_port))?.to_owned();
        let secret = self.client_secret(context)?;
        if secret.is_none() && grant == Grant::ClientCredentials {
            return Err(Failure::new(ExitCode::InputNeeded, "the client's secret is needed").hint(
                "Give --client-secret-stdin or --client-secret-file, or set MGW_CLIENT_SECRET or MGW_CLIENT_SECRET_FILE.",
            ));
        }
        Ok(Registration { id, secret })
    }

    /// The client that signs in by itself where a pipeline names it and its secret.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    pub(in crate::commands) fn pipeline_client(environment: &Environment) -> Result<Option<Registration>, Failure> {
        let Some(id) = environment.get("MGW_CLIENT_ID") else {
            return Ok(None);
        };
        let secret = secret(environment, "MGW_CLIENT_SECRET", "MGW_CLIENT_SECRET_FILE")?;
        Ok(secret.map(|secret| Registration {
            id: id.to_owned(),
            secret: Some(secret),
        }))
    }

    fn client_secret(&self, context: &Context) -> Result<Option<SecretString>, Failure> {
        if self.client_secret_stdin {
            return secret_of_stdin("client secret").map(Some);
        }
        match &self.client_secret_file {
            Some(path) => secret_of_file(path).map(Some),
            None => secret(&context.environment, "MGW_CLIENT_SECRET", "MGW_CLIENT_SECRET_FILE"),
        }
    }
}

/// Registering a client takes a password, which is what these ways of signing in do without.
fn no_client(grant: Grant, port: Option<u16>) -> Failure {
    let what = match (grant, port) {
        (Grant::Browser { .. }, Some(port)) => {
            format!("the authorisation code grant and the callback URL http://127.0.0.1:{port}/callback")
        }
        (Grant::Browser { .. }, None) => {
            "the authorisation code grant and the callback URL regexp=http://127.0.0.1:[0-9]+/callback; for another \
             callback URL, fix the port with --redirect-port"
                .to_owned()
        }
        (Grant::Device, _) => "the device code grant".to_owned(),
        (Grant::ClientCredentials, _) => "the client credentials grant".to_owned(),
    };
    Failure::new(ExitCode::InputNeeded, "a client is needed for this way of signing in")
        .hint(format!(
            "Register an OAuth2 client (service provider) in the control plane, with {what}."
        ))
        .hint("Then give its id with --client-id or MGW_CLIENT_ID, and its secret in MGW_CLIENT_SECRET.")
}

fn tell(instruction: &Instruction<'_>, ui: &Ui) {
    match instruction {
        Instruction::Browser(url, opened) => {
            ui.event(&Event::Browser { url: url.as_str() });
            ui.block(match opened {
                true => "Your browser was opened. If it was not, open this page:",
                false => "Open this page in a browser on this machine:",
            });
            ui.block(url);
        }
        Instruction::Device(code) => {
            ui.event(&Event::Device {
                user_code: &code.user_code,
                url: &code.page,
                complete_url: code.complete_page.as_deref(),
                expires_in: code.lifetime.as_secs(),
            });
            // Both come from the server.
            let (user_code, page) = (crate::ui::visible(&code.user_code), crate::ui::visible(&code.page));
            ui.block(format_args!(
                "Open {page} on any device and type in the code {user_code}."
            ));
            if let Some(page) = &code.complete_page {
                ui.block(format_args!("Or open {}", crate::ui::visible(page)));
            }
        }
    }
}
