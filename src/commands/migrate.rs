//! `mgw migrate`

use super::findings;
use crate::context::Context;
use crate::diagnostics::{Diagnostics, Severity};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::migrate::{Converted, Finished, Kind, Report, Request, convert, finish, is_lost};
use crate::project::{Layout, create, is_project_name, shown};
use std::path::PathBuf;

/// The report in the new project.
const REPORT: &str = "migration-report.md";

/// Arguments of `mgw migrate`.
#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// The folder of a project, or the archive of an export. Nothing in it is changed.
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The folder of the new project, called as the folder is.
    #[arg(value_name = "TARGET")]
    pub target: PathBuf,
    /// What the source is; found out when left out
    #[arg(long, value_enum, value_name = "KIND")]
    pub from: Option<Kind>,
    /// Take backends, credentials and certificates of this environment from api_params.yaml or params.yaml
    #[arg(long, short = 'e', value_name = "NAME")]
    pub environment: Option<String>,
    /// That file, or its folder, where it is not beside the APIs
    #[arg(long, value_name = "FILE", requires = "environment")]
    pub params: Option<PathBuf>,
    /// Replace an existing project of that name. Folders that are no project are left alone.
    #[arg(long, short)]
    pub force: bool,
    /// Say what would be carried over, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Where findings are written besides.
    #[command(flatten)]
    pub reports: findings::ReportArgs,
}

/// Converts a project.
pub fn run(args: MigrateArgs, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let layout = Layout::new(&args.target);
    let name = layout.folder_name();
    if !is_project_name(&name) {
        return Err(
            Failure::new(ExitCode::Usage, format!("{name:?} cannot be the name of a project"))
                .hint("Use letters, digits, `-`, `_` and `.`, starting with a letter or digit."),
        );
    }
    if !args.dry_run {
        create::refuse_taken(&layout, args.force)?;
    }
    let source = shown(&args.source);
    let folder = shown(&args.target);
    let folder = folder.trim_end_matches('/');
    let Converted { kind, draft } = convert(Request {
        source: &args.source,
        kind: args.from,
        environment: args.environment.as_deref(),
        parameters: args.params.as_deref(),
    })?;
    ui.status("Found", format_args!("{source} is a {}", kind.describe()));
    let mut finished = finish(draft, &name, folder)?;
    if finished.carried.apis == 0 {
        return Err(nothing(&source, &finished, &args.reports, ui)?);
    }
    let page = report(&source, kind, folder, false, &finished).page();
    finished.files.insert(REPORT.into(), page.into_bytes());
    if !args.dry_run {
        create::create(&layout, &finished.files, args.force)?;
        ui.status("Created", folder);
    }
    let report = report(&source, kind, folder, !args.dry_run, &finished);
    ui.result(report.text(), &report);
    write_reports(&args.reports, &name, &finished)?;
    if args.dry_run {
        ui.hint("Nothing was written (--dry-run).");
    } else {
        ui.hint(format_args!(
            "The same stands in {folder}/{REPORT}. Run `mgw build {folder}`, then `mgw run {folder}`."
        ));
    }
    Ok(if is_lost(&finished.findings, &finished.check) {
        ExitCode::Partial
    } else {
        ExitCode::Success
    })
}

fn report<'a>(source: &'a str, kind: Kind, project: &'a str, written: bool, finished: &'a Finished) -> Report<'a> {
    Report {
        source,
        kind,
        project,
        written,
        files: finished.files.keys().map(String::as_str).collect(),
        carried: finished.carried,
        operations: finished.operations,
        summary: finished.findings.summary(),
        diagnostics: &finished.findings,
        check: &finished.check,
    }
}

/// Findings and what the compiler says, as one.
fn write_reports(reports: &findings::ReportArgs, name: &str, finished: &Finished) -> Result<(), Failure> {
    let mut all = Diagnostics::default();
    all.extend(finished.findings.clone());
    all.extend(finished.check.clone());
    all.sort();
    reports.write("mgw migrate", name, &all, Severity::Warning)
}

/// The end of a migration of which nothing came.
fn nothing(
    source: &str,
    finished: &Finished,
    reports: &findings::ReportArgs,
    ui: &crate::ui::Ui,
) -> Result<Failure, Failure> {
    write_reports(reports, source, finished)?;
    let mut failure =
        Failure::new(ExitCode::Invalid, format!("no API of {source} can be carried over")).hint("Nothing was written.");
    failure.details = findings::details(ui, &finished.findings);
    Ok(failure)
}
