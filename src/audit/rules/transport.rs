//! What goes over the network, and what should go nowhere any more.

use crate::audit::finding::{Finding, Subject, name, operation};
use crate::diagnostics::Code;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, ApiState, Endpoints};
use std::net::IpAddr;
use url::{Host, Url};

/// Backends that are spoken to without TLS beyond this machine.
pub(super) fn backends_in_the_clear<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let remedy = "Use https, unless the network between gateway and backend is nobody else's.";
    for url in in_the_clear(&api.endpoints) {
        let message = format!("{} speaks to its backend {url} in the clear", name(api));
        findings.push(Finding::warning(
            Code::BackendInTheClear,
            Subject::Api(api),
            message,
            remedy,
        ));
    }
    for resource in &api.resources {
        for url in in_the_clear(&resource.endpoints) {
            let message = format!(
                "{} of {} speaks to its backend {url} in the clear",
                operation(resource),
                name(api)
            );
            let subject = Subject::Operation(api, resource);
            findings.push(Finding::warning(Code::BackendInTheClear, subject, message, remedy));
        }
    }
}

fn in_the_clear(endpoints: &Endpoints) -> impl Iterator<Item = &str> {
    let both = endpoints.production.iter().chain(&endpoints.sandbox);
    both.flat_map(|endpoint| endpoint.urls())
        .filter(|url| is_in_the_clear(url))
}

/// Whether a URL leads off this machine without TLS.
pub(super) fn is_in_the_clear(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => is_this_machine(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    matches!(url.scheme(), "http" | "ws") && !is_local
}

/// Whether a name or address is this machine's own.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// APIs that go on for those who have a subscription.
pub(super) fn deprecated<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    if api.state == ApiState::Deprecated {
        let message = format!(
            "{} is deprecated, and served to those who have a subscription",
            name(api)
        );
        let remedy = "Retire it in the control plane when nobody calls it any more.";
        findings.push(Finding::note(Code::DeprecatedApi, Subject::Api(api), message, remedy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_no_network() {
        for url in [
            "http://backend.example",
            "HTTP://10.0.0.1:8080/x",
            "ws://backend.example",
            "http://[fe80::1]/",
            "http://localhost.example",
        ] {
            assert!(is_in_the_clear(url), "{url}");
        }
        for url in [
            "https://backend.example",
            "http://localhost:3000",
            "http://127.0.0.2",
            "http://[::1]:1",
            "http://app.localhost",
            "wss://x",
            "no URL",
        ] {
            assert!(!is_in_the_clear(url), "{url}");
        }
    }
}
