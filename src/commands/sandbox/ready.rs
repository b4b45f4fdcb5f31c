//! What the user is told when everything is up.

use super::SandboxShape;
use super::clients::ReadyClient;
use crate::shell::quoted;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::issuer::Issuer;
use mgw_fixtures::seed::ApplicationKey;
use mgw_fixtures::simulator::Simulator;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Everything that is up. With `--output json` this is the one line on standard output.
///
/// The passwords of the built-in seed are part of this program and secret to nobody; those of a seed of the user's own
/// are not printed.
#[derive(Debug, Serialize)]
pub(super) struct Ready {
    url: String,
    shape: &'static str,
    ca_file: String,
    organisation: String,
    labels: Vec<String>,
    accounts: Vec<ReadyAccount>,
    applications: Vec<ReadyKey>,
    clients: Vec<ReadyClient>,
    backend: Option<String>,
    issuer: String,
    issuer_jwks: String,
    control_plane_issuer: String,
    control_plane_jwks: String,
    login: String,
}

#[derive(Debug, Serialize)]
struct ReadyAccount {
    email: String,
    user_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_password: Option<String>,
    about: String,
}

#[derive(Debug, Serialize)]
struct ReadyKey {
    application: String,
    key_type: String,
    consumer_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_secret: Option<String>,
}

impl Ready {
    pub(super) fn new(
        simulator: &Simulator,
        shape: SandboxShape,
        ca_file: &Path,
        clients: Vec<ReadyClient>,
        backend: Option<&Backend>,
        issuer: &Issuer,
        own_seed: bool,
    ) -> Self {
        let seed = simulator.seed();
        let shown = |secret: String| (!own_seed).then_some(secret);
        let accounts: Vec<_> = seed
            .accounts()
            .into_iter()
            .map(|account| ReadyAccount {
                email: account.email,
                user_name: account.user_name,
                sample_password: shown(account.password),
                about: account.about,
            })
            .collect();
        let key = |key: ApplicationKey| ReadyKey {
            application: key.application,
            key_type: key.key_type,
            consumer_key: key.consumer_key,
            sample_secret: shown(key.consumer_secret),
        };
        let ca_file = std::path::absolute(ca_file).unwrap_or_else(|_| ca_file.to_owned());
        let ca_file = ca_file.display().to_string();
        let organisation = seed.organisation_key().to_owned();
        let login = login(simulator.url(), &ca_file, &organisation, accounts.first());
        Self {
            url: simulator.url().to_owned(),
            shape: shape.title(),
            ca_file,
            organisation,
            labels: seed.labels().map(str::to_owned).collect(),
            accounts,
            applications: seed.application_keys().map(key).collect(),
            clients,
            backend: backend.map(Backend::url),
            issuer: issuer.issuer().to_owned(),
            issuer_jwks: issuer.jwks_url(),
            control_plane_issuer: simulator.issuer(),
            control_plane_jwks: simulator.jwks_url(),
            login,
        }
    }

    pub(super) fn json_line(&self) -> String {
        serde_json::to_string(self).expect("text with text keys can be written as JSON")
    }

    /// The lines of a gateway's configuration by which it accepts the tokens of both issuers.
    fn gateway_settings(&self) -> String {
        // The literal form of TOML takes every path as it is, but for one with a quote in it.
        let ca_file = if self.ca_file.contains('\'') {
            format!("{:?}", self.ca_file)
        } else {
            format!("'{}'", self.ca_file)
        };
        format!(
            "[[jwtTokenConfig]]\nissuer = \"{}\"\njwksURL = \"{}\"\n\n\
             [[jwtTokenConfig]]\nissuer = \"{}\"\njwksURL = \"{}\"\njwksCaFile = {ca_file}",
            self.issuer, self.issuer_jwks, self.control_plane_issuer, self.control_plane_jwks
        )
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut row = |label: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{label:<14} {value}");
        };
        row("Control plane", &format!("{} ({})", self.url, self.shape));
        row("CA certificate", &self.ca_file);
        row("Organisation", &self.organisation);
        row("Labels", &self.labels.join(" "));
        row("Backend", self.backend.as_deref().unwrap_or("not started"));
        row("Token issuer", &self.issuer);
        row("", "");
        row("Accounts", "");
        for account in &self.accounts {
            let password = account.sample_password.as_deref().unwrap_or("as in organisation.toml");
            let line = format!("  {:<26} {:<24} {}", account.email, password, account.about);
            row(line.trim_end(), "");
        }
        row("", "");
        row("Applications", "");
        for key in &self.applications {
            let secret = key.sample_secret.as_deref().unwrap_or("as in applications.toml");
            let name = format!("{} {}", key.application, key.key_type);
            row(&format!("  {name:<22} {:<30} {secret}", key.consumer_key), "");
        }
        if !self.clients.is_empty() {
            row("", "");
            row("Client certificates, for curl", "");
        }
        for client in &self.clients {
            let (certificate, key) = (quoted(&client.certificate_file), quoted(&client.key_file));
            let name = format!("{} {}", client.api, client.alias);
            row(&format!("  {name:<26} --cert {certificate} --key {key}"), "");
        }
        row("", "");
        row("Sign in", "");
        row(&format!("  {}", self.login), "");
        row("", "");
        row("Trust its tokens, in conf/micro-gw.conf of a project", "");
        for line in self.gateway_settings().lines() {
            row(&format!("  {line}"), "");
        }
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

fn login(url: &str, ca_file: &str, organisation: &str, account: Option<&ReadyAccount>) -> String {
    let email = account.map_or("", |account| account.email.as_str());
    let command = format!(
        "mgw login --url {url} --ca {} --email {} --org {}",
        quoted(ca_file),
        quoted(email),
        quoted(organisation)
    );
    match account.and_then(|account| account.sample_password.as_deref()) {
        Some(password) => format!("printf %s {} | {command} --password-stdin", quoted(password)),
        None => command,
    }
}
