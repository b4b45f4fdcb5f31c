//! `mgw usage import`

use crate::commands::interrupt::interruptible;
use crate::commands::secrets::secret;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Prompt;
use crate::usage_export::{Import, Progress};
use crate::whole_file;
use mgw_runtime::usage::{Outcome, Service, UploadClient, UploadTarget};
use serde::Serialize;
use std::path::{Path, PathBuf};
use url::Url;

/// Largest file of certificates.
const MAX_CA_FILE: u64 = 1 << 20;

/// Arguments of `mgw usage import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// What `mgw usage export` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where files are uploaded.
    #[arg(
        long,
        value_name = "URL",
        env = "MGW_USAGE_URL",
        default_value = "https://analytics.cloud.wso2.com/usage/upload-file"
    )]
    pub url: Url,
    /// User name there: for API Cloud the e-mail address, @ and the organisation key.
    #[arg(long, value_name = "NAME", env = "MGW_USAGE_USERNAME")]
    pub username: String,
    /// Certificate authorities trusted there beside the system's, in PEM [env: MGW_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    accepted: usize,
    already_there: usize,
    refused: usize,
    left: usize,
}

/// Uploads what was exported; goes on where an earlier run ended.
pub fn run(args: ImportArgs, context: &Context) -> Result<ExitCode, Failure> {
    if !matches!(args.url.scheme(), "http" | "https") {
        return Err(Failure::new(
            ExitCode::Usage,
            "--url begins with neither http:// nor https://",
        ));
    }
    // Lines of the progress name it.
    if !args.url.username().is_empty() || args.url.password().is_some() {
        return Err(Failure::new(
            ExitCode::Usage,
            "--url holds a user name or password; there are --username and MGW_USAGE_PASSWORD",
        ));
    }
    let mut import = Import::open(&args.file)?;
    let mut progress = Progress::beside(&args.file, &args.url)?;
    let password = match secret(&context.environment, "MGW_USAGE_PASSWORD", "MGW_USAGE_PASSWORD_FILE")? {
        Some(password) => password,
        None => context.ui.ask_secret(Prompt {
            label: "Password",
            flag: None,
            variable: "MGW_USAGE_PASSWORD",
            default: None,
        })?,
    };
    let ca_file = args.ca_file.as_deref();
    let roots = match ca_file.or_else(|| context.environment.get("MGW_CA_FILE").map(Path::new)) {
        Some(path) => Some(
            whole_file::read(path, MAX_CA_FILE)
                .map_err(|error| Failure::file("read", path, error))?
                .to_vec(),
        ),
        None => None,
    };
    let target = UploadTarget {
        url: args.url.clone(),
        username: args.username.clone(),
        roots,
    };
    let client = UploadClient::new(target)
        .map_err(|reason| Failure::new(ExitCode::Environment, "cannot prepare the connection").because(reason))?;
    let mut report = Report::default();
    let uploaded = async {
        for entry in import.entries() {
            if progress.is_done(&entry.name) {
                report.already_there += 1;
                continue;
            }
            let bytes = import.read(&entry)?;
            let outcome = client.upload(&entry.name, &bytes, &password, None).await;
            context.ui.detail(format_args!("{}: {}", entry.name, outcome.text()));
            match outcome {
                Outcome::Accepted => report.accepted += 1,
                Outcome::Duplicate => report.already_there += 1,
                Outcome::Refused | Outcome::TooLarge => {
                    report.refused += 1;
                    context.ui.warn(format_args!("{}: {}", entry.name, outcome.text()));
                }
                _ => report.left += 1,
            }
            if outcome.is_done() {
                progress.done(&entry.name)?;
            }
            // What is refused stays in the export, and says nothing about the rest of it.
            if !outcome.is_set_aside() && !outcome.goes_on(Service::ApiCloud) {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    };
    let stopped = context.block_on(interruptible(uploaded))?;
    match stopped {
        Some(outcome) => Err(stop(outcome, &args.url)),
        None => {
            let text = format!(
                "{} uploaded, {} there already, {} refused",
                report.accepted, report.already_there, report.refused
            );
            context.ui.result(text, &report);
            Ok(if report.refused > 0 {
                ExitCode::Partial
            } else {
                ExitCode::Success
            })
        }
    }
}

fn stop(outcome: Outcome, url: &Url) -> Failure {
    let code = match outcome {
        Outcome::Credentials => ExitCode::NotPermitted,
        Outcome::Unreached { .. } => ExitCode::Unreachable,
        _ => ExitCode::ControlPlane,
    };
    let host = url.host_str().unwrap_or_default();
    Failure::new(code, format!("{host}: {}", outcome.text())).hint("Run the command again: it goes on where it ended.")
}
