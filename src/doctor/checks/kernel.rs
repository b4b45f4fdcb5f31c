//! Settings of the kernel that connections depend on.

use super::process::number;
use crate::doctor::{Finding, Sight};

/// A shorter queue loses connections in a burst.
const SHORT: u64 = 1024;
/// Fewer ports run out with many short connections to one backend.
const FEW: u64 = 10_000;

pub(in crate::doctor) fn listen_queue(_sight: &Sight) -> Vec<Finding> {
    vec![match number("/proc/sys/net/core/somaxconn") {
        Some(length) => queue(length),
        None => Finding::skipped("its length cannot be told here"),
    }]
}

fn queue(length: u64) -> Finding {
    if length < SHORT {
        Finding::warning(
            format!("{length} connections wait at most; more are lost in a burst"),
            "Raise net.core.somaxconn to 4096.",
        )
    } else {
        Finding::ok(format!("{length} connections may wait"))
    }
}

pub(in crate::doctor) fn ephemeral_ports(sight: &Sight) -> Vec<Finding> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let numbers: Vec<u64> = text
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    let listeners: Vec<u16> = sight.settings().map_or_else(Vec::new, |config| {
        let listener = &config.listener;
        let admin = config.admin.enabled.then_some(config.admin.port);
        let ports = [listener.http_port, listener.https_port, admin];
        ports.into_iter().flatten().filter(|port| *port != 0).collect()
    });
    match numbers[..] {
        [first, last] => ports(first, last, &listeners),
        _ => vec![Finding::skipped("their range cannot be told here")],
    }
}

fn ports(first: u64, last: u64, listeners: &[u16]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = listeners
        .iter()
        .filter(|port| (first..=last).contains(&u64::from(**port)))
        .map(|port| {
            Finding::warning(
                format!(
                    "{port} lies among the ports that connections take ({first} to {last}): one may have it at a start"
                ),
                "Choose a port below them, or add it to net.ipv4.ip_local_reserved_ports.",
            )
        })
        .collect();
    let count = last.saturating_sub(first) + 1;
    if count < FEW {
        findings.push(Finding::warning(
            format!("{count} for connections to each backend ({first} to {last})"),
            "Widen net.ipv4.ip_local_port_range, such as to 10240 65000.",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{count} for connections to each backend")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn short_queues_and_few_ports_are_told() {
        assert_eq!(queue(128).verdict, Verdict::Warning);
        assert_eq!(queue(4096).verdict, Verdict::Ok);
        let told = |first, last, listeners: &[u16]| {
            let findings = ports(first, last, listeners);
            findings.iter().map(|finding| finding.verdict).collect::<Vec<_>>()
        };
        assert_eq!(told(32_768, 60_999, &[9090, 9095]), [Verdict::Ok]);
        assert_eq!(told(32_768, 60_999, &[40_000]), [Verdict::Warning]);
        assert_eq!(told(32_768, 33_000, &[9090]), [Verdict::Warning]);
        assert_eq!(told(9000, 9100, &[9090, 9095]), [Verdict::Warning; 3]);
    }
}
