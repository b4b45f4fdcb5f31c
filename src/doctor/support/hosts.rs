//! Names of hosts, and of who is signed in, where nobody is to know them.

use crate::doctor::Sight;
use crate::lock::LockFile;
use crate::serve::what_is_set;
use std::collections::BTreeSet;
use std::net::IpAddr;
use url::Url;

/// Settings whose values are names of hosts or of users, by the last word of their keys: those that are no URLs.
const NAMING: [&str; 11] = [
    "datacenterId",
    "etcdusername",
    "host",
    "hostName",
    "hostnames",
    "hosts",
    "jmsConnectionUsername",
    "noProxy",
    "sanList",
    "tenant",
    "username",
];

/// Names that every installation has, and that say nothing about this one.
const EVERYBODYS: [&str; 3] = ["admin", "carbon.super", "localhost"];

/// Every name that is known.
pub(super) fn known(sight: &Sight) -> BTreeSet<String> {
    let mut texts: Vec<String> = sight.environment.iter().map(|(_, value)| value.to_owned()).collect();
    texts.extend(sight.control_plane().ok().map(|address| address.to_string()));
    if let Ok(Some(session)) = &sight.session {
        texts.push(session.address.to_string());
    }
    let mut names = BTreeSet::new();
    if let Ok(Some(settings)) = &sight.project {
        texts.extend(settings.control_plane.iter().map(|plane| plane.url.clone()));
        names.extend(providers(&settings.pull.apis));
    }
    if let Ok(Some(lock)) = LockFile::load(&sight.layout.lock()) {
        texts.push(lock.source.url.clone());
        names.insert(lock.source.organisation);
        names.extend(providers(&lock.source.apis));
        names.extend(lock.apis.into_iter().filter_map(|api| api.provider));
    }
    if let Ok(set) = what_is_set(&sight.options.settings, &sight.environment) {
        for key in set.keys {
            names.extend(user_of(&key.name).map(str::to_owned));
            if is_naming(&key.name) {
                names.extend(listed(&key.value));
            }
            texts.push(key.value);
        }
    }
    if let Some(config) = sight.served() {
        texts.push(serde_json::to_string(config).unwrap_or_default());
    }
    if let Some(config) = sight.settings() {
        let brokers = config
            .event_hub
            .iter()
            .chain(config.revocation.realtime.iter().map(|own| &own.brokers));
        texts.extend(
            brokers
                .flat_map(|brokers| &brokers.addresses)
                .map(|address| format!("tcp://{address}")),
        );
        let servers = config.shared_quotas.iter().flat_map(|shared| &shared.store.servers);
        texts.extend(servers.map(|(host, port)| format!("tcp://{host}:{port}")));
    }
    names.extend(texts.iter().flat_map(|text| hosts(text)));
    if let Ok(Some(session)) = &sight.session {
        names.insert(session.user.to_string());
    }
    for name in [
        "MGW_EMAIL",
        "WSO2_CLOUD_EMAIL",
        "MGW_USERNAME",
        "MGW_ORG",
        "WSO2_CLOUD_ORG_KEY",
    ] {
        names.extend(sight.environment.get(name).map(str::to_owned));
    }
    // The organisation and the host of an e-mail address stand alone, too.
    let parts: Vec<String> = names
        .iter()
        .flat_map(|name| name.split('@').skip(1))
        .map(str::to_owned)
        .collect();
    names.extend(parts);
    // Addresses are known by what they look like; those of this machine say nothing.
    names.retain(|name| !EVERYBODYS.contains(&name.as_str()) && name.parse::<IpAddr>().is_err());
    names
}

/// Whether the values of a setting are names of hosts or users.
fn is_naming(key: &str) -> bool {
    key.rsplit('.').next().is_some_and(|word| NAMING.contains(&word))
}

/// The user of the gateway's own whom a setting is about.
fn user_of(key: &str) -> Option<&str> {
    let (name, _) = key.strip_prefix("b7a.users.")?.rsplit_once('.')?;
    Some(name)
}

/// The names in the value of a setting, without port and without what stands for any name below.
fn listed(value: &str) -> impl Iterator<Item = String> {
    let words = value.split([',', ' ', '|']).filter(|word| !word.contains("://"));
    words.filter_map(|word| {
        let name = word.trim_start_matches("*").trim_start_matches('.');
        let name = match name.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => name,
        };
        (!name.is_empty()).then(|| name.to_owned())
    })
}

/// Who provides the APIs that are named with their providers.
fn providers(apis: &[String]) -> impl Iterator<Item = String> {
    apis.iter().filter_map(|api| Some(api.rsplit_once('/')?.0.to_owned()))
}

/// Hosts of the URLs in a text.
fn hosts(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ',' | '{' | '}' | '|'));
    let urls = words
        .filter(|word| word.contains("://"))
        .filter_map(|word| Url::parse(word).ok());
    urls.filter_map(|url| url.host_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_runtime::config::{keys, known_key};

    /// Whoever adds a setting that names a host or a user adds its word to those that are hidden.
    #[test]
    fn every_setting_that_names_somebody_is_known() {
        // What stands there is a URL, a part of one, a header, a claim, or whether something is done.
        let is_something_else = |name: &str| {
            let word = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            let others = [
                "url",
                "endpoint",
                "endpoints",
                "metadata",
                "header",
                "claim",
                "alias",
                "dialect",
                "path",
                "context",
                "scopes",
                "environments",
            ];
            others.iter().any(|other| word.ends_with(other))
        };
        let left: Vec<String> = keys()
            .into_iter()
            .filter(|key| matches!(key.kind.as_str(), "a string" | "an array of strings"))
            .filter(|key| {
                let about = format!("{} {}", key.name, key.meaning).to_ascii_lowercase();
                ["host", "user", "e-mail", "tenant"]
                    .iter()
                    .any(|word| about.contains(word))
            })
            .map(|key| key.name.replace("[[", "").replace("]]", "").replace("<name>", "x"))
            .filter(|name| !known_key(name).is_some_and(|key| key.secret))
            .filter(|name| !is_naming(name) && !is_something_else(name))
            .collect();
        assert_eq!(left, [""; 0]);
    }

    #[test]
    fn names_are_found_in_what_settings_say() {
        let names = |value: &str| listed(value).collect::<Vec<_>>();
        assert_eq!(
            names("a.example:8443, *.b.example, .c.example https://d.example"),
            ["a.example", "b.example", "c.example"]
        );
        assert_eq!(user_of("b7a.users.ana.ruiz.password"), Some("ana.ruiz"));
        let apis = ["ana@meridian.example/Orders:1.0.0", "Menu:1.0.0"].map(str::to_owned);
        assert_eq!(providers(&apis).collect::<Vec<_>>(), ["ana@meridian.example"]);
        assert_eq!(
            hosts("{tcp://one.example:9611|tcp://two.example:9611}"),
            ["one.example", "two.example"]
        );
    }
}
