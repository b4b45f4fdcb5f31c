//! Docker and Kubernetes files through the binary: what is written is started, and read back by another parser.

use crate::running::Running;
use crate::support::{Outcome, Place};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const DEFINITION: &str = "openapi: 3.0.0\ninfo: {title: Pets, version: '1'}\nservers: [{url: 'http://127.0.0.1:1/v1'}]\nx-wso2-transports: [http]\npaths:\n  /pet:\n    get: {responses: {}}\n";

/// A project of micro-gw with these settings of containers.
fn project(settings: &str) -> Place {
    let place = Place::new();
    place.write("Pets/api_definitions/pets.yaml", DEFINITION);
    place.write("Pets/policies.yaml", "subscriptionPolicies: []\n");
    place.write("Pets/conf/deployment-config.toml", settings);
    place
}

/// Every document of a YAML file, as Python reads it.
fn documents(place: &Place, name: &str) -> Vec<Value> {
    let output = Command::new("/usr/bin/python3")
        .args([
            "-c",
            "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))",
        ])
        .stdin(Stdio::from(
            std::fs::File::open(place.path().join(name)).expect("written"),
        ))
        .output()
        .expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What lines of a Dockerfile that begin with a word say, as lists.
fn lists(dockerfile: &str, word: &str) -> Vec<Vec<String>> {
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix(word));
    lines.map(|line| serde_json::from_str(line).expect("a list")).collect()
}

#[test]
fn the_folder_of_the_image_has_all_that_its_gateway_needs() {
    let place = project(
        "[docker.dockerConfig]\nenable = false\n[docker.dockerCopyFiles]\nenable = true\n[[docker.dockerCopyFiles.files]]\nsource = 'extra.conf'\ntarget = '/home/ballerina/conf/micro-gw.conf'\n",
    );
    // A path from where micro-gw was run: the folder that the project is in.
    place.write("extra.conf", "[listenerConfig]\nhttpPort = 0\nhttpsEnabled = false\n");
    let outcome = place
        .mgw(&[
            "build",
            "Pets",
            "--docker",
            "--docker-image",
            "pets:v1",
            "--docker-base-image",
            "debian:13-slim",
            "--output",
            "json",
        ])
        .exits(0)
        .says("docker build --platform linux/");
    let result = outcome.json();
    assert_eq!(
        result["artefacts"],
        serde_json::json!(["Pets/target/gen/target/docker/Pets"])
    );
    let context = "Pets/target/gen/target/docker/Pets";
    let dockerfile = place.read(&format!("{context}/Dockerfile"));
    assert!(
        dockerfile.contains("\nFROM debian:13-slim\n") && dockerfile.contains("\nUSER 10001:10001\n"),
        "{dockerfile}"
    );
    // The port is chosen by the system, so none is exposed.
    assert!(!dockerfile.contains("EXPOSE"), "{dockerfile}");
    // The image's file system below a folder of ours, and its command run there.
    let root = place.path().join("root");
    for pair in lists(&dockerfile, "COPY ") {
        let target = root.join(pair[1].trim_start_matches('/'));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("writable");
        let source = place.path().join(context).join(&pair[0]);
        // Of one file system, and large.
        std::fs::rename(source, target).expect("copied into the context");
    }
    let in_root = |word: &str| match word.strip_prefix('/') {
        Some(rest) => root.join(rest).display().to_string(),
        None => word.to_owned(),
    };
    let command = &lists(&dockerfile, "CMD ")[0];
    assert_eq!(command[..2], ["mgw", "run"]);
    let mut gateway = Command::new(root.join("usr/local/bin/mgw"));
    gateway
        .args(command[1..].iter().map(|word| in_root(word)))
        .args(["--output", "json"])
        .env_clear()
        .current_dir(root.join("home/ballerina"))
        .env("b7a_observability_metrics_prometheus_port", "0")
        .stdin(Stdio::null());
    let variables = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("ENV "))
        .expect("variables");
    for pair in variables.split(' ') {
        let (name, value) = pair.split_once('=').expect("a variable");
        gateway.env(name, in_root(value));
    }
    let mut gateway = Running::of(gateway);
    let up = gateway.json_line();
    assert_eq!((&up["project"], &up["https"]), (&"Pets".into(), &Value::Null));
    // The check of the image's health, against the admin listener of this gateway.
    let check = dockerfile
        .lines()
        .find(|line| line.starts_with("HEALTHCHECK"))
        .expect("a check");
    let words: Vec<String> = serde_json::from_str(check.split_once("CMD ").expect("a command").1).expect("a list");
    let ask = |url: &str| {
        let mut command = Command::new(root.join("usr/local/bin/mgw"));
        command.args(&words[1..]).env_clear().env("MGW_ADMIN_URL", url);
        Outcome::of(command)
    };
    let admin = up["admin"].as_str().expect("an address");
    let healthy = ask(admin).exits(0);
    assert!(healthy.stdout.starts_with("ready, serves "), "{}", healthy.stdout);
    gateway.signal("TERM");
    assert_eq!(gateway.end().code, 0);
    ask(admin).exits(13);
}

const KUBERNETES: &str = r#"
[kubernetes.kubernetesDeployment]
enable = true
replicas = '2'
env = '{ "listenerConfig_httpPort": "9191", "yes": "010", "key": {secretKeyRef: {key: "port", name: "s"}} }'
[kubernetes.kubernetesDeployment.readinessProbe]
enable = true
[kubernetes.kubernetesService]
enable = true
[kubernetes.secureKubernetesIngress]
enable = true
keyStorePath = 'store.p12'
keyStorePassword = '$env{STORE}'
[kubernetes.kubernetesConfigMap]
enable = true
[[kubernetes.kubernetesConfigMap.configMaps]]
name = 'files'
mountPath = '/files'
data = ['tricky.txt']
"#;

fn kubernetes() -> Place {
    let place = project(KUBERNETES);
    place.write("Pets/tricky.txt", "---\n{{ .Values.image }}\nyes: 'no\t\"\n\n  # end");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=pets",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(place.path())
        .output()
        .expect("openssl starts");
    assert!(made.status.success());
    let made = Command::new("openssl")
        .args([
            "pkcs12",
            "-export",
            "-inkey",
            "key.pem",
            "-in",
            "cert.pem",
            "-out",
            "Pets/store.p12",
            "-passout",
            "pass:canary",
        ])
        .current_dir(place.path())
        .status()
        .expect("openssl starts");
    assert!(made.success());
    place
}

fn with_store(place: &Place, words: &[&str]) -> Outcome {
    let mut command = place.command(words);
    command.env("STORE", "canary");
    Outcome::of(command)
}

#[test]
fn objects_and_chart_are_what_another_parser_reads_in_them() {
    let place = kubernetes();
    with_store(&place, &["build", "Pets"])
        .exits(0)
        .says("kubectl apply -f Pets/target/gen/target/kubernetes/Pets/Pets.yaml")
        .says("helm install pets Pets/target/gen/target/kubernetes/Pets/pets-deployment")
        .says("no encryption");
    let manifest = "Pets/target/gen/target/kubernetes/Pets/Pets.yaml";
    let all = documents(&place, manifest);
    let kinds: Vec<&str> = all
        .iter()
        .map(|object| object["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(kinds, ["Service", "Ingress", "Secret", "ConfigMap", "Deployment"]);
    let container = &all[4]["spec"]["template"]["spec"]["containers"][0];
    // The variable is the gateway's too.
    assert_eq!(container["ports"][0]["containerPort"], 9191);
    assert_eq!(all[0]["spec"]["ports"][0]["targetPort"], container["ports"][0]["name"]);
    assert_eq!(container["env"][1], serde_json::json!({"name": "yes", "value": "010"}));
    assert_eq!(all[3]["data"]["tricky.txt"], place.read("Pets/tricky.txt"));
    assert_eq!(all[1]["spec"]["tls"][0]["secretName"], all[2]["metadata"]["name"]);
    assert_eq!(all[2]["type"], "kubernetes.io/tls");
    let text = place.read(manifest);
    assert!(!text.contains("canary"));
    // The key is in them.
    for name in [
        manifest,
        "Pets/target/gen/target/kubernetes/Pets/pets-deployment/templates/pets.yaml",
    ] {
        use std::os::unix::fs::PermissionsExt;
        let mode = place
            .path()
            .join(name)
            .metadata()
            .expect("written")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // Written again, it is the same to the byte, and nothing old is left.
    place.write("Pets/target/gen/target/kubernetes/Pets/old.yaml", "old");
    with_store(&place, &["build", "Pets"]).exits(0);
    assert_eq!(place.read(manifest), text);
    assert!(
        !place
            .path()
            .join("Pets/target/gen/target/kubernetes/Pets/old.yaml")
            .exists()
    );
    // The chart is filled in with its values.
    let chart = "Pets/target/gen/target/kubernetes/Pets/pets-deployment";
    assert_eq!(
        documents(&place, &format!("{chart}/Chart.yaml"))[0]["name"],
        "pets-deployment"
    );
    let values = documents(&place, &format!("{chart}/values.yaml")).remove(0);
    let mut template = place.read(&format!("{chart}/templates/pets.yaml"));
    for (name, value) in values.as_object().expect("a map") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        template = template.replace(&format!("{{{{ .Values.{name} }}}}"), &value);
    }
    place.write("rendered.yaml", &template.replace("{{ \"{{\" }}", "{{"));
    assert_eq!(documents(&place, "rendered.yaml"), all);
}

#[test]
fn generate_writes_one_kind_and_leaves_the_others() {
    let place = project("");
    let outcome = place
        .mgw(&["generate", "docker", "Pets", "--image", "r.example/pets:1"])
        .exits(0);
    assert_eq!(outcome.stdout, "Pets/target/gen/target/docker/Pets\n");
    let outcome = place
        .mgw(&["generate", "kubernetes", "Pets", "--output", "json"])
        .exits(0);
    assert_eq!(
        outcome.json()["files"][0],
        "Pets/target/gen/target/kubernetes/Pets/Pets.yaml"
    );
    let all = documents(&place, "Pets/target/gen/target/kubernetes/Pets/Pets.yaml");
    assert_eq!(all.len(), 2);
    assert!(
        place
            .path()
            .join("Pets/target/gen/target/docker/Pets/Dockerfile")
            .is_file()
    );
    place.mgw(&["generate", "helm", "Pets"]).exits(0);
    assert!(
        place
            .path()
            .join("Pets/target/gen/target/kubernetes/Pets/pets-deployment/Chart.yaml")
            .is_file()
    );
    // Each way round, the other kind stays.
    for kind in ["kubernetes", "helm"] {
        place.mgw(&["generate", kind, "Pets"]).exits(0);
        for file in ["Pets.yaml", "pets-deployment/Chart.yaml"] {
            let path = place.path().join("Pets/target/gen/target/kubernetes/Pets").join(file);
            assert!(path.is_file(), "{kind} {file}");
        }
    }
    // A program for another system is no program of an image.
    place.write("mgw.exe", "MZ");
    place
        .mgw(&["generate", "docker", "Pets", "--program", "mgw.exe"])
        .exits(2)
        .says("MGW_LINUX_PROGRAM");
    place
        .mgw(&["generate", "docker", "Pets", "--image", "Pets"])
        .exits(2)
        .says("lower case");
}

#[test]
fn an_image_has_the_bundle_that_was_built() {
    let place = project("");
    place.mgw(&["keys", "new", "ci"]).exits(0);
    let bytes = |name: &str| std::fs::read(place.path().join(name)).expect("written");
    let (built, in_image) = ("Pets/target/Pets.zip", "Pets/target/gen/target/docker/Pets/pets.zip");
    let generate = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = place.command(&[&["generate", "docker", "Pets", "--output", "json"], words].concat());
        command.envs(variables.iter().copied());
        Outcome::of(command).exits(0)
    };
    // Nothing was built yet.
    let outcome = generate(&[], &[])
        .says("there is no Pets/target/Pets.zip")
        .says("Signed by nobody");
    assert_eq!(outcome.json()["bundle"]["built"], false);

    let revised = ["build", "Pets", "--sign", "ci", "--source-revision", "abc"];
    let digest = place
        .mgw(&[&revised[..], &["--output", "json"]].concat())
        .exits(0)
        .json()["digest"]
        .clone();
    let outcome = generate(&[], &[])
        .says("Took Pets/target/Pets.zip")
        .says("Signed with key");
    let bundle = outcome.json()["bundle"].clone();
    assert_eq!((&bundle["digest"], &bundle["built"]), (&digest, &true.into()));
    assert_eq!(bundle["key_ids"].as_array().map(Vec::len), Some(1));
    assert_eq!(bytes(in_image), bytes(built));
    // The build's own folder has it too, and stays as it is.
    place.mgw(&[&revised[..], &["--docker"]].concat()).exits(0);
    let of_build = bytes(in_image);
    generate(&[], &[("MGW_SOURCE_REVISION", "abc")]);
    assert_eq!((bytes(in_image), bytes(built)), (of_build.clone(), of_build));

    // Another revision is another bundle, as are other sources; a key that is named signs both.
    let outcome = generate(&["--sign", "ci"], &[("MGW_SOURCE_REVISION", "def")]);
    let bundle = outcome.says("is not what the project compiles to").json()["bundle"].clone();
    assert!(bundle["digest"] != digest && bundle["built"] == false);
    assert_eq!(bundle["key_ids"].as_array().map(Vec::len), Some(1));
    place.write("Pets/api_definitions/pets.yaml", &DEFINITION.replace("/pet:", "/cat:"));
    generate(&[], &[])
        .says("is not what the project compiles to")
        .says("Signed by nobody");
}

#[test]
fn an_image_that_asks_for_a_signature_is_told_when_there_is_none() {
    let place = project("");
    place.mgw(&["keys", "new", "ci"]).exits(0);
    place.write(
        "Pets/conf/micro-gw.conf",
        "[bundle]\ntrustedKeys = [\"/keys/ci.pem\"]\n",
    );
    for words in [&["generate", "docker", "Pets"][..], &["build", "Pets", "--docker"]] {
        place
            .mgw(words)
            .exits(0)
            .says("warning: the gateway of the image asks for a signature, and its bundle has none")
            .says("`mgw sign Pets --key KEY`");
    }
    place.mgw(&["sign", "Pets", "--key", "ci"]).exits(0);
    let outcome = place.mgw(&["generate", "docker", "Pets"]).exits(0);
    assert!(!outcome.stderr.contains("asks for a signature"), "{}", outcome.stderr);
    // Where no image is written, nobody is told; `cmd` asks as well.
    std::fs::remove_file(place.path().join("Pets/target/Pets.zip")).expect("built");
    let outcome = place.mgw(&["build", "Pets"]).exits(0);
    assert!(!outcome.stderr.contains("asks for a signature"), "{}", outcome.stderr);
    place.write("Pets/conf/micro-gw.conf", "");
    place.write(
        "Pets/conf/deployment-config.toml",
        "[docker.dockerConfig]\nenable = true\ncmd = 'CMD mgw run ${APP} --verify-key /keys/ci.pem'\n",
    );
    place.mgw(&["build", "Pets"]).exits(0).says("asks for a signature");
}

#[test]
fn settings_are_copied_checked_and_told() {
    let place = project("");
    place.write("d.toml", "[docker.dockerConfig]\nenable = true\nnme = 'x'\n");
    place
        .mgw(&["build", "Pets", "-d", "d.toml"])
        .exits(0)
        .says("Copied d.toml to Pets/conf/deployment-config.toml")
        .says("Did you mean `name`?");
    assert_eq!(place.read("Pets/conf/deployment-config.toml"), place.read("d.toml"));
    assert!(place.path().join("Pets/target/gen/target/docker/Pets/mgw").is_file());
    // Neither a file that is not there nor one that is no TOML changes anything.
    place
        .mgw(&["build", "Pets", "-d", "nowhere.toml"])
        .exits(7)
        .says("nowhere.toml");
    place.write("bad.toml", "[docker.dockerConfig]\npassword = 'canary\n");
    for words in [
        &["build", "Pets", "-d", "bad.toml"][..],
        &["init", "other", "-d", "bad.toml"],
    ] {
        let outcome = place.mgw(words).exits(3).says("bad.toml:2:");
        assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    }
    // Nor does one that cannot be used, or a program that is none.
    place.write("unusable.toml", "[docker.dockerConfig]\nenable = true\ntag = 'a b'\n");
    place
        .mgw(&["build", "Pets", "-d", "unusable.toml"])
        .exits(3)
        .says("unusable.toml:3:7");
    place.write("mgw.exe", "MZ");
    place.write("good.toml", "[docker.dockerConfig]\nenable = true\n");
    place
        .mgw(&["build", "Pets", "-d", "good.toml", "--program", "mgw.exe"])
        .exits(2);
    assert!(!place.path().join("other").exists());
    assert_eq!(place.read("Pets/conf/deployment-config.toml"), place.read("d.toml"));
    // What cannot be used keeps the bundle from being built, and `check` tells it too.
    place.write(
        "Pets/conf/deployment-config.toml",
        "[kubernetes.kubernetesJob]\nenable = true\n",
    );
    std::fs::remove_dir_all(place.path().join("Pets/target")).expect("built");
    place
        .mgw(&["check", "Pets"])
        .exits(3)
        .says("[deployment-config]")
        .says("CronJob");
    place.mgw(&["build", "Pets"]).exits(3).says("Nothing was built");
    assert!(!Path::new(&place.path().join("Pets/target")).exists());
    // Serving needs no containers.
    place.mgw(&["explain", "deployment-inert"]).exits(0);
}

#[test]
fn a_build_at_a_terminal_asks_for_the_image_as_micro_gw_did() {
    let place = project("");
    let outcome = crate::terminal::on_terminal(
        &place,
        &["build", "Pets", "--docker"],
        &[],
        &[("Name of the image", "mine:v2"), ("Image to build on", "")],
    )
    .exits(0);
    assert!(outcome.stdout.contains("-t mine:v2"), "{}", outcome.stdout);
    let dockerfile = place.read("Pets/target/gen/target/docker/Pets/Dockerfile");
    assert!(
        dockerfile.contains("FROM gcr.io/distroless/cc-debian13\n"),
        "{dockerfile}"
    );
    // Without one, the same names are taken.
    place.mgw(&["build", "Pets", "--docker"]).exits(0).says("-t pets:v1");
}

#[test]
fn only_what_is_written_needs_its_secrets() {
    let place = kubernetes();
    std::fs::rename(place.path().join("Pets/store.p12"), place.path().join("away.p12")).expect("ours");
    place.mgw(&["check", "Pets"]).exits(0);
    place.mgw(&["generate", "docker", "Pets"]).exits(0);
    place
        .mgw(&["generate", "kubernetes", "Pets"])
        .exits(3)
        .says("store.p12");
    std::fs::rename(place.path().join("away.p12"), place.path().join("Pets/store.p12")).expect("ours");
    place.mgw(&["build", "Pets"]).exits(3).says("STORE, which is not set");
}

#[test]
fn files_for_containers_make_no_other_bundle_and_go_when_nobody_wants_them() {
    let place = kubernetes();
    let digest = |outcome: &Outcome| {
        let lines = outcome.stderr.lines();
        lines
            .filter(|line| line.contains("Digest"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let first = with_store(&place, &["build", "Pets"]).exits(0).says("Built");
    let second = with_store(&place, &["build", "Pets"]).exits(0).says("Unchanged");
    assert_eq!(digest(&first), digest(&second));
    let written = place.path().join("Pets/target/gen/target");
    assert!(written.join("kubernetes/Pets/Pets.yaml").is_file() && written.join("docker/Pets/Dockerfile").is_file());
    // The key of the Ingress is in them.
    place.write("Pets/conf/deployment-config.toml", "");
    place
        .mgw(&["build", "Pets"])
        .exits(0)
        .says("Unchanged")
        .says("Removed Pets/target/gen/target/docker: this build was asked for none")
        .says("Removed Pets/target/gen/target/kubernetes: this build was asked for none");
    assert!(!written.join("kubernetes").exists() && !written.join("docker").exists());
    // So is what somebody has generated, where the bundle is another one now.
    place.mgw(&["generate", "docker", "Pets"]).exits(0);
    place.write("Pets/api_definitions/pets.yaml", &DEFINITION.replace("/pet:", "/cat:"));
    let outcome = place
        .mgw(&["build", "Pets"])
        .exits(0)
        .says("Removed Pets/target/gen/target/docker: this build was asked for none");
    assert!(!outcome.stderr.contains("kubernetes:"), "{}", outcome.stderr);
    assert!(!written.exists());
}
