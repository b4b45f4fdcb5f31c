//! The image: what it is called, what it is built on, and the files in it.

use super::{BASE_IMAGE, CONF_DIR, CONF_FILE, Decider, Wanted};
use crate::deployment::files::{LARGEST_COPIES, target};
use crate::deployment::model::CopiedFile;
use crate::deployment::names::{is_image, is_registry, is_tag};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::micro_gw_file::Section;

impl Decider<'_> {
    /// Adds the files of a table to those that go into the image.
    pub(super) fn copied(&mut self, table: Section<'_>, copied: &mut Vec<CopiedFile>) {
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
                true => {
                    let place = format!("{CONF_DIR}/{CONF_FILE}");
                    if file
                        .text("target")
                        .is_some_and(|target| target != place && target != format!("{CONF_DIR}/"))
                    {
                        let text = format!("`target` has no effect: the gateway's settings go to {place}");
                        let finding =
                            Diagnostic::warning(Code::DeploymentConfig, file.source(), file.span("target"), text);
                        self.diagnostics
                            .push(finding.remedy("Remove `target`, or `isBallerinaConf` where it is another file."));
                    }
                    Some(place)
                }
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
    pub(super) fn image_names(&mut self, wanted: &Wanted, docker: Section<'_>, workload: Section<'_>) -> Vec<String> {
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

    pub(super) fn in_registry(&mut self, section: Section<'_>, key: &str, image: String) -> String {
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

    pub(super) fn base(&mut self, wanted: &Wanted, docker: Section<'_>, workload: Section<'_>) -> String {
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
}

/// The images that micro-gw came in run on Java.
fn is_micro_gw(image: &str) -> bool {
    let path = image.split(['@', ':']).next().unwrap_or(image);
    path.ends_with("wso2/wso2micro-gw") || path == "wso2micro-gw"
}
