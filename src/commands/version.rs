//! `mgw version`

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Arguments of `mgw version`.
#[derive(Debug, clap::Args)]
pub struct VersionArgs {}

/// The name and version that bundles and requests carry.
pub const TOOL: &str = concat!("mgw ", env!("CARGO_PKG_VERSION"));

/// Prints the version.
pub fn run(VersionArgs {}: VersionArgs, context: &Context) -> Result<ExitCode, Failure> {
    #[derive(serde::Serialize)]
    struct Version {
        version: &'static str,
        bundle_format: u32,
        config_format: u32,
    }
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        bundle_format: mgw_bundle::MANIFEST_FORMAT,
        config_format: mgw_bundle::config::FORMAT,
    };
    context.ui.result(TOOL, &version);
    Ok(ExitCode::Success)
}
