//! The control plane: `mgw sandbox` with generated APIs, and somebody who is signed in there.

use crate::failure::Failure;
use crate::process::{Launch, Running};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What starting may take, with ten thousand APIs.
const STARTING: Duration = Duration::from_secs(60);

/// What signing in may take.
const SIGNING_IN: Duration = Duration::from_secs(60);

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// What the sandbox tells when it is ready.
#[derive(Debug, Deserialize)]
struct Ready {
    url: String,
    ca_file: String,
    organisation: String,
    accounts: Vec<Account>,
}

#[derive(Debug, Deserialize)]
struct Account {
    email: String,
    sample_password: Option<String>,
}

/// A running control plane.
#[derive(Debug)]
pub(super) struct ControlPlane {
    program: PathBuf,
    folder: PathBuf,
    running: Running,
    ready: Ready,
}

impl ControlPlane {
    /// Starts it with so many APIs of the label `bulk`.
    pub(super) async fn start(program: &Path, folder: &Path, apis: u32, shape: &str) -> Result<Self, Failure> {
        let ca_file = folder.join("ca.pem");
        let control_file = folder.join("sandbox.json");
        let arguments: Vec<OsString> = vec![
            "sandbox".into(),
            "--listen=127.0.0.1:0".into(),
            "--no-backend".into(),
            format!("--extra-apis={apis}").into(),
            format!("--shape={shape}").into(),
            "--ca-file".into(),
            ca_file.into(),
            "--control-file".into(),
            control_file.into(),
            "--output=json".into(),
        ];
        let launch = Launch {
            name: "mgw sandbox",
            program,
            arguments,
            environment: Vec::new(),
            processor: None,
            logs: folder,
        };
        let mut running = launch.start()?;
        let begin = Instant::now();
        let ready = loop {
            if let Some(ready) = ready(running.log())? {
                break ready;
            }
            running.check()?;
            if begin.elapsed() > STARTING {
                return Err(running.late("start", STARTING));
            }
            tokio::time::sleep(LOOK).await;
        };
        Ok(Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            running,
            ready,
        })
    }

    /// Signs the first account in.
    pub(super) async fn sign_in(&self) -> Result<(), Failure> {
        let account = self.ready.accounts.first();
        let email = account.map(|account| account.email.clone()).unwrap_or_default();
        let password = account.and_then(|account| account.sample_password.clone());
        let arguments = [
            "login",
            "--url",
            &self.ready.url,
            "--email",
            &email,
            "--org",
            &self.ready.organisation,
        ];
        let mut launch = self.command("mgw login", arguments.map(OsString::from).to_vec());
        launch
            .environment
            .push(("MGW_PASSWORD", password.unwrap_or_default().into()));
        launch.output(SIGNING_IN).await.map(|_| ())
    }

    /// A command of the signed-in user.
    pub(super) fn command(&self, name: &'static str, arguments: Vec<OsString>) -> Launch<'_> {
        Launch {
            name,
            program: &self.program,
            arguments,
            environment: vec![
                ("MGW_CONFIG_DIR", self.folder.join("config").into()),
                ("MGW_CA_FILE", self.ready.ca_file.clone().into()),
            ],
            processor: None,
            logs: &self.folder,
        }
    }

    /// Ends it.
    pub(super) async fn end(self) {
        self.running.end().await;
    }
}

/// What its log tells, once the line is complete.
fn ready(log: &Path) -> Result<Option<Ready>, Failure> {
    let text = std::fs::read_to_string(log).map_err(Failure::file("read", log))?;
    let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    Ok(lines.find_map(|line| serde_json::from_str(line).ok()))
}
