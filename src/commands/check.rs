//! `mgw check`

mod fix;
mod workspace;

use super::members::{self, Done, MemberArgs, Pace};
use super::remote::{UpdateArgs, fetch_first};
use super::version::TOOL;
use super::{deploy, findings};
use crate::compile::{Compiled, ProjectPlaces, compile_project, pack};
use crate::context::Context;
use crate::diagnostics::{Diagnostics, Severity, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::serve::{BundleSource, GatewaySettings, ReadSettings, Rehearsal, Start, left_aside, read_settings};
use crate::suite::read_folder;
use crate::ui::count;
use fix::{FixArgs, Fixed};
use std::path::{Path, PathBuf};

/// Arguments of `mgw check`.
#[derive(Debug, Clone, clap::Args)]
pub struct CheckArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Of a workspace.
    #[command(flatten)]
    pub members: MemberArgs,
    /// Whether files are put right.
    #[command(flatten)]
    pub fix: FixArgs,
    /// Whether other servers may be asked.
    #[command(flatten)]
    pub remote: UpdateArgs,
    /// Gateway settings to look at, in the format of micro-gw.conf [default: conf/micro-gw.conf of MGW_CONF_DIR or the project]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where findings are written besides.
    #[command(flatten)]
    pub reports: findings::ReportArgs,
}

#[derive(serde::Serialize)]
struct Checked<'a> {
    project: &'a str,
    apis: usize,
    operations: usize,
    summary: Summary,
    diagnostics: &'a Diagnostics,
    /// With `--fix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a Fixed>,
}

/// Compiles the project and changes nothing in it, but for what is fetched or put right when that is asked for.
pub fn run(args: CheckArgs, context: &Context) -> Result<ExitCode, Failure> {
    let (workspace, fixed) = workspace::find(&args.project, &args.fix, &context.ui)?;
    let Some(members) = members::chosen(&args.project, workspace, &args.members)? else {
        return one(args, context).map(|done| done.code);
    };
    let fixed = fixed.as_ref().map(|fixed| (fixed.code(), fixed));
    members::each_after(fixed, &members, context, Pace::Together, |member, context| {
        let of_member = CheckArgs {
            project: member.path.clone(),
            reports: args.reports.of_member(member),
            ..args.clone()
        };
        one(of_member, context)
    })
}

/// What is wrong with the gateway's settings: those that are named, else those that `run` would take.
pub(super) fn gateway(
    named: Option<&Path>,
    layout: &Layout,
    context: &Context,
    diagnostics: &mut Diagnostics,
) -> Result<(), Failure> {
    let source = BundleSource::Project(layout.clone());
    let settings = GatewaySettings::of(named, &context.environment, &source);
    let settings = read_settings(&settings, &context.environment)?;
    diagnostics.extend(settings.diagnostics);
    Ok(())
}

fn one(args: CheckArgs, context: &Context) -> Result<Done, Failure> {
    let ui = &context.ui;
    let layout = Layout::new(args.project);
    let config = args.config.as_deref();
    args.reports.refuse(&layout)?;
    fetch_first(&layout, args.remote, context)?;
    let mut compiled = inspect(&layout, config, context)?;
    let fixed = match args.fix.is_wanted() {
        true => Some(fix::fix(&layout, config, &args.fix, &mut compiled, context)?),
        false => {
            fix::prove(&layout, config, &mut compiled, context);
            None
        }
    };
    if let Some(fixed) = &fixed {
        fix::tell(fixed, ui);
    }
    let source = BundleSource::Project(layout.clone());
    let settings = GatewaySettings::of(config, &context.environment, &source);
    let settings = read_settings(&settings, &context.environment)?;
    let starting = start(&layout, &settings, &compiled);
    compiled.diagnostics.extend(starting);
    if let Some(finding) = left_aside(config, &context.environment, &source) {
        compiled.diagnostics.push(finding);
    }
    compiled.diagnostics.sort();
    findings::show(ui, &compiled.diagnostics);
    let checked = Checked {
        project: &compiled.name,
        apis: compiled.config.apis.len(),
        operations: compiled.config.apis.iter().map(|api| api.resources.len()).sum(),
        summary: compiled.diagnostics.summary(),
        diagnostics: &compiled.diagnostics,
        fix: fixed.as_ref(),
    };
    ui.result("", &checked);
    let project = (&*compiled.name, layout.root());
    args.reports
        .write("mgw check", project, &compiled.diagnostics, Severity::Error)?;
    if let Some(offer) = fix::offer(&layout, &compiled.diagnostics).filter(|_| fixed.is_none()) {
        ui.hint(offer);
    }
    if compiled.diagnostics.has_errors() {
        return Err(findings::invalid(&compiled.name, &compiled.diagnostics));
    }
    ui.status(
        "Checked",
        format_args!(
            "{}: {}, {}, {}",
            checked.project,
            count::apis(checked.apis),
            count::operations(checked.operations),
            checked.summary
        ),
    );
    let code = fixed.map_or(ExitCode::Success, |fixed| fixed.code());
    Ok(Done::serving(code, &compiled.config))
}

/// What keeps a gateway from starting, as far as project and settings say it alone: who checks may be without the secrets and
/// files of the machine that serves.
pub(super) fn start(layout: &Layout, settings: &ReadSettings, compiled: &Compiled) -> Diagnostics {
    // What does not compile is not served; the settings are looked at all the same.
    let packed = pack(compiled, TOOL).ok();
    let rehearsal = Rehearsal {
        bundle: packed.as_ref().map(|packed| &packed.bundle),
        settings,
        start: Start::Elsewhere,
        places: Some(&ProjectPlaces::new(layout.clone())),
    };
    rehearsal.findings()
}

/// Compiles a project, with everything that is found in it.
fn inspect(layout: &Layout, config: Option<&Path>, context: &Context) -> Result<Compiled, Failure> {
    let mut compiled = compile_project(layout)?;
    let mut found = Diagnostics::default();
    deploy::check(layout, &compiled, &mut found)?;
    gateway(config, layout, context, &mut found)?;
    read_folder(layout, &mut found).map_err(|error| Failure::file("read", &layout.root().join("tests"), error))?;
    compiled.diagnostics.extend(found);
    compiled.diagnostics.sort();
    Ok(compiled)
}
