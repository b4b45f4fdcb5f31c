//! The Deployment: its containers' environment, when they are alive and ready, and how many there are.

use super::Decider;
use crate::deployment::catalogue::PULL_POLICIES;
use crate::deployment::model::{Asked, Autoscaler, Probe, Workload};
use crate::deployment::names::{holds_secret, is_domain};
use crate::diagnostics::{Code, Diagnostic};
use crate::micro_gw_file::{EnvironmentValue, Section};

impl Decider<'_> {
    /// Environment variables of the container. Secrets among them would stand in the generated files.
    pub(super) fn variables(&mut self, workload: Section<'_>) -> Vec<(String, EnvironmentValue)> {
        let mut variables = Vec::new();
        for (name, value, span) in workload.environment("env") {
            if matches!(&value, EnvironmentValue::Text(text) if holds_secret(&name, false, text)) {
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

    pub(super) fn workload(
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

    pub(super) fn probes(&mut self, section: Section<'_>) -> (Option<Probe>, Option<Probe>) {
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
    pub(super) fn readiness(&mut self, table: Section<'_>) -> Asked {
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
    pub(super) fn probed(&mut self, section: Section<'_>, key: &str) -> Option<&'static str> {
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

    pub(super) fn main_port(&self) -> Option<&'static str> {
        self.ports.named().first().map(|(name, _)| *name)
    }

    pub(super) fn autoscaler(&mut self, workload: Option<&Workload>) -> Option<Autoscaler> {
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
}
