//! From the settings to what is written: every default is decided here, every value checked.

use super::catalogue::{ACCESS_MODES, BLOCKS, CODES, PULL_POLICIES, SERVICE_TYPES};
use super::files::{LARGEST_COPIES, LARGEST_OBJECT, Places, target};
use super::model::{
    Asked, Autoscaler, Claim, CopiedFile, Deployment, Files, ImageFolder, Ingress, Mount, Objects, Ports, Probe,
    Service, Texts, Workload,
};
use super::names::{
    holds_secret, is_absolute, is_domain, is_host, is_image, is_label, is_label_value, is_qualified_name, is_quantity,
    is_registry, is_tag, object_name,
};
use super::{command, secrets};
use crate::context::Environment;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::micro_gw_file::{EnvironmentValue, Section, SettingsFile, check};
use crate::yaml::{Node, parse_toml};
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
    /// Variables that `$env{NAME}` takes.
    pub(crate) environment: &'a Environment,
}

/// Decides what is written. Everything that is wrong is among the findings; with errors among them, nothing is to be written.
/// `ports` tells which listeners a gateway with these settings and variables has.
pub(crate) fn decide(
    file: &SettingsFile,
    wanted: &Wanted,
    facts: Facts<'_>,
    ports: impl Fn(Option<&[u8]>, &[(String, String)], &[(String, String)]) -> Result<Ports, String>,
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
            let finding = Diagnostic::file(Code::DeploymentSecret, format!("conf/{CONF_FILE}"), text);
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
    decider.ports = match ports(settings, &plain, &command::sets(&arguments)) {
        Ok(ports) => ports,
        Err(reason) => {
            if has_image || wanted.objects {
                decider.diagnostics.push(unusable_settings(&reason));
            }
            ports(None, &[], &[]).unwrap_or_default()
        }
    };

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
        objects,
    }
}

struct Decider<'a> {
    file: &'a SettingsFile,
    project: String,
    places: Places<'a>,
    environment: &'a Environment,
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

    /// Adds the files of a table to those that go into the image.
    fn copied(&mut self, table: Section<'_>, copied: &mut Vec<CopiedFile>) {
        if !table.is_enabled() {
            return;
        }
        let mut left = LARGEST_COPIES;
        for file in self.tables(table, "files") {
            let Some(source) = file.text("source") else {
                // Samples have tables of empty texts.
                if file.is_set("target") {
                    self.error(
                        file,
                        "target",
                        "`source` is missing: nothing is copied to `target`",
                        "Name the file.",
                    );
                }
                continue;
            };
            let is_settings = file.boolean("isBallerinaConf") == Some(true);
            let place = match is_settings {
                true => Some(format!("{CONF_DIR}/{CONF_FILE}")),
                false => target(file, &source, self.diagnostics),
            };
            if place.is_none() && !file.is_set("target") {
                self.error(file, "source", "`target` is missing", "Give the path in the image.");
            }
            let bytes = self
                .places
                .read_copy(&source, (file, file.span("source")), self.diagnostics);
            let (Some(target), Some(bytes)) = (place, bytes) else {
                continue;
            };
            let Some(rest) = left.checked_sub(bytes.len()) else {
                let text = format!("the files have more than {} MiB together", LARGEST_COPIES >> 20);
                self.error(file, "source", text, "Mount what is that large instead.");
                return;
            };
            left = rest;
            if target == format!("{CONF_DIR}/{CONF_FILE}") {
                self.tell_clear_text(file, "source", &bytes, "the image");
            }
            if copied.iter().any(|known| known.target == target) {
                self.error(
                    file,
                    "target",
                    format!("two files go to {target}"),
                    "Remove one of the two.",
                );
                continue;
            }
            let base = target.rsplit('/').next().unwrap_or_default();
            let safe: String = base
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                        c
                    } else {
                        '_'
                    }
                })
                .collect();
            copied.push(CopiedFile {
                name: format!("{}-{safe}", copied.len() + 1),
                target,
                bytes,
            });
        }
    }

    /// The names of the image: what a Deployment runs stands last.
    fn image_names(&mut self, wanted: &Wanted, docker: Section<'_>, workload: Section<'_>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let project = self.project.clone();
        if let Some(name) = &wanted.name {
            names.push(name.clone());
            if wanted.objects {
                return names;
            }
        } else if docker.is_enabled() || wanted.image && !workload.is_enabled() {
            let tag = docker.text("tag").unwrap_or_else(|| "latest".to_owned());
            if !is_tag(&tag) {
                self.error(
                    docker,
                    "tag",
                    format!("{tag:?} cannot be a tag"),
                    "Use letters, digits, `_`, `.` and `-`.",
                );
            }
            let name = docker.text("name").unwrap_or_else(|| project.clone());
            // A name with a tag of its own.
            let tagged = match name.rsplit('/').next().is_some_and(|last| last.contains(':')) && !docker.is_set("tag") {
                true => name,
                false => format!("{name}:{tag}"),
            };
            names.push(self.in_registry(docker, "name", tagged));
        }
        if workload.is_enabled() && (workload.is_set("image") || names.is_empty()) {
            let image = workload.text("image").unwrap_or_else(|| format!("{project}:latest"));
            let image = self.in_registry(workload, "image", image);
            if !names.contains(&image) {
                names.push(image);
            }
        }
        if names.is_empty() {
            names.push(format!("{project}:latest"));
        }
        names
    }

    fn in_registry(&mut self, section: Section<'_>, key: &str, image: String) -> String {
        let image = match section.text("registry") {
            Some(registry) => {
                let registry = registry.trim_end_matches('/').to_owned();
                if !is_registry(&registry) {
                    self.error(
                        section,
                        "registry",
                        format!("{registry:?} cannot be a registry"),
                        "Give host and port, as registry.example:5000, without https.",
                    );
                }
                format!("{registry}/{image}")
            }
            None => image,
        };
        if !is_image(&image) && section.is_set(key) {
            self.error(
                section,
                key,
                format!("{image:?} cannot be the name of an image"),
                "Use lower case letters, digits, `.`, `_`, `-` and `/`, and a tag behind `:`.",
            );
        }
        image
    }

    fn base(&mut self, wanted: &Wanted, docker: Section<'_>, workload: Section<'_>) -> String {
        if let Some(base) = &wanted.base {
            if is_micro_gw(base) {
                let text = format!("the image {base} runs what micro-gw builds; {BASE_IMAGE} is taken instead");
                let finding = Diagnostic::file(Code::DeploymentInert, "--docker-base-image", text);
                self.diagnostics.push(Diagnostic {
                    severity: Severity::Warning,
                    ..finding
                });
                return BASE_IMAGE.to_owned();
            }
            return base.clone();
        }
        for section in [docker, workload] {
            let Some(base) = section.text("baseImage") else {
                continue;
            };
            if is_micro_gw(&base) {
                let text = format!("the image {base} runs what micro-gw builds; {BASE_IMAGE} is taken instead");
                self.diagnostics.push(
                    Diagnostic::warning(Code::DeploymentInert, section.source(), section.span("baseImage"), text)
                        .remedy(
                            "Remove `baseImage`, or name an image with the C library of GNU and authorities for TLS.",
                        ),
                );
                return BASE_IMAGE.to_owned();
            }
            if !is_image(&base) {
                self.error(
                    section,
                    "baseImage",
                    format!("{base:?} cannot be the name of an image"),
                    "Give it as `docker pull` takes it.",
                );
            }
            return base;
        }
        BASE_IMAGE.to_owned()
    }

    /// Environment variables of the container. Secrets among them would stand in the generated files.
    fn variables(&mut self, workload: Section<'_>) -> Vec<(String, EnvironmentValue)> {
        let mut variables = Vec::new();
        for (name, value, span) in workload.environment("env") {
            if matches!(&value, EnvironmentValue::Text(text) if holds_secret(&name, text)) {
                let text = format!("the value of `{name}` would stand in clear text in the Deployment");
                self.diagnostics.push(
                    Diagnostic::error(Code::DeploymentSecret, workload.source(), span, text)
                        .remedy(format!(
                            "Refer to a secret: `\"{name}\": {{secretKeyRef: {{name: …, key: …}}}}`."
                        ))
                        .secret(),
                );
            }
            variables.push((name, value));
        }
        variables
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

    fn mount(&mut self, section: Section<'_>, read_only: bool) -> Option<Mount> {
        let path = section.text("mountPath")?;
        if !is_absolute(&path) {
            self.error(
                section,
                "mountPath",
                format!("`mountPath` {path:?} is no absolute path"),
                "Give a folder in the container, as /home/ballerina/data.",
            );
        }
        let path = match path.trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        if NEEDED.iter().any(|needed| Path::new(needed).starts_with(&path)) {
            let text = format!("a volume at {path} hides what the container runs");
            self.error(
                section,
                "mountPath",
                text,
                "Mount it in a folder of its own, as /home/ballerina/data.",
            );
        }
        Some(Mount {
            path,
            read_only: section.boolean("readOnly").unwrap_or(read_only),
        })
    }

    fn config_maps(&mut self) -> Vec<Files> {
        let table = self.kubernetes("kubernetesConfigMap");
        if !table.is_enabled() {
            return Vec::new();
        }
        let mut maps = Vec::new();
        if let Some(source) = table.text("ballerinaConf") {
            let place = (table, table.span("ballerinaConf"));
            if let Some(bytes) = self.places.read(&source, LARGEST_OBJECT, place, self.diagnostics) {
                self.tell_clear_text(table, "ballerinaConf", &bytes, "a ConfigMap");
                maps.push(Files {
                    name: format!("{}-micro-gw-conf", self.project),
                    kind: "",
                    mount: Some(Mount {
                        path: CONF_DIR.to_owned(),
                        read_only: true,
                    }),
                    data: vec![(CONF_FILE.to_owned(), bytes)],
                });
            }
        }
        for section in self.tables(table, "configMaps") {
            // Samples have tables of empty texts.
            if !section.is_set("name") && section.texts("data").unwrap_or_default().is_empty() {
                continue;
            }
            let map = Files {
                name: self.needed_name(section, "ConfigMap"),
                kind: "",
                mount: self.mount(section, true),
                data: self.places.read_data(section, self.diagnostics),
            };
            if let Some(bytes) = map.settings() {
                self.tell_clear_text(section, "data", bytes, "a ConfigMap");
            }
            maps.push(map);
        }
        maps
    }

    fn secrets(&mut self) -> Vec<Files> {
        let table = self.kubernetes("kubernetesSecret");
        if !table.is_enabled() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for section in self.tables(table, "secrets") {
            if !section.is_set("name") && section.texts("data").unwrap_or_default().is_empty() {
                continue;
            }
            let data = self.places.read_data(section, self.diagnostics);
            self.tell_secret(section, "data", data.iter().map(|(name, _)| name.as_str()));
            found.push(Files {
                name: self.needed_name(section, "Secret"),
                kind: "Opaque",
                mount: self.mount(section, true),
                data,
            });
        }
        found
    }

    /// Files that hold secrets are to be looked after.
    fn tell_secret<'n>(&mut self, section: Section<'_>, key: &str, names: impl Iterator<Item = &'n str>) {
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return;
        }
        let text = format!(
            "the generated files hold {} in base64, which is no encryption",
            names.join(", ")
        );
        let finding = Diagnostic::warning(Code::DeploymentSecret, section.source(), section.span(key), text);
        self.diagnostics.push(
            finding.remedy("Keep `target/` away from others, or make the Secret in the cluster and refer to it."),
        );
    }

    fn claim(&mut self) -> Option<Claim> {
        let table = self.kubernetes("kubernetesPersistentVolumeClaim");
        if !table.is_enabled() {
            return None;
        }
        let name = self.name(table, format!("{}-pvc", self.project));
        let mount = self.mount(table, false);
        if mount.is_none() {
            self.error(
                table,
                "mountPath",
                "the claim needs a `mountPath`",
                "Say where in the container it is mounted.",
            );
        }
        let size = table.text("volumeClaimSize");
        let wrong = match &size {
            None => Some("the claim needs a `volumeClaimSize`".to_owned()),
            Some(size) if !is_quantity(size) => Some(format!("{size:?} cannot be the size of a claim")),
            Some(_) => None,
        };
        if let Some(text) = wrong {
            self.error(table, "volumeClaimSize", text, "Give it as `1Gi`.");
        }
        Some(Claim {
            name,
            mount: mount?,
            mode: table.choice("accessMode", ACCESS_MODES).unwrap_or("ReadWriteOnce"),
            size: size?,
        })
    }

    fn services(&mut self, wanted: bool) -> Vec<Service> {
        let one = self.kubernetes("kubernetesService");
        let mut services = Vec::new();
        let single = [
            ("kubernetesServiceHttps", "https", self.ports.https),
            ("kubernetesServiceHttp", "http", self.ports.http),
            ("kubernetesServiceToken", "token", self.ports.token),
        ];
        let has_single = single.iter().any(|(block, ..)| self.kubernetes(block).is_enabled());
        if one.is_enabled() || wanted && !has_single {
            let name = self.name(one, self.project.clone());
            let mut ports = self.ports.named();
            if let Some(port) = one.number("port").and_then(|port| u16::try_from(port).ok()) {
                let main = ports.iter().position(|(name, _)| *name == "https").unwrap_or(0);
                if let Some(entry) = ports.get_mut(main) {
                    entry.1 = port;
                }
            }
            services.push(self.service(one, name, ports));
            for (block, ..) in single {
                let section = self.kubernetes(block);
                if section.is_enabled() {
                    let text = format!("`{block}` has no effect beside `kubernetesService`, which has every listener");
                    self.inert(section, "enable", text, "Disable one of the two.");
                }
            }
            return services;
        }
        for (block, port, number) in single {
            let section = self.kubernetes(block);
            if !section.is_enabled() {
                continue;
            }
            let name = self.name(section, format!("{}-{port}", self.project));
            match number {
                Some(number) => {
                    let own = section.number("port").and_then(|port| u16::try_from(port).ok());
                    let service = self.service(section, name, vec![(port, own.unwrap_or(number))]);
                    services.push(service);
                }
                None => self.error(
                    section,
                    "enable",
                    format!("nothing is served at the listener `{port}`, so the Service leads nowhere"),
                    "Disable the table, or have an API, or the gateway's settings, open that listener.",
                ),
            }
        }
        services
    }

    fn service(&mut self, section: Section<'_>, name: String, ports: Vec<(&'static str, u16)>) -> Service {
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            self.error(
                section,
                "name",
                format!("{name:?} cannot be the name of a Service"),
                "Begin it with a letter.",
            );
        }
        let mut numbers = BTreeSet::new();
        if !ports.iter().all(|(_, number)| numbers.insert(*number)) {
            self.error(
                section,
                "port",
                "two ports of the Service have the same number",
                "Give another `port`.",
            );
        }
        Service {
            name,
            labels: self.labels(section),
            kind: section.choice("serviceType", SERVICE_TYPES).unwrap_or("ClusterIP"),
            ports,
        }
    }

    fn workload(
        &mut self,
        section: Section<'_>,
        image: String,
        environment: Vec<(String, EnvironmentValue)>,
    ) -> Workload {
        let pull_secrets = section.texts("imagePullSecrets").unwrap_or_default();
        if let Some(name) = pull_secrets.iter().find(|name| !is_domain(name)) {
            self.error(
                section,
                "imagePullSecrets",
                format!("{name:?} cannot be the name of a Secret"),
                "Use lower case letters, digits and `-`.",
            );
        }
        let (liveness, readiness) = self.probes(section);
        Workload {
            name: self.name(section, format!("{}-deployment", self.project)),
            labels: self.labels(section),
            replicas: section.number("replicas").unwrap_or(1),
            image,
            pull_policy: section
                .choice("imagePullPolicy", PULL_POLICIES)
                .unwrap_or("IfNotPresent"),
            pull_secrets,
            environment,
            liveness,
            readiness,
        }
    }

    fn probes(&mut self, section: Section<'_>) -> (Option<Probe>, Option<Probe>) {
        let table = section.section("livenessProbe");
        let own = section.boolean("enableLiveness") == Some(true);
        let liveness = (own || table.is_enabled()).then(|| {
            let (from, key) = if table.is_enabled() {
                (table, "port")
            } else {
                (section, "livenessPort")
            };
            Probe {
                asks: self.probed(from, key).or_else(|| self.main_port()).map_or_else(
                    // Nothing else is open.
                    || Asked::Admin(self.ports.admin.unwrap_or_default()),
                    Asked::Listener,
                ),
                initial_delay: from.number("initialDelaySeconds").unwrap_or(10),
                period: from.number("periodSeconds").unwrap_or(5),
            }
        });
        let table = section.section("readinessProbe");
        let readiness = table.is_enabled().then(|| Probe {
            asks: self.readiness(table),
            initial_delay: table.number("initialDelaySeconds").unwrap_or(3),
            period: table.number("periodSeconds").unwrap_or(5),
        });
        (liveness, readiness)
    }

    /// The listener that a probe names, else the admin listener.
    fn readiness(&mut self, table: Section<'_>) -> Asked {
        if let Some(name) = self.probed(table, "port") {
            return Asked::Listener(name);
        }
        if self.ports.admin.is_none() && !table.is_set("port") {
            self.error(
                table,
                "enable",
                "readiness is asked at the admin listener, which has no port of its own in the gateway's settings",
                "Open it, or give the `port` of another listener.",
            );
        }
        Asked::Admin(self.ports.admin.unwrap_or_default())
    }

    /// The listener that a probe names by its port.
    fn probed(&mut self, section: Section<'_>, key: &str) -> Option<&'static str> {
        let number = section.number(key)?;
        let named = self.ports.named();
        let found = named.iter().find(|(_, port)| u64::from(*port) == number);
        if found.is_none() {
            let known: Vec<String> = named.iter().map(|(_, port)| port.to_string()).collect();
            let text = format!(
                "nothing listens on {number}: the gateway listens on {}",
                known.join(", ")
            );
            self.error(section, key, text, "Give one of these ports.");
        }
        found.map(|(name, _)| *name)
    }

    fn main_port(&self) -> Option<&'static str> {
        self.ports.named().first().map(|(name, _)| *name)
    }

    fn autoscaler(&mut self, workload: Option<&Workload>) -> Option<Autoscaler> {
        let table = self.kubernetes("kubernetesHpa");
        if !table.is_enabled() {
            return None;
        }
        let Some(workload) = workload else {
            self.error(
                table,
                "enable",
                "there is no Deployment that could be scaled",
                "Enable `kubernetesDeployment`.",
            );
            return None;
        };
        let min = table.number("minReplicas").unwrap_or(workload.replicas);
        let max = table.number("maxReplicas").unwrap_or(min.saturating_add(1));
        if max < min {
            let text = format!("`maxReplicas` {max} is less than the least, {min}");
            self.error(table, "maxReplicas", text, "Give at least as many as `minReplicas`.");
        }
        let cpu = table.number("cpuPrecentage").or_else(|| table.number("cpuPercentage"));
        Some(Autoscaler {
            name: self.name(table, format!("{}-hpa", self.project)),
            labels: self.labels(table),
            min,
            max,
            cpu: cpu.unwrap_or(50),
        })
    }

    fn ingresses(&mut self, objects: &mut Objects) {
        let plain = self.kubernetes("kubernetesIngress");
        let secure = self.kubernetes("secureKubernetesIngress");
        if plain.is_enabled() {
            let ingress = self.ingress(plain, ["http", "https"], "-ingress", &objects.services);
            objects.ingresses.extend(ingress);
        }
        if secure.is_enabled() {
            let suffix = if plain.is_enabled() {
                "-secure-ingress"
            } else {
                "-ingress"
            };
            let Some(mut ingress) = self.ingress(secure, ["https", "http"], suffix, &objects.services) else {
                return;
            };
            let name = format!("{}-tls-ingress", self.project);
            ingress.tls = Some(name.clone());
            objects.ingresses.push(ingress);
            if let Some(pair) = secrets::tls_pair(secure, self.places, self.environment, self.diagnostics) {
                self.tell_secret(secure, "keyStorePath", ["the key of the Ingress"].into_iter());
                objects.secrets.push(Files {
                    name,
                    kind: "kubernetes.io/tls",
                    mount: None,
                    data: vec![
                        ("tls.crt".to_owned(), pair.certificate),
                        ("tls.key".to_owned(), pair.key),
                    ],
                });
            } else if !secure.is_set("keyStorePath") {
                let text = format!(
                    "the Ingress takes key and certificate from the Secret {name}, which is not among these objects"
                );
                let finding =
                    Diagnostic::note(Code::DeploymentConfig, secure.source(), secure.key_span("enable"), text);
                self.diagnostics
                    .push(finding.remedy("Make it in the cluster, or give `keyStorePath`."));
            }
        }
    }

    fn ingress(
        &mut self,
        section: Section<'_>,
        preferred: [&'static str; 2],
        suffix: &str,
        services: &[Service],
    ) -> Option<Ingress> {
        let found = preferred.into_iter().find_map(|port| {
            let leads = |service: &&Service| service.ports.iter().any(|(name, _)| *name == port);
            Some((services.iter().find(leads)?, port))
        });
        let Some((service, port)) = found else {
            self.error(
                section,
                "enable",
                "there is no Service that the Ingress could lead to",
                "Enable `kubernetesService`, or the Service of a listener.",
            );
            return None;
        };
        let class = section.text("ingressClass").unwrap_or_else(|| "nginx".to_owned());
        let host = section
            .text("hostname")
            .unwrap_or_else(|| format!("{}.com", service.name));
        if !is_host(&host) {
            self.error(
                section,
                "hostname",
                format!("{host:?} cannot be the host of an Ingress"),
                "Give a name in lower case, as api.example.com.",
            );
        }
        let path = section.text("path").unwrap_or_else(|| "/".to_owned());
        if !is_absolute(&path) {
            self.error(
                section,
                "path",
                format!("`path` {path:?} does not begin with `/`"),
                "Give it as /shop.",
            );
        }
        let mut annotations = section.map("annotations").unwrap_or_default();
        if let Some((name, _)) = annotations.iter().find(|(name, _)| !is_qualified_name(name)) {
            self.error(
                section,
                "annotations",
                format!("{name:?} cannot be the name of an annotation"),
                "Give it as domain/name.",
            );
        }
        if class == "nginx" {
            let mut add = |name: &str, value: String| {
                if !annotations.iter().any(|(known, _)| known == name) {
                    annotations.push((name.to_owned(), value));
                }
            };
            if port == "https" {
                add("nginx.ingress.kubernetes.io/backend-protocol", "HTTPS".to_owned());
            }
            if let Some(target) = section.text("targetPath") {
                add("nginx.ingress.kubernetes.io/rewrite-target", target);
            }
        } else if section.is_set("targetPath") {
            let text =
                format!("`targetPath` has no effect with the class {class}: how it rewrites paths is not known here");
            self.diagnostics.push(
                Diagnostic::warning(
                    Code::DeploymentInert,
                    section.source(),
                    section.span("targetPath"),
                    text,
                )
                .remedy("Write the annotation of that controller in `annotations`."),
            );
        }
        Some(Ingress {
            name: self.name(section, format!("{}{suffix}", service.name)),
            labels: self.labels(section),
            annotations,
            class,
            host,
            path,
            service: service.name.clone(),
            port,
            tls: None,
        })
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
        match member.node.as_str() {
            Some(text) if holds_secret(name, text) => found.push(inner),
            _ => secrets_in(&inner, &member.node, found),
        }
    }
    for element in node.as_array().into_iter().flatten() {
        secrets_in(path, element, found);
    }
}

/// A container with settings that cannot be used does not start, unless it gets from elsewhere what is missing here.
fn unusable_settings(reason: &str) -> Diagnostic {
    let text = format!("the gateway's settings cannot be used as they are, so its usual ports are taken: {reason}");
    Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::file(Code::DeploymentConfig, CONF_FILE, text)
    }
    .remedy("Put them right, or give the container what is missing in its environment.")
}

/// The images that micro-gw came in run on Java.
fn is_micro_gw(image: &str) -> bool {
    let path = image.split(['@', ':']).next().unwrap_or(image);
    path.ends_with("wso2/wso2micro-gw") || path == "wso2micro-gw"
}
