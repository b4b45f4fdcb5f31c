//! `mgw logout`

use super::credentials::SessionArgs;
use super::findings;
use super::interrupt::changing;
use super::toolkit::unwritten;
use crate::cloud::CloudError;
use crate::cloud::http::{Http, HttpOptions};
use crate::cloud::oauth::{Registration, TokenClient};
use crate::cloud::session::{Session, SessionStore};
use crate::context::Context;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::public_file;
use crate::toolkit_config::reset;
use crate::ui::Ui;
use crate::whole_file::read_public;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest settings file that is changed.
const LARGEST_CONFIG: u64 = 1 << 20;

/// The user waits: an unreachable control plane must not hold up the removal of the file for long.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(10);

/// Arguments of `mgw logout`.
#[derive(Debug, clap::Args)]
pub struct LogoutArgs {
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
    /// Also blank user name, client and passwords in settings of micro-gw's toolkit
    #[arg(long, short = 'c', value_name = "FILE")]
    pub config: Option<PathBuf>,
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
    if let Some(path) = &args.config {
        blank(path, ui)?;
    }
    let mut http = args.session.http(&context.environment)?;
    http.timeout = http.timeout.min(REVOCATION_TIMEOUT);
    http.connect_timeout = http.connect_timeout.min(REVOCATION_TIMEOUT);
    let look = "`mgw whoami --all` shows who is still signed in.";
    if !args.all {
        let store = args.session.store(&context.environment)?;
        let result = context.block_on(changing(end_and_tell(&store, &http, ui), look))??;
        ui.result("", &result);
        return Ok(ExitCode::Success);
    }
    let config_dir = context.environment.config_dir()?;
    let mut sessions = Vec::new();
    let mut failed = None;
    for profile in SessionStore::profiles(&config_dir)? {
        let store = SessionStore::new(&config_dir, profile);
        match context
            .block_on(changing(end_and_tell(&store, &http, ui), look))
            .flatten()
        {
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

/// Blanks what identifies somebody in `toolkit-config.toml`, as micro-gw's `reset` did.
fn blank(path: &Path, ui: &Ui) -> Result<(), Failure> {
    let bytes = read_public(path, LARGEST_CONFIG).map_err(|error| Failure::file("read", path, error))?;
    let (text, blanked) = reset(&shown(path), bytes).map_err(|error| {
        let mut diagnostics = Diagnostics::default();
        // The line may hold a secret.
        diagnostics.push(Diagnostic::from(error).secret());
        findings::show(ui, &diagnostics);
        findings::invalid(&shown(path), &diagnostics).hint("Nothing was changed.")
    })?;
    if blanked.is_empty() {
        ui.line(format_args!("{} names nobody.", shown(path)));
        return Ok(());
    }
    public_file::replace(path, text.as_bytes()).map_err(|error| unwritten(path, error))?;
    ui.status("Blanked", format_args!("{} of {}", blanked.join(", "), shown(path)));
    Ok(())
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
