//! What is mounted into containers: ConfigMaps, Secrets, and storage.

use super::{CONF_DIR, CONF_FILE, Decider, NEEDED};
use crate::deployment::catalogue::ACCESS_MODES;
use crate::deployment::files::LARGEST_OBJECT;
use crate::deployment::model::{Claim, Files, Mount};
use crate::deployment::names::{is_absolute, is_quantity};
use crate::diagnostics::{Code, Diagnostic};
use crate::micro_gw_file::Section;
use std::path::Path;

impl Decider<'_> {
    pub(super) fn mount(&mut self, section: Section<'_>, read_only: bool) -> Option<Mount> {
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

    pub(super) fn config_maps(&mut self) -> Vec<Files> {
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

    pub(super) fn secrets(&mut self) -> Vec<Files> {
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
    pub(super) fn tell_secret<'n>(&mut self, section: Section<'_>, key: &str, names: impl Iterator<Item = &'n str>) {
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

    pub(super) fn claim(&mut self) -> Option<Claim> {
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
}
