//! The keys of `deployment-config.toml`.

use crate::diagnostics::Code;
use crate::micro_gw_file::{Block, Codes, Key, Kind};

/// How findings about the file are called.
pub(super) const CODES: Codes = Codes {
    wrong: Code::DeploymentConfig,
    inert: Code::DeploymentInert,
};

pub(super) const SERVICE_TYPES: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer"];
pub(super) const PULL_POLICIES: &[&str] = &["IfNotPresent", "Always", "Never"];
pub(super) const ACCESS_MODES: &[&str] = &["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];

const NO_DAEMON: &str = "mgw writes files and starts no Docker; the command that builds the image is printed";
const NO_PUSH: &str = "mgw pushes nothing; `docker push` does";
const NO_LOGIN: &str = "mgw pushes nothing; sign in with `docker login`";
const NO_JAVA: &str = "there is no Java to debug";
const NO_JOB: &str = "a gateway does not end, so it is no job";

const ENABLE: Key = Key::new("enable", Kind::Boolean, "whether the table counts; `false` when absent");
const LABELS: Key = Key::new("labels", Kind::Map, "labels beside `app`");
const READ_ONLY: Key = Key::new("readOnly", Kind::Boolean, "whether it is mounted read-only");
const MOUNT_PATH: Key = Key::new(
    "mountPath",
    Kind::Text,
    "folder where it is mounted; not mounted when absent",
);
const DATA: Key = Key::new("data", Kind::Texts, "files, each under its own name");

const SERVICE_KEYS: &[Key] = &[
    ENABLE,
    Key::new("name", Kind::Text, "its name"),
    LABELS,
    Key::new("serviceType", Kind::Choice(SERVICE_TYPES), "`ClusterIP` when absent"),
    Key::new(
        "port",
        Kind::PORT,
        "its port in the place of the listener's; where it has several, that of HTTPS",
    ),
];

const PROBE_KEYS: &[Key] = &[
    ENABLE,
    Key::new("port", Kind::PORT, "listener that is asked, by its port"),
    Key::new("initialDelaySeconds", Kind::SECONDS, "wait before the first"),
    Key::new("periodSeconds", Kind::SECONDS, "time between two"),
];

const FILE_KEYS: &[Key] = &[
    Key::new("source", Kind::Text, "file"),
    Key::new(
        "target",
        Kind::Text,
        "absolute path in the image; a folder where it ends in `/`",
    ),
    Key::new(
        "isBallerinaConf",
        Kind::Boolean,
        "whether it is the gateway's settings, `micro-gw.conf`",
    ),
];

/// What the file may hold.
pub(crate) const BLOCKS: &[Block] = &[
    Block {
        path: "docker.dockerConfig",
        repeated: false,
        about: "A folder from which an image is built.",
        keys: &[
            ENABLE,
            Key::new("name", Kind::Text, "name of the image; the project's when absent"),
            Key::new("registry", Kind::Text, "registry in front of the name"),
            Key::new("tag", Kind::Text, "`latest` when absent"),
            Key::new(
                "baseImage",
                Kind::Text,
                "image to build on; one with the C library of GNU and authorities for TLS",
            ),
            Key::new(
                "cmd",
                Kind::Text,
                "`CMD gateway ${APP}`, with settings behind it as `--listenerConfig.httpPort=9190`, or `CMD mgw run ${APP}` with options of `mgw run`",
            ),
            Key::inert("buildImage", Kind::Boolean, NO_DAEMON),
            Key::inert("push", Kind::Boolean, NO_PUSH),
            Key::inert("dockerHost", Kind::Text, NO_DAEMON),
            Key::inert("dockerCertPath", Kind::Text, NO_DAEMON),
            Key::inert("username", Kind::Text, NO_LOGIN),
            Key::inert("password", Kind::Secret, NO_LOGIN),
            Key::inert("enableDebug", Kind::Boolean, NO_JAVA),
            Key::inert("debugPort", Kind::PORT, NO_JAVA),
        ],
    },
    Block {
        path: "docker.dockerCopyFiles",
        repeated: false,
        about: "Files that go into the image.",
        keys: &[ENABLE],
    },
    Block {
        path: "docker.dockerCopyFiles.files",
        repeated: true,
        about: "One of them. Paths are those of the project folder, else of the folder that it is in.",
        keys: FILE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesDeployment",
        repeated: false,
        about: "A Deployment, and the folder from which its image is built.",
        keys: &[
            ENABLE,
            Key::new("name", Kind::Text, "`PROJECT-deployment` when absent"),
            LABELS,
            Key::new("replicas", Kind::COUNT, "`1` when absent"),
            Key::new(
                "enableLiveness",
                Kind::Boolean,
                "a liveness probe, as `livenessProbe` with the three below",
            ),
            Key::new("initialDelaySeconds", Kind::SECONDS, "`10` when absent"),
            Key::new("periodSeconds", Kind::SECONDS, "`5` when absent"),
            Key::new("livenessPort", Kind::PORT, "listener that is asked, by its port"),
            Key::new(
                "imagePullPolicy",
                Kind::Choice(PULL_POLICIES),
                "`IfNotPresent` when absent",
            ),
            Key::new("imagePullSecrets", Kind::Texts, "names of secrets for the registry"),
            Key::new(
                "image",
                Kind::Text,
                "image that is run; that of `dockerConfig` where it is enabled, else `PROJECT:latest`",
            ),
            Key::new("registry", Kind::Text, "registry in front of `image`"),
            Key::new(
                "env",
                Kind::Environment,
                "environment variables: texts, or `{secretKeyRef: {name: …, key: …}}` and the like",
            ),
            Key::new("baseImage", Kind::Text, "as in `dockerConfig`, which wins"),
            Key::new("cmd", Kind::Text, "as in `dockerConfig`, which wins"),
            Key::new("singleYAML", Kind::Boolean, "all objects are in one file in any case"),
            Key::inert("buildImage", Kind::Boolean, NO_DAEMON),
            Key::inert("push", Kind::Boolean, NO_PUSH),
            Key::inert("dockerHost", Kind::Text, NO_DAEMON),
            Key::inert("dockerCertPath", Kind::Text, NO_DAEMON),
            Key::inert("username", Kind::Text, NO_LOGIN),
            Key::inert("password", Kind::Secret, NO_LOGIN),
        ],
    },
    Block {
        path: "kubernetes.kubernetesDeployment.copyFiles",
        repeated: false,
        about: "Files that go into the image.",
        keys: &[ENABLE],
    },
    Block {
        path: "kubernetes.kubernetesDeployment.copyFiles.files",
        repeated: true,
        about: "One of them.",
        keys: FILE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesDeployment.livenessProbe",
        repeated: false,
        about: "Asks `/health` of a listener; a gateway that does not answer is started anew.",
        keys: PROBE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesDeployment.readinessProbe",
        repeated: false,
        about: "Has `mgw status --ready` ask `/ready` inside the container, or `/health` of a listener where a port is given; a gateway that is not ready gets no traffic.",
        keys: PROBE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesService",
        repeated: false,
        about: "One Service for all listeners, `PROJECT` when it has no name. Without it, the three below count.",
        keys: SERVICE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesServiceHttps",
        repeated: false,
        about: "A Service for the HTTPS listener, `PROJECT-https` when it has no name.",
        keys: SERVICE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesServiceHttp",
        repeated: false,
        about: "A Service for the HTTP listener, `PROJECT-http` when it has no name.",
        keys: SERVICE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesServiceToken",
        repeated: false,
        about: "A Service for the listener of the token endpoints, `PROJECT-token` when it has no name.",
        keys: SERVICE_KEYS,
    },
    Block {
        path: "kubernetes.kubernetesIngress",
        repeated: false,
        about: "An Ingress to the Service of the HTTP listener, where there is one, else to that of HTTPS.",
        keys: &[
            ENABLE,
            Key::new("name", Kind::Text, "`SERVICE-ingress` when absent"),
            LABELS,
            Key::new("hostname", Kind::Text, "`SERVICE.com` when absent"),
            Key::new("annotations", Kind::Map, "annotations"),
            Key::new("path", Kind::Text, "`/` when absent"),
            Key::new(
                "targetPath",
                Kind::Text,
                "what the controller puts in the place of the path",
            ),
            Key::new("ingressClass", Kind::Text, "`nginx` when absent"),
        ],
    },
    Block {
        path: "kubernetes.secureKubernetesIngress",
        repeated: false,
        about: "An Ingress with TLS to the Service of the HTTPS listener, where there is one, else to that of HTTP.",
        keys: &[
            ENABLE,
            Key::new(
                "name",
                Kind::Text,
                "`SERVICE-ingress` when absent, `SERVICE-secure-ingress` beside the one above",
            ),
            LABELS,
            Key::new("hostname", Kind::Text, "`SERVICE.com` when absent"),
            Key::new("annotations", Kind::Map, "annotations"),
            Key::new("path", Kind::Text, "`/` when absent"),
            Key::new(
                "targetPath",
                Kind::Text,
                "what the controller puts in the place of the path",
            ),
            Key::new("ingressClass", Kind::Text, "`nginx` when absent"),
            Key::new(
                "keyStorePath",
                Kind::Text,
                "PKCS#12 store with key and certificate, which go into the Secret `PROJECT-tls-ingress`; without it, the cluster has to have that Secret",
            ),
            Key::new(
                "keyStorePassword",
                Kind::Secret,
                "its password; `$env{NAME}` takes it from the environment",
            ),
        ],
    },
    Block {
        path: "kubernetes.kubernetesHpa",
        repeated: false,
        about: "A HorizontalPodAutoscaler for the Deployment.",
        keys: &[
            ENABLE,
            Key::new("name", Kind::Text, "`PROJECT-hpa` when absent"),
            LABELS,
            Key::new("minReplicas", Kind::COUNT, "`replicas` of the Deployment when absent"),
            Key::new("maxReplicas", Kind::COUNT, "one more than `minReplicas` when absent"),
            Key::new(
                "cpuPrecentage",
                Kind::Number { min: 1, max: 1000 },
                "average use of the CPU requested, in percent; `50` when absent",
            )
            .also(&["cpuPercentage"]),
        ],
    },
    Block {
        path: "kubernetes.kubernetesSecret",
        repeated: false,
        about: "Secrets. What is in them stands in the generated files too, in base64, which is no encryption.",
        keys: &[ENABLE],
    },
    Block {
        path: "kubernetes.kubernetesSecret.secrets",
        repeated: true,
        about: "One of them.",
        keys: &[
            Key::new("name", Kind::Text, "its name; needed"),
            MOUNT_PATH,
            READ_ONLY,
            DATA,
        ],
    },
    Block {
        path: "kubernetes.kubernetesConfigMap",
        repeated: false,
        about: "ConfigMaps.",
        keys: &[
            ENABLE,
            Key::new(
                "ballerinaConf",
                Kind::Text,
                "the gateway's settings, `micro-gw.conf`, mounted at `/home/ballerina/conf`, where the gateway reads them",
            ),
        ],
    },
    Block {
        path: "kubernetes.kubernetesConfigMap.configMaps",
        repeated: true,
        about: "One of them.",
        keys: &[
            Key::new("name", Kind::Text, "its name; needed"),
            MOUNT_PATH,
            READ_ONLY,
            DATA,
        ],
    },
    Block {
        path: "kubernetes.kubernetesPersistentVolumeClaim",
        repeated: false,
        about: "A claim of disk space, mounted in the gateway's container.",
        keys: &[
            ENABLE,
            Key::new("name", Kind::Text, "`PROJECT-pvc` when absent"),
            Key::new("mountPath", Kind::Text, "folder where it is mounted; needed"),
            READ_ONLY,
            Key::new("accessMode", Kind::Choice(ACCESS_MODES), "`ReadWriteOnce` when absent"),
            Key::new("volumeClaimSize", Kind::Text, "how much, as `1Gi`; needed"),
        ],
    },
    Block {
        path: "kubernetes.kubernetesJob",
        repeated: false,
        about: "Refused where it is enabled: a gateway does not end, so it is neither a Job nor a CronJob.",
        keys: &[
            ENABLE,
            Key::inert("name", Kind::Text, NO_JOB),
            Key::inert("labels", Kind::Map, NO_JOB),
            Key::inert("restartPolicy", Kind::Text, NO_JOB),
            Key::inert("backoffLimit", Kind::Text, NO_JOB),
            Key::inert("activeDeadlineSeconds", Kind::Text, NO_JOB),
            Key::inert("schedule", Kind::Text, NO_JOB),
            Key::inert("imagePullPolicy", Kind::Text, NO_JOB),
            Key::inert("image", Kind::Text, NO_JOB),
            Key::inert("env", Kind::Text, NO_JOB),
            Key::inert("buildImage", Kind::Boolean, NO_JOB),
            Key::inert("dockerHost", Kind::Text, NO_JOB),
            Key::inert("dockerCertPath", Kind::Text, NO_JOB),
            Key::inert("push", Kind::Boolean, NO_JOB),
            Key::inert("username", Kind::Text, NO_JOB),
            Key::inert("password", Kind::Secret, NO_JOB),
            Key::inert("baseImage", Kind::Text, NO_JOB),
        ],
    },
    Block {
        path: "filters",
        repeated: true,
        about: "Extension filters of micro-gw, which are not run here.",
        keys: &[
            Key::inert("name", Kind::Text, "extension filters are not run"),
            Key::inert("position", Kind::Text, "extension filters are not run"),
        ],
    },
];
