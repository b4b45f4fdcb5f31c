//! `mgw login`

mod method;
mod old_gateway;

pub use method::MethodArgs;

use super::credentials::{API_CLOUD_URL, CredentialArgs, SessionArgs};
use super::interrupt::interruptible;
use super::toolkit::toolkit;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::generation::by_role;
use crate::cloud::session::{Method, Session, SessionStore};
use crate::cloud::sign_in::{SignIn, SignedIn, sign_in};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{ControlPlaneKind, Layout, Settings};
use crate::ui::count::Counted;
use crate::ui::{Prompt, Ui, visible};
use old_gateway::OldGateway;
use secrecy::SecretString;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `mgw login`.
#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    /// Base URL of the control plane [env: MGW_URL] [default: the project's, else WSO2 API Cloud]
    #[arg(long, short = 's', alias = "server-url", value_name = "URL")]
    pub url: Option<String>,
    /// Generation of its APIs; found out when left out
    #[arg(long, value_enum, env = "MGW_KIND")]
    pub kind: Option<ControlPlaneKind>,
    /// Take address, user, label and metadata from the settings file of an on-premise gateway,
    /// on-premise-gateway.properties or .toml; flags and variables go before it. A later mgw pull takes its label
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
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
    /// What `pull` takes where nothing else is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    /// Generations that the control plane may be of as well.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    possible_kinds: &'a [ControlPlaneKind],
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
        expires: session.end(),
        label: session.gateway.as_ref().and_then(|gateway| gateway.label.as_deref()),
        possible_kinds: session.possible_kinds(),
    };
    context.ui.result("", &result);
    Ok(ExitCode::Success)
}

/// Signs in other than with user name and password, if that is asked for; tells about it and stores the session.
fn with_method(args: &LoginArgs, context: &Context) -> Result<Option<SignedIn>, Failure> {
    if !args.method.is_chosen() {
        return Ok(None);
    }
    let old = old_gateway(args, context)?;
    let (address, kind) = place(args, old.as_ref(), context)?;
    let options = args.session.http(&context.environment)?;
    let credentials = match &old {
        Some(old) => old.complete(&args.credentials, &context.environment)?,
        None => args.credentials.clone(),
    };
    let user = credentials.likely_user(&context.environment)?;
    let Some(mut signed_in) = args.method.sign_in(&address, kind, user, &options, context)? else {
        return Ok(None);
    };
    signed_in.session.gateway = old.and_then(|old| old.facts());
    let store = args.session.store(&context.environment)?;
    context.block_on(save(&mut signed_in.session, &store))?;
    tell(&signed_in, &store, context);
    Ok(Some(signed_in))
}

/// Stores a session. What an earlier one kept of an on-premise gateway stays with it.
async fn save(session: &mut Session, store: &SessionStore) -> Result<(), Failure> {
    let _lock = store.lock().await?;
    // One that cannot be read is replaced.
    session.keep_gateway_of(store.load().ok().flatten());
    Ok(store.save(session)?)
}

fn old_gateway(args: &LoginArgs, context: &Context) -> Result<Option<OldGateway>, Failure> {
    let load = |path: &PathBuf| OldGateway::load(path, &args.credentials, context);
    args.from.as_ref().map(load).transpose()
}

/// Where to sign in, and what is there as far as flags, the old gateway and the project say.
fn place(
    args: &LoginArgs,
    old: Option<&OldGateway>,
    context: &Context,
) -> Result<(Address, Option<ControlPlaneKind>), Failure> {
    let here = Layout::new(".");
    let settings = Settings::load(&here.settings())?.and_then(|settings| settings.control_plane);
    let project = match settings {
        Some(plane) => Some(plane),
        None => toolkit(&here, None, context)?.control_plane,
    };
    let of_old = old.and_then(OldGateway::address).map(ToString::to_string);
    let of_project = project.as_ref().map(|project| project.url.clone());
    let address = address(args.url.as_deref(), of_old.or(of_project), context)?;
    let of_project = project.filter(|project| Address::parse(&project.url).as_ref() == Ok(&address));
    let kind = args
        .kind
        .or_else(|| of_project.and_then(|project| project.kind))
        .or_else(|| old.and_then(|old| old.kind(&address)));
    Ok((address, kind))
}

/// Signs in, tells about it and stores the session. Returns the password beside it, for what tokens do not open.
pub(super) fn sign_in_and_store(args: &LoginArgs, context: &Context) -> Result<(SignedIn, SecretString), Failure> {
    let ui = &context.ui;
    let old = old_gateway(args, context)?;
    let (address, kind) = place(args, old.as_ref(), context)?;
    let store = args.session.store(&context.environment)?;
    let http = args.session.http(&context.environment)?;
    let (user, password) = credentials(args, old.as_ref(), (&address, kind), context)?;

    let request = SignIn {
        address,
        kind,
        client_name: store.client_name()?,
        user,
        password: password.clone(),
    };
    let signed_in = context.block_on(interruptible(async {
        let mut signed_in = sign_in(request, &http, ui).await?;
        signed_in.session.gateway = old.and_then(|old| old.facts());
        save(&mut signed_in.session, &store).await?;
        Ok(signed_in)
    }))?;

    tell(&signed_in, &store, context);
    Ok((signed_in, password))
}

/// User and password: of flags and variables, of the old gateway, else asked for.
fn credentials(
    args: &LoginArgs,
    old: Option<&OldGateway>,
    (address, kind): (&Address, Option<ControlPlaneKind>),
    context: &Context,
) -> Result<(UserName, SecretString), Failure> {
    let Some(old) = old else {
        let user = args.credentials.user(context, address, kind)?;
        let password = args.credentials.password(context, &user)?;
        return Ok((user, password));
    };
    let credentials = old.complete(&args.credentials, &context.environment)?;
    let user = credentials.user(context, address, kind)?;
    if let Some(password) = credentials.given_password(context)? {
        return Ok((user, password));
    }
    let password = match old.password(&user, address, context)? {
        Some(password) => password,
        None => credentials.ask_password(context, &user)?,
    };
    Ok((user, password))
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
    if let Some(gateway) = &session.gateway {
        let label = gateway.label.as_deref().map_or("no label".to_owned(), |label| {
            format!("the label {}, which mgw pull takes where none is named", visible(label))
        });
        let metadata = gateway.env_metadata.len() + gateway.custom_metadata.len();
        ui.status("Kept", format_args!("{label}; metadata: {metadata}"));
    }
    warn(signed_in, ui);
    match signed_in.visible_apis {
        Some(0) => ui.warn("no API is visible to this user"),
        Some(count) => ui.line(format_args!("{} visible to you.", Counted(count, "API is", "APIs are"))),
        None => ui.warn("this user may not read APIs: the creator or publisher role is missing"),
    }
}

/// Warns of what will be in the way later.
pub(super) fn warn(signed_in: &SignedIn, ui: &Ui) {
    let session = &signed_in.session;
    if let Some(doubt) = &session.doubt {
        ui.warn(format_args!(
            "taken for {}, and {}",
            session.generation().title,
            doubt.sentence()
        ));
        ui.hint("Where that is wrong, name the right one with --kind or MGW_KIND.");
    }
    if let Some(skew) = signed_in.clock_skew {
        ui.warn(format_args!(
            "{}: tokens are misjudged where clocks differ",
            skew.sentence()
        ));
        ui.hint("Set the wrong one right, with NTP for example.");
    }
    for (role, scopes) in by_role(&signed_in.missing_scopes) {
        ui.warn(format_args!("not granted, for want of {role}: {}", scopes.join(" ")));
    }
    if !signed_in.missing_scopes.is_empty() {
        ui.hint("An administrator gives roles; pull does without where it can.");
    }
}

fn address(flag: Option<&str>, known: Option<String>, context: &Context) -> Result<Address, Failure> {
    let given = flag.or_else(|| context.environment.get("MGW_URL")).map(str::to_owned);
    let text = match given.or(known) {
        Some(text) => text,
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
