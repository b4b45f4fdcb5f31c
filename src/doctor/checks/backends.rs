//! Backends, where the user wants them connected to.

use super::probe;
use crate::doctor::{Finding, Sight};
use crate::ui::count::Counted;
use mgw_bundle::GatewayConfig;
use std::collections::BTreeSet;
use url::Url;

/// More are not connected to.
const MOST: usize = 64;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    if !sight.options.backends {
        return vec![Finding::skipped("not connected to; --backends does")];
    }
    if sight.options.offline {
        return vec![Finding::skipped("nothing is connected to (--offline)")];
    }
    let Some(config) = sight.served() else {
        return vec![Finding::skipped("there is nothing that could be served")];
    };
    let all = places(config);
    if all.is_empty() {
        return vec![Finding::ok("there are none")];
    }
    let tried: Vec<&(String, u16)> = all.iter().take(MOST).collect();
    // Side by side: one that is silent takes its whole time.
    let results: Vec<Finding> = std::thread::scope(|scope| {
        let threads: Vec<_> = tried
            .iter()
            .map(|(host, port)| scope.spawn(move || decide(host, *port, probe::connect(host, *port).map(drop))))
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut findings = results;
    if all.len() > MOST {
        let more = Counted(all.len() - MOST, "more was", "more were");
        findings.push(Finding::skipped(format!("{more} not connected to")));
    }
    findings
}

/// Hosts and ports, each once. What discovery may find is not known here; the default URL is.
fn places(config: &GatewayConfig) -> BTreeSet<(String, u16)> {
    let of_apis = config.apis.iter().map(|api| &api.endpoints);
    let of_resources = config
        .apis
        .iter()
        .flat_map(|api| &api.resources)
        .map(|resource| &resource.endpoints);
    let endpoints = of_apis
        .chain(of_resources)
        .flat_map(|endpoints| endpoints.production.iter().chain(&endpoints.sandbox));
    endpoints
        .flat_map(|endpoint| endpoint.urls())
        .filter_map(|url| {
            let url = Url::parse(url).ok()?;
            let plain = if url.scheme() == "wss" { 443 } else { 80 };
            Some((url.host_str()?.to_owned(), url.port_or_known_default().unwrap_or(plain)))
        })
        .collect()
}

fn decide(host: &str, port: u16, connected: Result<(), String>) -> Finding {
    match connected {
        Ok(()) => Finding::ok(format!("{host}:{port} takes connections")),
        Err(why) => Finding::warning(
            format!("{host}:{port} cannot be connected to: {why}"),
            "Start the backend, or correct its address: calls to it are answered 503 or 504 until then.",
        ),
    }
}
