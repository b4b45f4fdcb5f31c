//! What goes over the network, and what should go nowhere any more.

use crate::audit::Audited;
use crate::audit::finding::{Finding, Subject, name, operation};
use crate::diagnostics::Code;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, ApiState, Discovery, Endpoints, Resource};
use mgw_runtime::config::EndpointOverrides;
use std::collections::BTreeSet;
use url::{Host, Url};

/// Backends that are spoken to without TLS beyond this machine: those of the definitions, and those that the settings put in
/// their place.
pub(in crate::audit) fn backends_in_the_clear<'a>(audited: &Audited<'a>) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    for api in &audited.config.apis {
        let mut told = BTreeSet::new();
        let own = in_the_clear(&api.endpoints, &audited.settings.overrides);
        let resources = api.resources.iter();
        let of_resources = resources.flat_map(|resource| {
            let found = in_the_clear(&resource.endpoints, &audited.settings.overrides);
            found.into_iter().map(move |backend| (Some(resource), backend))
        });
        for (resource, backend) in own.into_iter().map(|backend| (None, backend)).chain(of_resources) {
            findings.extend(backend_in_the_clear(audited, api, resource, backend, &mut told));
        }
    }
    findings
}

/// A setting that several operations are under is told once.
fn backend_in_the_clear<'a>(
    audited: &Audited<'a>,
    api: &'a Api,
    resource: Option<&'a Resource>,
    backend: Backend,
    told: &mut BTreeSet<String>,
) -> Option<Finding<'a>> {
    let Backend { url, setting } = backend;
    let (subject, message) = match (setting, resource) {
        (Some(setting), _) => {
            let message = format!(
                "{} speaks to its backend {url} in the clear, as the setting `{setting}` says",
                name(api)
            );
            let subject = Subject::Setting {
                origin: audited.settings.places.of_key(&setting),
                api: Some(api),
            };
            if !told.insert(setting) {
                return None;
            }
            (subject, message)
        }
        (None, None) => {
            let message = format!("{} speaks to its backend {url} in the clear", name(api));
            (Subject::Api(api), message)
        }
        (None, Some(resource)) => {
            let (operation, api_name) = (operation(resource), name(api));
            let message = format!("{operation} of {api_name} speaks to its backend {url} in the clear");
            (Subject::Operation(api, resource), message)
        }
    };
    let remedy = "Use https, unless the network between gateway and backend is nobody else's.";
    Some(Finding::warning(Code::BackendInTheClear, subject, message, remedy))
}

/// A backend that is spoken to without TLS.
struct Backend {
    url: String,
    /// The setting that put it there.
    setting: Option<String>,
}

fn in_the_clear(endpoints: &Endpoints, overrides: &EndpointOverrides) -> Vec<Backend> {
    let both = [(&endpoints.production, false), (&endpoints.sandbox, true)];
    let mut found = Vec::new();
    for (endpoint, is_sandbox) in both {
        for (index, target) in endpoint.iter().flat_map(|endpoint| &endpoint.targets).enumerate() {
            let name = endpoint.as_ref().and_then(|endpoint| endpoint.name.as_deref());
            let replaced = name.and_then(|name| Some((name, overrides.url(name, is_sandbox, index)?)));
            let backend = match replaced {
                Some((name, url)) => Backend {
                    // Settings may have the discovery in front; what is no URL at all is refused at the start.
                    url: Discovery::parse(url).map_or(url, |(_, url)| url).to_owned(),
                    setting: Some(format!(
                        "{name}_{}_endpoint_{index}",
                        if is_sandbox { "sand" } else { "prod" }
                    )),
                },
                None => Backend {
                    url: target.url.clone(),
                    setting: None,
                },
            };
            if is_in_the_clear(&backend.url) {
                found.push(Backend {
                    url: without_credentials(&backend.url),
                    ..backend
                });
            }
        }
    }
    found
}

fn without_credentials(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return String::new();
    };
    if parsed.username().is_empty() && parsed.password().is_none() {
        return url.to_owned();
    }
    // Neither fails where there were some.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.to_string()
}

/// Whether a URL leads off this machine without TLS.
pub(super) fn is_in_the_clear(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "ws") && !is_this_machine(&url))
}

/// Whether a URL is that of something on this machine.
pub(super) fn leads_to_this_machine(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| is_this_machine(&url))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        // Hosts of URLs are in small letters.
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    }
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
