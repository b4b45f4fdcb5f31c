//! Names of hosts, and of who is signed in, where nobody is to know them.

use crate::doctor::Sight;
use crate::lock::LockFile;
use crate::serve::what_is_set;
use std::collections::BTreeSet;
use url::Url;

/// Every name that is known.
pub(super) fn known(sight: &Sight) -> BTreeSet<String> {
    let mut texts: Vec<String> = sight.environment.iter().map(|(_, value)| value.to_owned()).collect();
    texts.extend(sight.control_plane().ok().map(|address| address.to_string()));
    if let Ok(Some(session)) = &sight.session {
        texts.push(session.address.to_string());
    }
    if let Ok(Some(settings)) = &sight.project {
        texts.extend(settings.control_plane.iter().map(|plane| plane.url.clone()));
    }
    if let Ok(Some(lock)) = LockFile::load(&sight.layout.lock()) {
        texts.push(lock.source.url.clone());
    }
    if let Ok(set) = what_is_set(&sight.options.settings, &sight.environment) {
        texts.extend(set.keys.into_iter().map(|key| key.value));
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
    let mut names: BTreeSet<String> = texts.iter().flat_map(|text| hosts(text)).collect();
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
    names.retain(|name| name != "localhost");
    names
}

/// Hosts of the URLs in a text.
fn hosts(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ','));
    let urls = words
        .filter(|word| word.contains("://"))
        .filter_map(|word| Url::parse(word).ok());
    urls.filter_map(|url| url.host_str().map(str::to_owned)).collect()
}
