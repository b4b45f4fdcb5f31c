//! The task that uploads from time to time.

use super::client::UploadClient;
use super::outcome::Outcome;
use super::round::Round;
use crate::asking::Asking;
use crate::config::UploadSettings;
use crate::usage::spool::Shared;
use arc_swap::ArcSwapOption;
use aws_lc_rs::rand;
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// Longest password in a file.
const MAX_PASSWORD: u64 = 4096;

/// What the control plane knows this gateway by, once it is known.
#[derive(Debug, Clone, Default)]
pub(in crate::usage) struct RequestToken(Arc<ArcSwapOption<HeaderValue>>);

/// The task; ends when dropped.
#[derive(Debug)]
pub(in crate::usage) struct UploadTask {
    task: AbortHandle,
    token: RequestToken,
}

struct Uploads {
    round: Round,
    password: SecretString,
    password_file: Option<PathBuf>,
    token: RequestToken,
    interval: Duration,
    random_delay: Duration,
    /// What was told last: repetitions are not.
    told: Option<&'static str>,
}

impl UploadTask {
    /// Starts on the runtime of `control`.
    ///
    /// # Errors
    ///
    /// What is wrong with `asking`.
    pub(in crate::usage) fn start(
        settings: &UploadSettings,
        asking: &Asking,
        shared: Arc<Shared>,
        control: &Handle,
    ) -> Result<Self, String> {
        let token = RequestToken::default();
        let uploads = Uploads {
            round: Round {
                shared,
                client: UploadClient::asking(settings.url.clone(), settings.username.clone(), asking)?,
                service: settings.service,
                retention: settings.retention,
            },
            password: settings.password.clone(),
            password_file: settings.password_file.clone(),
            token: token.clone(),
            interval: settings.interval,
            random_delay: settings.random_delay,
            told: None,
        };
        let task = control.spawn(uploads.run(settings.delay)).abort_handle();
        Ok(Self { task, token })
    }

    pub(in crate::usage) fn request_token(&self) -> RequestToken {
        self.token.clone()
    }
}

impl Drop for UploadTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RequestToken {
    /// A text that cannot be sent counts as none.
    pub(in crate::usage) fn set(&self, token: Option<&str>) {
        let value = token.and_then(|token| HeaderValue::from_str(token).ok());
        self.0.store(value.map(Arc::new));
    }
}

impl Uploads {
    async fn run(mut self, delay: Duration) {
        let mut pause = delay;
        loop {
            tokio::time::sleep(pause + at_random(self.random_delay)).await;
            let outcome = self.round().await;
            self.tell(outcome);
            pause = self.interval;
        }
    }

    async fn round(&self) -> Result<Option<Outcome>, &'static str> {
        let password = match &self.password_file {
            Some(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_password(&path)).await;
                read.unwrap_or_else(|error| Err(io::Error::other(error)))
                    .map_err(|_| "the file with the password cannot be read")?
            }
            None => self.password.clone(),
        };
        let token = self.token.0.load_full();
        let round = self.round.run(&password, token.as_deref()).await;
        round.map_err(|_| "the folder cannot be read or changed")
    }

    fn tell(&mut self, outcome: Result<Option<Outcome>, &'static str>) {
        let url = &self.round.client;
        let trouble = match outcome {
            Ok(None) => return,
            Ok(Some(outcome)) if outcome.is_done() || outcome == Outcome::Collided => None,
            // Told with the file's name.
            Ok(Some(outcome)) if outcome.is_set_aside() => return,
            Ok(Some(outcome)) => Some(outcome.text()),
            Err(reason) => Some(reason),
        };
        match trouble {
            Some(reason) if self.told != trouble => {
                tracing::warn!(url = %url.url(), reason, "usage records cannot be uploaded; they are kept");
            }
            None if self.told.is_some() => tracing::info!(url = %url.url(), "usage records are uploaded again"),
            _ => {}
        }
        self.told = trouble;
    }
}

/// Returns a random part of a time.
fn at_random(most: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without random numbers gateways upload together, which is no failure.
    let _ = rand::fill(&mut bytes);
    most.mul_f64(f64::from(u16::from_le_bytes(bytes)) / 65_536.0)
}

/// Reads a password from a file, without the line break at its end.
fn read_password(path: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(MAX_PASSWORD)
        .read_to_string(&mut text)?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}
