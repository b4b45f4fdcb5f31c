//! `mgw status`

mod control_plane;
mod files;
mod following;
mod gateway;
mod ready;

use super::pull::PullOptions;
use super::toolkit;
use crate::compile::CompileError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::count::Counted;
use crate::ui::visible;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `mgw status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Project folder
    #[arg(value_name = "PROJECT", default_value = ".")]
    pub project: PathBuf,
    /// Admin listener of a running gateway, to compare what it serves [default: MGW_ADMIN_URL, where it is set]
    #[arg(long, value_name = "URL")]
    pub gateway: Option<String>,
    /// Ask the gateway alone whether it takes traffic, at --gateway, MGW_ADMIN_URL or http://localhost:9797; for containers
    #[arg(long, conflicts_with_all = ["offline", "exit_code"])]
    pub ready: bool,
    /// Do not ask the control plane
    #[arg(long)]
    pub offline: bool,
    /// End with code 20 when something differs, with 34 when nothing does, and with the code of its own when something
    /// could not be looked at
    #[arg(long)]
    pub exit_code: bool,
    /// What to pull, and as whom.
    #[command(flatten)]
    pub pull: PullOptions,
}

/// How two places compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// They hold the same.
    Same,
    /// They differ.
    Differs,
    /// There is nothing to compare.
    Nothing,
    /// One of them could not be looked at.
    Unknown,
}

/// One comparison.
#[derive(Debug, Serialize)]
struct Section {
    state: State,
    /// Whole sentences without a full stop.
    differences: Vec<String>,
    /// What else there is to say: what is the same, or why nothing was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What to do about it, where something could not be looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
    /// With which code a command ends that has to look there.
    #[serde(skip)]
    unseen: Option<ExitCode>,
}

impl Section {
    fn same(note: impl Into<String>) -> Self {
        Self {
            state: State::Same,
            differences: Vec::new(),
            note: Some(note.into()),
            hints: Vec::new(),
            unseen: None,
        }
    }

    /// What was to be looked at, and could not be; the note tells why.
    fn unseen(failure: Failure, note: impl FnOnce(&str) -> String) -> Self {
        Self {
            unseen: Some(failure.code),
            hints: failure.hints,
            ..Self::without(State::Unknown, note(&failure.message))
        }
    }

    fn without(state: State, note: impl Into<String>) -> Self {
        Self {
            state,
            differences: Vec::new(),
            note: Some(note.into()),
            hints: Vec::new(),
            unseen: None,
        }
    }

    fn differs(differences: Vec<String>) -> Self {
        Self {
            state: State::Differs,
            differences,
            note: None,
            hints: Vec::new(),
            unseen: None,
        }
    }
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct StatusResult {
    /// The project's files against `mgw.lock`.
    files: Section,
    /// `mgw.lock` against the control plane.
    control_plane: Section,
    /// The project against a running gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<gateway::Looked>,
    differs: bool,
}

/// Compares project, lock, control plane and running gateway.
pub fn run(args: StatusArgs, context: &Context) -> Result<ExitCode, Failure> {
    if args.ready {
        return ready::run(args.gateway.as_deref(), context);
    }
    let layout = toolkit::layout(&args.project, args.pull.source.config.as_deref())?;
    if !layout.root().is_dir() {
        return Err(CompileError::NotAProject(layout.root().to_owned()).into());
    }
    let is_project = layout.settings().is_file() || layout.definitions().is_dir() || layout.lock().is_file();
    if !is_project {
        return Err(CompileError::NotAProject(args.project).into());
    }
    let files = files::look(&layout)?;
    let control_plane = if args.offline {
        Section::without(State::Unknown, "not asked, because of --offline")
    } else {
        control_plane::look(&layout, &args.pull, context)?
    };
    let named = args.gateway.as_deref();
    let gateway = match named.or_else(|| context.environment.get("MGW_ADMIN_URL")) {
        Some(url) => Some(gateway::look(&layout, url, context)?),
        None => None,
    };
    let sections = [
        Some(&files),
        Some(&control_plane),
        gateway.as_ref().map(|looked| &looked.section),
    ];
    let differs = sections.iter().flatten().any(|section| section.state == State::Differs);
    let unseen = sections.iter().flatten().find_map(|section| section.unseen);
    let text = text(&files, &control_plane, gateway.as_ref());
    let result = StatusResult {
        files,
        control_plane,
        gateway,
        differs,
    };
    context.ui.result(text, &result);
    Ok(match (args.exit_code, differs) {
        (false, _) => ExitCode::Success,
        (true, true) => ExitCode::Changes,
        // Nobody may take what was not looked at for what is the same.
        (true, false) => unseen.unwrap_or(ExitCode::NothingChanged),
    })
}

fn text(files: &Section, control_plane: &Section, gateway: Option<&gateway::Looked>) -> String {
    let mut out = Vec::new();
    let mut add = |title: &str, section: &Section| {
        let summary = match (section.state, section.note.as_deref()) {
            (State::Differs, _) => format!("differs in {}", Counted(section.differences.len(), "place", "places")),
            (_, note) => note.unwrap_or("as pulled").to_owned(),
        };
        out.push(format!("{title:<15}{}", visible(&summary)));
        let below = section.differences.iter().chain(&section.hints);
        out.extend(below.map(|line| format!("{:<17}{}", "", visible(line))));
    };
    add("Files", files);
    add("Control plane", control_plane);
    if let Some(looked) = gateway {
        add("Gateway", &looked.section);
        if let Some(following) = looked.following_sentence() {
            out.push(format!("{:<15}{}", "Following", visible(&following)));
        }
    }
    out.join("\n")
}
