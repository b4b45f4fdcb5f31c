//! `mgw whoami`

use super::credentials::SessionArgs;
use crate::cloud::CloudError;
use crate::cloud::generation::missing_scopes;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::ControlPlaneKind;
use jiff::Timestamp;
use serde::Serialize;

/// Arguments of `mgw whoami`.
#[derive(Debug, clap::Args)]
pub struct WhoamiArgs {
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct WhoamiResult<'a> {
    profile: &'a str,
    user: &'a str,
    organisation: &'a str,
    control_plane: String,
    kind: ControlPlaneKind,
    generation: &'static str,
    scopes: &'a [String],
    missing_scopes: Vec<&'static str>,
    expires: String,
    expired: bool,
    renewable: bool,
}

/// Tells who is signed in, from the session file alone.
pub fn run(args: WhoamiArgs, context: &Context) -> Result<ExitCode, Failure> {
    let store = args.session.store(&context.environment)?;
    let session = store.load()?.ok_or_else(|| CloudError::NotSignedIn {
        profile: store.profile().to_string(),
    })?;
    let generation = session.generation();
    let expired = session.expires <= Timestamp::now();
    let renewable = session.refresh.is_some();
    let missing = missing_scopes(&generation.wanted_scopes(), &session.scopes);
    let token = match (expired, renewable) {
        (false, _) => format!("until {}", session.expires),
        (true, true) => "ended, renewed on next use".to_owned(),
        (true, false) => "ended".to_owned(),
    };
    let mut text = format!(
        "User           {}\nOrganisation   {}\nControl plane  {} ({})\nProfile        {}\nToken          {token}\nScopes         {}",
        session.user,
        session.user.tenant(),
        session.address,
        generation.title,
        store.profile(),
        session.scopes.join(" "),
    );
    if !missing.is_empty() {
        text.push_str("\nNot granted    ");
        text.push_str(&missing.join(" "));
    }
    let result = WhoamiResult {
        profile: store.profile().as_str(),
        user: session.user.as_str(),
        organisation: session.user.tenant(),
        control_plane: session.address.to_string(),
        kind: session.kind,
        generation: generation.title,
        scopes: &session.scopes,
        missing_scopes: missing,
        expires: session.expires.to_string(),
        expired,
        renewable,
    };
    context.ui.result(text, &result);
    Ok(ExitCode::Success)
}
