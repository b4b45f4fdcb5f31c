//! Backends.

use super::change::{About, listed};
use mgw_bundle::config::{Endpoint, EndpointKind, Endpoints};

/// Compares both sides of the backends.
pub(super) fn compare(before: &Endpoints, after: &Endpoints, about: &mut About<'_>) {
    compare_one(
        "production",
        before.production.as_ref(),
        after.production.as_ref(),
        about,
    );
    compare_one("sandbox", before.sandbox.as_ref(), after.sandbox.as_ref(), about);
}

fn compare_one(side: &str, before: Option<&Endpoint>, after: Option<&Endpoint>, about: &mut About<'_>) {
    let (before, after) = match (before, after) {
        (None, None) => return,
        (None, Some(added)) => {
            clear(side, None, added, about);
            return about.weakening(format!("there is a {side} backend: {side} keys are let through to it"));
        }
        (Some(_), None) => return about.breaking(format!("the {side} backend is gone")),
        (Some(before), Some(after)) => (before, after),
    };
    let (was, is) = (urls(before), urls(after));
    if was != is {
        about.compatible(format!("the {side} backend is {}, not {}", listed(&is), listed(&was)));
    }
    match (is_web_socket(before), is_web_socket(after)) {
        (false, true) => about.breaking(format!(
            "the {side} backend is a WebSocket: calls that ask for none are answered 426"
        )),
        (true, false) => about.breaking(format!(
            "the {side} backend is no WebSocket any more: handshakes are served like other calls"
        )),
        _ => {}
    }
    clear(side, Some(before), after, about);
    if before.auth != after.auth {
        about.compatible(format!("the gateway signs in to the {side} backend in another way"));
    }
    if (before.timeout_ms, before.total_timeout_ms) != (after.timeout_ms, after.total_timeout_ms) {
        about.compatible(format!(
            "the {side} backend has {} to answer, not {}",
            patience(after),
            patience(before)
        ));
    }
    let told = |endpoint: &Endpoint| Endpoint {
        name: None,
        auth: None,
        timeout_ms: 0,
        total_timeout_ms: None,
        targets: Vec::new(),
        ..endpoint.clone()
    };
    if told(before) != told(after) {
        about.compatible(format!("the {side} backend is spoken to under other rules"));
    }
    if was == is && before.targets != after.targets {
        about.compatible(format!("the {side} backend is found in another way"));
    }
    if before.name != after.name {
        about.compatible(format!(
            "the {side} backend goes by another name in the gateway's settings"
        ));
    }
}

fn urls(endpoint: &Endpoint) -> Vec<&str> {
    endpoint.urls().collect()
}

/// Tells where more goes over the wire in the clear than before: to one more target, to a larger share of them, or to the
/// one that all requests go to as long as it works. Where everything went in the clear before, nothing is lost.
fn clear(side: &str, before: Option<&Endpoint>, after: &Endpoint, about: &mut About<'_>) {
    let (was, is) = (before.map(urls).unwrap_or_default(), urls(after));
    let of = |urls: &[&str]| urls.iter().filter(|url| is_clear(url)).count();
    let (clear_before, clear_now) = (of(&was), of(&is));
    if before.is_some() && clear_before == was.len() {
        return;
    }
    let is_added = is.iter().any(|url| is_clear(url) && !was.contains(url));
    let is_larger_share = clear_now * was.len() > clear_before * is.len();
    let is_first = is_first_clear(after) && !before.is_some_and(is_first_clear);
    if is_added || is_larger_share || is_first {
        let how = if clear_now < is.len() {
            "to some targets of"
        } else {
            "to"
        };
        about.weakening(format!("the way {how} the {side} backend is not encrypted"));
    }
}

fn is_first_clear(endpoint: &Endpoint) -> bool {
    endpoint.kind == EndpointKind::Failover && endpoint.urls().next().is_some_and(is_clear)
}

fn is_clear(url: &str) -> bool {
    has_scheme(url, ["http", "ws"])
}

/// All targets of an endpoint are, or none is.
fn is_web_socket(endpoint: &Endpoint) -> bool {
    endpoint.urls().any(|url| has_scheme(url, ["ws", "wss"]))
}

fn has_scheme(url: &str, schemes: [&str; 2]) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

fn patience(endpoint: &Endpoint) -> String {
    match endpoint.total_timeout_ms {
        Some(total) => format!("{} ms, and {total} ms in all,", endpoint.timeout_ms),
        None => format!("{} ms", endpoint.timeout_ms),
    }
}
