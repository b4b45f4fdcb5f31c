//! Every key the configuration knows, with kind, default and meaning.

use super::{
    access_log, admin, api_key, authentication, backend_jwt, caching, claim_retrieval, connected, connected_mode,
    discovery, dns, event_publishing, forwarding, gateway_status, global_throttling, http_clients, issuer, key_manager,
    key_manager_auth, listener, logging, mutual_tls, revocation, runtime_config, server, shared_quotas,
    subscription_data, throttling, usage, users, web_sockets,
};

/// What a key's value looks like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Bool,
    Integer {
        min: i64,
        max: i64,
    },
    Float,
    Text,
    /// The name of a file. One that is relative is looked for beside the file it is written in.
    File,
    /// Names of files, written like a list.
    Files,
    /// A text that no output may show.
    Secret,
    OneOf(&'static [&'static str]),
    /// An array of strings, or one string with commas.
    List,
    /// `[[name]]`, also accepted as a single `[name]`.
    Tables(&'static [Key]),
    /// `[name.<anything>]`
    Named(&'static [Key]),
}

impl Kind {
    pub(super) const PORT: Self = Self::Integer { min: 0, max: 65_535 };
    pub(super) const COUNT: Self = Self::Integer { min: 0, max: i64::MAX };
    pub(super) const POSITIVE: Self = Self::Integer { min: 1, max: i64::MAX };
    /// A count in which −1 stands for "no limit" or "not set".
    pub(super) const OPTIONAL_COUNT: Self = Self::Integer { min: -1, max: i64::MAX };

    pub(super) fn expecting(&self) -> String {
        match self {
            Self::Bool => "true or false".into(),
            Self::Integer { min, max: i64::MAX } => format!("an integer of at least {min}"),
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Float => "a number".into(),
            Self::Text | Self::Secret => "a string".into(),
            Self::File => "the name of a file".into(),
            Self::Files => "an array of file names".into(),
            Self::OneOf(choices) => format!("one of {}", choices.join(", ")),
            Self::List => "an array of strings".into(),
            Self::Tables(_) => "tables".into(),
            Self::Named(_) => "a table of named tables".into(),
        }
    }
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Dotted name.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// As it would stand in an environment variable; `None`: not set.
    pub(super) default: Option<&'static str>,
    pub(super) meaning: &'static str,
    /// `false`: known from micro-gw, accepted with a warning.
    pub(super) effective: bool,
    /// Other spellings that are accepted.
    pub(super) aliases: &'static [&'static str],
}

impl Key {
    pub(super) const fn new(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            kind,
            default: Some(default),
            meaning,
            effective: true,
            aliases: &[],
        }
    }

    /// A key that is not set unless somebody sets it.
    pub(super) const fn unset(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self {
            name,
            kind,
            default: None,
            meaning,
            effective: true,
            aliases: &[],
        }
    }

    /// A micro-gw key that this gateway accepts and does not act on.
    pub(super) const fn inert(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            default: None,
            meaning: "accepted for compatibility; without effect in this gateway",
            effective: false,
            aliases: &[],
        }
    }

    pub(super) const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// What of a path is left behind this key's name; `None` where it does not lead there.
    fn behind<'p, 'n>(&self, path: &'p [&'n str]) -> Option<&'p [&'n str]> {
        self.names().find_map(|mut name| {
            for (at, part) in path.iter().enumerate() {
                name = name.strip_prefix(*part)?;
                if name.is_empty() {
                    return path.get(at + 1..);
                }
                name = name.strip_prefix('.')?;
            }
            None
        })
    }
}

/// The catalogues of all elements.
pub(super) const SECTIONS: &[&[Key]] = &[
    runtime_config::KEYS,
    listener::KEYS,
    admin::KEYS,
    authentication::KEYS,
    issuer::ROOT_KEYS,
    key_manager::KEYS,
    key_manager_auth::KEYS,
    api_key::KEYS,
    users::KEYS,
    mutual_tls::KEYS,
    backend_jwt::KEYS,
    claim_retrieval::KEYS,
    revocation::KEYS,
    throttling::KEYS,
    global_throttling::KEYS,
    event_publishing::KEYS,
    shared_quotas::KEYS,
    caching::KEYS,
    http_clients::KEYS,
    discovery::KEYS,
    web_sockets::KEYS,
    dns::KEYS,
    server::KEYS,
    forwarding::KEYS,
    access_log::KEYS,
    logging::KEYS,
    subscription_data::KEYS,
    connected::KEYS,
    connected_mode::KEYS,
    usage::KEYS,
    gateway_status::KEYS,
];

/// All top-level catalogue entries.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.iter())
}

/// What is known of a key of the file, for whoever moves settings from one file to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKey {
    /// Whether no output may show its value.
    pub secret: bool,
    /// Whether its value names a file.
    pub file: bool,
    /// Whether this gateway acts on it.
    pub effective: bool,
}

/// Looks up a key by its dotted name, without the numbers of tables in arrays; `None`: there is no such key.
pub fn known_key(name: &str) -> Option<KnownKey> {
    known_key_at(&name.split('.').collect::<Vec<_>>())
}

/// The same by the parts of the name, as a file has them: that of a user may have dots in it.
pub fn known_key_at(path: &[&str]) -> Option<KnownKey> {
    find(all(), path).or_else(|| {
        let name = path.join(".");
        let inert = KnownKey {
            secret: false,
            file: false,
            effective: false,
        };
        if super::key_names::passes_through(&name) {
            return Some(inert);
        }
        super::EndpointOverrides::is_name(&name).then(|| KnownKey {
            secret: ["_password", "_secret", "_key"].iter().any(|end| name.ends_with(end)),
            effective: true,
            ..inert
        })
    })
}

fn find(mut keys: impl Iterator<Item = &'static Key>, path: &[&str]) -> Option<KnownKey> {
    keys.find_map(|key| match (key.kind, key.behind(path)?) {
        (Kind::Tables(_) | Kind::Named(_), []) => None,
        (Kind::Tables(keys), rest) | (Kind::Named(keys), [_, rest @ ..]) => find(keys.iter(), rest),
        (kind, []) => Some(KnownKey {
            secret: matches!(kind, Kind::Secret),
            file: matches!(kind, Kind::File | Kind::Files),
            effective: key.effective,
        }),
        _ => None,
    })
}

/// Whether a table of this name, by its parts, may stand in the file.
pub fn is_known_section(path: &[&str]) -> bool {
    fn is_section(keys: &'static [Key], path: &[&str]) -> bool {
        let name = path.join(".");
        keys.iter().any(|key| {
            key.names()
                .any(|known| known.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.')))
                || match (key.kind, key.behind(path)) {
                    (Kind::Tables(_), Some([])) | (Kind::Named(_), Some([] | [_])) => true,
                    (Kind::Tables(keys), Some(rest)) => is_section(keys, rest),
                    _ => false,
                }
        })
    }
    let name = path.join(".");
    SECTIONS.iter().any(|keys| is_section(keys, path)) || super::key_names::passes_through(&format!("{name}.x.level"))
}

/// A key as the reference documentation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescription {
    /// Dotted name; `[[name]].key` inside arrays of tables, `name.<name>.key` inside named tables.
    pub name: String,
    /// What the value looks like.
    pub kind: String,
    /// The default, empty when not set.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether this gateway acts on it.
    pub effective: bool,
    /// Other names of it, which are accepted too.
    pub aliases: Vec<String>,
}

/// Returns every key in catalogue order, for the reference documentation.
pub fn keys() -> Vec<KeyDescription> {
    let mut descriptions = Vec::new();
    for key in all() {
        describe(key, "", &mut descriptions);
    }
    descriptions
}

fn describe(key: &Key, prefix: &str, into: &mut Vec<KeyDescription>) {
    let name = format!("{prefix}{}", key.name);
    match key.kind {
        Kind::Tables(keys) => {
            for inner in keys {
                describe(inner, &format!("[[{name}]]."), into);
            }
        }
        Kind::Named(keys) => {
            for inner in keys {
                describe(inner, &format!("{name}.<name>."), into);
            }
        }
        kind => into.push(KeyDescription {
            name,
            kind: kind.expecting(),
            default: key.default.unwrap_or(""),
            meaning: key.meaning,
            effective: key.effective,
            aliases: key.aliases.iter().map(|alias| format!("{prefix}{alias}")).collect(),
        }),
    }
}
