//! Where the files of a project are.

use std::path::{Path, PathBuf};

/// Shows a path the way a user would type it: nothing leads back to the current folder, which is `.` itself.
pub(crate) fn shown(path: &Path) -> String {
    match path.strip_prefix(".").unwrap_or(path) {
        here if here.as_os_str().is_empty() => ".".to_owned(),
        path => path.display().to_string(),
    }
}

/// The paths inside a project folder. Nothing is read or created here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    toolkit_config: Option<PathBuf>,
}

impl Layout {
    /// The layout below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            toolkit_config: None,
        }
    }

    /// The same with the settings of micro-gw's toolkit elsewhere.
    #[must_use]
    pub fn with_toolkit_config(mut self, path: Option<PathBuf>) -> Self {
        self.toolkit_config = path;
        self
    }

    /// The project folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The name a project without `mgw.toml` goes by: its folder's.
    pub fn folder_name(&self) -> String {
        std::path::absolute(&self.root)
            .ok()
            .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .unwrap_or_else(|| "project".to_owned())
    }

    /// `mgw.toml`
    pub fn settings(&self) -> PathBuf {
        self.root.join("mgw.toml")
    }

    /// `mgw.lock`
    pub fn lock(&self) -> PathBuf {
        self.root.join("mgw.lock")
    }

    /// `remote.lock`
    pub fn remote_lock(&self) -> PathBuf {
        self.root.join("remote.lock")
    }

    /// `policies.yaml`
    pub fn policies(&self) -> PathBuf {
        self.root.join("policies.yaml")
    }

    /// Hand-written definitions.
    pub fn definitions(&self) -> PathBuf {
        self.root.join("api_definitions")
    }

    /// Everything that `pull` writes and replaces as a whole.
    pub fn generated(&self) -> PathBuf {
        self.root.join("gen")
    }

    /// Pulled definitions.
    pub fn pulled_definitions(&self) -> PathBuf {
        self.root.join("gen/api_definitions")
    }

    /// Pulled policies, applications, subscriptions, certificates.
    pub fn control_plane(&self) -> PathBuf {
        self.root.join("gen/control-plane")
    }

    /// Pulled policies: a [`mgw_bundle::config::Policies`] in JSON.
    pub fn pulled_policies(&self) -> PathBuf {
        self.root.join("gen/control-plane/policies.json")
    }

    /// Pulled subscription data: a [`mgw_bundle::SubscriptionSnapshot`] in JSON.
    pub fn pulled_subscriptions(&self) -> PathBuf {
        self.root.join("gen/control-plane/subscriptions.json")
    }

    /// What the pulled certificates are for: a [`PulledCertificates`](super::PulledCertificates) in JSON.
    pub fn pulled_certificates(&self) -> PathBuf {
        self.root.join("gen/control-plane/certificates.json")
    }

    /// Former states of `gen/` and `mgw.lock`.
    pub fn generations(&self) -> PathBuf {
        self.root.join(".mgw/generations")
    }

    /// The optional runtime configuration.
    pub fn runtime_config(&self) -> PathBuf {
        self.root.join("conf/micro-gw.conf")
    }

    /// Settings of micro-gw's toolkit: those that were named, else those of the project where it has any.
    pub fn toolkit_config(&self) -> PathBuf {
        let own = || self.root.join("conf/toolkit-config.toml");
        self.toolkit_config.clone().unwrap_or_else(own)
    }

    /// Settings of containers and Kubernetes objects.
    pub fn deployment_config(&self) -> PathBuf {
        self.root.join("conf/deployment-config.toml")
    }

    /// Build output.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The bundle of a project called `name`.
    pub fn bundle(&self, name: &str) -> PathBuf {
        self.target().join(format!("{name}.zip"))
    }
}
