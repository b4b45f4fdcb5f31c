//! Where the bundle to serve comes from: a bundle file, or a project that is compiled first.

use super::demand_signature;
use crate::commands::bundle_file;
use crate::commands::findings;
use crate::commands::version::TOOL;
use crate::compile::{compile_project, pack};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::signing::TrustedKeys;
use crate::ui::Ui;
use mgw_bundle::Bundle;
use std::path::{Path, PathBuf};

/// Where the bundle to serve comes from.
#[derive(Debug, Clone)]
pub(crate) enum BundleSource {
    /// A project folder: compiled in memory at every load, so that a read-only folder can be served.
    Project(Layout),
    /// A bundle file.
    File(PathBuf),
}

impl BundleSource {
    /// A folder is a project, everything else a bundle.
    pub(crate) fn at(path: &Path) -> Self {
        if path.is_dir() {
            Self::Project(Layout::new(path))
        } else {
            Self::File(path.to_owned())
        }
    }

    /// Reads and checks the bundle, and who signed it; for a project shows what was found in its files.
    pub(crate) fn load(&self, trusted: &TrustedKeys, ui: &Ui) -> Result<Bundle, Failure> {
        match self {
            Self::File(path) => {
                let bundle = bundle_file::read(path)?;
                demand_signature(&bundle, path, trusted)?;
                Ok(bundle)
            }
            Self::Project(_) if trusted.are_demanded() => Err(unsigned_project()),
            Self::Project(layout) => {
                let compiled = compile_project(layout)?;
                if compiled.diagnostics.has_errors() {
                    return Err(findings::refused(ui, &compiled.name, &compiled.diagnostics));
                }
                findings::show(ui, &compiled.diagnostics);
                Ok(pack(&compiled, TOOL)?.bundle)
            }
        }
    }

    /// The runtime configuration that belongs to the source: only a project has one.
    pub(crate) fn runtime_config(&self) -> Option<PathBuf> {
        match self {
            Self::Project(layout) => Some(layout.runtime_config()).filter(|path| path.is_file()),
            Self::File(_) => None,
        }
    }
}

/// Why a project is not served where signatures are demanded.
pub(crate) fn unsigned_project() -> Failure {
    Failure::new(
        ExitCode::Mismatch,
        "a signed bundle is demanded, and this is a project: what is compiled at the start is signed by nobody",
    )
    .hint("Build and sign it with `mgw build --sign KEY`, and run the bundle below target/.")
}
