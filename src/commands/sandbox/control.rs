//! The control file of a running sandbox, and asking the sandbox through it.

use super::action::SandboxCommand;
use super::shown;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Ui;
use mgw_fixtures::simulator::{Action, Control, Edit};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest control file, in bytes.
const MAX_FILE: u64 = 4096;
/// How long a sandbox may take: going down waits for requests in flight.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long one takes at most to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the file holds; the token is a secret.
#[derive(Serialize)]
struct Written<'a> {
    url: &'a str,
    token: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    url: String,
    #[serde(deserialize_with = "secret")]
    token: SecretString,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// The file that the sandbox started last has written.
pub(super) fn default_file(context: &Context) -> Result<PathBuf, Failure> {
    Ok(context.environment.config_dir()?.join("sandbox.json"))
}

/// The control file of a sandbox that runs.
pub(super) struct ControlFile {
    path: PathBuf,
    url: String,
    /// What it held of another sandbox that ran when this one began.
    former: Option<Read>,
}

impl ControlFile {
    /// Writes the file. Where another sandbox is reached through it, that is one for the time of this one, which is told.
    pub(super) async fn write(path: PathBuf, control: &Control, ui: &Ui) -> Result<Self, Failure> {
        let former = living(&path).await;
        write(&path, &control.url(), control.token())?;
        if let Some(former) = &former {
            ui.warn(format_args!(
                "commands such as `mgw sandbox requests` reach this sandbox now, not the one that runs at {} as well; with \
                 --control-file each has its own way",
                former.url
            ));
        }
        let url = control.url();
        Ok(Self { path, url, former })
    }

    /// Removes the file, if it is still that of this sandbox; the one before is reached again, if it still runs.
    pub(super) async fn remove(self) {
        if !read(&self.path).is_ok_and(|read| read.url == self.url) {
            return;
        }
        // A file that stays behind leads nowhere, and says so when it is used.
        match self.former {
            Some(former) if former.is_alive().await => {
                let _ = write(&self.path, &former.url, former.token.expose_secret());
            }
            _ => {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }
}

/// The sandbox that is reached through a file.
async fn living(path: &Path) -> Option<Read> {
    let found = read(path).ok()?;
    found.is_alive().await.then_some(found)
}

/// Writes the file, for its owner alone.
fn write(path: &Path, url: &str, token: &str) -> Result<(), Failure> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(|error| Failure::file("create", parent, error))?;
    }
    let written = Written { url, token };
    let text = serde_json::to_string(&written).expect("text with text keys can be written as JSON");
    super::write(path, &text)
}

fn read(path: &Path) -> Result<Read, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    opened.map_err(|error| {
        Failure::file("read", path, error).hint("Start `mgw sandbox` first, or name its control file with --sandbox.")
    })?;
    serde_json::from_slice(&bytes).map_err(|_| {
        // The parser's message may show the token.
        Failure::new(
            ExitCode::Invalid,
            format!("{} is not the control file of a sandbox", path.display()),
        )
    })
}

/// Asks a running sandbox.
pub(super) fn ask(command: SandboxCommand, context: &Context) -> Result<ExitCode, Failure> {
    let path = match command.sandbox() {
        Some(path) => path.to_owned(),
        None => default_file(context)?,
    };
    let target = read(&path)?;
    match command {
        SandboxCommand::Gateways(_) => {
            let answer = target.ask("/gateways", None, context)?;
            let (text, document) = shown::gateways(&answer, jiff::Timestamp::now());
            context.ui.result(text, &document);
        }
        SandboxCommand::Requests(_) => {
            let answer = target.ask("/requests", None, context)?;
            context.ui.result(shown::requests(&answer), &answer);
        }
        SandboxCommand::Change(change) => {
            let action = change.action(&context.environment)?;
            target.ask("/actions", Some(&action), context)?;
            context.ui.status("Done", "the sandbox has changed");
            if let Action::Edit(Edit::AddApplication {
                consumer_key,
                consumer_secret,
                ..
            }) = &action
            {
                let text = format!("consumer key     {consumer_key}\nconsumer secret  {consumer_secret}");
                let document = json!({"consumer_key": consumer_key, "consumer_secret": consumer_secret});
                context.ui.result(text, &document);
            }
        }
    }
    Ok(ExitCode::Success)
}

impl Read {
    /// Whether it answers to its token.
    async fn is_alive(&self) -> bool {
        let asked = tokio::time::timeout(PATIENCE, self.answer("/gateways", None)).await;
        asked.is_ok_and(|answer| answer.is_ok())
    }

    /// Posts an action, or reads something where there is none.
    fn ask(&self, path: &str, action: Option<&Action>, context: &Context) -> Result<Value, Failure> {
        context.block_on(self.answer(path, action))
    }

    async fn answer(&self, path: &str, action: Option<&Action>) -> Result<Value, Failure> {
        let gone = |error| {
            Failure::new(ExitCode::Unreachable, "the sandbox does not answer")
                .because(error)
                .hint("Is `mgw sandbox` still running?")
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(gone)?;
        let url = format!("{}{path}", self.url);
        let request = match action {
            Some(action) => client.post(url).json(action),
            None => client.get(url),
        };
        let request = request.bearer_auth(self.token.expose_secret());
        let answer = request.send().await.map_err(|error| gone(error.without_url()))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| gone(error.without_url()))?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        let reason = body["description"].as_str().unwrap_or("no reason was given");
        Err(Failure::new(
            ExitCode::ControlPlane,
            format!("the sandbox refuses ({status}): {reason}"),
        ))
    }
}
