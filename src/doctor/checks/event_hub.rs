//! The brokers on which a control plane tells what changes.

use super::{probe, validity};
use crate::commands::broker_setting;
use crate::doctor::{Finding, Sight};
use mgw_runtime::config::{Brokers, RuntimeConfig, ServerAddress, Sources};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let mut brokers: Vec<Brokers> = Vec::new();
    if let Some(config) = sight.settings() {
        brokers.extend(config.event_hub.clone());
        brokers.extend(
            config
                .revocation
                .realtime
                .as_ref()
                .map(|realtime| realtime.brokers.clone()),
        );
    }
    if let Some(url) = sight.environment.get("MGW_BROKER") {
        match broker_setting(url, &sight.environment) {
            Ok(setting) => {
                let sources = Sources {
                    sets: &[setting],
                    ..Sources::default()
                };
                brokers.extend(
                    RuntimeConfig::load(sources)
                        .ok()
                        .and_then(|(config, _)| config.event_hub),
                );
            }
            Err(failure) => return vec![Finding::of(&failure)],
        }
    }
    let mut addresses: Vec<ServerAddress> = brokers.into_iter().flat_map(|brokers| brokers.addresses).collect();
    addresses.dedup();
    if addresses.is_empty() {
        return vec![Finding::skipped("no broker is set")];
    }
    if sight.options.offline {
        return vec![Finding::skipped("nothing is connected to (--offline)")];
    }
    addresses.iter().map(connect).collect()
}

/// Serving goes on without events, so nothing here is a problem.
fn connect(address: &ServerAddress) -> Finding {
    const REMEDY: &str = "Check address and firewall: without events changes are seen with the next poll.";
    let refused = |why| Finding::warning(format!("{address} cannot be connected to: {why}"), REMEDY);
    if !address.tls {
        return match probe::connect(&address.host, address.port) {
            Ok(_) => Finding::ok(format!("{address} takes connections")),
            Err(why) => refused(why),
        };
    }
    match probe::certificates(&address.host, address.port) {
        Ok(chain) => match chain.first() {
            Some(own) => {
                let whose = format!("the certificate of {address}");
                validity::decide(&whose, own, validity::now(), "Tell who runs the broker.").at_most_a_warning()
            }
            None => Finding::warning(format!("{address} shows no certificate"), REMEDY),
        },
        Err(why) => refused(why),
    }
}
