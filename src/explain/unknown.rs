//! What a running gateway may know that is not known here.

use mgw_runtime::config::RuntimeConfig;
use mgw_runtime::throttle::Consulted;

/// Tells of secrets that are not here.
pub(super) fn lacking(settings: &[String]) -> Option<String> {
    let named: Vec<String> = settings.iter().map(|setting| format!("`{setting}`")).collect();
    let (are, them, their) = match settings.len() {
        0 => return None,
        1 => ("is", "it", "its value plays"),
        _ => ("are", "them", "their values play"),
    };
    Some(format!(
        "{} {are} not set here: the gateway does not start without {them}, and {their} no part in this explanation",
        named.join(", ")
    ))
}

/// Tells what else may decide about a request once it has come as far as its caller.
pub(super) fn notes(config: &RuntimeConfig, is_limited: bool, elsewhere: Option<&Consulted>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(consulted) = elsewhere {
        let quotas = "the traffic manager counts requests and decides about quotas; it was not asked, and its decisions are in the memory of \
             running gateways alone: this is told as if no quota were used up";
        notes.push(quotas.to_owned());
        notes.push(format!(
            "blocks and key templates of the control plane are those that a gateway with this data folder fetched last (blocks: {}, \
             key templates: {})",
            consulted.blocks, consulted.key_templates
        ));
    } else if is_limited {
        let shared = match config.shared_quotas {
            Some(_) => ", and other gateways count with it",
            None => "",
        };
        notes.push(format!(
            "quotas are told as of a gateway that has just started: this is the first request of every window{shared}"
        ));
    }
    if config.subscription_data.is_some() {
        notes
            .push("the control plane may tell a running gateway of other subscriptions than the bundle has".to_owned());
    }
    let revocation = &config.revocation;
    if revocation.realtime.is_some() || revocation.persistent.is_some() || revocation.redis.is_some() {
        notes.push("tokens may have been revoked elsewhere; only the file with revoked tokens was read".to_owned());
    }
    notes
}
