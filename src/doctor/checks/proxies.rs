//! Variables that name proxies.

use crate::context::Environment;
use crate::doctor::{Finding, Sight};
use hyper_util::client::proxy::matcher::Matcher;

const NAMES: [(&str, &str); 4] = [
    ("HTTPS_PROXY", "https_proxy"),
    ("HTTP_PROXY", "http_proxy"),
    ("ALL_PROXY", "all_proxy"),
    ("NO_PROXY", "no_proxy"),
];

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let host = sight.control_plane().ok().map(|address| address.host().to_owned());
    decide(&sight.environment, host.as_deref())
}

fn decide(environment: &Environment, control_plane: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_any = false;
    for (upper, lower) in NAMES {
        let (one, other) = (environment.get(upper), environment.get(lower));
        is_any |= one.is_some() || other.is_some();
        if let (Some(one), Some(other)) = (one, other)
            && one != other
        {
            findings.push(Finding::warning(
                format!("{upper} and {lower} are both set, and differ; {upper} counts here, and not everywhere"),
                format!("Give both the same value, or unset {lower}."),
            ));
        }
        let is_list = upper == "NO_PROXY";
        for (name, value) in [(upper, one), (lower, other)] {
            if let Some(value) = value.filter(|value| !is_list && !is_proxy(value)) {
                let password = if value.contains('@') {
                    " (its user and password are not shown)"
                } else {
                    ""
                };
                findings.push(Finding::problem(
                    format!("{name} names no proxy{password}"),
                    "Write it like http://proxy.example:3128 or socks5h://proxy.example:1080.",
                ));
            }
        }
    }
    if !findings.is_empty() {
        return findings;
    }
    vec![match control_plane.and_then(|host| proxy_towards(environment, host)) {
        Some(proxy) => Finding::ok(format!("the control plane is reached through {proxy}")),
        None if is_any => Finding::ok("set, and not used on the way to the control plane"),
        None => Finding::ok("none is set"),
    }]
}

fn is_proxy(value: &str) -> bool {
    let anywhere = http::Uri::from_static("https://control-plane.example");
    Matcher::builder().all(value).build().intercept(&anywhere).is_some()
}

/// Host and port of the proxy on the way to a host; never its user and password.
pub(super) fn proxy_towards(environment: &Environment, host: &str) -> Option<String> {
    let first = |(upper, lower)| {
        environment
            .get(upper)
            .or_else(|| environment.get(lower))
            .unwrap_or_default()
    };
    let matcher = Matcher::builder()
        .https(first(NAMES[0]))
        .all(first(NAMES[2]))
        .no(first(NAMES[3]))
        .build();
    let place: http::Uri = format!("https://{host}/").parse().ok()?;
    let intercept = matcher.intercept(&place)?;
    let (host, port) = (intercept.uri().host()?.to_owned(), intercept.uri().port_u16());
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_told_without_their_password() {
        let told = |variables: &[(&str, &str)]| {
            let environment: Environment = variables.iter().copied().collect();
            let findings = decide(&environment, Some("apim.example"));
            assert!(!format!("{findings:?}").contains("canary"), "{findings:?}");
            findings
                .into_iter()
                .map(|finding| finding.text)
                .collect::<Vec<_>>()
                .join("; ")
        };
        for (variables, text) in [
            (&[][..], "none is set"),
            (
                &[("HTTPS_PROXY", "http://ana:canary@proxy.example:3128")][..],
                "the control plane is reached through proxy.example:3128",
            ),
            (
                &[("https_proxy", "proxy.example:3128"), ("NO_PROXY", ".example")][..],
                "set, and not used on the way to the control plane",
            ),
            (
                &[("HTTP_PROXY", "proxy.example:3128")][..],
                "set, and not used on the way to the control plane",
            ),
            (
                &[("HTTPS_PROXY", "ftp://ana:canary@proxy.example")][..],
                "HTTPS_PROXY names no proxy (its user and password are not shown)",
            ),
            (
                &[("HTTPS_PROXY", "http://a.example"), ("https_proxy", "http://b.example")][..],
                "HTTPS_PROXY and https_proxy are both set, and differ; HTTPS_PROXY counts here, and not everywhere",
            ),
        ] {
            assert_eq!(told(variables), text);
        }
    }
}
