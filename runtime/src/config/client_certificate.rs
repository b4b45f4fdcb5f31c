//! Client certificates that are shown to some backends alone.

use super::StoreSettings;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use super::shown::quoted;
use crate::upstream::HostPattern;
use secrecy::SecretString;
use std::path::PathBuf;

/// The key of the list.
pub(super) const LIST: &str = "httpClients.sslConfig.clientCertificates";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "hosts",
        Kind::List,
        "",
        "the backends: hosts such as `a.example`, or `*.example` for every name one level below; with a port (`a.example:8443`) \
         only there",
    ),
    Key::unset("certificateFile", Kind::File, "the certificate, PEM"),
    Key::unset("privateKeyFile", Kind::File, "its key, PEM"),
    Key::unset(
        "keyStorePath",
        Kind::File,
        "PKCS#12 store with both, in place of the two files",
    ),
    Key::unset(
        "keyStorePassword",
        Kind::Secret,
        "its password; unset: `httpClients.sslConfig.keyStorePassword`",
    ),
];

/// A client certificate, and the backends that it is shown to.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// The backends.
    pub hosts: Vec<HostPattern>,
    /// Where it is.
    pub source: CertificateSource,
}

/// Where a certificate and its key are.
#[derive(Debug, Clone)]
pub enum CertificateSource {
    /// PEM files.
    Files {
        /// The certificate with its issuers.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A store, of which the first key is used.
    Store(StoreSettings),
}

/// Reads the list. `password`: that of stores without one of their own.
pub(super) fn read(reader: &mut Reader<'_>, password: Option<&SecretString>) -> Vec<ClientCertificate> {
    reader.tables(LIST, |reader| {
        let hosts = hosts(reader);
        let (certificate, key) = (reader.file("certificateFile"), reader.file("privateKeyFile"));
        let store = StoreSettings::read(reader, "keyStorePath", "keyStorePassword");
        let source = match (certificate, key, store) {
            (Some(certificate), Some(key), None) => CertificateSource::Files { certificate, key },
            (None, None, Some(store)) => CertificateSource::Store(StoreSettings {
                password: reader
                    .secret("keyStorePassword")
                    .or_else(|| password.cloned())
                    .unwrap_or_default(),
                setting: "httpClients.sslConfig.clientCertificates.keyStorePath",
                password_setting: "httpClients.sslConfig.clientCertificates.keyStorePassword",
                ..store
            }),
            (certificate, key, store) => {
                let set = [
                    ("certificateFile", certificate.is_some()),
                    ("privateKeyFile", key.is_some()),
                    ("keyStorePath", store.is_some()),
                ];
                let named = set.iter().find(|(_, is_set)| *is_set).map_or("hosts", |(name, _)| *name);
                reader.fail(
                    named,
                    "a client certificate for some backends needs `certificateFile` and `privateKeyFile`, or `keyStorePath`",
                    "Set either the two files or the store.",
                );
                return None;
            }
        };
        Some(ClientCertificate { hosts, source })
    })
}

fn hosts(reader: &mut Reader<'_>) -> Vec<HostPattern> {
    let written = reader.list("hosts");
    if written.is_empty() {
        reader.fail(
            "hosts",
            "a client certificate without `hosts`",
            "Name the backends that see it, or use `httpClients.sslConfig.certificateFile` for all.",
        );
    }
    let mut patterns = Vec::new();
    for text in written {
        match HostPattern::parse(&text) {
            Some(pattern) => patterns.push(pattern),
            None => reader.fail(
                "hosts",
                format!("{} is no host of a backend", quoted(&text)),
                "Write `a.example`, `a.example:8443` or `*.example`.",
            ),
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use crate::config::{CertificateSource, RuntimeConfig, Sources};
    use secrecy::ExposeSecret;
    use std::path::Path;

    const TABLE: &str = "[[httpClients.sslConfig.clientCertificates]]\n";

    fn load(text: &str) -> Result<RuntimeConfig, Vec<String>> {
        let sources = Sources {
            file: Some(("conf/test.conf", text)),
            ..Sources::default()
        };
        let loaded = RuntimeConfig::load(sources);
        loaded
            .map(|(config, _)| config)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn files_and_stores_are_read_in_order() {
        let text = format!(
            "[httpClients.sslConfig]\nkeyStorePassword = \"canary-1\"\n\
             {TABLE}hosts = [\"a.example\", \"*.b.example:8443\"]\ncertificateFile = \"a.pem\"\nprivateKeyFile = \"/a.key\"\n\
             {TABLE}hosts = [\"c.example\"]\nkeyStorePath = \"c.p12\"\n\
             {TABLE}hosts = [\"d.example\"]\nkeyStorePath = \"d.p12\"\nkeyStorePassword = \"canary-2\"\n"
        );
        let config = load(&text).expect("good settings");
        let all = &config.http_clients.client_certificates;
        assert!(!format!("{all:?}").contains("canary"));
        let [files, shared, own] = &all[..] else {
            panic!("three: {all:?}")
        };
        assert_eq!(files.hosts.len(), 2);
        let CertificateSource::Files { certificate, key } = &files.source else {
            panic!("files: {files:?}")
        };
        assert_eq!(
            (certificate.as_path(), key.as_path()),
            (Path::new("conf/a.pem"), Path::new("/a.key"))
        );
        for (read, path, password) in [(shared, "conf/c.p12", "canary-1"), (own, "conf/d.p12", "canary-2")] {
            let CertificateSource::Store(store) = &read.source else {
                panic!("a store: {read:?}")
            };
            assert_eq!(
                (store.path.as_path(), store.password.expose_secret()),
                (Path::new(path), password)
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_at_its_place() {
        let needs = "needs `certificateFile` and `privateKeyFile`, or `keyStorePath`";
        let hosts = "hosts = [\"a.example\"]\n";
        for (keys, place, expected) in [
            ("keyStorePath = \"a.p12\"\n".to_owned(), "", "without `hosts`"),
            (
                "hosts = [\"https://a.example\"]\nkeyStorePath = \"a.p12\"\n".to_owned(),
                "conf/test.conf:2:1: ",
                "`https://a.example` is no host of a backend",
            ),
            (hosts.to_owned(), "conf/test.conf:2:1: ", needs),
            (
                format!("{hosts}certificateFile = \"a.pem\"\n"),
                "conf/test.conf:3:1: ",
                needs,
            ),
            (
                format!("{hosts}privateKeyFile = \"a.pem\"\n"),
                "conf/test.conf:3:1: ",
                needs,
            ),
            (
                format!("{hosts}certificateFile = \"a\"\nprivateKeyFile = \"a\"\nkeyStorePath = \"a.p12\"\n"),
                "conf/test.conf:3:1: ",
                needs,
            ),
        ] {
            let errors = load(&format!("{TABLE}{keys}")).expect_err(expected);
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(
                errors[0].starts_with(place) && errors[0].contains(expected),
                "{errors:?}"
            );
        }
    }
}
