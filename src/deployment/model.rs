//! What is written, as plain data: everything is decided, read and checked.

use super::decide::{CONF_DIR, CONF_FILE};
use crate::micro_gw_file::EnvironmentValue;

/// What a project is deployed as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// The project's name as the name of objects and images.
    pub(super) project: String,
    /// The folder for an image.
    pub(super) image: Option<ImageFolder>,
    /// Objects of Kubernetes.
    pub(super) objects: Objects,
    /// The listeners.
    pub(super) ports: Ports,
    /// The gateway starts with no bundle but one that a trusted key has signed.
    pub(super) checks_signatures: bool,
}

/// What a gateway is like with certain settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Gateway {
    /// The listeners.
    pub(crate) ports: Ports,
    /// It serves nothing but what a trusted key has signed.
    pub(crate) checks_signatures: bool,
}

/// The ports that a gateway listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ports {
    /// The plain listener, where any API is served there.
    pub(crate) http: Option<u16>,
    /// The TLS listener, where any API is served there.
    pub(crate) https: Option<u16>,
    /// The TLS listener of the token endpoints.
    pub(crate) token: Option<u16>,
    /// The admin listener, which is open inside of the container alone.
    pub(crate) admin: Option<u16>,
}

impl Ports {
    /// Name and number of each that clients reach.
    pub(super) fn named(self) -> Vec<(&'static str, u16)> {
        let all = [("http", self.http), ("https", self.https), ("token", self.token)];
        all.into_iter().filter_map(|(name, port)| Some((name, port?))).collect()
    }
}

/// The folder for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageFolder {
    /// What the image is called, each name with its tag.
    pub(super) names: Vec<String>,
    /// What it is built on.
    pub(super) base: String,
    /// What follows `mgw run BUNDLE`.
    pub(super) arguments: Vec<String>,
    /// Files of the user.
    pub(super) files: Vec<CopiedFile>,
}

/// A file that goes into an image.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CopiedFile {
    /// Its name below `files/` of the folder.
    pub(super) name: String,
    /// Its place in the image.
    pub(super) target: String,
    /// Its contents.
    pub(super) bytes: Vec<u8>,
}

impl std::fmt::Debug for CopiedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopiedFile")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// Objects of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Objects {
    pub(super) services: Vec<Service>,
    pub(super) ingresses: Vec<Ingress>,
    pub(super) secrets: Vec<Files>,
    pub(super) config_maps: Vec<Files>,
    pub(super) claim: Option<Claim>,
    pub(super) workload: Option<Workload>,
    pub(super) autoscaler: Option<Autoscaler>,
}

/// Labels and annotations, in the order of the file.
pub(super) type Texts = Vec<(String, String)>;

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) labels: Texts,
    pub(super) kind: &'static str,
    /// Name of the port in the container, and the Service's own.
    pub(super) ports: Vec<(&'static str, u16)>,
}

/// An Ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ingress {
    pub(super) name: String,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    pub(super) class: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) service: String,
    /// Name of the Service's port.
    pub(super) port: &'static str,
    /// Secret with key and certificate.
    pub(super) tls: Option<String>,
}

/// A Secret or ConfigMap.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) name: String,
    /// Type of a Secret.
    pub(super) kind: &'static str,
    /// Where it is mounted.
    pub(super) mount: Option<Mount>,
    /// Names and contents.
    pub(super) data: Vec<(String, Vec<u8>)>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Files {
    /// The gateway's settings, where they are mounted in their place.
    pub(super) fn settings(&self) -> Option<&[u8]> {
        self.mount.as_ref().filter(|mount| mount.path == CONF_DIR)?;
        let (_, bytes) = self.data.iter().find(|(name, _)| name == CONF_FILE)?;
        Some(bytes)
    }
}

/// Where something is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) path: String,
    pub(super) read_only: bool,
}

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) mount: Mount,
    pub(super) mode: &'static str,
    pub(super) size: String,
}

/// A Deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) name: String,
    pub(super) labels: Texts,
    pub(super) replicas: u64,
    pub(super) image: String,
    pub(super) pull_policy: &'static str,
    pub(super) pull_secrets: Vec<String>,
    pub(super) environment: Vec<(String, EnvironmentValue)>,
    pub(super) liveness: Option<Probe>,
    pub(super) readiness: Option<Probe>,
}

/// When and how a container is asked how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) asks: Asked,
    pub(super) initial_delay: u64,
    pub(super) period: u64,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A listener that clients reach, by its name.
    Listener(&'static str),
    /// The admin listener, by its port, from inside of the container.
    Admin(u16),
}

/// A HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Autoscaler {
    pub(super) name: String,
    pub(super) labels: Texts,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) cpu: u64,
}
