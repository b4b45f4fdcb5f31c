//! What is said of settings, and of which.

use super::*;
use crate::deployment::decide::BASE_IMAGE;

#[test]
fn mistakes_have_places_and_reasons() {
    let folder = folder();
    let table: &[(&str, &str)] = &[
        (
            "[docker.dockerConfg]\nenable = true\n",
            "d.toml:1:9: warning: `docker` has no `dockerConfg`; it is ignored",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = 'yes'\n",
            "d.toml:2:10: error: `kubernetes.kubernetesDeployment.enable` should be `true` or `false`, found a text",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\nreplicas = 'two'\n",
            "d.toml:3:12: error: `kubernetes.kubernetesDeployment.replicas` should be a whole number from 1 to 10000, found a text",
        ),
        ("[kubernetes.kubernetesDeployment]\nlabels = '{\"a\": '\n", "d.toml:2:"),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\nenv = '{\"a\": {secretKeyRf: {name: x, key: y}}}'\n",
            "d.toml:3:28: error: `a` has `secretKeyRf`, which is no reference; did you mean `secretKeyRef`?",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\nenv = '{\"keystore_password\": \"canary\"}'\n",
            "d.toml:3:30: error: the value of `keystore_password` would stand in clear text in the Deployment",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\nimage = 'Shop'\n",
            "d.toml:3:9: error: \"Shop\" cannot be the name of an image",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\nlivenessPort = 1\nenableLiveness = true\n",
            "d.toml:3:16: error: nothing listens on 1: the gateway listens on 9090, 9095",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\npush = 'true'\n",
            "d.toml:3:1: warning: `kubernetes.kubernetesDeployment.push` has no effect: mgw pushes nothing; `docker push` does",
        ),
        (
            "[docker.dockerConfig]\npassword = 'canary'\n",
            "d.toml:2:1: note: `docker.dockerConfig.password` has no effect: mgw pushes nothing; sign in with `docker login`",
        ),
        (
            "[docker.dockerConfig]\nenable = true\nbaseImage = 'wso2/wso2micro-gw:3.2.0'\n",
            "d.toml:3:13: warning: the image wso2/wso2micro-gw:3.2.0 runs what micro-gw builds; gcr.io/distroless/cc-debian13 is taken instead",
        ),
        (
            "[docker.dockerConfig]\nenable = true\n[docker.dockerCopyFiles]\nenable = true\n[[docker.dockerCopyFiles.files]]\nsource = 'nowhere'\ntarget = '/a'\n",
            "d.toml:6:10: error: ",
        ),
        (
            "[docker.dockerConfig]\nenable = true\n[docker.dockerCopyFiles]\nenable = true\n[[docker.dockerCopyFiles.files]]\nsource = 'extra.txt'\ntarget = 'a'\n",
            "d.toml:7:10: error: `target` \"a\" is no absolute path",
        ),
        (
            "[kubernetes.kubernetesService]\nenable = true\nserviceType = 'NodPort'\n",
            "d.toml:3:15: error: `kubernetes.kubernetesService.serviceType` should be one of `ClusterIP`, `NodePort`, `LoadBalancer`, found a text",
        ),
        (
            "[kubernetes.kubernetesServiceToken]\nenable = true\n",
            "d.toml:2:10: error: nothing is served at the listener `token`, so the Service leads nowhere",
        ),
        (
            "[kubernetes.kubernetesIngress]\nenable = true\n",
            "d.toml:2:10: error: there is no Service that the Ingress could lead to",
        ),
        (
            "[kubernetes.kubernetesHpa]\nenable = true\n",
            "d.toml:2:10: error: there is no Deployment that could be scaled",
        ),
        (
            "[kubernetes.kubernetesJob]\nenable = true\n",
            "d.toml:2:10: error: a gateway does not end, so it is neither a Job nor a CronJob",
        ),
        (
            "[kubernetes.kubernetesSecret]\nenable = true\n[[kubernetes.kubernetesSecret.secrets]]\nname = 'A'\ndata = ['extra.txt']\n",
            "d.toml:4:8: error: \"A\" cannot be the name of an object",
        ),
        (
            "[kubernetes.kubernetesPersistentVolumeClaim]\nenable = true\nmountPath = '/a'\nvolumeClaimSize = '1GB'\n",
            "d.toml:4:19: error: \"1GB\" cannot be the size of a claim",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenable = true\n[kubernetes.kubernetesHpa]\nenable = true\nminReplicas = '18446744073709551615'\n",
            "d.toml:5:15: error: `kubernetes.kubernetesHpa.minReplicas` should be a whole number from 1 to 10000",
        ),
        (
            "[docker.dockerConfig]\nenable = true\ncmd = 'CMD gateway ${APP} --keyManager.clientSecret=canary'\n",
            "d.toml:3:7: error: the value of `keyManager.clientSecret` would stand in clear text in the image",
        ),
        (
            "[docker.dockerConfig]\nenable = true\ncmd = 'CMD sh --password=canary'\n",
            "d.toml:3:7: error: `cmd` cannot be carried over: ",
        ),
        // Lines that may hold a secret are not shown.
        (
            "[kubernetes.kubernetesDeployment]\npasword = 'canary'\n",
            "d.toml:2:1: warning: `kubernetes.kubernetesDeployment` has no `pasword`; it is ignored",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenv = '{\"DB_PASSWORD\": \"canary\", \"a b\": \"c\"}'\n",
            "d.toml:2:41: error: `a b` cannot be the name of an environment variable",
        ),
        (
            "[kubernetes.kubernetesDeployment]\nenv = '{\"A\": \"canary\", \"b\": '\n",
            "d.toml:2:",
        ),
        (
            "[kubernetes.kubernetesConfigMap]\nenable = true\nballerinaConf = 'secrets.conf'\n",
            "d.toml:3:17: warning: `keyManager.clientSecret` and 1 more of the gateway's settings would stand in clear text in a ConfigMap",
        ),
        (
            "[docker.dockerConfig]\nenable = true\n[docker.dockerCopyFiles]\nenable = true\n[[docker.dockerCopyFiles.files]]\nsource = 'secrets.conf'\nisBallerinaConf = true\n",
            "d.toml:6:10: warning: `keyManager.clientSecret` and 1 more of the gateway's settings would stand in clear text in the image",
        ),
        (
            "[docker.dockerConfig]\nenable = true\n[docker.dockerCopyFiles]\nenable = true\n[[docker.dockerCopyFiles.files]]\nsource = 'extra.txt'\ntarget = '/a/$HOME'\n",
            "d.toml:7:10: error: `target` \"/a/$HOME\" has a `$`, which Docker takes for a variable",
        ),
        (
            "[docker.dockerConfig]\nenable = true\n[docker.dockerCopyFiles]\nenable = true\n[[docker.dockerCopyFiles.files]]\nsource = '/etc/passwd'\ntarget = '/a'\n",
            "d.toml:6:10: warning: /etc/passwd is neither in the project nor in the folder that it is in",
        ),
        (
            "[kubernetes.kubernetesPersistentVolumeClaim]\nenable = true\nmountPath = '/home/ballerina/'\nvolumeClaimSize = '1Gi'\n",
            "d.toml:3:13: error: a volume at /home/ballerina hides what the container runs",
        ),
        (
            "[kubernetes.kubernetesService]\nenable = true\n[kubernetes.kubernetesServiceHttp]\nenable = true\n",
            "d.toml:4:10: warning: `kubernetesServiceHttp` has no effect beside `kubernetesService`",
        ),
        (
            "docker = []\n",
            "d.toml:1:10: error: `docker` should be a table, found an empty list",
        ),
        (
            "[kubernetes.kubernetesService]\nenable = true\nlabels = '{\"app\": \"x\"}'\n",
            "d.toml:3:10: warning: the label `app` stays `pizza-shack`",
        ),
        (
            "[[filters]]\nname = 'A'\nposition = 1\n",
            "d.toml:2:1: note: `filters.name` has no effect: extension filters are not run",
        ),
        (
            "[kubernetes.kubernetesService]\nenable = true\n[kubernetes.secureKubernetesIngress]\nenable = true\nkeyStorePath = 'extra.txt'\nkeyStorePassword = '$env{NOT_SET}'\n",
            "d.toml:6:20: error: `keyStorePassword` names the variable NOT_SET, which is not set",
        ),
        (
            "[kubernetes.kubernetesService]\nenable = true\n[kubernetes.secureKubernetesIngress]\nenable = true\nkeyStorePath = 'extra.txt'\nkeyStorePassword = 'canary'\n",
            "d.toml:5:16: error: the key store extra.txt cannot be opened: ",
        ),
    ];
    let many = vec!["''"; 257].join(", ");
    let many = format!("[kubernetes.kubernetesDeployment]\nimagePullSecrets = [{many}]\n");
    let of_many = (
        many.as_str(),
        "d.toml:2:20: error: there are 257 entries, more than 256",
    );
    for (text, expected) in table.iter().chain([&of_many]) {
        let (_, diagnostics) = decided(text, &Wanted::default(), folder.path());
        let told = told(&diagnostics);
        assert!(
            told.iter().any(|told| told.starts_with(expected)),
            "{text}\n{expected}\n{told:#?}"
        );
    }
}

/// An image whose command does not start a gateway is none.
#[test]
fn settings_of_cmd_that_no_gateway_takes_are_errors_there() {
    let folder = folder();
    let wanted = Wanted::default();
    let told_of = |text: &str, works: fn(&[(String, String)]) -> bool| {
        let file = SettingsFile::parse("d.toml", text.into()).unwrap();
        let facts = Facts {
            project: "Pizza_Shack",
            root: folder.path(),
            settings: Some(b""),
            environment: None,
        };
        let mut diagnostics = Diagnostics::default();
        let ports = |_: Option<&[u8]>, _: &[(String, String)], sets: &[(String, String)]| match works(sets) {
            true => Ok(GATEWAY),
            false => Err("unknown key `a.b`".to_owned()),
        };
        decide(&file, &wanted, facts, ports, &mut diagnostics);
        told(&diagnostics)
    };
    let text = "[docker.dockerConfig]\nenable = true\ncmd = 'CMD gateway ${APP} --a.b=canary'\n";
    let told = told_of(text, <[_]>::is_empty);
    assert_eq!(
        told,
        ["d.toml:3:7: error: the gateway cannot be started by `cmd`: unknown key `a.b`"]
    );
    // What is wrong without it as well is told of the settings.
    let told = told_of(text, |_| false);
    assert!(
        told[0].contains("warning: the gateway's settings cannot be used as they are"),
        "{told:?}"
    );
}

#[test]
fn what_is_disabled_says_nothing_about_what_is_enabled() {
    let folder = folder();
    let text = "[docker.dockerConfig]\nbaseImage = 'debian:12'\ncmd = 'CMD gateway ${APP} --a.b=c'\nname = 'other'\n\
                [kubernetes.kubernetesDeployment]\nenable = true\nimage = 'r.example/shop:9'\n";
    let (deployment, diagnostics) = decided(text, &Wanted::default(), folder.path());
    assert_eq!(told(&diagnostics), Vec::<String>::new());
    let image = deployment.image.unwrap();
    assert_eq!((image.base.as_str(), image.arguments.len()), (BASE_IMAGE, 0));
    // A flag names the image that is built; what a Deployment runs stays what its settings say.
    let wanted = Wanted {
        image: true,
        name: Some("mine:v1".to_owned()),
        ..Wanted::default()
    };
    let (deployment, _) = decided(text, &wanted, folder.path());
    assert_eq!(deployment.objects.workload.unwrap().image, "r.example/shop:9");
    let image = deployment.image.unwrap();
    assert_eq!(image.names, ["mine:v1", "r.example/shop:9"]);
    assert_eq!(image.base, "debian:12");
}

#[test]
fn who_only_checks_needs_no_secret() {
    let folder = folder();
    for (password, expected) in [
        ("'$env{NOT_SET}'", &[][..]),
        (
            "'canary'",
            &["d.toml:6:1: warning: `keyStorePassword` stands in the file in clear text"],
        ),
    ] {
        let text = format!(
            "[kubernetes.kubernetesService]\nenable = true\n[kubernetes.secureKubernetesIngress]\nenable = true\nkeyStorePath = 'not-there.p12'\nkeyStorePassword = {password}\n"
        );
        let file = SettingsFile::parse("d.toml", text.into()).unwrap();
        let facts = Facts {
            project: "shop",
            root: folder.path(),
            settings: None,
            environment: None,
        };
        let mut diagnostics = Diagnostics::default();
        decide(
            &file,
            &Wanted::default(),
            facts,
            |_, _, _| Ok(GATEWAY),
            &mut diagnostics,
        );
        let told = told(&diagnostics);
        assert_eq!(told.len(), expected.len(), "{told:?}");
        assert!(
            told.iter()
                .zip(expected)
                .all(|(told, expected)| told.starts_with(expected)),
            "{told:?}"
        );
    }
}
