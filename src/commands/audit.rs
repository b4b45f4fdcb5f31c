//! `mgw audit`

use super::members::{self, Done, MemberArgs, Pace};
use super::{check, findings};
use crate::audit::{Audited, audit};
use crate::compile::compile_project;
use crate::context::Context;
use crate::diagnostics::{Diagnostics, Severity, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Layout, Settings};
use crate::serve::{BundleSource, GatewaySettings, read_settings};
use std::path::PathBuf;

/// Arguments of `mgw audit`.
#[derive(Debug, Clone, clap::Args)]
pub struct AuditArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Gateway settings to look at, in the format of micro-gw.conf [default: conf/micro-gw.conf of MGW_CONF_DIR or the project]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// End with code 4 when there are findings of this kind, or worse, that nobody suppressed.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    pub fail_on: FailOn,
    /// Of a workspace.
    #[command(flatten)]
    pub members: MemberArgs,
    /// Where findings are written besides.
    #[command(flatten)]
    pub reports: findings::ReportArgs,
}

/// Which findings shut the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Warnings, and errors as ever
    Warning,
    /// Notes too
    Note,
    /// Errors only
    Never,
}

impl FailOn {
    /// The least bad findings with which the command fails.
    fn least(self) -> Severity {
        match self {
            Self::Never => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }
}

/// What reports call it.
const COMMAND: &str = "mgw audit";

#[derive(serde::Serialize)]
struct Shown<'a> {
    project: &'a str,
    suppressed: usize,
    /// Files with certificates that could not be looked into.
    unread: &'a [String],
    summary: Summary,
    diagnostics: &'a Diagnostics,
}

/// Looks at what would be served, and at the gateway's settings.
pub fn run(args: AuditArgs, context: &Context) -> Result<ExitCode, Failure> {
    let Some(members) = members::of(&args.project, &args.members)? else {
        return one(args, context).map(|done| done.code);
    };
    members::each(&members, context, Pace::Together, |member, context| {
        let of_member = AuditArgs {
            project: member.path.clone(),
            reports: args.reports.of_member(member),
            ..args.clone()
        };
        one(of_member, context)
    })
}

fn one(args: AuditArgs, context: &Context) -> Result<Done, Failure> {
    let ui = &context.ui;
    let layout = Layout::new(args.project);
    args.reports.refuse(&layout)?;
    let mut compiled = compile_project(&layout)?;
    let source = BundleSource::Project(layout.clone());
    let settings = GatewaySettings::of(args.config.as_deref(), &context.environment, &source);
    let written = read_settings(&settings, &context.environment)?;
    compiled.diagnostics.extend(written.diagnostics.clone());
    compiled.diagnostics.sort();
    let Some(settings) = written.config.as_ref().filter(|_| !compiled.diagnostics.has_errors()) else {
        let project = (&*compiled.name, layout.root());
        args.reports
            .write(COMMAND, project, &compiled.diagnostics, Severity::Error)?;
        return Err(findings::refused(ui, &compiled.name, &compiled.diagnostics)
            .hint("What cannot be built cannot be audited either."));
    };
    // What keeps the gateway from starting keeps nobody from looking at the rest.
    let starting = check::start(&layout, &written, &compiled);
    compiled.diagnostics.extend(starting);
    // Nothing is wrong with it, or it would not have been built.
    let project = Settings::read(&layout.settings())?;
    let (project, project_file) = project.map(|read| (read.settings, read.document)).unzip();
    let project_file = project_file.flatten();
    let suppressions = project.map(|settings| settings.audit).unwrap_or_default();
    let found = audit(&Audited {
        root: layout.root(),
        config: &compiled.config,
        entries: &compiled.entries,
        sources: &compiled.origin.sources,
        found: &compiled.diagnostics,
        settings,
        written: &written,
        suppressions: &suppressions.suppress,
        project_file: project_file.as_ref(),
        today: jiff::Zoned::now().date(),
    });
    findings::show(ui, &found.diagnostics);
    for problem in &found.unread {
        ui.detail(format_args!("its certificates were not looked at: {problem}"));
    }
    let shown = Shown {
        project: &compiled.name,
        suppressed: found.suppressed,
        unread: &found.unread,
        summary: found.diagnostics.summary(),
        diagnostics: &found.diagnostics,
    };
    ui.result("", &shown);
    let project = (&*compiled.name, layout.root());
    args.reports
        .write(COMMAND, project, &found.diagnostics, args.fail_on.least())?;
    if found.diagnostics.has_errors() {
        return Err(findings::invalid(&compiled.name, &found.diagnostics));
    }
    let suppressed = match found.suppressed {
        0 => String::new(),
        count => format!(", {count} suppressed"),
    };
    if found
        .diagnostics
        .iter()
        .any(|finding| finding.fails(args.fail_on.least()))
    {
        let message = format!("the audit of {} has {}{suppressed}", compiled.name, shown.summary);
        let mut failure = Failure::new(ExitCode::Gate, message)
            .hint("`mgw explain CODE` says what to do, and how a finding is suppressed that is as it should be.");
        failure.reported = true;
        return Err(failure);
    }
    ui.status(
        "Audited",
        format_args!("{}: {}{suppressed}", compiled.name, shown.summary),
    );
    Ok(Done::serving(ExitCode::Success, &compiled.config))
}
