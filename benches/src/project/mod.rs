//! The project that the gateway is measured with, and the callers that send the load.
//!
//! Two APIs with the same hundred path templates: one open, one that asks for a token. A hundred subscribers have ten
//! tokens each and a quota that is never reached; one more has used its quota up.

mod definition;
mod issuer;
mod policies;
mod runtime_config;
mod subscribers;
mod templates;
mod traffic;

pub(crate) use issuer::{ISSUER, Issuer};
pub(crate) use runtime_config::Listeners;
pub(crate) use templates::{PATH_END, prefixes};
pub(crate) use traffic::Traffic;

use crate::failure::Failure;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Name of every project.
pub(crate) const NAME: &str = "bench";

/// Version of every API.
const VERSION: &str = "1.0.0";

/// Title of the API that needs no token.
const OPEN_API: &str = "plain";

/// Title of the API that does.
const SECURED_API: &str = "full";

/// Returns the base path of an API of the project.
fn base_path(api: &str) -> String {
    format!("/{api}/{VERSION}")
}

/// Writes the project for the load; returns its folder.
pub(crate) fn write_for_load(folder: &Path, backend: SocketAddr) -> Result<PathBuf, Failure> {
    let project = Writer::new(folder, "load")?;
    let templates = templates::templates();
    for (name, open) in [(OPEN_API, true), (SECURED_API, false)] {
        project.definition(name, &definition::definition(name, open, &templates, backend))?;
    }
    project.json("gen/control-plane/subscriptions.json", &subscribers::snapshot())?;
    Ok(project.folder)
}

/// Writes a project of `apis` small APIs, the first of them open; returns its folder.
pub(crate) fn write_for_start(folder: &Path, apis: usize, backend: SocketAddr) -> Result<PathBuf, Failure> {
    let project = Writer::new(folder, "start")?;
    let templates: Vec<String> = templates::templates().into_iter().take(5).collect();
    for number in 0..apis {
        let name = format!("api{number}");
        project.definition(&name, &definition::definition(&name, number == 0, &templates, backend))?;
    }
    Ok(project.folder)
}

/// The path below which the first API of [`write_for_start`] answers.
pub(crate) fn first_path_for_start() -> String {
    base_path("api0") + &templates::path(0, 1)
}

/// Writes the runtime configuration next to the projects; returns its path.
pub(crate) fn write_runtime_config(
    folder: &Path,
    listeners: &Listeners,
    issuer: &Issuer,
    usage: bool,
) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("micro-gw-{}.conf", listeners.http.port()));
    write(&path, &runtime_config::text(listeners, issuer, usage))?;
    Ok(path)
}

/// Writes the files that every project has, and those asked for.
struct Writer {
    folder: PathBuf,
}

impl Writer {
    fn new(parent: &Path, name: &str) -> Result<Self, Failure> {
        let project = Self {
            folder: parent.join(name),
        };
        for part in ["api_definitions", "gen/control-plane"] {
            let path = project.folder.join(part);
            std::fs::create_dir_all(&path).map_err(Failure::file("create", &path))?;
        }
        write(
            &project.folder.join("mgw.toml"),
            &format!("format = 1\nname = \"{NAME}\"\n"),
        )?;
        write(&project.folder.join("policies.yaml"), &policies::yaml())?;
        Ok(project)
    }

    fn definition(&self, name: &str, definition: &serde_json::Value) -> Result<(), Failure> {
        self.json(&format!("api_definitions/{name}.json"), definition)
    }

    fn json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), Failure> {
        write(&self.folder.join(name), &serde_json::to_string_pretty(value)?)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(Failure::file("write", path))
}
