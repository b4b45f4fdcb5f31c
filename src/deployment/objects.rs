//! Objects of Kubernetes, as values.

use super::decide::CONF_DIR;
use super::model::{Asked, Autoscaler, Claim, Deployment, Files, Ingress, Mount, Probe, Service, Texts, Workload};
use crate::micro_gw_file::EnvironmentValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The user of the container: none of the base image's.
pub(super) const USER: u32 = 10_001;

/// Asks the gateway in a container whether it takes traffic: the listener that knows is open there alone.
pub(super) fn ready(admin: u16) -> Vec<String> {
    let mut command = vec!["mgw".to_owned(), "status".to_owned(), "--ready".to_owned()];
    if admin != USUAL_ADMIN_PORT {
        command.extend(["--gateway".to_owned(), format!("http://localhost:{admin}")]);
    }
    command
}

/// Where `mgw status --ready` asks by itself.
const USUAL_ADMIN_PORT: u16 = 9797;

/// Every object of a deployment, those that others refer to first.
pub(super) fn objects(deployment: &Deployment) -> Vec<Value> {
    let project = &deployment.project;
    let objects = &deployment.objects;
    let mut all = Vec::new();
    all.extend(objects.services.iter().map(|service| self::service(project, service)));
    all.extend(objects.ingresses.iter().map(|ingress| self::ingress(project, ingress)));
    all.extend(objects.secrets.iter().map(|files| secret(project, files)));
    all.extend(objects.config_maps.iter().map(|files| config_map(project, files)));
    all.extend(objects.claim.iter().map(|claim| self::claim(project, claim)));
    all.extend(
        objects
            .workload
            .iter()
            .map(|workload| self::workload(deployment, workload)),
    );
    if let (Some(scaler), Some(workload)) = (&objects.autoscaler, &objects.workload) {
        all.push(autoscaler(project, scaler, workload));
    }
    all
}

fn metadata(project: &str, name: &str, labels: &Texts) -> Value {
    json!({ "name": name, "labels": labelled(project, labels) })
}

/// The label by which Services find the gateway is there, and no other in its place.
fn labelled(project: &str, labels: &Texts) -> Value {
    let mut all = Map::new();
    for (name, value) in labels {
        all.insert(name.clone(), json!(value));
    }
    all.insert("app".to_owned(), json!(project));
    Value::Object(all)
}

fn service(project: &str, service: &Service) -> Value {
    let ports: Vec<Value> = service
        .ports
        .iter()
        .map(|(name, port)| json!({ "name": name, "port": port, "targetPort": name, "protocol": "TCP" }))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(project, &service.name, &service.labels),
        "spec": { "type": service.kind, "selector": { "app": project }, "ports": ports },
    })
}

fn ingress(project: &str, ingress: &Ingress) -> Value {
    let mut metadata = metadata(project, &ingress.name, &ingress.labels);
    if !ingress.annotations.is_empty() {
        let annotations: Map<String, Value> = ingress
            .annotations
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        metadata["annotations"] = Value::Object(annotations);
    }
    let backend = json!({ "service": { "name": ingress.service, "port": { "name": ingress.port } } });
    let mut spec = json!({
        "ingressClassName": ingress.class,
        "rules": [{
            "host": ingress.host,
            "http": { "paths": [{ "path": ingress.path, "pathType": "Prefix", "backend": backend }] },
        }],
    });
    if let Some(secret) = &ingress.tls {
        spec["tls"] = json!([{ "hosts": [ingress.host], "secretName": secret }]);
    }
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec })
}

fn secret(project: &str, files: &Files) -> Value {
    let data: Map<String, Value> = files
        .data
        .iter()
        .map(|(name, bytes)| (name.clone(), json!(STANDARD.encode(bytes))))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(project, &files.name, &Texts::new()),
        "type": files.kind,
        "data": data,
    })
}

fn config_map(project: &str, files: &Files) -> Value {
    let (mut data, mut binary) = (Map::new(), Map::new());
    for (name, bytes) in &files.data {
        match std::str::from_utf8(bytes) {
            Ok(text) => data.insert(name.clone(), json!(text)),
            Err(_) => binary.insert(name.clone(), json!(STANDARD.encode(bytes))),
        };
    }
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(project, &files.name, &Texts::new()),
    });
    if !data.is_empty() {
        object["data"] = Value::Object(data);
    }
    if !binary.is_empty() {
        object["binaryData"] = Value::Object(binary);
    }
    object
}

fn claim(project: &str, claim: &Claim) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(project, &claim.name, &Texts::new()),
        "spec": { "accessModes": [claim.mode], "resources": { "requests": { "storage": claim.size } } },
    })
}

fn workload(deployment: &Deployment, workload: &Workload) -> Value {
    let objects = &deployment.objects;
    let mut volumes = Vec::new();
    let mut mounts = Vec::new();
    let mut mounted = |name: String, mount: &Mount, source: (&str, Value)| {
        volumes.push(json!({ "name": name, source.0: source.1 }));
        mounts.push(json!({ "name": name, "mountPath": mount.path, "readOnly": mount.read_only }));
    };
    for files in &objects.secrets {
        if let Some(mount) = &files.mount {
            let source = ("secret", json!({ "secretName": files.name }));
            mounted(volume("secret", &files.name), mount, source);
        }
    }
    for files in &objects.config_maps {
        if let Some(mount) = &files.mount {
            mounted(
                volume("config", &files.name),
                mount,
                ("configMap", json!({ "name": files.name })),
            );
        }
    }
    if let Some(claim) = &objects.claim {
        let source = json!({ "claimName": claim.name });
        mounted(
            volume("claim", &claim.name),
            &claim.mount,
            ("persistentVolumeClaim", source),
        );
    }
    let ports: Vec<Value> = deployment
        .ports
        .named()
        .into_iter()
        .map(|(name, port)| json!({ "name": name, "containerPort": port, "protocol": "TCP" }))
        .collect();
    let mut container = json!({
        "name": deployment.project,
        "image": workload.image,
        "imagePullPolicy": workload.pull_policy,
        "ports": ports,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
        },
    });
    let mut environment: Vec<Value> = workload.environment.iter().map(variable).collect();
    if has_mounted_settings(deployment) && !workload.environment.iter().any(|(name, _)| name == "MGW_CONF_DIR") {
        environment.insert(0, json!({ "name": "MGW_CONF_DIR", "value": CONF_DIR }));
    }
    if !environment.is_empty() {
        container["env"] = Value::Array(environment);
    }
    if objects.autoscaler.is_some() {
        // What an autoscaler compares the use with.
        container["resources"] = json!({ "requests": { "cpu": "250m", "memory": "64Mi" } });
    }
    if let Some(probe) = &workload.liveness {
        container["livenessProbe"] = self::probe(probe);
    }
    if let Some(probe) = &workload.readiness {
        container["readinessProbe"] = self::probe(probe);
    }
    if !mounts.is_empty() {
        container["volumeMounts"] = Value::Array(mounts);
    }
    let mut pod = json!({
        "automountServiceAccountToken": false,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [container],
    });
    if !workload.pull_secrets.is_empty() {
        let names = workload.pull_secrets.iter().map(|name| json!({ "name": name }));
        pod["imagePullSecrets"] = names.collect();
    }
    if !volumes.is_empty() {
        pod["volumes"] = Value::Array(volumes);
    }
    let mut spec = json!({
        "selector": { "matchLabels": { "app": deployment.project } },
        "template": {
            "metadata": { "labels": labelled(&deployment.project, &workload.labels) },
            "spec": pod,
        },
    });
    // With an autoscaler, applying the file again must not undo what it decided.
    if objects.autoscaler.is_none() {
        spec["replicas"] = json!(workload.replicas);
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(&deployment.project, &workload.name, &workload.labels),
        "spec": spec,
    })
}

/// Whether the gateway's settings are mounted where it looks for them.
fn has_mounted_settings(deployment: &Deployment) -> bool {
    let mut maps = deployment.objects.config_maps.iter().chain(&deployment.objects.secrets);
    maps.any(|files| files.settings().is_some())
}

/// The name of a volume has 63 characters at the most.
fn volume(kind: &str, name: &str) -> String {
    let name: String = name.chars().take(63 - kind.len() - 1).collect();
    format!("{kind}-{}", name.trim_end_matches('-'))
}

fn variable((name, value): &(String, EnvironmentValue)) -> Value {
    match value {
        EnvironmentValue::Text(text) => json!({ "name": name, "value": text }),
        EnvironmentValue::From(reference) => {
            let fields: Map<String, Value> = reference
                .fields
                .iter()
                .map(|(field, value)| (field.clone(), json!(value)))
                .collect();
            json!({ "name": name, "valueFrom": { reference.kind: fields } })
        }
    }
}

fn probe(probe: &Probe) -> Value {
    let mut value = match probe.asks {
        Asked::Listener(port) => {
            let scheme = if port == "http" { "HTTP" } else { "HTTPS" };
            json!({ "httpGet": { "path": "/health", "port": port, "scheme": scheme } })
        }
        Asked::Admin(port) => json!({ "exec": { "command": ready(port) } }),
    };
    value["initialDelaySeconds"] = json!(probe.initial_delay);
    value["periodSeconds"] = json!(probe.period);
    value["timeoutSeconds"] = json!(3);
    value
}

fn autoscaler(project: &str, scaler: &Autoscaler, workload: &Workload) -> Value {
    let target = json!({ "type": "Utilization", "averageUtilization": scaler.cpu });
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(project, &scaler.name, &scaler.labels),
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name },
            "minReplicas": scaler.min,
            "maxReplicas": scaler.max,
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": target } }],
        },
    })
}
