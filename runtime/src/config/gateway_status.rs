//! How the control plane learns that this gateway is there. The toolkit tells it; the runtime only knows the settings.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

const PASSWORD: &str = "gatewayStatus.password";
const PASSWORD_FILE: &str = "gatewayStatus.passwordFile";
const METADATA: &str = "gatewayStatus.customMetadata";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "gatewayStatus.enable",
        Kind::Bool,
        "false",
        "tell the control plane that this gateway is there, with `mgw run`",
    ),
    Key::new(
        "gatewayStatus.kind",
        Kind::OneOf(&["api-cloud", "apim-4.6"]),
        "api-cloud",
        "what the control plane is: API Cloud shows the gateway among its Microgateways, API Manager 4.6 among its gateways",
    ),
    Key::new(
        "gatewayStatus.initializeUrl",
        Kind::Text,
        "https://api.cloud.wso2.com/onpremise-gatway-status-evaluator/initialize",
        "where API Cloud gives the gateway an identity",
    ),
    Key::new(
        "gatewayStatus.pingUrl",
        Kind::Text,
        "https://api.cloud.wso2.com/onpremise-gatway-status-evaluator/ping",
        "where API Cloud learns that it is still there",
    ),
    Key::new(
        "gatewayStatus.notifyUrl",
        Kind::Text,
        "https://localhost:9443/internal/data/v1/notify-gateway",
        "where API Manager 4.6 learns of it",
    ),
    Key::unset(
        "gatewayStatus.username",
        Kind::Text,
        "user name there: for API Cloud the e-mail address, `@` and the organisation key",
    ),
    Key::unset(PASSWORD, Kind::Secret, "password there"),
    Key::unset(
        PASSWORD_FILE,
        Kind::File,
        "file with the password, read before every call",
    ),
    Key::unset(
        "gatewayStatus.caFile",
        Kind::File,
        "PEM certificates trusted there beside the system's",
    ),
    Key::unset(
        "gatewayStatus.interval",
        Kind::Integer { min: 1, max: 86_400 },
        "seconds between two signs of life; unset: 300 with API Cloud, 30 with API Manager 4.6",
    ),
    Key::unset(
        "gatewayStatus.label",
        Kind::Text,
        "label under which API Cloud shows the gateway",
    ),
    Key::new(
        "gatewayStatus.environments",
        Kind::List,
        "Default",
        "gateway environments of API Manager 4.6 that this gateway serves",
    ),
    Key::unset(
        "gatewayStatus.hostName",
        Kind::Text,
        "host under which it is shown; unset: the machine's own name",
    ),
    Key::new(
        "gatewayStatus.port",
        Kind::PORT,
        "9443",
        "management port that API Cloud is told",
    ),
    Key::unset(
        "gatewayStatus.envMetadata",
        Kind::List,
        "facts of the environment that are shown: `os.name`, `os.arch`, `user.name`, or names of environment variables",
    ),
    Key::unset(METADATA, Kind::Tables(METADATA_KEYS), "anything else that is shown"),
    Key::unset(
        "gatewayStatus.propertiesFile",
        Kind::File,
        "`on-premise-gateway.properties` or `.toml` whose label and metadata are used where the settings name none",
    ),
];

const METADATA_KEYS: &[Key] = &[
    Key::unset("name", Kind::Text, "name"),
    Key::unset("value", Kind::Text, "value; those without one are left out"),
];

/// How the control plane learns that this gateway is there.
#[derive(Debug, Clone)]
pub struct GatewayStatusSettings {
    /// Which control plane, and where.
    pub place: StatusPlace,
    /// User name.
    pub username: String,
    /// Password, unless it stands in a file.
    pub password: SecretString,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Between two signs of life.
    pub interval: Duration,
    /// Label.
    pub label: Option<String>,
    /// Host; `None`: the machine's own name.
    pub host_name: Option<String>,
    /// Management port.
    pub port: u16,
    /// Facts of the environment that are shown.
    pub env_metadata: Vec<String>,
    /// Anything else that is shown, by name.
    pub custom_metadata: Vec<(String, String)>,
    /// File with label and metadata.
    pub properties_file: Option<PathBuf>,
}

/// Which control plane, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusPlace {
    /// API Cloud.
    ApiCloud {
        /// Gives identities.
        initialise: Url,
        /// Takes pings.
        ping: Url,
    },
    /// API Manager 4.6.
    Apim46 {
        /// Takes registrations and heartbeats.
        notify: Url,
        /// Environments that the gateway serves.
        environments: Vec<String>,
    },
}

impl GatewayStatusSettings {
    /// `None`: switched off.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.bool("gatewayStatus.enable") {
            return None;
        }
        let is_cloud = reader.text("gatewayStatus.kind").as_deref() != Some("apim-4.6");
        let place = if is_cloud {
            let initialise = reader.url_without_user("gatewayStatus.initializeUrl");
            StatusPlace::ApiCloud {
                ping: reader.url_without_user("gatewayStatus.pingUrl")?,
                initialise: initialise?,
            }
        } else {
            StatusPlace::Apim46 {
                notify: reader.url_without_user("gatewayStatus.notifyUrl")?,
                environments: reader.list("gatewayStatus.environments"),
            }
        };
        let Some(username) = reader.text("gatewayStatus.username") else {
            let remedy = "Set `gatewayStatus.username`.";
            reader.fail(
                "gatewayStatus.enable",
                "`gatewayStatus.enable` is true and no user is named",
                remedy,
            );
            return None;
        };
        if reader.is_set(PASSWORD) == reader.is_set(PASSWORD_FILE) {
            reader.fail(
                "gatewayStatus.enable",
                "the password of `gatewayStatus.username` has to stand in one place",
                format!("Set the environment variable gatewayStatus_password, or `{PASSWORD_FILE}`, and not both."),
            );
        }
        let interval = match reader.integer("gatewayStatus.interval") {
            0 if is_cloud => Duration::from_secs(300),
            0 => Duration::from_secs(30),
            _ => reader.seconds("gatewayStatus.interval"),
        };
        let custom_metadata = reader.tables(METADATA, |reader| {
            let pair = reader.text("name").zip(reader.text("value"));
            pair.filter(|(_, value)| !value.trim().is_empty())
        });
        Some(Self {
            place,
            username,
            password: reader.secret(PASSWORD).unwrap_or_default(),
            password_file: reader.file(PASSWORD_FILE),
            ca_file: reader.file("gatewayStatus.caFile"),
            interval,
            label: reader.text("gatewayStatus.label"),
            host_name: reader.text("gatewayStatus.hostName"),
            port: reader.port("gatewayStatus.port"),
            env_metadata: reader.list("gatewayStatus.envMetadata"),
            custom_metadata,
            properties_file: reader.file("gatewayStatus.propertiesFile"),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{GatewayStatusSettings, RuntimeConfig, Sources, StatusPlace};

    fn load(keys: &str) -> Result<Option<GatewayStatusSettings>, String> {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", keys)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.gateway_status)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn it_is_off_until_somebody_wants_it() {
        assert!(load("gatewayStatus.pingUrl = \"nonsense\"").expect("unread").is_none());
        let keys = "[gatewayStatus]\nenable = true\nusername = \"ana@a.example@org\"\npassword = \"canary\"\n\
                    [[gatewayStatus.customMetadata]]\nname = \"owner\"\nvalue = \"ana\"\n\
                    [[gatewayStatus.customMetadata]]\nname = \"empty\"\nvalue = \" \"";
        let settings = load(keys).expect("valid").expect("enabled");
        assert_eq!((settings.interval.as_secs(), settings.port), (300, 9443));
        assert_eq!(settings.custom_metadata, [("owner".to_owned(), "ana".to_owned())]);
        assert!(!format!("{settings:?}").contains("canary"));
        let keys = "[gatewayStatus]\nenable = true\nkind = \"apim-4.6\"\nusername = \"admin\"\npasswordFile = \"p\"";
        let settings = load(keys).expect("valid").expect("enabled");
        assert_eq!(settings.interval.as_secs(), 30);
        assert!(matches!(settings.place, StatusPlace::Apim46 { environments, .. } if environments == ["Default"]));
    }

    #[test]
    fn a_user_and_one_password_are_needed() {
        for keys in [
            "enable = true",
            "enable = true\nusername = \"a\"",
            "enable = true\nusername = \"a\"\npassword = \"b\"\npasswordFile = \"c\"",
        ] {
            let said = load(&format!("[gatewayStatus]\n{keys}")).expect_err("refused");
            assert!(said.contains("gatewayStatus"), "{said}");
        }
    }
}
