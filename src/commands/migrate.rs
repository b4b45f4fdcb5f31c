//! `mgw migrate`

use super::{check, deploy, findings};
use crate::context::Context;
use crate::diagnostics::{Diagnostics, Severity};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::folder::sync_folder;
use crate::migrate::{
    Converted, Finished, Kind, Manner, Report, Request, SettingsCheck, convert, finish, is_lost, within,
};
use crate::project::{Layout, create, is_project_name, shown};
use crate::public_file::staged;
use crate::serve::read_sources;
use crate::shell;
use std::path::{Path, PathBuf};

/// The report in the new project.
const REPORT: &str = "migration-report.md";

/// Arguments of `mgw migrate`.
#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// The folder of a project, or the archive of an export. No file in it is changed.
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The folder of the new project, called as the folder is. Left out for a project of micro-gw 3.x: what it lacks is added to it.
    #[arg(value_name = "TARGET")]
    pub target: Option<PathBuf>,
    /// What the source is; found out when left out
    #[arg(long, value_enum, value_name = "KIND")]
    pub from: Option<Kind>,
    /// Take backends, credentials and certificates of this environment from api_params.yaml or params.yaml
    #[arg(long, short = 'e', value_name = "NAME")]
    pub environment: Option<String>,
    /// That file, or its folder, where it is not beside the APIs
    #[arg(long, value_name = "FILE", requires = "environment")]
    pub params: Option<PathBuf>,
    /// The gateway's settings (micro-gw.conf), also of older versions, to carry over to conf/micro-gw.conf
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The toolkit's settings, for a project of micro-gw [default: conf/toolkit-config.toml in the project]
    #[arg(long, value_name = "FILE")]
    pub toolkit_config: Option<PathBuf>,
    /// Replace an existing project of that name. Folders that are no project are left alone.
    #[arg(long, short, requires = "target")]
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
    let manner = match &args.target {
        Some(_) => Manner::Copied,
        None => Manner::InPlace,
    };
    let target = args.target.as_ref().unwrap_or(&args.source);
    let layout = Layout::new(target);
    let name = layout.folder_name();
    if !is_project_name(&name) {
        return Err(
            Failure::new(ExitCode::Usage, format!("{name:?} cannot be the name of a project"))
                .hint("Use letters, digits, `-`, `_` and `.`, starting with a letter or digit."),
        );
    }
    args.reports.refuse(&layout)?;
    if !args.dry_run && manner == Manner::Copied {
        create::refuse_taken(&layout, args.force)?;
        refuse_to_replace_what_is_read(&args, layout.root())?;
    }
    let source = shown(&args.source);
    let folder = shown(target);
    let folder = match folder.trim_end_matches('/') {
        "" => ".",
        folder => folder,
    };
    let Converted { kind, draft } = convert(Request {
        source: &args.source,
        kind: args.from,
        environment: args.environment.as_deref(),
        parameters: args.params.as_deref(),
        config: args.config.as_deref(),
        toolkit_config: args.toolkit_config.as_deref(),
        manner,
        variables: &context.environment,
    })?;
    ui.status("Found", format_args!("{source} is a {}", kind.describe()));
    let check_settings: SettingsCheck<'_> = &|staged, compiled, found| {
        // In place, what the settings name lies beside them.
        let whole = if manner == Manner::InPlace { &layout } else { staged };
        deploy::check(whole, compiled, found)?;
        let own = staged.runtime_config();
        if own.is_file() {
            check::gateway(Some(&own), staged, context, found)?;
        }
        // What `mgw run` would be started with here: the settings of the environment are another gateway's.
        let file = match own.is_file() {
            true => {
                let bytes = std::fs::read(&own).map_err(|error| Failure::file("read", &own, error))?;
                Some((shown(&whole.runtime_config()), bytes))
            }
            false => None,
        };
        let settings = read_sources(file, &[], &context.environment);
        found.extend(check::start(staged, &settings, compiled));
        Ok(())
    };
    let mut finished = finish(draft, &name, folder, manner, check_settings)?;
    // A project without any API is better than none, and no better than another one.
    let is_of_use = finished.has_set_aside() && !(args.force && is_there(layout.root()));
    if finished.carried.apis == 0 && !is_of_use {
        return Err(nothing((&source, layout.root()), &finished, &args.reports, ui)?);
    }
    if manner == Manner::InPlace {
        finished.files.retain(|path, _| !is_there(&layout.root().join(path)));
        refuse_links_out(layout.root(), &finished)?;
        if !args.dry_run {
            add(layout.root(), &finished)?;
        }
        for path in finished.files.keys() {
            ui.status(if args.dry_run { "Lacks" } else { "Added" }, within(folder, path));
        }
    } else {
        let page = report(&source, kind, folder, false, &finished).page();
        finished.files.insert(REPORT.into(), page.into_bytes());
        if !args.dry_run {
            create::create(&layout, &finished.files, args.force)?;
            ui.status("Created", folder);
        }
    }
    let report = report(&source, kind, folder, !args.dry_run, &finished);
    ui.result(report.text(), &report);
    write_reports(&args.reports, (&name, layout.root()), &finished)?;
    let project = shell::quoted(folder);
    if args.dry_run {
        ui.hint("Nothing was written (--dry-run).");
    } else if finished.carried.apis == 0 {
        ui.hint(format_args!(
            "Nothing can be built yet: put a definition in {} right, and move it to api_definitions/.",
            within(folder, "left_out/")
        ));
    } else if finished.check.has_errors() {
        ui.hint(format_args!(
            "Put right what `mgw check` says above, then run `mgw check {project}` again."
        ));
    } else if manner == Manner::InPlace {
        ui.hint(format_args!("Run `mgw build {project}`, then `mgw run {project}`."));
    } else {
        ui.hint(format_args!(
            "The same stands in {folder}/{REPORT}. Run `mgw build {project}`, then `mgw run {project}`."
        ));
    }
    Ok(if is_lost(&finished.findings, &finished.check) {
        ExitCode::Partial
    } else {
        ExitCode::Success
    })
}

/// Refuses a target that holds what is read: with `--force` that would be gone afterwards.
fn refuse_to_replace_what_is_read(args: &MigrateArgs, target: &Path) -> Result<(), Failure> {
    let Ok(target) = target.canonicalize() else {
        return Ok(());
    };
    let read = [
        Some(&args.source),
        args.params.as_ref(),
        args.config.as_ref(),
        args.toolkit_config.as_ref(),
    ];
    for path in read.into_iter().flatten() {
        if path.canonicalize().is_ok_and(|real| real.starts_with(&target)) {
            let message = format!("{} lies in the project that would be replaced", shown(path));
            return Err(Failure::new(ExitCode::Usage, message)
                .hint("Name another folder for the new project: nothing of what is migrated is changed."));
        }
    }
    Ok(())
}

/// Whether something is there, also a link that leads to nothing.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Refuses to write where a link leads out of the project: what is there belongs to somebody else.
fn refuse_links_out(root: &Path, finished: &Finished) -> Result<(), Failure> {
    let Ok(real) = root.canonicalize() else {
        return Ok(());
    };
    for name in finished.files.keys() {
        let path = root.join(name);
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != root);
        for folder in folders.filter(|folder| is_there(folder)) {
            let leads_out = !folder.canonicalize().is_ok_and(|folder| folder.starts_with(&real));
            if leads_out {
                let message = format!("{} is a link that leads out of the project", shown(folder));
                return Err(Failure::new(ExitCode::Invalid, message).hint(format!(
                    "{name} would be written there: put a folder in its place, or name a folder for a new project behind {}. Nothing was changed.",
                    shown(root)
                )));
            }
        }
    }
    Ok(())
}

/// Adds files to a project, each whole or not at all, and never over another. `mgw.toml` comes last: it makes the project
/// ours.
fn add(root: &Path, finished: &Finished) -> Result<(), Failure> {
    for (name, bytes) in &finished.files {
        let path = root.join(name);
        let failed = |error| Failure::file("write", &path, error);
        let folder = crate::folder::folder_of(&path);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let file = staged(&path, bytes).map_err(failed)?;
        file.persist_noclobber(&path).map_err(|error| failed(error.error))?;
        sync_folder(folder).map_err(failed)?;
    }
    Ok(())
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
fn write_reports(reports: &findings::ReportArgs, project: (&str, &Path), finished: &Finished) -> Result<(), Failure> {
    let mut all = Diagnostics::default();
    all.extend(finished.findings.clone());
    all.extend(finished.check.clone());
    all.sort();
    reports.write("mgw migrate", project, &all, Severity::Warning)
}

/// The end of a migration of which nothing came.
fn nothing(
    (source, root): (&str, &Path),
    finished: &Finished,
    reports: &findings::ReportArgs,
    ui: &crate::ui::Ui,
) -> Result<Failure, Failure> {
    write_reports(reports, (source, root), finished)?;
    let mut failure =
        Failure::new(ExitCode::Invalid, format!("no API of {source} can be carried over")).hint("Nothing was written.");
    failure.details = findings::details(ui, &finished.findings);
    Ok(failure)
}
