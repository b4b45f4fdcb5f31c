//! What is compared: a project, a bundle, or a project as a pull would leave it.

use crate::commands::pull::{PullOptions, Wanted, prepare_at, scratch};
use crate::commands::{bundle_file, findings};
use crate::compile::{Compiled, compile_project};
use crate::context::Context;
use crate::diff::Side;
use crate::failure::Failure;
use crate::project::Layout;
use mgw_bundle::config::Policies;
use mgw_bundle::{GatewayConfig, SubscriptionSnapshot};
use std::collections::BTreeMap;
use std::path::Path;

/// What would be served.
#[derive(Debug)]
pub(crate) struct Served {
    /// What messages call it.
    pub(crate) name: String,
    config: GatewayConfig,
    snapshot: Option<SubscriptionSnapshot>,
    entries: BTreeMap<String, Vec<u8>>,
}

impl Served {
    /// Compiles a project, or reads a bundle.
    pub(crate) fn at(path: &Path, context: &Context) -> Result<Self, Failure> {
        if path.is_dir() {
            return Self::project(&Layout::new(path), context);
        }
        let name = path.display().to_string();
        let bundle = bundle_file::read(path)?;
        Ok(Self {
            name,
            config: bundle.config,
            snapshot: bundle.snapshot,
            entries: bundle.entries,
        })
    }

    /// Compiles a project.
    pub(crate) fn project(layout: &Layout, context: &Context) -> Result<Self, Failure> {
        let name = layout.root().display().to_string();
        Self::compiled(name, compile_project(layout)?, context)
    }

    /// Pulls into a copy of a project and compiles that. The project itself is not written to.
    pub(crate) fn after_a_pull(layout: &Layout, options: &PullOptions, context: &Context) -> Result<Self, Failure> {
        let copy = scratch()?;
        let wanted = Wanted::Named(&options.selection);
        let prepared = prepare_at(layout, &Layout::new(copy.path()), &options.source, wanted, context)?;
        let pulled = prepared.commit()?;
        for notice in &pulled.files.notices {
            context.ui.detail(notice);
        }
        let copied = layout
            .copy_written(copy.path())
            .map_err(|error| Failure::file("copy", layout.root(), error))?;
        let name = pulled.lock.source.url;
        Self::compiled(name, compile_project(&copied)?, context)
    }

    /// Nothing at all.
    pub(crate) fn nothing() -> Self {
        Self {
            name: String::new(),
            config: GatewayConfig {
                format: mgw_bundle::config::FORMAT,
                project: String::new(),
                apis: Vec::new(),
                policies: Policies::default(),
                backend_certificates: Vec::new(),
                service_cors: None,
                api_fault_responses: false,
                global_fault_responses: false,
            },
            snapshot: None,
            entries: BTreeMap::new(),
        }
    }

    /// Takes a project that was compiled, and has no errors.
    pub(crate) fn compiled(name: String, compiled: Compiled, context: &Context) -> Result<Self, Failure> {
        if compiled.diagnostics.has_errors() {
            return Err(findings::refused(&context.ui, &name, &compiled.diagnostics).hint("Nothing was compared."));
        }
        Ok(Self {
            name,
            config: compiled.config,
            snapshot: compiled.snapshot,
            entries: compiled.entries,
        })
    }

    /// The side of a comparison.
    pub(crate) fn side(&self) -> Side<'_> {
        Side {
            config: &self.config,
            snapshot: self.snapshot.as_ref(),
            entries: &self.entries,
        }
    }
}
