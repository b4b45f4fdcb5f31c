//! `mgw usage import`

use crate::commands::interrupt::interruptible;
use crate::commands::secrets::secret;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Prompt;
use crate::ui::count::Counted;
use crate::usage_export::{Fate, Import, Progress, SameName, upload};
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
    /// Whose the service's files are that have names of files which this import has not sent, as far as it knows; without this,
    /// such files are left and told
    #[arg(long, value_name = "WHOSE")]
    pub same_name: Option<SameName>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    accepted: usize,
    already_there: usize,
    refused: usize,
    /// Files whose name the service has, and nobody knows whose that one is.
    doubtful: usize,
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
    let mut progress = Progress::beside(&args.file, &args.url, &args.username)?;
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
            // Read when it is needed, and compared with the manifest before any of it is sent.
            let bytes = match progress.of(&entry).is_done {
                true => Vec::new(),
                false => import.read(&entry)?,
            };
            let send = async |name: &str| {
                let outcome = client.upload(name, &bytes, &password, None).await;
                context.ui.detail(format_args!("{name}: {}", outcome.text()));
                outcome
            };
            let outcome = match upload(&entry, &mut progress, args.same_name, send).await? {
                Fate::Known => {
                    report.already_there += 1;
                    continue;
                }
                Fate::Doubtful => {
                    report.doubtful += 1;
                    context
                        .ui
                        .warn(format_args!("{}: the service has a file of this name", entry.name));
                    continue;
                }
                Fate::Answered(outcome) => outcome,
            };
            match outcome {
                Outcome::Accepted => report.accepted += 1,
                Outcome::Duplicate => report.already_there += 1,
                Outcome::Refused | Outcome::TooLarge => {
                    report.refused += 1;
                    context.ui.warn(format_args!("{}: {}", entry.name, outcome.text()));
                }
                _ => report.left += 1,
            }
            // What is refused stays in the export, and says nothing about the rest of it.
            if !outcome.is_set_aside() && !outcome.goes_on(Service::ApiCloud) {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    };
    let stopped = context
        .block_on(interruptible(uploaded))
        .map_err(|failure| match failure.code {
            ExitCode::Interrupted => Failure::new(
                ExitCode::Interrupted,
                format!(
                    "interrupted; {} uploaded until then",
                    Counted(report.accepted, "file was", "files were")
                ),
            )
            .hint("Import it again to go on: what was uploaded is not sent twice."),
            _ => failure,
        })?;
    match stopped {
        Some(outcome) => Err(stop(outcome, &args.url)),
        None => {
            let text = format!(
                "{} uploaded, {} there already, {} refused",
                report.accepted, report.already_there, report.refused
            );
            context.ui.result(text, &report);
            if report.doubtful > 0 {
                context.ui.hint(format_args!(
                    "{} left, because the service has files of these names and this import has not sent them. Say \
                     --same-name there if the export was imported before, or --same-name another if it was not.",
                    Counted(report.doubtful, "file is", "files are")
                ));
            }
            Ok(match report.refused + report.doubtful {
                0 => ExitCode::Success,
                _ => ExitCode::Partial,
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
