//! `mgw login`

mod method;

pub use method::MethodArgs;

use super::credentials::{API_CLOUD_URL, CredentialArgs, SessionArgs};
use super::interrupt::interruptible;
use crate::cloud::address::Address;
use crate::cloud::session::{Method, SessionStore};
use crate::cloud::sign_in::{SignIn, SignedIn, sign_in};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{ControlPlaneKind, ControlPlaneSettings, Layout, Settings};
use crate::ui::Prompt;
use secrecy::SecretString;
use serde::Serialize;

/// Arguments of `mgw login`.
#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    /// Base URL of the control plane [env: MGW_URL] [default: the project's, else WSO2 API Cloud]
    #[arg(long, short = 's', alias = "server-url", value_name = "URL")]
    pub url: Option<String>,
    /// Generation of its APIs; found out when left out
    #[arg(long, value_enum, env = "MGW_KIND")]
    pub kind: Option<ControlPlaneKind>,
    /// How.
    #[command(flatten)]
    pub method: MethodArgs,
    /// Who signs in.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct LoginResult<'a> {
    profile: &'a str,
    user: &'a str,
    organisation: &'a str,
    control_plane: String,
    kind: ControlPlaneKind,
    method: Method,
    scopes: &'a [String],
    missing_scopes: &'a [&'static str],
    visible_apis: Option<u64>,
    expires: String,
}

/// Signs in and stores the session.
pub fn run(args: LoginArgs, context: &Context) -> Result<ExitCode, Failure> {
    let signed_in = match with_method(&args, context)? {
        Some(signed_in) => signed_in,
        None => sign_in_and_store(&args, context)?.0,
    };
    let session = &signed_in.session;
    let store = args.session.store(&context.environment)?;
    let result = LoginResult {
        profile: store.profile().as_str(),
        user: session.user.as_str(),
        organisation: session.user.tenant(),
        control_plane: session.address.to_string(),
        kind: session.kind,
        method: session.method,
        scopes: &session.scopes,
        missing_scopes: &signed_in.missing_scopes,
        visible_apis: signed_in.visible_apis,
        expires: session.expires.to_string(),
    };
    context.ui.result("", &result);
    Ok(ExitCode::Success)
}

/// Signs in other than with user name and password, if that is asked for; tells about it and stores the session.
fn with_method(args: &LoginArgs, context: &Context) -> Result<Option<SignedIn>, Failure> {
    if !args.method.is_chosen() {
        return Ok(None);
    }
    let (address, kind) = place(args, context)?;
    let options = args.session.http(&context.environment)?;
    let user = args.credentials.likely_user(&context.environment)?;
    let Some(signed_in) = args.method.sign_in(&address, kind, user, &options, context)? else {
        return Ok(None);
    };
    let store = args.session.store(&context.environment)?;
    context.block_on(async {
        let _lock = store.lock().await?;
        Ok(store.save(&signed_in.session)?)
    })?;
    tell(&signed_in, &store, context);
    Ok(Some(signed_in))
}

/// Where to sign in, and what is there as far as flags and project say.
fn place(args: &LoginArgs, context: &Context) -> Result<(Address, Option<ControlPlaneKind>), Failure> {
    let project = Settings::load(&Layout::new(".").settings())?.and_then(|settings| settings.control_plane);
    let address = address(args.url.as_deref(), project.as_ref(), context)?;
    let of_project = project.filter(|project| Address::parse(&project.url).as_ref() == Ok(&address));
    let kind = args.kind.or_else(|| of_project.and_then(|project| project.kind));
    Ok((address, kind))
}

/// Signs in, tells about it and stores the session. Returns the password beside it, for what tokens do not open.
pub(super) fn sign_in_and_store(args: &LoginArgs, context: &Context) -> Result<(SignedIn, SecretString), Failure> {
    let ui = &context.ui;
    let (address, kind) = place(args, context)?;
    let store = args.session.store(&context.environment)?;
    let http = args.session.http(&context.environment)?;
    let user = args.credentials.user(context, &address, kind)?;
    let password = args.credentials.password(context, &user)?;

    let request = SignIn {
        address,
        kind,
        client_name: store.client_name()?,
        user,
        password: password.clone(),
    };
    let signed_in = context.block_on(interruptible(async {
        let signed_in = sign_in(request, &http, ui).await?;
        let _lock = store.lock().await?;
        store.save(&signed_in.session)?;
        Ok(signed_in)
    }))?;

    tell(&signed_in, &store, context);
    Ok((signed_in, password))
}

/// Tells who is signed in, and what is missing.
fn tell(signed_in: &SignedIn, store: &SessionStore, context: &Context) {
    let ui = &context.ui;
    let session = &signed_in.session;
    ui.status(
        "Signed in",
        format_args!(
            "as {} at {} ({})",
            session.user,
            session.address,
            session.generation().title
        ),
    );
    ui.detail(format_args!("session file {}", store.path().display()));
    if let Some(skew) = signed_in.clock_skew {
        ui.warn(format_args!(
            "the clock of the control plane says {}, and the one here {:.0}: tokens are misjudged where clocks differ",
            skew.server, skew.here
        ));
        ui.hint("Set the wrong one right, with NTP for example.");
    }
    if !signed_in.missing_scopes.is_empty() {
        ui.warn(format_args!("not granted: {}", signed_in.missing_scopes.join(" ")));
        ui.hint("Roles of the user decide on that; pull does without where it can.");
    }
    match signed_in.visible_apis {
        Some(0) => ui.warn("no API is visible to this user"),
        Some(1) => ui.line("1 API is visible to you."),
        Some(count) => ui.line(format_args!("{count} APIs are visible to you.")),
        None => ui.warn("this user may not read APIs: the creator or publisher role is missing"),
    }
}

fn address(flag: Option<&str>, project: Option<&ControlPlaneSettings>, context: &Context) -> Result<Address, Failure> {
    let given = flag
        .or_else(|| context.environment.get("MGW_URL"))
        .or(project.map(|project| project.url.as_str()));
    let text = match given {
        Some(text) => text.to_owned(),
        None if context.ui.is_interactive() => context.ui.ask(Prompt {
            label: "Base URL of the control plane",
            flag: Some("--url"),
            variable: "MGW_URL",
            default: Some(API_CLOUD_URL),
        })?,
        None => API_CLOUD_URL.to_owned(),
    };
    Ok(Address::parse(&text)?)
}
