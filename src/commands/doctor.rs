//! `mgw doctor`

use super::credentials::{API_CLOUD_URL, SessionArgs};
use super::interrupt::interruptible;
use crate::cloud::address::Address;
use crate::cloud::http::{Answer, Call, Http, Repeat};
use crate::cloud::sign_in::ClockSkew;
use crate::compile::compile_project;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Layout, Settings};
use crate::serve::{BundleSource, GatewaySettings, load_settings};
use jiff::Timestamp;
use mgw_runtime::config::RuntimeConfig;
use serde::Serialize;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};

/// Arguments of `mgw doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Project folder to look at as well.
    #[arg(default_value = ".")]
    pub project: PathBuf,
    /// Do not contact the control plane.
    #[arg(long)]
    pub offline: bool,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Ok,
    Warning,
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    subject: &'static str,
    verdict: Verdict,
    finding: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn ok(subject: &'static str, finding: impl Into<String>) -> Self {
        Self {
            subject,
            verdict: Verdict::Ok,
            finding: finding.into(),
            remedy: None,
        }
    }

    fn warning(subject: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            remedy: Some(remedy.into()),
            ..Self::ok(subject, finding)
        }
    }

    fn problem(subject: &'static str, failure: &Failure) -> Self {
        let mut finding = failure.message.clone();
        if let Some(cause) = root_cause(failure) {
            finding = format!("{finding}: {cause}");
        }
        Self {
            verdict: Verdict::Problem,
            remedy: failure.hints.first().cloned(),
            ..Self::ok(subject, finding)
        }
    }
}

/// The innermost cause says most: the outer ones only say what was being done.
fn root_cause(failure: &Failure) -> Option<String> {
    let mut cause: &dyn std::error::Error = failure.source.as_deref()?;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Some(cause.to_string())
}

/// Looks at everything that stands between the user and a running gateway.
pub fn run(args: DoctorArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut checks = vec![user_folder(context), session(&args.session, context)];
    let settled = checks.iter().all(|check| check.verdict != Verdict::Problem)
        && Settings::load(&Layout::new(&args.project).settings()).is_ok();
    // A broken session or mgw.toml is a finding of its own; it says nothing about the control plane.
    if !args.offline && settled {
        checks.extend(control_plane(&args, context));
    }
    checks.push(project(&args.project));
    let (check, config) = settings(&args.project, context);
    checks.push(check);
    checks.extend(config.iter().flat_map(listeners));

    let problems = checks.iter().filter(|check| check.verdict == Verdict::Problem).count();
    let text: Vec<String> = checks.iter().map(line).collect();
    #[derive(Serialize)]
    struct Report<'a> {
        checks: &'a [Check],
        problems: usize,
    }
    context.ui.result(
        text.join("\n"),
        &Report {
            checks: &checks,
            problems,
        },
    );
    Ok(if problems == 0 {
        ExitCode::Success
    } else {
        ExitCode::Environment
    })
}

fn line(check: &Check) -> String {
    let mark = match check.verdict {
        Verdict::Ok => "ok     ",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    };
    let mut line = format!("{mark}  {:<14} {}", check.subject, check.finding);
    if let Some(remedy) = &check.remedy {
        line.push_str(&format!("\n{:24} {remedy}", ""));
    }
    line
}

fn user_folder(context: &Context) -> Check {
    const SUBJECT: &str = "user folder";
    let folder = match context.environment.config_dir() {
        Ok(folder) => folder,
        Err(failure) => return Check::problem(SUBJECT, &failure),
    };
    // The folder comes into being with the first session; what counts is that it can.
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match tempfile::NamedTempFile::new_in(existing) {
        Ok(_) => Check::ok(SUBJECT, folder.display().to_string()),
        Err(error) => Check::problem(SUBJECT, &Failure::file("write to", &folder, error)),
    }
}

fn session(args: &SessionArgs, context: &Context) -> Check {
    const SUBJECT: &str = "session";
    let loaded = args
        .store(&context.environment)
        .and_then(|store| store.load().map_err(Failure::from));
    match loaded {
        Ok(Some(session)) if session.expires <= Timestamp::now() && !session.is_renewable() => Check::warning(
            SUBJECT,
            format!("the session of {} ended", session.user),
            "Run mgw login.",
        ),
        Ok(Some(session)) => Check::ok(SUBJECT, format!("{} at {}", session.user, session.address)),
        Ok(None) => Check::warning(
            SUBJECT,
            "not signed in",
            "Run mgw login to pull APIs; building and serving need no session.",
        ),
        Err(failure) => Check::problem(SUBJECT, &failure),
    }
}

/// Any answer counts: it shows that name, network, proxy and certificate are right. Its date shows the same of the clock.
fn control_plane(args: &DoctorArgs, context: &Context) -> Vec<Check> {
    const SUBJECT: &str = "control plane";
    let reach = || -> Result<(String, Answer), Failure> {
        let session = args.session.store(&context.environment)?.load()?;
        let project = Settings::load(&Layout::new(&args.project).settings())?;
        let url = context.environment.get("MGW_URL").map(str::to_owned);
        let project_url = project
            .and_then(|settings| settings.control_plane)
            .map(|plane| plane.url);
        let mut options = args.session.http(&context.environment)?;
        let address = match (url.or(project_url), session) {
            (Some(url), _) => Address::parse(&url)?,
            (None, Some(session)) => {
                options.extra_roots = options.extra_roots.or(session.extra_roots);
                session.address
            }
            (None, None) => Address::parse(API_CLOUD_URL)?,
        };
        let http = Http::new(&options, &context.ui)?;
        let call = Call {
            repeat: Repeat::Never,
            ..Call::get(address.join([]))
        };
        let answer = context.block_on(interruptible(async { Ok(http.send(&call).await?) }))?;
        Ok((address.to_string(), answer))
    };
    match reach() {
        Ok((address, answer)) => {
            let reached = Check::ok(SUBJECT, format!("{address} answers ({})", answer.status));
            let skew = answer.date.and_then(|date| ClockSkew::between(date, Timestamp::now()));
            let clock = skew.map(|skew| {
                let remedy = "Set the wrong one right, with NTP for example: tokens are misjudged where clocks differ.";
                Check::warning("clock", skew.sentence(), remedy)
            });
            [Some(reached), clock].into_iter().flatten().collect()
        }
        Err(failure) => vec![Check {
            verdict: Verdict::Warning,
            ..Check::problem(SUBJECT, &failure)
        }],
    }
}

/// Compiles the project in memory, as `build` and `run` would.
fn project(folder: &Path) -> Check {
    const SUBJECT: &str = "project";
    let layout = Layout::new(folder);
    let is_project = layout.settings().exists() || layout.definitions().is_dir();
    if !is_project {
        return Check::warning(
            SUBJECT,
            format!("{} is not a project", folder.display()),
            "Name the project folder, or create one with mgw init NAME.",
        );
    }
    match compile_project(&layout).map_err(Failure::from) {
        Ok(compiled) if compiled.diagnostics.has_errors() => Check {
            verdict: Verdict::Problem,
            ..Check::warning(
                SUBJECT,
                format!("{} has {}", compiled.name, compiled.diagnostics.summary()),
                format!("Run mgw check {} to see them.", folder.display()),
            )
        },
        Ok(compiled) => Check::ok(
            SUBJECT,
            format!(
                "{}: {} in {}",
                compiled.name,
                compiled.diagnostics.summary(),
                folder.display()
            ),
        ),
        Err(failure) => Check::problem(SUBJECT, &failure),
    }
}

/// Reads the gateway's settings as `run` would.
fn settings(folder: &Path, context: &Context) -> (Check, Option<RuntimeConfig>) {
    const SUBJECT: &str = "settings";
    let file = BundleSource::at(folder).runtime_config();
    let shown = match &file {
        Some(path) => path.display().to_string(),
        None => "the defaults".to_owned(),
    };
    let settings = GatewaySettings { file, sets: Vec::new() };
    match load_settings(&settings, &context.environment, &context.ui) {
        Ok(config) => (Check::ok(SUBJECT, shown), Some(config)),
        Err(failure) => (Check::problem(SUBJECT, &failure), None),
    }
}

/// The listeners that the settings ask for.
fn listeners(config: &RuntimeConfig) -> Vec<Check> {
    let api = &config.listener;
    [
        (api.host, api.http_port, "HTTP"),
        (api.host, api.https_port, "HTTPS"),
        (
            config.admin.host,
            config.admin.enabled.then_some(config.admin.port),
            "admin",
        ),
    ]
    .into_iter()
    .filter_map(|(host, port, name)| Some(listener(host, port.filter(|port| *port != 0)?, name)))
    .collect()
}

fn listener(host: IpAddr, port: u16, name: &'static str) -> Check {
    let subject = "port";
    match TcpListener::bind((host, port)) {
        Ok(_) => Check::ok(subject, format!("{port} is free ({name})")),
        Err(error) => Check::warning(
            subject,
            format!("{port} cannot be used ({name}): {error}"),
            "Stop the other program, or choose a port in conf/micro-gw.conf or with --set.",
        ),
    }
}
