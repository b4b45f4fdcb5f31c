//! From settings to files that Docker, Kubernetes and Helm take, and what is said about mistakes.

mod image_folder;
mod mistakes;

use super::catalogue::BLOCKS;
use super::decide::{Facts, Wanted, decide};
use super::manifests;
use super::model::{Deployment, Gateway, Ports};
use super::write::OutputFile;
use crate::context::Environment;
use crate::diagnostics::{Diagnostics, Severity, render};
use crate::micro_gw_file::{SettingsFile, tables};
use crate::yaml::{Format, parse};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const GATEWAY: Gateway = Gateway {
    ports: PORTS,
    checks_signatures: false,
};

const PORTS: Ports = Ports {
    http: Some(9090),
    https: Some(9095),
    token: None,
    admin: Some(9797),
};

/// The folder of a project with files that settings name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("extra.txt", &b"text"[..]),
        ("secret.txt", b"canary-secret"),
        (
            "tricky.yaml",
            b"---\nyes: no\n{{ .Values.image }}\n\ttab: \"\\\" '\n# end",
        ),
        ("binary.bin", &[0xff, 0, 1]),
        ("micro-gw.conf", b"[listenerConfig]\nhttpPort = 9190\n"),
        (
            "secrets.conf",
            b"[keyManager]\nclientSecret = 'canary'\n[[a]]\nb = {password = 'canary'}\n[listenerConfig]\nkeyStorePassword = 'ballerina'\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn decided(text: &str, wanted: &Wanted, folder: &Path) -> (Deployment, Diagnostics) {
    decided_with(text, wanted, folder, PORTS, &[("STORE", "pass")])
}

fn decided_with(
    text: &str,
    wanted: &Wanted,
    folder: &Path,
    ports: Ports,
    variables: &[(&str, &str)],
) -> (Deployment, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let file = SettingsFile::parse("d.toml", text.into()).unwrap();
    let environment: Environment = variables.iter().copied().collect();
    let facts = Facts {
        project: "Pizza_Shack",
        root: folder,
        settings: None,
        environment: Some(&environment),
    };
    let gateway = Gateway { ports, ..GATEWAY };
    let deployment = decide(&file, wanted, facts, |_, _, _| Ok(gateway), &mut diagnostics);
    diagnostics.sort();
    (deployment, diagnostics)
}

fn told(diagnostics: &Diagnostics) -> Vec<String> {
    for finding in diagnostics.iter() {
        assert!(!render(finding, false).contains("canary"), "{}", render(finding, false));
    }
    diagnostics.iter().map(ToString::to_string).collect()
}

/// Every document of a file, read back.
fn documents(text: &str) -> Vec<Value> {
    let parts = text.split("\n---\n").skip(1);
    let read = |part: &str| {
        let (_, node) = parse("m.yaml", part.as_bytes().to_vec(), Format::Yaml)
            .unwrap_or_else(|error| panic!("{error} at {:?} of\n{part}", error.position()));
        node.to_json()
    };
    parts.map(read).collect()
}

fn of_kind<'a>(documents: &'a [Value], kind: &str) -> Vec<&'a Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// Everything that can be enabled.
const EVERYTHING: &str = r#"
[docker.dockerConfig]
enable = true
name = "shop"
registry = "registry.example:5000"
tag = "v2"
baseImage = "debian:13"
cmd = "CMD gateway ${APP} --b7a.log.level=DEBUG"

[docker.dockerCopyFiles]
enable = 'true'
[[docker.dockerCopyFiles.files]]
source = "extra.txt"
target = "/home/ballerina/extra/"
[[docker.dockerCopyFiles.files]]
source = "micro-gw.conf"
target = "/anywhere"
isBallerinaConf = 'true'
[[docker.dockerCopyFiles.files]]
source = ""
target = ""

[kubernetes.kubernetesDeployment]
enable = true
labels = '{"team": "pizza", "app": "other"}'
replicas = '2'
enableLiveness = 'true'
livenessPort = '9095'
imagePullPolicy = 'always'
imagePullSecrets = '["pull"]'
env = '{ "listenerConfig_httpPort": {secretKeyRef: {key: "port", name: "test-secret"}} , "b7a_log_level": "DEBUG", "yes": "no" }'
copyFiles = ''
[kubernetes.kubernetesDeployment.readinessProbe]
enable = true
periodSeconds = 7

[kubernetes.kubernetesService]
enable = true
serviceType = 'NodePort'
port = '443'

[kubernetes.kubernetesIngress]
enable = true
hostname = "api.example.com"
annotations = '{"a.example/b": "{{ not helm }}"}'
targetPath = "/x"

[kubernetes.secureKubernetesIngress]
enable = true
path = "/shop"

[kubernetes.kubernetesHpa]
enable = true
cpuPrecentage = '70'

[kubernetes.kubernetesSecret]
enable = true
[[kubernetes.kubernetesSecret.secrets]]
name = "keys"
mountPath = "/home/ballerina/keys/"
data = ["secret.txt"]

[kubernetes.kubernetesConfigMap]
enable = true
ballerinaConf = "micro-gw.conf"
[[kubernetes.kubernetesConfigMap.configMaps]]
name = "files"
mountPath = "/home/ballerina/files"
readOnly = false
data = '["tricky.yaml", "binary.bin"]'

[kubernetes.kubernetesPersistentVolumeClaim]
enable = true
mountPath = "/home/ballerina/usage"
volumeClaimSize = "1Gi"
"#;

#[test]
fn every_object_is_there_and_refers_to_others_that_are() {
    let folder = folder();
    let (deployment, diagnostics) = decided(EVERYTHING, &Wanted::default(), folder.path());
    let told = told(&diagnostics);
    assert!(
        diagnostics.iter().all(|finding| finding.severity != Severity::Error),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .any(|text| text.contains("secret.txt in base64, which is no encryption")),
        "{told:#?}"
    );
    let text = manifests::manifest(&deployment).unwrap();
    let all = documents(&text);
    let kinds: Vec<String> = all
        .iter()
        .map(|object| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {}",
                text(&object["apiVersion"]),
                text(&object["kind"]),
                text(&object["metadata"]["name"])
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "v1 Service pizza-shack",
            "networking.k8s.io/v1 Ingress pizza-shack-ingress",
            "networking.k8s.io/v1 Ingress pizza-shack-secure-ingress",
            "v1 Secret keys",
            "v1 ConfigMap pizza-shack-micro-gw-conf",
            "v1 ConfigMap files",
            "v1 PersistentVolumeClaim pizza-shack-pvc",
            "apps/v1 Deployment pizza-shack-deployment",
            "autoscaling/v2 HorizontalPodAutoscaler pizza-shack-hpa",
        ]
    );
    let deployment_object = of_kind(&all, "Deployment")[0];
    let pod = &deployment_object["spec"]["template"];
    let container = &pod["spec"]["containers"][0];
    // The Service finds the gateway, and its ports are those of the container.
    let service = of_kind(&all, "Service")[0];
    for (name, value) in service["spec"]["selector"].as_object().unwrap() {
        assert_eq!(pod["metadata"]["labels"][name], *value);
        assert_eq!(deployment_object["spec"]["selector"]["matchLabels"][name], *value);
    }
    assert_eq!(
        pod["metadata"]["labels"],
        json!({"team": "pizza", "app": "pizza-shack"})
    );
    let named: BTreeSet<&str> = container["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| port["name"].as_str().unwrap())
        .collect();
    for port in service["spec"]["ports"].as_array().unwrap() {
        assert!(named.contains(port["targetPort"].as_str().unwrap()));
    }
    assert_eq!(service["spec"]["type"], "NodePort");
    assert_eq!(
        service["spec"]["ports"][1],
        json!({"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"})
    );
    // Ingresses lead to ports that the Service has.
    for ingress in of_kind(&all, "Ingress") {
        let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
        assert_eq!(backend["name"], service["metadata"]["name"]);
        let ports = service["spec"]["ports"].as_array().unwrap();
        assert!(
            ports.iter().any(|port| port["name"] == backend["port"]["name"]),
            "{ingress}"
        );
        assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    }
    let plain = of_kind(&all, "Ingress")[0];
    assert_eq!(plain["spec"]["rules"][0]["host"], "api.example.com");
    assert_eq!(
        plain["metadata"]["annotations"],
        json!({"a.example/b": "{{ not helm }}", "nginx.ingress.kubernetes.io/rewrite-target": "/x"})
    );
    let secure = of_kind(&all, "Ingress")[1];
    assert_eq!(
        secure["spec"]["tls"],
        json!([{"hosts": ["pizza-shack.com"], "secretName": "pizza-shack-tls-ingress"}])
    );
    assert_eq!(
        secure["metadata"]["annotations"]["nginx.ingress.kubernetes.io/backend-protocol"],
        "HTTPS"
    );
    // Every volume is there, and everything that it is of.
    let volumes: BTreeMap<&str, &Value> = pod["spec"]["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|volume| (volume["name"].as_str().unwrap(), volume))
        .collect();
    let has = |kind: &str, name: &Value| {
        of_kind(&all, kind)
            .iter()
            .any(|object| object["metadata"]["name"] == *name)
    };
    let mut paths = Vec::new();
    for mount in container["volumeMounts"].as_array().unwrap() {
        let volume = volumes[mount["name"].as_str().unwrap()];
        let found = has("Secret", &volume["secret"]["secretName"])
            || has("ConfigMap", &volume["configMap"]["name"])
            || has("PersistentVolumeClaim", &volume["persistentVolumeClaim"]["claimName"]);
        assert!(found, "{volume}");
        paths.push((
            mount["mountPath"].as_str().unwrap(),
            mount["readOnly"].as_bool().unwrap(),
        ));
    }
    assert_eq!(
        paths,
        [
            ("/home/ballerina/keys", true),
            ("/home/ballerina/conf", true),
            ("/home/ballerina/files", false),
            ("/home/ballerina/usage", false),
        ]
    );
    // What is in files comes back byte for byte.
    let maps = of_kind(&all, "ConfigMap");
    assert_eq!(maps[0]["data"]["micro-gw.conf"], "[listenerConfig]\nhttpPort = 9190\n");
    let tricky = std::fs::read_to_string(folder.path().join("tricky.yaml")).unwrap();
    assert_eq!(maps[1]["data"]["tricky.yaml"], tricky);
    assert_eq!(maps[1]["binaryData"]["binary.bin"], "/wAB");
    assert_eq!(of_kind(&all, "Secret")[0]["data"]["secret.txt"], "Y2FuYXJ5LXNlY3JldA==");
    assert!(!text.contains("canary"));
    // The container.
    assert_eq!(container["image"], "registry.example:5000/shop:v2");
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!(pod["spec"]["imagePullSecrets"], json!([{"name": "pull"}]));
    assert_eq!(
        container["env"],
        json!([
            {"name": "MGW_CONF_DIR", "value": "/home/ballerina/conf"},
            {"name": "listenerConfig_httpPort", "valueFrom": {"secretKeyRef": {"key": "port", "name": "test-secret"}}},
            {"name": "b7a_log_level", "value": "DEBUG"},
            {"name": "yes", "value": "no"},
        ])
    );
    assert_eq!(
        container["livenessProbe"],
        json!({"httpGet": {"path": "/health", "port": "https", "scheme": "HTTPS"}, "initialDelaySeconds": 10, "periodSeconds": 5, "timeoutSeconds": 3})
    );
    assert_eq!(
        container["readinessProbe"]["exec"]["command"],
        json!(["mgw", "status", "--ready"])
    );
    assert_eq!(container["readinessProbe"]["periodSeconds"], 7);
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    // The autoscaler decides how many there are, by a request that the container makes.
    let scaler = of_kind(&all, "HorizontalPodAutoscaler")[0];
    assert_eq!(
        scaler["spec"]["scaleTargetRef"]["name"],
        deployment_object["metadata"]["name"]
    );
    assert_eq!(
        (&scaler["spec"]["minReplicas"], &scaler["spec"]["maxReplicas"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        scaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"],
        70
    );
    assert!(container["resources"]["requests"]["cpu"].is_string());
    assert_eq!(deployment_object["spec"].get("replicas"), None);
}

#[test]
fn what_is_not_enabled_is_not_written() {
    let folder = folder();
    let off = EVERYTHING
        .replace("enable = true", "enable = false")
        .replace("enable = 'true'", "");
    for text in ["", &off] {
        let (deployment, diagnostics) = decided(text, &Wanted::default(), folder.path());
        assert!(!deployment.has_image() && !deployment.has_objects(), "{text}");
        assert_eq!(told(&diagnostics), Vec::<String>::new());
    }
}

#[test]
fn defaults_are_those_of_micro_gw() {
    let folder = folder();
    let wanted = Wanted {
        objects: true,
        ..Wanted::default()
    };
    let (deployment, diagnostics) = decided("", &wanted, folder.path());
    assert_eq!(told(&diagnostics), Vec::<String>::new());
    let all = documents(&manifests::manifest(&deployment).unwrap());
    assert_eq!(all.len(), 2);
    let container = &all[1]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(all[1]["spec"]["replicas"], 1);
    assert_eq!(container["image"], "pizza-shack:latest");
    assert_eq!(container["imagePullPolicy"], "IfNotPresent");
    assert_eq!(container.get("env"), None);
    assert_eq!(all[0]["spec"]["type"], "ClusterIP");
    // One Service for each listener.
    let text = "[kubernetes.kubernetesServiceHttps]\nenable = true\n[kubernetes.kubernetesServiceHttp]\nenable = true\nport = 80\n";
    let (deployment, _) = decided(text, &Wanted::default(), folder.path());
    let all = documents(&manifests::manifest(&deployment).unwrap());
    let named: Vec<(&Value, &Value)> = all
        .iter()
        .map(|service| (&service["metadata"]["name"], &service["spec"]["ports"][0]["port"]))
        .collect();
    assert_eq!(
        named,
        [
            (&json!("pizza-shack-https"), &json!(9095)),
            (&json!("pizza-shack-http"), &json!(80))
        ]
    );
}

#[test]
fn the_chart_gives_what_the_objects_are() {
    let folder = folder();
    for text in [
        EVERYTHING.to_owned(),
        EVERYTHING.replace(
            "[kubernetes.kubernetesHpa]\nenable = true",
            "[kubernetes.kubernetesHpa]",
        ),
    ] {
        let (deployment, _) = decided(&text, &Wanted::default(), folder.path());
        let (name, files) = manifests::chart(&deployment, "1.2.3").unwrap();
        assert_eq!(name, "pizza-shack-deployment");
        let file = |name: &str| match &files[name] {
            OutputFile::Bytes(bytes) | OutputFile::Private(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            OutputFile::Program(path) => panic!("{}", path.display()),
        };
        let read = |text: &str| {
            parse("v.yaml", text.as_bytes().to_vec(), Format::Yaml)
                .unwrap()
                .1
                .to_json()
        };
        let chart = read(&file("Chart.yaml"));
        assert_eq!(
            (&chart["apiVersion"], &chart["name"], &chart["appVersion"]),
            (&json!("v2"), &json!(name), &json!("1.2.3"))
        );
        let values = read(&file("values.yaml"));
        // All that the template has of Helm's language: values, and texts in quotes.
        let mut rendered = file("templates/pizza-shack.yaml");
        for (key, value) in values.as_object().unwrap() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            rendered = rendered.replace(&format!("{{{{ .Values.{key} }}}}"), &text);
        }
        let rendered = rendered.replace("{{ \"{{\" }}", "\u{1}");
        assert!(!rendered.contains("{{"), "{rendered}");
        let rendered = rendered.replace('\u{1}', "{{");
        assert_eq!(
            documents(&rendered),
            documents(&manifests::manifest(&deployment).unwrap())
        );
    }
}

#[test]
fn settings_in_a_secret_are_the_gateways_too() {
    let folder = folder();
    let text = "[kubernetes.kubernetesSecret]\nenable = true\n[[kubernetes.kubernetesSecret.secrets]]\nname = 'conf'\n\
                mountPath = '/home/ballerina/conf'\ndata = ['micro-gw.conf']\n";
    let file = SettingsFile::parse("d.toml", text.into()).unwrap();
    let environment = Environment::default();
    let facts = Facts {
        project: "shop",
        root: folder.path(),
        settings: None,
        environment: Some(&environment),
    };
    let gateway = |settings: Option<&[u8]>, _: &[(String, String)], _: &[(String, String)]| {
        assert!(settings.is_some_and(|settings| settings.ends_with(b"9190\n")));
        Ok(GATEWAY)
    };
    let deployment = decide(&file, &Wanted::default(), facts, gateway, &mut Diagnostics::default());
    assert!(matches!(
        manifests::manifest_file(&deployment),
        Ok(OutputFile::Private(_))
    ));
}

/// `UPDATE_DOCS=1 cargo test -p mgw --lib deployment` writes the page anew.
#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference/deployment-config.md");
    let page = format!(
        "# `deployment-config.toml`\n\n<!-- Generated from the table that the file is held against; a test keeps it current. -->\n\n\
         `conf/deployment-config.toml` of the project says what `mgw build` writes beside the bundle: a folder from which an image is built, objects of \
         Kubernetes, a Helm chart; [Docker and Kubernetes files](../how-to/docker-kubernetes.md) shows how. The format is that of micro-gw: everything may \
         be written as text, maps and lists too, as `labels = '{{\"team\": \"pizza\"}}'`, and an empty text says nothing. Unknown keys are warnings, \
         values that cannot be used are errors (`deployment-config`), keys without effect are told (`deployment-inert`), as are secrets \
         (`deployment-secret`). `PROJECT` is the project's name in lower case.\n{}",
        tables(BLOCKS)
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page is writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/src/reference/deployment-config.md is out of date; write it with UPDATE_DOCS=1 cargo test -p mgw --lib deployment"
    );
}
