//! What pulling many APIs takes: `mgw pull` from a control plane that `mgw sandbox` plays in another process, and once
//! more with nothing changed.

mod control_plane;
mod measured;

use crate::args::Output;
use crate::failure::Failure;
use crate::report::{data, layout, say};
use crate::subject::Binary;
use control_plane::ControlPlane;
use measured::Measured;
use std::path::{Path, PathBuf};

const MIB: f64 = 1024.0 * 1024.0;

/// What is pulled.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PullArgs {
    /// Generated APIs.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    apis: u32,
    /// The control plane that is played; `mgw sandbox --help` lists them.
    #[arg(long, default_value = "api-cloud")]
    shape: String,
}

/// Measures and prints the report.
pub(crate) async fn run(args: &PullArgs, mgw: Option<&Path>, output: Output) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("mgw-bench-")
        .tempdir()
        .map_err(Failure::file("create", &std::env::temp_dir()))?;
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("mgw-bench")))?;
    let binary = Binary::find(mgw, &program, folder.path()).await?;
    let project = new_project(folder.path())?;
    say("starting the control plane …");
    let plane = ControlPlane::start(binary.program(), folder.path(), args.apis, &args.shape).await?;
    plane.sign_in().await?;
    let mut pulls = Vec::new();
    for name in ["first pull", "second pull"] {
        say(&format!("{name} of {} APIs …", args.apis));
        pulls.push(Measured::of(name, &plane, &project).await?);
    }
    plane.end().await;
    match output {
        Output::Text => data(&text(&pulls)),
        Output::Json => data(&serde_json::to_string_pretty(&pulls)?),
    }
    Ok(())
}

fn new_project(folder: &Path) -> Result<PathBuf, Failure> {
    let project = folder.join("shop");
    std::fs::create_dir(&project).map_err(Failure::file("create", &project))?;
    let settings = project.join("mgw.toml");
    std::fs::write(&settings, "format = 1\nname = \"shop\"\n").map_err(Failure::file("write", &settings))?;
    Ok(project)
}

fn text(pulls: &[Measured]) -> String {
    let titles = [
        "pull",
        "",
        "seconds",
        "CPU s",
        "requests",
        "unchanged",
        "peak MiB",
        "MiB pulled",
    ];
    let mut lines = vec![titles.map(str::to_owned)];
    lines.extend(pulls.iter().map(|pull| {
        [
            pull.name.to_owned(),
            String::new(),
            format!("{:.1}", pull.seconds),
            format!("{:.1}", pull.cpu_seconds),
            pull.requests.to_string(),
            pull.unchanged.to_string(),
            format!("{:.0}", pull.peak_bytes as f64 / MIB),
            format!("{:.1}", pull.pulled_bytes as f64 / MIB),
        ]
    }));
    let mut text = layout(&lines);
    text.push_str(
        "\nTime, processor time and memory are those of mgw pull alone, without the control plane. unchanged: answers \
         304,\nwhich carry no definition.\n",
    );
    text
}
