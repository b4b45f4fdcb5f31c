//! Usage records: what is kept of them where, and where they are uploaded.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use crate::usage::Service;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

const SPOOL_SIZE: &str = "analytics.fileUpload.maxSpoolSize";
const FILE_NAMES: &str = "analytics.fileUpload.fileNames";
const PASSWORD: &str = "analytics.fileUpload.password";
const PASSWORD_FILE: &str = "analytics.fileUpload.passwordFile";
/// Files of the largest size that the spool holds at least: one that grows, one that is being compressed, two that wait.
const LEAST_FILES: u64 = 4;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "analytics.fileUpload.enable",
        Kind::Bool,
        "false",
        "keep a usage record of every answered request, in files that are uploaded to the control plane's statistics",
    )
    .also(&["analytics.enable"]),
    Key::new(
        "analytics.streamVersion",
        Kind::OneOf(&["3.0.0", "3.1.0", "3.2.0"]),
        "3.2.0",
        "version of the records: 3.0.0 for API Cloud and API Manager 2.6",
    ),
    Key::unset(
        "api.usage.data.path",
        Kind::File,
        "folder of the files; unset: `api-usage-data` in the gateway's data folder",
    ),
    Key::new(
        SPOOL_SIZE,
        Kind::Integer {
            min: 1_048_576,
            max: i64::MAX,
        },
        "1073741824",
        "bytes of all files together; beyond it the oldest are dropped, and their records counted",
    ),
    Key::new(
        "analytics.fileUpload.maxFileSize",
        Kind::Integer {
            min: 262_144,
            max: 64_000_000,
        },
        "12000000",
        "bytes of records after which a file is closed and compressed",
    ),
    Key::new(
        "analytics.fileUpload.rotatingPeriod",
        Kind::Integer {
            min: 100,
            max: 86_400_000,
        },
        "600000",
        "ms after which a file with records is closed and compressed",
    )
    .also(&["analytics.rotatingPeriod"]),
    Key::new(
        "analytics.fileUpload.queue",
        Kind::Integer {
            min: 16,
            max: 1_048_576,
        },
        "8192",
        "records of each thread that wait for being written; further ones are dropped and counted",
    ),
    Key::unset(
        FILE_NAMES,
        Kind::OneOf(&["time", "time-and-uuid"]),
        "names of the files; unset: `time` with `service = \"api-cloud\"`, which takes no others, else `time-and-uuid`",
    ),
    Key::new(
        "analytics.fileUpload.taskUploadFiles",
        Kind::Bool,
        "true",
        "upload the files; else they wait for `mgw usage export`",
    )
    .also(&["analytics.taskUploadFiles"]),
    Key::new(
        "analytics.fileUpload.service",
        Kind::OneOf(&["api-manager", "api-cloud"]),
        "api-manager",
        "API Manager's files are deleted when uploaded; API Cloud's are kept for a while",
    ),
    Key::new(
        "analytics.fileUpload.uploadingEndpoint",
        Kind::Text,
        "https://localhost:9444/analytics/v1.0/usage/upload-file",
        "where they are uploaded",
    )
    .also(&["analytics.uploadingEndpoint"]),
    Key::new("analytics.fileUpload.username", Kind::Text, "admin", "user name there").also(&["analytics.username"]),
    Key::new(PASSWORD, Kind::Secret, "admin", "password there").also(&["analytics.password"]),
    Key::unset(
        PASSWORD_FILE,
        Kind::File,
        "file with the password, read before every round of uploads",
    ),
    Key::unset(
        "analytics.fileUpload.caFile",
        Kind::File,
        "PEM certificates trusted there beside the system's; those of the trust store when absent",
    ),
    Key::new(
        "analytics.fileUpload.initialDelayInMillis",
        Kind::Integer {
            min: 0,
            max: 86_400_000,
        },
        "5000",
        "ms until the first round of uploads",
    )
    .also(&["analytics.initialDelayInMillis"]),
    Key::new(
        "analytics.fileUpload.uploadingTimeSpanInMillis",
        Kind::Integer {
            min: 100,
            max: 604_800_000,
        },
        "600000",
        "ms between two rounds of uploads",
    )
    .also(&["analytics.uploadingTimeSpanInMillis"]),
    Key::new(
        "analytics.fileUpload.maxRandomDelayInMillis",
        Kind::Integer {
            min: 0,
            max: 86_400_000,
        },
        "30000",
        "up to so many ms more before each round, at random, so that gateways do not upload all at once",
    ),
    Key::new(
        "analytics.fileUpload.retentionDays",
        Kind::Integer { min: 0, max: 3650 },
        "35",
        "days for which uploaded files are kept: all with `service = \"api-cloud\"`, else those whose upload was not answered",
    ),
    Key::unset(
        "datacenterId",
        Kind::Text,
        "stands in usage records for the host that clients asked for",
    ),
];

/// Version of the records' streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamVersion {
    /// API Cloud and API Manager 2.6.
    V3_0_0,
    /// API Manager 3.1.
    V3_1_0,
    /// API Manager 3.2.
    V3_2_0,
}

impl StreamVersion {
    /// Returns it as streams are named.
    pub const fn text(self) -> &'static str {
        match self {
            Self::V3_0_0 => "3.0.0",
            Self::V3_1_0 => "3.1.0",
            Self::V3_2_0 => "3.2.0",
        }
    }
}

/// Usage records.
#[derive(Debug, Clone)]
pub struct UsageSettings {
    /// Version of the records.
    pub version: StreamVersion,
    /// Stands for the host that clients asked for.
    pub data_center: Option<String>,
    /// Folder of the files; `None`: one in the gateway's data folder.
    pub folder: Option<PathBuf>,
    /// Bytes of all files together.
    pub spool_size: u64,
    /// Bytes of a file that is full.
    pub file_size: u64,
    /// Age of a file that is full.
    pub rotation: Duration,
    /// Records that wait in each core's queue.
    pub queue: usize,
    /// Whether names of files carry a UUID.
    pub uuid_names: bool,
    /// Where files are uploaded; `None`: nowhere.
    pub upload: Option<UploadSettings>,
}

/// How files with usage records are uploaded.
#[derive(Debug, Clone)]
pub struct UploadSettings {
    /// Where.
    pub url: Url,
    /// Whose service it is.
    pub service: Service,
    /// User name.
    pub username: String,
    /// Password, unless it stands in a file.
    pub password: SecretString,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Until the first round.
    pub delay: Duration,
    /// Between two rounds.
    pub interval: Duration,
    /// At most so much more before each round.
    pub random_delay: Duration,
    /// How long uploaded files are kept, where they are.
    pub retention: Duration,
}

impl UsageSettings {
    /// `None`: switched off.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.bool("analytics.fileUpload.enable") {
            return None;
        }
        let file_size = reader.limit("analytics.fileUpload.maxFileSize").unwrap_or_default();
        let spool_size = reader.limit(SPOOL_SIZE).unwrap_or_default();
        if spool_size < file_size.saturating_mul(LEAST_FILES) {
            reader.fail(
                SPOOL_SIZE,
                format!("`{SPOOL_SIZE}` is less than four times `analytics.fileUpload.maxFileSize`"),
                format!("Use {} at least.", file_size.saturating_mul(LEAST_FILES)),
            );
        }
        let service = match reader.text("analytics.fileUpload.service").as_deref() {
            Some("api-cloud") => Service::ApiCloud,
            _ => Service::ApiManager,
        };
        let upload = if reader.bool("analytics.fileUpload.taskUploadFiles") {
            Some(UploadSettings::read(reader, service)?)
        } else {
            None
        };
        Some(Self {
            version: match reader.text("analytics.streamVersion").as_deref() {
                Some("3.0.0") => StreamVersion::V3_0_0,
                Some("3.1.0") => StreamVersion::V3_1_0,
                _ => StreamVersion::V3_2_0,
            },
            data_center: reader.text("datacenterId"),
            folder: reader.file("api.usage.data.path"),
            spool_size,
            file_size,
            rotation: reader.milliseconds("analytics.fileUpload.rotatingPeriod"),
            queue: reader.count("analytics.fileUpload.queue"),
            uuid_names: match reader.text(FILE_NAMES).as_deref() {
                Some(names) => names == "time-and-uuid",
                None => service == Service::ApiManager,
            },
            upload,
        })
    }
}

impl UploadSettings {
    fn read(reader: &mut Reader<'_>, service: Service) -> Option<Self> {
        if reader.is_set(PASSWORD) && reader.is_set(PASSWORD_FILE) {
            reader.fail(
                PASSWORD_FILE,
                format!("`{PASSWORD}` and `{PASSWORD_FILE}` are both set"),
                "Leave one of them out.",
            );
        }
        Some(Self {
            url: reader.url_without_user("analytics.fileUpload.uploadingEndpoint")?,
            service,
            username: reader.text_or_empty("analytics.fileUpload.username"),
            password: reader.secret(PASSWORD).unwrap_or_default(),
            password_file: reader.file(PASSWORD_FILE),
            ca_file: reader.file("analytics.fileUpload.caFile"),
            delay: reader.milliseconds("analytics.fileUpload.initialDelayInMillis"),
            interval: reader.milliseconds("analytics.fileUpload.uploadingTimeSpanInMillis"),
            random_delay: reader.milliseconds("analytics.fileUpload.maxRandomDelayInMillis"),
            retention: reader.seconds("analytics.fileUpload.retentionDays") * (24 * 60 * 60),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{RuntimeConfig, Sources, StreamVersion, UsageSettings};

    fn load(keys: &str) -> Result<Option<UsageSettings>, String> {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", keys)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.usage)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn both_spellings_switch_it_on() {
        assert!(load("").expect("valid").is_none());
        for keys in [
            "[analytics.fileUpload]\nenable = true\nrotatingPeriod = 700\nusername = \"ana\"",
            "[analytics]\nenable = true\nrotatingPeriod = 700\nusername = \"ana\"",
        ] {
            let settings = load(keys).expect("valid").expect("enabled");
            assert_eq!(settings.rotation.as_millis(), 700, "{keys}");
            assert_eq!(settings.version, StreamVersion::V3_2_0);
            let upload = settings.upload.expect("uploads");
            assert_eq!(
                (upload.username.as_str(), upload.retention.as_secs()),
                ("ana", 35 * 86_400)
            );
        }
    }

    #[test]
    fn names_are_unique_where_the_service_takes_such_names() {
        for (keys, expected) in [
            ("", true),
            ("service = \"api-cloud\"", false),
            ("fileNames = \"time\"", false),
            ("service = \"api-cloud\"\nfileNames = \"time-and-uuid\"", true),
            ("service = \"api-cloud\"\ntaskUploadFiles = false", false),
        ] {
            let text = format!("[analytics.fileUpload]\nenable = true\n{keys}");
            let settings = load(&text).expect("valid").expect("enabled");
            assert_eq!(settings.uuid_names, expected, "{keys}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let keys = "analytics.fileUpload.enable = true\nanalytics.fileUpload.password = \"canary\"";
        assert!(!format!("{:?}", load(keys)).contains("canary"));
    }

    #[test]
    fn what_cannot_work_is_an_error() {
        for (keys, named) in [
            ("maxSpoolSize = 1048576", "four times"),
            ("uploadingEndpoint = \"cp:9444\"", "uploadingEndpoint"),
            (
                "uploadingEndpoint = \"https://ana:canary@cp:9444/\"",
                "user name or password",
            ),
            ("password = \"a\"\npasswordFile = \"b\"", "both set"),
        ] {
            let keys = format!("[analytics.fileUpload]\nenable = true\n{keys}");
            let said = load(&keys).expect_err("refused");
            assert!(said.contains(named) && !said.contains("canary"), "{said}");
        }
        // Of no consequence where nothing is uploaded.
        let keys = "[analytics.fileUpload]\nenable = true\ntaskUploadFiles = false\nuploadingEndpoint = \"cp\"";
        assert!(load(keys).expect("valid").expect("enabled").upload.is_none());
    }
}
