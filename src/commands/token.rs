//! `mgw token`

use super::credentials::SessionArgs;
use super::interrupt::interruptible;
use super::secrets::secret_of_variable;
use crate::cloud::consumer_token;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::local_issuer::{LocalIssuer, LocalToken};
use crate::serve::BundleSource;
use crate::signing::TrustedKeys;
use crate::ui::Prompt;
use mgw_bundle::config::Api;
use secrecy::ExposeSecret;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `mgw token`.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// Project folder or bundle whose APIs the token is to be good for.
    #[arg(value_name = "DIR|BUNDLE", default_value = ".")]
    pub source: PathBuf,
    /// Only these APIs (repeatable).
    #[arg(long = "api", value_name = "NAME:VERSION")]
    pub apis: Vec<String>,
    /// Scope that the token carries (repeatable) [default: every scope the APIs ask for]
    #[arg(long = "scope", value_name = "NAME")]
    pub scopes: Vec<String>,
    /// Who the token is about.
    #[arg(long, default_value = "local-user")]
    pub subject: String,
    /// Name of the application; each name is an application of its own, with counts of its own.
    #[arg(long, default_value = "local")]
    pub application: String,
    /// Policy of the application.
    #[arg(long, value_name = "POLICY", default_value = "Unlimited")]
    pub application_policy: String,
    /// Policy of the subscriptions.
    #[arg(long, value_name = "POLICY", default_value = "Unlimited")]
    pub subscription_policy: String,
    /// A sandbox key's token instead of a production key's.
    #[arg(long)]
    pub sandbox: bool,
    /// Seconds that the token is valid.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..=2_592_000))]
    pub valid_for: u32,
    /// Ask the control plane instead of the local issuer: the application's consumer key.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["apis", "sandbox", "application", "subject"])]
    pub consumer_key: Option<String>,
    /// Which session, for the control plane.
    #[command(flatten)]
    pub session: SessionArgs,
}

#[derive(Debug, Serialize)]
struct TokenResult<'a> {
    access_token: &'a str,
    expires_in: u64,
}

/// Prints a test token.
pub fn run(args: TokenArgs, context: &Context) -> Result<ExitCode, Failure> {
    match args.consumer_key.clone() {
        Some(key) => from_control_plane(&args, &key, context),
        None => from_local_issuer(&args, context),
    }
}

fn from_local_issuer(args: &TokenArgs, context: &Context) -> Result<ExitCode, Failure> {
    let bundle = BundleSource::at(&args.source).load(&TrustedKeys::none(), &context.ui)?;
    let apis = select(&bundle.config.apis, &args.apis)?;
    let scopes = if args.scopes.is_empty() {
        scopes_of(&apis)
    } else {
        args.scopes.clone()
    };
    let issuer = LocalIssuer::open(&context.environment.config_dir()?)?;
    let token = issuer.sign(LocalToken {
        apis: &apis,
        subject: &args.subject,
        application: &args.application,
        application_policy: &args.application_policy,
        subscription_policy: &args.subscription_policy,
        scopes,
        key_type: if args.sandbox { "SANDBOX" } else { "PRODUCTION" },
        lifetime: Duration::from_secs(args.valid_for.into()),
    })?;
    print(context, &token, args.valid_for.into());
    context
        .ui
        .detail("a gateway accepts this token when it runs with --local-issuer");
    Ok(ExitCode::Success)
}

fn from_control_plane(args: &TokenArgs, consumer_key: &str, context: &Context) -> Result<ExitCode, Failure> {
    let secret = match secret_of_variable(&context.environment, "MGW_CONSUMER_SECRET")? {
        Some(secret) => secret,
        None => context.ui.ask_secret(Prompt {
            label: "Consumer secret",
            flag: None,
            variable: "MGW_CONSUMER_SECRET",
            default: None,
        })?,
    };
    let store = args.session.store(&context.environment)?;
    let http = args.session.http(&context.environment)?;
    let request = consumer_token(&store, &http, consumer_key, secret, &args.scopes, &context.ui);
    let granted = context.block_on(interruptible(request))?;
    print(context, granted.access.expose_secret(), granted.lifetime.as_secs());
    Ok(ExitCode::Success)
}

/// The token is what was asked for, so it is the one secret that goes to standard output.
fn print(context: &Context, token: &str, expires_in: u64) {
    context.ui.result(
        token,
        &TokenResult {
            access_token: token,
            expires_in,
        },
    );
}

fn select<'a>(apis: &'a [Api], wanted: &[String]) -> Result<Vec<&'a Api>, Failure> {
    if wanted.is_empty() {
        return Ok(apis.iter().collect());
    }
    wanted
        .iter()
        .map(|wanted| {
            apis.iter()
                .find(|api| format!("{}:{}", api.name, api.version) == *wanted)
                .ok_or_else(|| {
                    let known: Vec<String> = apis.iter().map(|api| format!("{}:{}", api.name, api.version)).collect();
                    Failure::new(ExitCode::Usage, format!("there is no API {wanted}"))
                        .hint(format!("There are: {}.", known.join(", ")))
                })
        })
        .collect()
}

fn scopes_of(apis: &[&Api]) -> Vec<String> {
    let mut scopes: Vec<String> = apis
        .iter()
        .flat_map(|api| &api.resources)
        .flat_map(|resource| resource.scopes.names.iter().cloned())
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}
