//! `mgw logout`

use super::credentials::SessionArgs;
use super::interrupt::interruptible;
use crate::cloud::CloudError;
use crate::cloud::http::{Http, HttpOptions};
use crate::cloud::oauth::TokenClient;
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
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct LogoutResult<'a> {
    profile: &'a str,
    removed: bool,
    revoked: bool,
}

/// Revokes the tokens and removes the session file, the latter in any case.
pub fn run(args: LogoutArgs, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let store = args.session.store(&context.environment)?;
    let mut http = args.session.http(&context.environment)?;
    http.timeout = http.timeout.min(REVOCATION_TIMEOUT);
    http.connect_timeout = http.connect_timeout.min(REVOCATION_TIMEOUT);
    let (removed, revoked) = context.block_on(interruptible(async { end(&store, http, ui).await }))?;
    if removed {
        ui.status("Signed out", format_args!("of profile {}", store.profile()));
    } else {
        ui.line(format_args!("Nobody was signed in under profile {}.", store.profile()));
    }
    ui.result(
        "",
        &LogoutResult {
            profile: store.profile().as_str(),
            removed,
            revoked,
        },
    );
    Ok(ExitCode::Success)
}

async fn end(store: &SessionStore, http: HttpOptions, ui: &Ui) -> Result<(bool, bool), Failure> {
    let _lock = store.lock().await?;
    let session = match store.load() {
        Ok(Some(session)) => session,
        Ok(None) => return Ok((false, false)),
        Err(error) => {
            ui.warn(format_args!("{error}; its tokens cannot be revoked"));
            return Ok((store.delete()?, false));
        }
    };
    let revoked = revoke(&session, http, ui).await;
    if let Err(error) = &revoked {
        ui.warn(format_args!(
            "the tokens could not be revoked and stay valid until they end: {error}"
        ));
    }
    Ok((store.delete()?, revoked.is_ok()))
}

async fn revoke(session: &Session, options: HttpOptions, ui: &Ui) -> Result<(), CloudError> {
    let options = HttpOptions {
        extra_roots: session.extra_roots.clone().or(options.extra_roots),
        ..options
    };
    let http = Http::new(&options, ui)?;
    TokenClient::new(&http, &session.address, session.generation(), &session.client)
        .revoke(&session.access, session.refresh.as_ref())
        .await
}
