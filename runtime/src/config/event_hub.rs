//! Where the control plane's brokers are.

use super::Brokers;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::ExposeSecret;
use std::path::PathBuf;

/// The brokers of the control plane.
pub(super) const ENDPOINTS: &str = "apim.eventHub.eventListeningEndpoints";

/// Their catalogue entry.
pub(super) const ENDPOINTS_KEY: Key = Key::unset(
    ENDPOINTS,
    Kind::Secret,
    "brokers of the control plane: `amqp://user:password@clientid/carbon?brokerlist='tcp://host:5672;ssl://other:8672'`, or a URL `amqp[s]://user:password@host:port/carbon`",
);

/// Returns the control plane's brokers; `None`: none is set.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Brokers> {
    Brokers::read(reader, ENDPOINTS)
}

/// The settings of the broker of one topic, by their names.
pub(super) struct TopicKeys {
    /// Switches the topic on.
    pub(super) enable: &'static str,
    pub(super) provider: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    pub(super) ca_file: &'static str,
}

/// Returns the brokers of a topic that is switched on and whom they have to prove themselves to: its own, else those of
/// `event_hub`. `None`: there are none, which is reported.
pub(super) fn brokers_of_topic(
    reader: &mut Reader<'_>,
    keys: &TopicKeys,
    event_hub: Option<&Brokers>,
) -> Option<(Brokers, Option<PathBuf>)> {
    let own = reader
        .secret(keys.provider)
        .is_some_and(|url| !url.expose_secret().is_empty());
    let brokers = if own {
        Brokers::read(reader, keys.provider)?
    } else if let Some(brokers) = event_hub {
        brokers.clone()
    } else {
        // Where that setting is wrong, it has been reported.
        if !reader.is_set(ENDPOINTS) {
            reader.fail(
                keys.enable,
                format!("`{}` is true and no broker is set", keys.enable),
                format!("Set `{}` or `{ENDPOINTS}`.", keys.provider),
            );
        }
        return None;
    };
    // The same brokers prove themselves to the same authorities, over one connection.
    let hub_ca_file = if own { None } else { reader.file("apim.eventHub.caFile") };
    let password = reader.secret(keys.password);
    let brokers = Brokers {
        user: reader
            .text(keys.username)
            .map_or(brokers.user, |user| user.replace('!', "@")),
        password: password
            .filter(|password| !password.expose_secret().is_empty())
            .unwrap_or(brokers.password),
        ..brokers
    };
    Some((brokers, reader.file(keys.ca_file).or(hub_ca_file)))
}
