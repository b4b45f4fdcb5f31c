//! Memory per subject: a process that remembers many, and nothing else.

use super::PATIENCE;
use super::world::World;
use crate::args::Output;
use crate::failure::Failure;
use crate::process::{Launch, resident_bytes};
use crate::report::{data, layout};
use serde::Serialize;
use std::path::Path;

const MIB: f64 = 1024.0 * 1024.0;

/// What many subjects take.
#[derive(Debug, Serialize)]
struct Remembered {
    subjects: u64,
    /// Whether gateways share the limits.
    shared: bool,
    /// Resident memory on top of what the process had before.
    bytes: u64,
    bytes_per_subject: f64,
}

/// Measures and prints the report.
pub(crate) async fn memory(subjects: u64, output: Output) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("mgw-bench-")
        .tempdir()
        .map_err(Failure::file("create", &std::env::temp_dir()))?;
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("mgw-bench")))?;
    let mut found = Vec::new();
    for shared in [false, true] {
        let mut arguments: Vec<std::ffi::OsString> = ["role", "remember", "--subjects", &subjects.to_string()]
            .map(Into::into)
            .to_vec();
        if shared {
            arguments.push("--shared".into());
        }
        let launch = Launch {
            name: "rememberer",
            program: &program,
            arguments,
            environment: Vec::new(),
            processor: None,
            logs: folder.path(),
        };
        let said = launch.output(PATIENCE).await?;
        let bytes: u64 = said.trim().parse().map_err(|_| Failure::Accounting {
            what: "memory",
            pid: std::process::id(),
        })?;
        found.push(Remembered {
            subjects,
            shared,
            bytes,
            bytes_per_subject: bytes as f64 / subjects as f64,
        });
    }
    match output {
        Output::Text => {
            let mut lines = vec![["limits", "", "subjects", "MiB", "bytes per subject"].map(str::to_owned)];
            lines.extend(found.iter().map(|found| {
                [
                    if found.shared { "shared" } else { "of one gateway" }.into(),
                    String::new(),
                    found.subjects.to_string(),
                    format!("{:.0}", found.bytes as f64 / MIB),
                    format!("{:.0}", found.bytes_per_subject),
                ]
            }));
            data(&layout(&lines));
        }
        Output::Json => data(&serde_json::to_string_pretty(&found)?),
    }
    Ok(())
}

/// Remembers subjects with names as long as those of applications and users, each with one limit, and tells the bytes.
pub(crate) fn remember(subjects: u64, shared: bool) -> Result<(), Failure> {
    let own = std::process::id();
    let world = World::new(usize::try_from(2 * subjects).unwrap_or(usize::MAX), false, shared);
    let before = resident_bytes(own)?;
    for subject in 0..subjects {
        world.remember(&format!("{subject:08x}-5c1e-4b0a-9c3f-{subject:012x}"));
    }
    let after = resident_bytes(own)?;
    if world.counters.len() as u64 != subjects {
        return Err(Failure::Accounting {
            what: "counters",
            pid: own,
        });
    }
    data(&after.saturating_sub(before).to_string());
    Ok(())
}
