//! `mgw logout`

use super::credentials::SessionArgs;
use super::interrupt::interruptible;
use crate::cloud::CloudError;
use crate::cloud::http::{Http, HttpOptions};
use crate::cloud::oauth::{Registration, TokenClient};
use crate::cloud::session::{Session, SessionStore};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Ui;
use serde::Serialize;
use std::time::Duration;

/// The user waits: an unreachable control plane must not hold up the removal of the file for long.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(10);

/// Arguments of `mgw logout`.
#[derive(Debug, clap::Args)]
pub struct LogoutArgs {
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
    /// End every session
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct LogoutResult {
    profile: String,
    removed: bool,
    revoked: bool,
}

/// The result of `--all` with `--output json`.
#[derive(Debug, Serialize)]
struct LogoutResults {
    sessions: Vec<LogoutResult>,
}

/// Revokes the tokens and removes the session file, the latter in any case.
pub fn run(args: LogoutArgs, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let mut http = args.session.http(&context.environment)?;
    http.timeout = http.timeout.min(REVOCATION_TIMEOUT);
    http.connect_timeout = http.connect_timeout.min(REVOCATION_TIMEOUT);
    if !args.all {
        let store = args.session.store(&context.environment)?;
        let result = context.block_on(interruptible(end_and_tell(&store, &http, ui)))?;
        ui.result("", &result);
        return Ok(ExitCode::Success);
    }
    let config_dir = context.environment.config_dir()?;
    let mut sessions = Vec::new();
    let mut failed = None;
    for profile in SessionStore::profiles(&config_dir)? {
        let store = SessionStore::new(&config_dir, profile);
        match context.block_on(interruptible(end_and_tell(&store, &http, ui))) {
            Ok(ended) => sessions.push(ended),
            Err(failure) if failure.code == ExitCode::Interrupted => return Err(failure),
            // The others end all the same.
            Err(failure) => {
                ui.warn(format_args!(
                    "profile {} is still signed in: {}",
                    store.profile(),
                    failure.message
                ));
                failed = failed.or(Some(failure));
            }
        }
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    if sessions.is_empty() {
        ui.line("Nobody was signed in.");
    }
    ui.result("", &LogoutResults { sessions });
    Ok(ExitCode::Success)
}

async fn end_and_tell(store: &SessionStore, http: &HttpOptions, ui: &Ui) -> Result<LogoutResult, Failure> {
    let (removed, revoked) = end(store, http, ui).await?;
    if removed {
        ui.status("Signed out", format_args!("of profile {}", store.profile()));
    } else {
        ui.line(format_args!("Nobody was signed in under profile {}.", store.profile()));
    }
    Ok(LogoutResult {
        profile: store.profile().to_string(),
        removed,
        revoked,
    })
}

async fn end(store: &SessionStore, http: &HttpOptions, ui: &Ui) -> Result<(bool, bool), Failure> {
    let _lock = store.lock().await?;
    let session = match store.load() {
        Ok(Some(session)) => session,
        Ok(None) => return Ok((false, false)),
        Err(error) => {
            ui.warn(format_args!("{error}; its tokens cannot be revoked"));
            return Ok((store.delete()?, false));
        }
    };
    // Whoever else uses the same token would be signed out with us.
    let Some(client) = session.client.as_ref().filter(|_| session.method.owns_tokens()) else {
        ui.line(format_args!(
            "The tokens stay valid until {}: others may use them.",
            session.end()
        ));
        return Ok((store.delete()?, false));
    };
    let revoked = revoke(&session, client, http, ui).await;
    if let Err(error) = &revoked {
        ui.warn(format_args!(
            "the tokens could not be revoked and stay valid until they end: {error}"
        ));
    }
    Ok((store.delete()?, revoked.is_ok()))
}

async fn revoke(session: &Session, client: &Registration, options: &HttpOptions, ui: &Ui) -> Result<(), CloudError> {
    let http = Http::new(&session.http_options(options), ui)?;
    TokenClient::new(&http, &session.address, session.generation(), client)
        .revoke(&session.access, session.refresh.as_ref())
        .await
}
