//! Where backends are looked up.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Most servers of one etcd.
const MAX_SERVERS: usize = 16;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "etcdurl",
        Kind::List,
        "http://127.0.0.1:2379",
        "etcd in which `etcd(KEY, URL)` looks; the next server is asked when one fails",
    ),
    Key::new("etcdusername", Kind::Text, "", "user for etcd; empty: none"),
    Key::new("etcdpassword", Kind::Secret, "", "its password"),
    Key::new("etcdbasepath", Kind::Text, "/v3", "path of etcd's JSON gateway"),
    Key::new(
        "etcdtimer",
        Kind::Integer {
            min: 100,
            max: 3_600_000,
        },
        "10000",
        "ms at most until an etcd that is away is asked again; changes are told by etcd at once",
    ),
    Key::unset(
        "etcdcafile",
        Kind::File,
        "PEM certificates trusted for etcd beside the system's",
    ),
    Key::new(
        "discovery.folder",
        Kind::File,
        ".",
        "folder of the files that `file(PATH, URL)` names",
    ),
];

/// Where backends are looked up.
#[derive(Debug, Clone)]
pub struct DiscoverySettings {
    /// etcd.
    pub etcd: EtcdSettings,
    /// Below it are the files that list URLs.
    pub folder: PathBuf,
}

/// How etcd is asked.
#[derive(Debug, Clone)]
pub struct EtcdSettings {
    /// URLs with the base path; at least one.
    pub servers: Vec<Url>,
    /// Who asks; `None`: nobody in particular.
    pub username: Option<String>,
    /// The user's password.
    pub password: SecretString,
    /// Longest pause before etcd is asked again.
    pub longest_pause: Duration,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
}

impl DiscoverySettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            etcd: EtcdSettings {
                servers: servers(reader),
                username: reader.text("etcdusername"),
                password: reader.secret("etcdpassword").unwrap_or_default(),
                longest_pause: reader.milliseconds("etcdtimer"),
                ca_file: reader.file("etcdcafile"),
            },
            folder: reader.file("discovery.folder").unwrap_or_else(|| PathBuf::from(".")),
        }
    }
}

fn servers(reader: &mut Reader<'_>) -> Vec<Url> {
    const REMEDY: &str = "Write it like https://etcd.example.com:2379.";
    let base = reader.text_or_empty("etcdbasepath");
    let written = reader.list("etcdurl");
    if written.is_empty() || written.len() > MAX_SERVERS {
        reader.fail(
            "etcdurl",
            format!("`etcdurl` does not name 1 to {MAX_SERVERS} URLs"),
            REMEDY,
        );
    }
    let mut servers = Vec::new();
    let mut plain = false;
    for text in &written {
        match Url::parse(text) {
            Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
                if !url.username().is_empty() || url.password().is_some() {
                    reader.fail(
                        "etcdurl",
                        "`etcdurl` holds credentials",
                        "Use `etcdusername` and `etcdpassword`.",
                    );
                }
                plain |= url.scheme() == "http" && !url.host_str().is_some_and(super::server_address::is_this_machine);
                let path = format!("{}/{}", url.path().trim_end_matches('/'), base.trim_matches('/'));
                url.set_path(&path);
                servers.push(url);
            }
            _ => reader.fail("etcdurl", "`etcdurl` is not an http or https URL", REMEDY),
        }
    }
    if plain && reader.is_set("etcdurl") {
        reader.warn(
            "etcdurl",
            "etcd is spoken to without TLS: whoever is on the way decides where requests go",
        );
    }
    servers
}
