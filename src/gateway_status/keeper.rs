//! Keeps the control plane informed for as long as a gateway runs.

use super::identity::{Identity, IdentityFile, digest, is_usable};
use super::machine::Machine;
use super::messages;
use super::shown::{Shown, tenant};
use crate::cloud::http::{Answer, Call, Http, HttpOptions, Repeat};
use crate::cloud::session::Session;
use crate::context::Environment;
use crate::failure::Failure;
use crate::ui::Ui;
use crate::whole_file::read_text;
use jiff::Timestamp;
use mgw_runtime::RunningGateway;
use mgw_runtime::config::{GatewayStatusSettings, StatusPlace};
use secrecy::SecretString;
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use url::Url;

/// For an answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// The first pause after a failure; it doubles, up to the time between two signs of life.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// Longest password in a file.
const MAX_PASSWORD: u64 = 4096;
/// Largest file of certificates.
const MAX_CA_FILE: u64 = 1 << 20;

/// Keeps the control plane informed.
#[derive(Debug)]
pub(crate) struct StatusKeeper {
    settings: GatewayStatusSettings,
    shown: Shown,
    file: IdentityFile,
    http: Http,
    ui: Ui,
    /// What went wrong last, which is not told twice.
    told: Option<String>,
    /// The identity that was given last, as long as no ping with it was taken.
    untried: Option<String>,
}

impl StatusKeeper {
    /// Prepares it; nothing is sent yet. `session` may have kept label and metadata of an on-premise gateway.
    ///
    /// # Errors
    ///
    /// Files that the settings name cannot be used.
    pub(crate) fn new(
        settings: GatewayStatusSettings,
        data_dir: &Path,
        session: Option<Session>,
        environment: &Environment,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let kept = session
            .filter(|session| session.user.tenant() == tenant(&settings))
            .and_then(|session| session.gateway);
        let extra_roots = match &settings.ca_file {
            Some(path) => Some(
                read_text(path, MAX_CA_FILE)
                    .map_err(|error| Failure::file("read", path, error))?
                    .to_string(),
            ),
            None => None,
        };
        let options = HttpOptions {
            timeout: ANSWER_TIME,
            extra_roots,
            ..HttpOptions::default()
        };
        Ok(Self {
            shown: Shown::collect(&settings, &Machine::look(), environment, data_dir, kept)?,
            settings,
            file: IdentityFile::in_folder(data_dir),
            http: Http::new(&options, ui)?,
            ui: ui.clone(),
            told: None,
            untried: None,
        })
    }

    /// Tells of the gateway from time to time until it is gone.
    pub(crate) async fn run(mut self, gateway: Weak<RunningGateway>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(gateway) = gateway.upgrade() else { return };
            let outcome = self.tell(&gateway).await;
            drop(gateway);
            let rest = if outcome.is_ok() {
                pause = FIRST_PAUSE;
                self.settings.interval
            } else {
                let rest = pause.min(self.settings.interval);
                pause *= 2;
                pause = pause.min(self.settings.interval);
                // Gateways that failed together do not come back together.
                rest.mul_f64(0.5 + jitter() / 2.0)
            };
            self.report(outcome);
            tokio::time::sleep(rest).await;
        }
    }

    /// One sign of life, after an introduction where one is needed.
    async fn tell(&mut self, gateway: &Arc<RunningGateway>) -> Result<(), String> {
        let password = self.password()?;
        let known = self.file.load();
        match &self.settings.place {
            StatusPlace::ApiCloud { initialise, ping } => {
                let told = digest(&self.shown, initialise.as_str());
                if let Some(identity) = known.filter(|identity| identity.told == told) {
                    gateway.set_request_token(Some(&identity.id));
                    let answer = self.ping(ping, &identity.id, &password).await?;
                    // An identity that never worked was not forgotten, and another would be another row each time.
                    if answer.status != 404 || self.untried.as_ref() == Some(&identity.id) {
                        return self.pinged(&answer);
                    }
                    // Forgotten there: introduced again.
                }
                let identity = self.initialise(initialise, told, &password).await?;
                gateway.set_request_token(Some(&identity.id));
                self.untried = Some(identity.id.clone());
                let answer = self.ping(ping, &identity.id, &password).await?;
                return self.pinged(&answer);
            }
            StatusPlace::Apim46 { notify, environments } => {
                let told = digest(&self.shown, &format!("{notify} {environments:?}"));
                let now = Timestamp::now().as_millisecond();
                if let Some(identity) = known.as_ref().filter(|identity| identity.told == told) {
                    let body = messages::heartbeat(&self.shown, &identity.id, now);
                    let answer = self.post(notify, &body, None, &password).await?;
                    if answer.status != 404 {
                        return accepted(&answer);
                    }
                    // Forgotten there: introduced again.
                }
                let id = known.map_or_else(new_id, |identity| identity.id);
                let body = messages::register(&self.shown, &id, environments, now);
                self.send(notify, &body, &password).await?;
                self.save(&Identity { id, told })?;
            }
        }
        Ok(())
    }

    /// What comes of a ping.
    fn pinged(&mut self, answer: &Answer) -> Result<(), String> {
        if answer.status == 404 {
            return Err(format!(
                "{} answers 404 to the identity that the control plane gave; check `gatewayStatus.pingUrl`",
                answer.request
            ));
        }
        accepted(answer)?;
        self.untried = None;
        Ok(())
    }

    async fn ping(&self, url: &Url, id: &str, password: &SecretString) -> Result<Answer, String> {
        let body = messages::ping(&self.shown, id);
        self.post(url, &body, Some(id), password).await
    }

    async fn initialise(&self, url: &Url, told: String, password: &SecretString) -> Result<Identity, String> {
        let answer = self.send(url, &messages::initialise(&self.shown), password).await?;
        let id = String::from_utf8_lossy(&answer.body).trim().to_owned();
        if !is_usable(&id) {
            return Err("the answer is not an identity".to_owned());
        }
        let identity = Identity { id, told };
        self.save(&identity)?;
        Ok(identity)
    }

    fn save(&self, identity: &Identity) -> Result<(), String> {
        let saved = self.file.save(identity);
        saved.map_err(|error| format!("the identity cannot be kept in the gateway's data folder: {error}"))
    }

    async fn send(&self, url: &Url, body: &Value, password: &SecretString) -> Result<Answer, String> {
        let answer = self.post(url, body, None, password).await?;
        accepted(&answer)?;
        Ok(answer)
    }

    async fn post(&self, url: &Url, body: &Value, id: Option<&str>, password: &SecretString) -> Result<Answer, String> {
        let call = Call {
            // The next sign of life is the repetition.
            repeat: Repeat::Never,
            ..Call::post(url.clone(), "application/json", body.to_string().into_bytes())
        };
        let call = call
            .basic(&self.settings.username, password)
            .request_token(id)
            .accept("*/*");
        self.http.send(&call).await.map_err(|error| error.to_string())
    }

    /// Reads the password anew every time: it may have changed.
    fn password(&self) -> Result<SecretString, String> {
        let Some(path) = &self.settings.password_file else {
            return Ok(self.settings.password.clone());
        };
        let failed = |error| format!("{} cannot be read: {error}", path.display());
        let text = read_text(path, MAX_PASSWORD).map_err(failed)?;
        Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
    }

    fn report(&mut self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                if self.told.take().is_some() {
                    self.ui.status("Known", "to the control plane again");
                }
            }
            Err(reason) if self.told.as_ref() != Some(&reason) => {
                self.ui.warn(format_args!(
                    "the control plane cannot be told that this gateway is there: {reason}"
                ));
                self.told = Some(reason);
            }
            Err(_) => {}
        }
    }
}

/// What the control plane says when it has understood.
fn accepted(answer: &Answer) -> Result<(), String> {
    match answer.status {
        200..=202 => Ok(()),
        401 | 403 => Err(format!(
            "{} answers {}; check `gatewayStatus.username` and its password",
            answer.request, answer.status
        )),
        status => Err(format!("{} answers {status}", answer.request)),
    }
}

fn new_id() -> String {
    let mut bytes = [0; 16];
    // Without random numbers there is no TLS either.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("mgw-{hex}")
}

/// Between 0 and 1.
fn jitter() -> f64 {
    let mut byte = [0];
    let _ = aws_lc_rs::rand::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests;
