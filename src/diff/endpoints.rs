//! Backends.

use super::change::{About, listed};
use mgw_bundle::config::{Endpoint, Endpoints};

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
        (None, Some(_)) => return about.compatible(format!("there is a {side} backend")),
        (Some(_), None) => return about.breaking(format!("the {side} backend is gone")),
        (Some(before), Some(after)) => (before, after),
    };
    let urls = |endpoint: &Endpoint| endpoint.urls().map(str::to_owned).collect::<Vec<_>>();
    let (was, is) = (urls(before), urls(after));
    if was != is {
        about.compatible(format!("the {side} backend is {}, not {}", listed(&is), listed(&was)));
    }
    let (clear_before, clear_now) = (Clear::of(&was), Clear::of(&is));
    if clear_now > clear_before {
        let how = match clear_now {
            Clear::Some => "to some targets of",
            _ => "to",
        };
        about.weakening(format!("the way {how} the {side} backend is not encrypted"));
    }
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

/// How many targets are spoken to in the clear, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clear {
    None,
    Some,
    All,
}

impl Clear {
    fn of(urls: &[String]) -> Self {
        let is_clear = |url: &String| {
            let scheme = url.split(':').next().unwrap_or_default();
            ["http", "ws"].iter().any(|clear| scheme.eq_ignore_ascii_case(clear))
        };
        match urls.iter().filter(|url| is_clear(url)).count() {
            0 => Self::None,
            count if count == urls.len() => Self::All,
            _ => Self::Some,
        }
    }
}

fn patience(endpoint: &Endpoint) -> String {
    match endpoint.total_timeout_ms {
        Some(total) => format!("{} ms, and {total} ms in all,", endpoint.timeout_ms),
        None => format!("{} ms", endpoint.timeout_ms),
    }
}
