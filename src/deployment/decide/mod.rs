//! From the settings to what is written: every default is decided here, every value checked.

mod image;
mod network;
mod volumes;
mod workload;

use super::catalogue::{BLOCKS, CODES};
use super::command;
use super::files::Places;
use super::model::{CopiedFile, Deployment, Files, Gateway, ImageFolder, Objects, Ports, Texts};
use super::names::{holds_secret, is_label, is_label_value, is_qualified_name, object_name};
use crate::context::Environment;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::micro_gw_file::{EnvironmentValue, Section, SettingsFile, check};
use crate::project::shown;
use crate::yaml::{Node, parse_toml};
use mgw_runtime::config::known_key;
use std::collections::BTreeSet;
use std::path::Path;

/// What images are built on: the C library of GNU, authorities for TLS, time zones, and no shell.
pub(crate) const BASE_IMAGE: &str = "gcr.io/distroless/cc-debian13";

/// Where the gateway's settings are in a container, as micro-gw had them.
pub(super) const CONF_DIR: &str = "/home/ballerina/conf";

/// The name of the gateway's settings there.
pub(super) const CONF_FILE: &str = "micro-gw.conf";

/// What a container cannot be without: the bundle and mgw. No volume is mounted over them.
const NEEDED: [&str; 2] = ["/home/ballerina/bundle.zip", "/usr/local/bin/mgw"];

/// Most tables of one list.
const MOST_TABLES: usize = 64;

/// What to do about secrets in the gateway's settings.
const FROM_ELSEWHERE: &str =
    "Give it to the container in its environment, or mount the file from a Secret of the cluster.";

/// What is asked for beside the file, by flags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// An image is built, whatever the file says.
    pub(crate) image: bool,
    /// Objects of Kubernetes are written, whatever the file says: a Deployment and a Service where it has none.
    pub(crate) objects: bool,
    /// What the image is called.
    pub(crate) name: Option<String>,
    /// What it is built on.
    pub(crate) base: Option<String>,
}

/// What a deployment is decided from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The project's name.
    pub(crate) project: &'a str,
    /// The project's folder.
    pub(crate) root: &'a Path,
    /// The project's own `micro-gw.conf`, where it has one.
    pub(crate) settings: Option<&'a [u8]>,
    /// Variables that `$env{NAME}` takes. Without them no secret is looked for: nobody who only checks, or builds an image,
    /// need have what goes into the objects.
    pub(crate) environment: Option<&'a Environment>,
}

impl Facts<'_> {
    /// The project's own `micro-gw.conf` as messages call it.
    fn settings_file(&self) -> String {
        shown(&self.root.join("conf").join(CONF_FILE))
    }
}

/// Decides what is written. Everything that is wrong is among the findings; with errors among them, nothing is to be written.
/// `gateway` tells what a gateway with these settings, variables and settings of its command line is like.
pub(crate) fn decide(
    file: &SettingsFile,
    wanted: &Wanted,
    facts: Facts<'_>,
    gateway: impl Fn(Option<&[u8]>, &[(String, String)], &[(String, String)]) -> Result<Gateway, String>,
    diagnostics: &mut Diagnostics,
) -> Deployment {
    check(file, BLOCKS, CODES, diagnostics);
    let mut decider = Decider {
        file,
        project: object_name(facts.project),
        places: Places { root: facts.root },
        environment: facts.environment,
        ports: Ports::default(),
        diagnostics,
    };
    decider.refuse_jobs();
    let docker = file.section("docker.dockerConfig");
    let docker = docker.only_if(docker.is_enabled() || wanted.image);
    let workload = file.section("kubernetes.kubernetesDeployment");
    let workload = workload.only_if(workload.is_enabled() || wanted.objects);
    let has_image = wanted.image || docker.is_enabled() || workload.is_enabled();
    let mut copied = Vec::new();
    if has_image {
        decider.copied(file.section("docker.dockerCopyFiles"), &mut copied);
        decider.copied(workload.section("copyFiles"), &mut copied);
    }
    let config_maps = decider.config_maps();
    let secrets = decider.secrets();
    let mounted_settings = config_maps.iter().chain(&secrets).find_map(Files::settings);
    let mounted_settings = mounted_settings.map(<[u8]>::to_vec);
    let copied_settings = copied
        .iter()
        .find(|file| file.target == format!("{CONF_DIR}/{CONF_FILE}"))
        .map(|file| file.bytes.clone());
    if copied_settings.is_none()
        && let Some(bytes) = facts.settings.filter(|_| has_image)
    {
        if let Some(text) = clear_text(bytes, "the image") {
            let finding = Diagnostic::file(Code::DeploymentSecret, facts.settings_file(), text);
            decider.diagnostics.push(Diagnostic {
                severity: Severity::Warning,
                ..finding.remedy(FROM_ELSEWHERE)
            });
        }
        copied.push(CopiedFile {
            name: CONF_FILE.to_owned(),
            target: format!("{CONF_DIR}/{CONF_FILE}"),
            bytes: bytes.to_vec(),
        });
    }
    let variables = decider.variables(workload);
    let plain: Vec<(String, String)> = variables
        .iter()
        .filter_map(|(name, value)| match value {
            EnvironmentValue::Text(text) => Some((name.clone(), text.clone())),
            EnvironmentValue::From(_) => None,
        })
        .collect();
    let settings = mounted_settings
        .as_deref()
        .or(copied_settings.as_deref())
        .or(facts.settings);
    let arguments = match command::arguments(docker, decider.diagnostics) {
        Some(arguments) => arguments,
        None => command::arguments(workload, decider.diagnostics).unwrap_or_default(),
    };
    let known = match gateway(settings, &plain, &command::sets(&arguments)) {
        Ok(known) => known,
        // Only what `cmd` says is wrong: a gateway that is started so does not start.
        Err(reason) if (has_image || wanted.objects) && gateway(settings, &plain, &[]).is_ok() => {
            let section = if docker.is_set("cmd") { docker } else { workload };
            let text = format!("the gateway cannot be started by `cmd`: {reason}");
            let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), section.span("cmd"), text);
            // A value may be a secret.
            decider.diagnostics.push(
                finding
                    .remedy("Correct the setting, or leave it out of `cmd`.")
                    .secret(),
            );
            gateway(None, &[], &[]).unwrap_or_default()
        }
        Err(reason) => {
            if has_image || wanted.objects {
                let is_own = mounted_settings.is_none() && copied_settings.is_none() && facts.settings.is_some();
                let named = if is_own {
                    facts.settings_file()
                } else {
                    file.source.name().to_owned()
                };
                decider.diagnostics.push(unusable_settings(named, &reason));
            }
            gateway(None, &[], &[]).unwrap_or_default()
        }
    };
    decider.ports = known.ports;
    let checks_signatures = known.checks_signatures || command::names_verify_key(&arguments);

    let names = decider.image_names(wanted, docker, workload);
    let image = has_image.then(|| ImageFolder {
        names: names.clone(),
        base: decider.base(wanted, docker, workload),
        arguments,
        files: copied,
    });
    let mut objects = Objects {
        config_maps,
        secrets,
        claim: decider.claim(),
        services: decider.services(wanted.objects),
        ..Objects::default()
    };
    if workload.is_enabled() || wanted.objects {
        let image = names.last().cloned().unwrap_or_default();
        objects.workload = Some(decider.workload(workload, image, variables));
    }
    objects.autoscaler = decider.autoscaler(objects.workload.as_ref());
    decider.ingresses(&mut objects);
    decider.distinct(&objects);
    Deployment {
        project: decider.project,
        image,
        ports: decider.ports,
        checks_signatures,
        objects,
    }
}

struct Decider<'a> {
    file: &'a SettingsFile,
    project: String,
    places: Places<'a>,
    environment: Option<&'a Environment>,
    ports: Ports,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Decider<'a> {
    fn error(&mut self, section: Section<'_>, key: &str, text: impl Into<String>, remedy: &str) {
        let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), section.span(key), text);
        self.diagnostics.push(finding.remedy(remedy));
    }

    fn inert(&mut self, section: Section<'_>, key: &str, text: String, remedy: &str) {
        let finding = Diagnostic::warning(Code::DeploymentInert, section.source(), section.span(key), text);
        self.diagnostics.push(finding.remedy(remedy));
    }

    /// The tables of a list, as many as are read.
    fn tables<'t>(&mut self, section: Section<'t>, key: &str) -> Vec<Section<'t>> {
        let mut tables = section.sections(key);
        if tables.len() > MOST_TABLES {
            let text = format!("there are {} tables, more than {MOST_TABLES}", tables.len());
            self.error(section, key, text, "Put several files into one.");
            tables.truncate(MOST_TABLES);
        }
        tables
    }

    /// Tells of secrets in the gateway's settings, where these go into something that others may read.
    fn tell_clear_text(&mut self, section: Section<'_>, key: &str, bytes: &[u8], place: &str) {
        if let Some(text) = clear_text(bytes, place) {
            let finding = Diagnostic::warning(Code::DeploymentSecret, section.source(), section.span(key), text);
            self.diagnostics.push(finding.remedy(FROM_ELSEWHERE));
        }
    }

    fn kubernetes(&self, block: &str) -> Section<'a> {
        self.file.section("kubernetes").section(block)
    }

    fn refuse_jobs(&mut self) {
        let job = self.kubernetes("kubernetesJob");
        if job.is_enabled() {
            self.error(
                job,
                "enable",
                "a gateway does not end, so it is neither a Job nor a CronJob",
                "Remove `kubernetesJob` and enable `kubernetesDeployment`.",
            );
        }
    }

    /// The name of an object.
    fn name(&mut self, section: Section<'_>, default: String) -> String {
        let Some(name) = section.text("name") else {
            return default;
        };
        if !is_label(&name) {
            self.error(
                section,
                "name",
                format!("{name:?} cannot be the name of an object"),
                "Use at most 63 lower case letters, digits and `-`, with a letter or digit at both ends.",
            );
        }
        name
    }

    fn needed_name(&mut self, section: Section<'_>, what: &str) -> String {
        if !section.is_set("name") {
            self.error(section, "name", format!("a {what} needs a `name`"), "Give it one.");
        }
        self.name(section, String::new())
    }

    fn labels(&mut self, section: Section<'_>) -> Texts {
        let labels = section.map("labels").unwrap_or_default();
        for (name, value) in &labels {
            if name == "app" && *value != self.project {
                let text = format!(
                    "the label `app` stays `{}`: by it, Services find the gateway",
                    self.project
                );
                self.inert(section, "labels", text, "Call the label otherwise.");
            }
            if !is_qualified_name(name) || !is_label_value(value) {
                self.error(
                    section,
                    "labels",
                    format!("`{name}: {value}` cannot be a label"),
                    "Use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.",
                );
            }
        }
        labels
    }

    /// Two objects of a kind with one name would be one, and two volumes cannot be mounted at one place.
    fn distinct(&mut self, objects: &Objects) {
        let kinds: [(&str, &str, Vec<&str>); 4] = [
            (
                "kubernetesService",
                "Services",
                objects.services.iter().map(|service| &*service.name).collect(),
            ),
            (
                "secureKubernetesIngress",
                "Ingresses",
                objects.ingresses.iter().map(|ingress| &*ingress.name).collect(),
            ),
            (
                "kubernetesSecret",
                "Secrets",
                objects.secrets.iter().map(|files| &*files.name).collect(),
            ),
            (
                "kubernetesConfigMap",
                "ConfigMaps",
                objects.config_maps.iter().map(|files| &*files.name).collect(),
            ),
        ];
        for (block, kind, names) in kinds {
            let mut seen = BTreeSet::new();
            if let Some(name) = names.into_iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
                let text = format!("two {kind} are called {name}");
                self.error(self.kubernetes(block), "name", text, "Give one of them another name.");
            }
        }
        let mounts = objects
            .secrets
            .iter()
            .chain(&objects.config_maps)
            .filter_map(|files| files.mount.as_ref());
        let mounts = mounts.chain(objects.claim.iter().map(|claim| &claim.mount));
        let mut seen = BTreeSet::new();
        let twice = mounts.map(|mount| mount.path.as_str()).find(|path| !seen.insert(*path));
        if let Some(path) = twice {
            let text = format!("two volumes are mounted at {path}");
            self.error(
                self.kubernetes("kubernetesConfigMap"),
                "mountPath",
                text,
                "Mount one of them elsewhere.",
            );
        }
    }
}

/// What is said of settings with secrets that go to a place where others may read them.
fn clear_text(bytes: &[u8], place: &str) -> Option<String> {
    let (_, document) = parse_toml(CONF_FILE, bytes.to_vec()).ok()?;
    let mut found = Vec::new();
    secrets_in("", &document, &mut found);
    let first = found.first()?;
    let more = match found.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "`{first}`{more} of the gateway's settings would stand in clear text in {place}"
    ))
}

/// The names of settings whose values are secrets.
fn secrets_in(path: &str, node: &Node, found: &mut Vec<String>) {
    for (name, member) in node.as_object().into_iter().flatten() {
        let inner = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        // Names are the net below what the settings' own catalogue knows.
        let is_known = known_key(&inner).is_some_and(|key| key.secret);
        match member.node.as_str() {
            // It is no secret, and the gateway says that it puts nothing in its place.
            Some(text) if text.starts_with("$env{") => {}
            Some(text) if holds_secret(name, is_known, text) => found.push(inner),
            _ => secrets_in(&inner, &member.node, found),
        }
    }
    for element in node.as_array().into_iter().flatten() {
        secrets_in(path, element, found);
    }
}

/// A container with settings that cannot be used does not start, unless it gets from elsewhere what is missing here.
fn unusable_settings(file: String, reason: &str) -> Diagnostic {
    let text = format!("the gateway's settings cannot be used as they are, so its usual ports are taken: {reason}");
    Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::file(Code::DeploymentConfig, file, text)
    }
    .remedy("Put them right, or give the container what is missing in its environment.")
}
