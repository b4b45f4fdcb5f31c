//! The ports of the listeners.

use super::gateway::{Own, own};
use super::process;
use crate::doctor::{Finding, Sight};
use std::cell::OnceCell;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};

/// What the kernel calls a gateway.
const GATEWAY: &str = "mgw";
/// What the admin listener is called.
const ADMIN: &str = "admin";
/// What to do about ports that may be those of this project's gateway.
const GATEWAYS: &str = "All is well where it is this project's own gateway; beside another one, choose a port in conf/micro-gw.conf or with --set.";
const OTHERS: &str = "Stop the other program, or choose a port in conf/micro-gw.conf or with --set.";

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let Some(config) = sight.settings() else {
        return vec![Finding::skipped("the settings have to be in order first")];
    };
    let api = &config.listener;
    let admin = config.admin.enabled.then_some(config.admin.port);
    let listeners = [
        (api.host, api.http_port, "HTTP"),
        (api.host, api.https_port, "HTTPS"),
        (config.admin.host, admin, ADMIN),
    ];
    // Asked once at most, and only where somebody has a port.
    let asked = OnceCell::new();
    let findings: Vec<Finding> = listeners
        .into_iter()
        .filter_map(|(host, port, name)| Some((host, port.filter(|port| *port != 0)?, name)))
        .map(|(host, port, name)| match TcpListener::bind((host, port)) {
            Ok(_) => Finding::ok(format!("{port} is free ({name})")),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let own = *asked.get_or_init(|| own(sight));
                taken(port, name, process::listens_on(port), own)
            }
            Err(error) => unusable(host, port, name, (error.kind(), error.to_string())),
        })
        .collect();
    if findings.is_empty() {
        return vec![Finding::ok("any that are free")];
    }
    findings
}

/// A port that somebody has: command and id of the process, where this user may know. `run` ends with 7 for it.
fn taken(port: u16, name: &str, holder: Option<(String, u32)>, own: Own) -> Finding {
    let (by, id, command) = match &holder {
        Some((command, id)) => (format!("{command}, process {id}"), Some(*id), Some(command.as_str())),
        None => ("another program".to_owned(), None, None),
    };
    let text = format!("{port} is taken ({name}) by {by}");
    match own {
        Own::Here(Some(own)) if id == Some(own) => Finding::ok(format!(
            "{port} is taken ({name}) by the gateway of this project, process {own}"
        )),
        // Nobody could be asked whose gateway it is, or another user's process it is.
        Own::Unknown if command.is_none_or(|command| command == GATEWAY) => Finding::warning(text, GATEWAYS),
        Own::Here(None) if id.is_none() => Finding::warning(text, GATEWAYS),
        _ => Finding::problem(text, OTHERS),
    }
}

/// A port that cannot be had for another reason.
fn unusable(host: IpAddr, port: u16, name: &str, why: (ErrorKind, String)) -> Finding {
    match why {
        (ErrorKind::PermissionDenied, _) if port < 1024 => Finding::problem(
            format!("{port} is for privileged programs ({name})"),
            "Choose a port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start.",
        ),
        (ErrorKind::AddrNotAvailable, _) => {
            let section = if name == ADMIN { "adminConfig" } else { "listenerConfig" };
            Finding::problem(
                format!("{host} is no address of this machine ({name})"),
                format!("Correct {section}.host; 0.0.0.0 stands for all addresses."),
            )
        }
        (_, why) => Finding::problem(
            format!("{port} cannot be used ({name}): {why}"),
            "Choose another port in conf/micro-gw.conf or with --set.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn whoever_has_a_port_decides() {
        let by = |command: &str, id| Some((command.to_owned(), id));
        for (holder, own, verdict, text) in [
            (
                by("nginx", 42),
                Own::Absent,
                Verdict::Problem,
                "9090 is taken (HTTP) by nginx, process 42",
            ),
            (
                by("nginx", 42),
                Own::Unknown,
                Verdict::Problem,
                "9090 is taken (HTTP) by nginx, process 42",
            ),
            (
                by("nginx", 42),
                Own::Here(None),
                Verdict::Problem,
                "9090 is taken (HTTP) by nginx, process 42",
            ),
            (
                by("mgw", 42),
                Own::Here(Some(42)),
                Verdict::Ok,
                "9090 is taken (HTTP) by the gateway of this project, process 42",
            ),
            (
                by("mgw", 42),
                Own::Here(Some(43)),
                Verdict::Problem,
                "9090 is taken (HTTP) by mgw, process 42",
            ),
            (
                by("mgw", 42),
                Own::Absent,
                Verdict::Problem,
                "9090 is taken (HTTP) by mgw, process 42",
            ),
            (
                by("mgw", 42),
                Own::Unknown,
                Verdict::Warning,
                "9090 is taken (HTTP) by mgw, process 42",
            ),
            (
                None,
                Own::Absent,
                Verdict::Problem,
                "9090 is taken (HTTP) by another program",
            ),
            (
                None,
                Own::Here(Some(43)),
                Verdict::Problem,
                "9090 is taken (HTTP) by another program",
            ),
            (
                None,
                Own::Here(None),
                Verdict::Warning,
                "9090 is taken (HTTP) by another program",
            ),
            (
                None,
                Own::Unknown,
                Verdict::Warning,
                "9090 is taken (HTTP) by another program",
            ),
        ] {
            let finding = taken(9090, "HTTP", holder.clone(), own);
            assert_eq!(
                (finding.verdict, finding.text.as_str()),
                (verdict, text),
                "{holder:?} {own:?}"
            );
        }
    }

    #[test]
    fn other_reasons_are_problems() {
        let host = "0.0.0.0".parse().unwrap();
        for (port, kind, text) in [
            (80, ErrorKind::PermissionDenied, "80 is for privileged programs (HTTP)"),
            (
                9090,
                ErrorKind::AddrNotAvailable,
                "0.0.0.0 is no address of this machine (HTTP)",
            ),
            (9090, ErrorKind::PermissionDenied, "9090 cannot be used (HTTP): why"),
        ] {
            let finding = unusable(host, port, "HTTP", (kind, "why".to_owned()));
            assert_eq!((finding.verdict, finding.text.as_str()), (Verdict::Problem, text));
        }
    }
}
