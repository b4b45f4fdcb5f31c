//! Who sends the load: `wrk` where it is installed, else this program.

use super::LoadReport;
use crate::failure::Failure;
use crate::process::Launch;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a generator may take beyond the time it was asked to run.
const GRACE: Duration = Duration::from_secs(30);

/// A load generator and its settings.
#[derive(Debug)]
pub(crate) struct Generator {
    tool: Tool,
    connections: u32,
    processor: Option<usize>,
    logs: PathBuf,
}

#[derive(Debug)]
enum Tool {
    /// The path of the script.
    Wrk(PathBuf),
    /// The path of this program.
    BuiltIn(PathBuf),
}

impl Generator {
    /// Uses `wrk`; its script is written to `folder`.
    pub(crate) fn wrk(folder: &Path, connections: u32, processor: Option<usize>) -> Result<Self, Failure> {
        let script = folder.join("wrk.lua");
        std::fs::write(&script, include_str!("wrk.lua")).map_err(Failure::file("write", &script))?;
        Ok(Self {
            tool: Tool::Wrk(script),
            connections,
            processor,
            logs: folder.to_owned(),
        })
    }

    /// Uses this program, found at `program`.
    pub(crate) fn built_in(program: PathBuf, folder: &Path, connections: u32, processor: Option<usize>) -> Self {
        Self {
            tool: Tool::BuiltIn(program),
            connections,
            processor,
            logs: folder.to_owned(),
        }
    }

    /// The name in the report.
    pub(crate) fn name(&self) -> &'static str {
        match self.tool {
            Tool::Wrk(_) => "wrk",
            Tool::BuiltIn(_) => "built in",
        }
    }

    /// Sends the requests in the file to `address` for `seconds`.
    pub(crate) async fn run(&self, address: SocketAddr, requests: &Path, seconds: u32) -> Result<LoadReport, Failure> {
        let text = |value: &dyn std::fmt::Display| OsString::from(value.to_string());
        let (name, program, arguments) = match &self.tool {
            Tool::Wrk(script) => (
                "wrk",
                Path::new("wrk"),
                vec![
                    text(&"--threads=1"),
                    text(&format_args!("--connections={}", self.connections)),
                    text(&format_args!("--duration={seconds}s")),
                    text(&"--script"),
                    script.into(),
                    text(&format_args!("http://{address}")),
                    text(&"--"),
                    requests.into(),
                ],
            ),
            Tool::BuiltIn(program) => (
                "load generator",
                program.as_path(),
                vec![
                    text(&"role"),
                    text(&"load"),
                    text(&format_args!("--address={address}")),
                    text(&format_args!("--connections={}", self.connections)),
                    text(&format_args!("--seconds={seconds}")),
                    text(&"--requests"),
                    requests.into(),
                ],
            ),
        };
        let launch = Launch {
            name,
            program,
            arguments,
            environment: Vec::new(),
            processor: self.processor,
            logs: &self.logs,
        };
        let output = launch.output(Duration::from_secs(seconds.into()) + GRACE).await?;
        LoadReport::find(&output)
    }
}
