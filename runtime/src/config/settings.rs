//! The merged settings of all sources, before they become typed elements.

use super::catalogue::{Key, Kind};
use super::server_address::is_this_machine;
use super::value::{Value, from_text};
use super::{ConfigError, ConfigWarning, ErrorKind, Origin, TablePlaces, WarningKind};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of one table: the root, an element of `[[…]]`, or a named table.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) values: BTreeMap<&'static str, (Value, Origin)>,
    pub(super) tables: BTreeMap<&'static str, Vec<Settings>>,
    pub(super) named: BTreeMap<&'static str, BTreeMap<String, Settings>>,
    /// Where the table itself starts.
    pub(super) origin: Option<Origin>,
    /// Written as `[name]` although `[[name]]` is possible; only then can single keys be overridden.
    pub(super) single: bool,
}

/// Reads one table by its catalogue. Accessors name a key of that catalogue; a test reads every key.
pub(super) struct Reader<'a> {
    settings: &'a Settings,
    keys: Vec<&'static [Key]>,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<ConfigWarning>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(settings: &'a Settings, keys: Vec<&'static [Key]>) -> Self {
        Self {
            settings,
            keys,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        if let Some((value, _)) = self.settings.values.get(name) {
            return Some(value.clone());
        }
        let key = self.key(name)?;
        // A test proves that every default fits its kind.
        key.default.and_then(|text| from_text(&key.kind, text).ok())
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        let key = self
            .keys
            .iter()
            .flat_map(|keys| keys.iter())
            .find(|key| key.name == name);
        debug_assert!(key.is_some(), "{name} is not in the catalogue");
        key
    }

    /// Returns whether somebody set the key.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.settings.values.contains_key(name)
    }

    /// Returns where the key was set.
    pub(super) fn origin(&self, name: &str) -> Origin {
        let own = self.settings.values.get(name).map(|(_, origin)| origin.clone());
        own.or_else(|| self.settings.origin.clone()).unwrap_or(Origin::Default)
    }

    /// Returns where the table and its keys were set.
    pub(super) fn places(&self) -> TablePlaces {
        let values = self.settings.values.iter();
        TablePlaces {
            table: self.settings.origin.clone(),
            keys: values.map(|(key, (_, origin))| (*key, origin.clone())).collect(),
        }
    }

    /// Records a problem with the value of `name`.
    pub(super) fn fail(&mut self, name: &str, reason: impl Into<String>, remedy: impl Into<String>) {
        self.errors.push(ConfigError {
            kind: ErrorKind::Value,
            origin: self.origin(name),
            reason: reason.into(),
            remedy: remedy.into(),
            correction: None,
        });
    }

    /// Records something to know about the value of `name`.
    pub(super) fn warn(&mut self, name: &str, reason: impl Into<String>) {
        self.doubt(name, reason, None);
    }

    fn doubt(&mut self, name: &str, reason: impl Into<String>, remedy: Option<&'static str>) {
        self.warnings.push(ConfigWarning {
            kind: WarningKind::Doubtful,
            origin: self.origin(name),
            reason: reason.into(),
            remedy,
        });
    }

    pub(super) fn bool(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Bool(true)))
    }

    pub(super) fn optional_bool(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Some(Value::Bool(value)) => Some(value),
            _ => None,
        }
    }

    pub(super) fn integer(&self, name: &str) -> i64 {
        match self.value(name) {
            Some(Value::Integer(value)) => value,
            _ => 0,
        }
    }

    pub(super) fn port(&self, name: &str) -> u16 {
        u16::try_from(self.integer(name)).unwrap_or(0)
    }

    pub(super) fn count(&self, name: &str) -> usize {
        usize::try_from(self.integer(name)).unwrap_or(0)
    }

    /// `None` for −1.
    pub(super) fn limit(&self, name: &str) -> Option<u64> {
        u64::try_from(self.integer(name)).ok()
    }

    pub(super) fn milliseconds(&self, name: &str) -> Duration {
        Duration::from_millis(u64::try_from(self.integer(name)).unwrap_or(0))
    }

    pub(super) fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(u64::try_from(self.integer(name)).unwrap_or(0))
    }

    /// `None` when unset or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Some(Value::Text(value)) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    pub(super) fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        match self.value(name) {
            Some(Value::Secret(value)) => Some(value),
            _ => None,
        }
    }

    /// `None` when unset or empty. Relative to the working directory, or to the file that names it.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// Like [`Reader::file`], for a list.
    pub(super) fn files(&self, name: &str) -> Vec<PathBuf> {
        self.list(name).into_iter().map(PathBuf::from).collect()
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::List(value)) => value,
            _ => Vec::new(),
        }
    }

    /// Like [`Self::url`], for connections whose user name and password have keys of their own: URLs are shown in logs.
    pub(super) fn url_without_user(&mut self, name: &str) -> Option<url::Url> {
        let url = self.any_url(name)?;
        if !has_user(&url) {
            return Some(url);
        }
        self.fail(
            name,
            format!("`{name}` holds a user name or password"),
            "Leave them out: there are keys of their own for them.",
        );
        None
    }

    /// Returns the URL of a service that decides about callers, with scheme `http` or `https`; anything else is reported.
    /// Without TLS, whoever is in between decides: that is told, unless the service is on this machine. So are user name
    /// and password in it.
    pub(super) fn url(&mut self, name: &str) -> Option<url::Url> {
        self.url_but(name, "Leave them out: there are keys of their own for them.")
    }

    /// Like [`Self::url`], of what everybody may read.
    pub(super) fn public_url(&mut self, name: &str) -> Option<url::Url> {
        self.url_but(
            name,
            "Leave them out, and have it published for everybody: there is no secret in it.",
        )
    }

    /// `remedy` is what to do about a user name or password in it.
    fn url_but(&mut self, name: &str, remedy: &'static str) -> Option<url::Url> {
        let url = self.any_url(name)?;
        if has_user(&url) {
            let reason = format!("`{name}` holds a user name or password: whoever reads the settings has them");
            self.doubt(name, reason, Some(remedy));
        }
        Some(url)
    }

    fn any_url(&mut self, name: &str) -> Option<url::Url> {
        let text = self.text(name)?;
        match url::Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
                if url.scheme() == "http" && !url.host_str().is_some_and(is_this_machine) {
                    let reason =
                        format!("`{name}` is spoken to without TLS: whoever is on the way decides what it says");
                    self.warn(name, reason);
                }
                Some(url)
            }
            _ => {
                self.fail(
                    name,
                    format!("`{name}` is not an http or https URL"),
                    "Write it like https://host:port/path.",
                );
                None
            }
        }
    }

    /// Returns an address; `localhost` stands for 127.0.0.1.
    pub(super) fn address(&mut self, name: &str) -> std::net::IpAddr {
        let text = self.text_or_empty(name);
        let text = if text == "localhost" { "127.0.0.1" } else { &text };
        text.parse().unwrap_or_else(|_| {
            self.fail(
                name,
                format!("`{name}` is not an IP address"),
                "Use 0.0.0.0 for all interfaces or 127.0.0.1 for this machine only.",
            );
            std::net::Ipv4Addr::LOCALHOST.into()
        })
    }

    /// Returns a header name; anything else is reported.
    pub(super) fn header_name(&mut self, name: &str) -> Option<http::HeaderName> {
        let text = self.text(name)?;
        http::HeaderName::from_bytes(text.as_bytes()).map_or_else(
            |_| {
                self.fail(
                    name,
                    format!("`{name}` is not a header name"),
                    "Use letters, digits and hyphens, without blanks or a colon.",
                );
                None
            },
            Some,
        )
    }

    /// Reads every element of an array of tables with `read`.
    pub(super) fn tables<T>(&mut self, name: &str, mut read: impl FnMut(&mut Reader<'_>) -> Option<T>) -> Vec<T> {
        let Some(Key {
            kind: Kind::Tables(keys),
            ..
        }) = self.key(name)
        else {
            return Vec::new();
        };
        let settings = self.settings;
        let elements = settings.tables.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut read_elements = Vec::with_capacity(elements.len());
        for element in elements {
            let mut reader = Reader::new(element, vec![*keys]);
            read_elements.extend(read(&mut reader));
            self.errors.append(&mut reader.errors);
            self.warnings.append(&mut reader.warnings);
        }
        read_elements
    }

    /// Reads every named table with `read`.
    pub(super) fn named<T>(&mut self, name: &str, mut read: impl FnMut(&str, &mut Reader<'_>) -> Option<T>) -> Vec<T> {
        let Some(Key {
            kind: Kind::Named(keys),
            ..
        }) = self.key(name)
        else {
            return Vec::new();
        };
        let settings = self.settings;
        let mut read_elements = Vec::new();
        for (element_name, element) in settings.named.get(name).into_iter().flatten() {
            let mut reader = Reader::new(element, vec![*keys]);
            read_elements.extend(read(element_name, &mut reader));
            self.errors.append(&mut reader.errors);
            self.warnings.append(&mut reader.warnings);
        }
        read_elements
    }
}

fn has_user(url: &url::Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}
