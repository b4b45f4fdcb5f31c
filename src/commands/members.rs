//! Commands on a workspace: the same for each of its projects, with one result.

use crate::context::Context;
use crate::diagnostics::nearest;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Faulty, Member, Workspace, shown};
use crate::ui::Held;
use crate::ui::count::Counted;
use mgw_bundle::GatewayConfig;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Which projects of a workspace are meant.
#[derive(Debug, Clone, clap::Args)]
pub struct MemberArgs {
    /// Where DIR is a workspace: only this project of it, by its name or folder (repeatable)
    #[arg(long = "member", value_name = "NAME")]
    pub members: Vec<String>,
}

/// Whether projects are worked on beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As many as there are processors.
    Together,
    /// One after another, where each takes all there is.
    InTurn,
}

/// How it went with a project.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: ExitCode,
    /// What would be served, where that is known.
    served: Served,
}

/// APIs and base paths.
#[derive(Debug, Default)]
struct Served {
    apis: Vec<String>,
    base_paths: Vec<String>,
}

impl From<ExitCode> for Done {
    fn from(code: ExitCode) -> Self {
        Self {
            code,
            served: Served::default(),
        }
    }
}

impl Done {
    /// Went well, and would serve this.
    pub(super) fn serving(code: ExitCode, config: &GatewayConfig) -> Self {
        let apis = config.apis.iter();
        Self {
            code,
            served: Served {
                apis: apis
                    .clone()
                    .map(|api| format!("{}:{}", api.name, api.version))
                    .collect(),
                base_paths: apis.map(|api| api.base_path.clone()).collect(),
            },
        }
    }
}

/// The parts of a path that lead anywhere.
fn parts(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components().filter(|part| *part != Component::CurDir)
}

/// The projects that are meant in a folder; `None`: it is no workspace.
///
/// # Errors
///
/// When the workspace cannot be used, or has no such project.
pub(super) fn of(folder: &Path, args: &MemberArgs) -> Result<Option<Vec<Member>>, Failure> {
    chosen(folder, Workspace::at(folder, Faulty::Refused)?, args)
}

/// The same of the workspace that the folder is.
///
/// # Errors
///
/// When the workspace has no such project.
pub(super) fn chosen(
    folder: &Path,
    workspace: Option<Workspace>,
    args: &MemberArgs,
) -> Result<Option<Vec<Member>>, Failure> {
    let Some(Workspace { members }) = workspace else {
        return match args.members.first() {
            Some(_) => Err(Failure::new(
                ExitCode::Usage,
                format!("{} is no workspace, so --member names nothing", shown(folder)),
            )
            .hint("Leave --member out, or name the folder whose mgw.toml has `[workspace]`.")),
            None => Ok(None),
        };
    };
    if args.members.is_empty() {
        return Ok(Some(members));
    }
    let mut chosen: Vec<Member> = Vec::new();
    for wanted in &args.members {
        let in_workspace = folder.join(wanted);
        let is_meant = |member: &&Member| {
            let same_folder = |path: &Path| parts(path).eq(parts(&member.path));
            member.name == *wanted || same_folder(&in_workspace) || same_folder(Path::new(wanted))
        };
        let Some(member) = members.iter().find(is_meant) else {
            let failure = Failure::new(
                ExitCode::Usage,
                format!("the workspace has no project `{}`", wanted.escape_debug()),
            );
            return Err(
                match nearest(wanted, members.iter().map(|member| member.name.as_str())) {
                    Some(near) => failure.hint(format!("Did you mean `{near}`?")),
                    None => failure.hint("`members` in its mgw.toml says which folders it has."),
                },
            );
        };
        if !chosen.contains(member) {
            chosen.push(member.clone());
        }
    }
    Ok(Some(chosen))
}

/// What of a workspace nobody can ask for, because it is of one project.
pub(super) fn only_of_one(option: &str) -> Failure {
    Failure::new(
        ExitCode::Usage,
        format!("{option} is for one project, and this is a workspace"),
    )
    .hint("Name the folder of the project.")
}

/// A report's path for a member: `findings.sarif` becomes `findings.NAME.sarif`.
pub(super) fn report_of(path: &Path, member: &Member) -> PathBuf {
    let name = match (path.file_stem(), path.extension()) {
        (Some(stem), Some(ending)) => {
            format!(
                "{}.{}.{}",
                stem.to_string_lossy(),
                member.name,
                ending.to_string_lossy()
            )
        }
        (Some(stem), None) => format!("{}.{}", stem.to_string_lossy(), member.name),
        (None, _) => member.name.clone(),
    };
    path.with_file_name(name)
}

#[derive(serde::Serialize)]
struct Shown<'a, T> {
    exit_code: u8,
    members: Vec<ShownMember<'a>>,
    /// What several projects would serve.
    shared: Vec<Shared>,
    /// What was put right in the workspace's own file.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a T>,
}

#[derive(serde::Serialize)]
struct ShownMember<'a> {
    name: &'a str,
    folder: &'a str,
    exit_code: u8,
    /// What the command says of a project alone.
    result: Option<serde_json::Value>,
}

#[derive(serde::Serialize)]
struct Shared {
    /// `api` or `base-path`.
    what: &'static str,
    name: String,
    members: Vec<String>,
}

/// Does the work for each project, and prints what it says in the order of the projects.
///
/// # Errors
///
/// When any of them failed; with the gravest exit code.
pub(super) fn each(
    members: &[Member],
    context: &Context,
    pace: Pace,
    work: impl Fn(&Member, &Context) -> Result<Done, Failure> + Sync,
) -> Result<ExitCode, Failure> {
    each_after(None::<(ExitCode, &())>, members, context, pace, work)
}

/// The same after something was put right in the workspace's own file, or would be: with how that ended.
///
/// # Errors
///
/// As [`each`].
pub(super) fn each_after<T: serde::Serialize>(
    fix: Option<(ExitCode, &T)>,
    members: &[Member],
    context: &Context,
    pace: Pace,
    work: impl Fn(&Member, &Context) -> Result<Done, Failure> + Sync,
) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let mut results = Vec::with_capacity(members.len());
    let mut all_done = Vec::with_capacity(members.len());
    in_order(members, context, pace, work, |member, done, held| {
        ui.status("Member", format_args!("{} in {}", member.name, member.folder));
        let mut documents = ui.release(held);
        results.push(ShownMember {
            name: &member.name,
            folder: &member.folder,
            exit_code: done.code as u8,
            result: documents.pop(),
        });
        all_done.push((member, done));
    });
    let (first, fix) = fix.unzip();
    let code = ExitCode::gravest(all_done.iter().map(|(_, done)| done.code).chain(first));
    let shared = shared(&all_done);
    for Shared { what, name, members } in &shared {
        let what = if *what == "api" { "the API" } else { "the base path" };
        ui.line(format_args!(
            "note: {what} {name} is one of {}; gateways behind one address cannot serve it for all of them",
            members.join(" and of ")
        ));
    }
    ui.result(
        "",
        &Shown {
            exit_code: code as u8,
            members: results,
            shared,
            fix,
        },
    );
    let failed: Vec<&str> = all_done
        .iter()
        .filter(|(_, done)| !matches!(done.code, ExitCode::Success | ExitCode::Changes))
        .map(|(member, _)| member.name.as_str())
        .collect();
    if failed.is_empty() {
        ui.status("Done", Counted(members.len(), "project", "projects"));
        return Ok(code);
    }
    let message = format!(
        "{} of {} did not succeed: {}",
        failed.len(),
        Counted(members.len(), "project", "projects"),
        failed.join(", ")
    );
    let mut failure = Failure::new(code, message);
    failure.reported = true;
    Err(failure)
}

/// Has `told` take the outcomes in the order of the members, each as soon as those before it are there.
fn in_order<'m>(
    members: &'m [Member],
    context: &Context,
    pace: Pace,
    work: impl Fn(&Member, &Context) -> Result<Done, Failure> + Sync,
    mut told: impl FnMut(&'m Member, Done, &Held),
) {
    let work = |member: &Member| {
        let (ui, held) = context.ui.holding();
        let context = Context {
            ui,
            environment: context.environment.clone(),
        };
        let done = work(member, &context).unwrap_or_else(|failure| {
            context.ui.failure(&failure);
            failure.code.into()
        });
        (done, held)
    };
    if pace == Pace::InTurn {
        for member in members {
            let (done, held) = work(member);
            let is_interrupted = done.code == ExitCode::Interrupted;
            told(member, done, &held);
            if is_interrupted {
                return;
            }
        }
        return;
    }
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(members.len());
    let (next, (outcomes, arriving)) = (AtomicUsize::new(0), mpsc::channel());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let outcomes = outcomes.clone();
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(member) = members.get(index) else { return };
                    if outcomes.send((index, work(member))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(outcomes);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (index, outcome) in arriving {
            waiting.insert(index, outcome);
            while let Some((done, held)) = waiting.remove(&due) {
                if let Some(member) = members.get(due) {
                    told(member, done, &held);
                }
                due += 1;
            }
        }
    });
}

/// What several members would serve, each thing once.
fn shared(all: &[(&Member, Done)]) -> Vec<Shared> {
    let mut by_name: BTreeMap<(&'static str, &str), Vec<String>> = BTreeMap::new();
    for (member, done) in all {
        let apis = done.served.apis.iter().map(|name| ("api", name));
        let paths = done.served.base_paths.iter().map(|path| ("base-path", path));
        for (what, name) in apis.chain(paths) {
            let members = by_name.entry((what, name)).or_default();
            if members.last() != Some(&member.name) {
                members.push(member.name.clone());
            }
        }
    }
    by_name
        .into_iter()
        .filter(|(_, members)| members.len() > 1)
        .map(|((what, name), members)| Shared {
            what,
            name: name.to_owned(),
            members,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        Member {
            name: name.to_owned(),
            folder: name.to_owned(),
            path: name.into(),
        }
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_members() {
        let members: Vec<Member> = (0..20).map(|number| member(&format!("m{number}"))).collect();
        let context = Context::silent(crate::context::Environment::default());
        for pace in [Pace::Together, Pace::InTurn] {
            let mut seen = Vec::new();
            // The first waits for the last one to be worked on, or for all of its own thread's.
            in_order(
                &members,
                &context,
                pace,
                |member, _| match member.name.as_str() {
                    "m3" => Err(Failure::new(ExitCode::Gate, "no")),
                    _ => Ok(ExitCode::Success.into()),
                },
                |member, done, _| seen.push((member.name.clone(), done.code)),
            );
            assert_eq!(seen.len(), 20);
            assert!(
                seen.iter()
                    .zip(&members)
                    .all(|((name, _), member)| *name == member.name)
            );
            assert_eq!(seen[3].1, ExitCode::Gate);
        }
    }

    #[test]
    fn reports_are_called_by_their_members() {
        for (path, expected) in [
            ("findings.sarif", "findings.shop.sarif"),
            ("out/report", "out/report.shop"),
            ("/tmp/a.b.xml", "/tmp/a.b.shop.xml"),
        ] {
            assert_eq!(report_of(Path::new(path), &member("shop")), Path::new(expected));
        }
    }
}
