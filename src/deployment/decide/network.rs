//! How requests get to the gateway: Services and Ingresses.

use super::Decider;
use crate::deployment::catalogue::SERVICE_TYPES;
use crate::deployment::model::{Files, Ingress, Objects, Service};
use crate::deployment::names::{is_absolute, is_host, is_qualified_name};
use crate::deployment::secrets;
use crate::diagnostics::{Code, Diagnostic};
use crate::micro_gw_file::Section;
use std::collections::BTreeSet;

impl Decider<'_> {
    pub(super) fn services(&mut self, wanted: bool) -> Vec<Service> {
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

    pub(super) fn service(&mut self, section: Section<'_>, name: String, ports: Vec<(&'static str, u16)>) -> Service {
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

    pub(super) fn ingresses(&mut self, objects: &mut Objects) {
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
            let Some(environment) = self.environment.filter(|_| secure.is_set("keyStorePath")) else {
                self.without_store(secure, &name);
                return;
            };
            if let Some(pair) = secrets::tls_pair(secure, self.places, environment, self.diagnostics) {
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
            }
        }
    }

    /// Tells what there is to tell of an Ingress whose key store is not looked into.
    fn without_store(&mut self, secure: Section<'_>, name: &str) {
        if secure.is_set("keyStorePath") {
            secrets::tell_clear_text(secure, "keyStorePassword", self.diagnostics);
            return;
        }
        let text =
            format!("the Ingress takes key and certificate from the Secret {name}, which is not among these objects");
        let finding = Diagnostic::note(Code::DeploymentConfig, secure.source(), secure.key_span("enable"), text);
        self.diagnostics
            .push(finding.remedy("Make it in the cluster, or give `keyStorePath`."));
    }

    pub(super) fn ingress(
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
}
