//! Containers and Kubernetes: from `conf/deployment-config.toml` to a folder from which an image is built, objects of
//! Kubernetes, and a Helm chart.
//!
//! [`decide()`] reads the settings and decides everything, and tells what is wrong; the rest turns a [`Deployment`], which is
//! plain data, into files. Nothing here starts Docker or speaks to a cluster.

mod catalogue;
mod command;
mod decide;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod image;
mod manifests;
mod model;
mod names;
mod objects;
mod program;
mod render;
mod secrets;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use decide::{BASE_IMAGE, Facts, Wanted, decide};
pub(crate) use model::{Deployment, Gateway, Ports};
pub(crate) use names::{holds_secret, is_image, names_secret, object_name};
pub(crate) use program::Program;
pub use render::RenderError;

use crate::shell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use write::Access;

/// What was written, and what to do with it.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Files and folders.
    pub(crate) paths: Vec<PathBuf>,
    /// Commands, each with what it does.
    pub(crate) commands: Vec<(&'static str, String)>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployError {
    /// A mistake of ours.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The folder could not be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

impl Deployment {
    /// Whether an image is to be built.
    pub(crate) fn has_image(&self) -> bool {
        self.image.is_some()
    }

    /// Whether an image is to be built whose gateway starts with no bundle but a signed one.
    pub(crate) fn wants_signature(&self) -> bool {
        self.has_image() && self.checks_signatures
    }

    /// Whether there are objects of Kubernetes.
    pub(crate) fn has_objects(&self) -> bool {
        !objects::objects(self).is_empty()
    }

    /// Writes the folder for the image: `docker/PROJECT` below `target`.
    ///
    /// # Errors
    ///
    /// The folder is then as it was.
    pub(crate) fn write_image(
        &self,
        target: &Path,
        project: &str,
        bundle: Vec<u8>,
        program: &Program,
        written: &mut Written,
    ) -> Result<(), DeployError> {
        let Some(image) = &self.image else { return Ok(()) };
        let folder = target.join("docker").join(project);
        let files = image::files(self, image, bundle, program)?;
        // Files of the user may be secrets; in the image, another user reads them.
        let access = match image.files.is_empty() {
            true => Access::All,
            false => Access::Owner,
        };
        write::replace(&folder, &files, access).map_err(failed(&folder))?;
        let command = image::build_command(image, &crate::project::shown(&folder), program);
        written.commands.push(("Build the image", command));
        written.paths.push(folder);
        Ok(())
    }

    /// Writes objects of Kubernetes and the chart: `kubernetes/PROJECT` below `target`. Where one of the two is wanted, the
    /// other stays.
    ///
    /// # Errors
    ///
    /// What was there is then as it was.
    pub(crate) fn write_objects(
        &self,
        target: &Path,
        project: &str,
        (manifest, chart): (bool, bool),
        written: &mut Written,
    ) -> Result<(), DeployError> {
        let folder = target.join("kubernetes").join(project);
        let mut files = BTreeMap::new();
        if manifest {
            let name = format!("{project}.yaml");
            files.insert(name.clone(), manifests::manifest_file(self)?);
            written.paths.push(folder.join(&name));
            let command = format!("kubectl apply -f {}", shell::path(&folder.join(name)));
            written.commands.push(("Create the objects", command));
        }
        if chart {
            let (name, chart) = manifests::chart(self, env!("CARGO_PKG_VERSION"))?;
            if manifest {
                files.extend(chart.into_iter().map(|(path, file)| (format!("{name}/{path}"), file)));
            } else {
                let place = folder.join(&name);
                write::replace(&place, &chart, Access::All).map_err(failed(&place))?;
            }
            written.paths.push(folder.join(&name));
            let command = format!("helm install {} {}", self.project, shell::path(&folder.join(&name)));
            written.commands.push(("Install the chart", command));
        }
        if manifest && chart {
            return write::replace(&folder, &files, Access::All).map_err(failed(&folder));
        }
        files.iter().try_for_each(|(name, file)| {
            let place = folder.join(name);
            write::replace_file(&place, file).map_err(failed(&place))
        })
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> DeployError + '_ {
    move |source| DeployError::Write {
        path: path.to_owned(),
        source,
    }
}
