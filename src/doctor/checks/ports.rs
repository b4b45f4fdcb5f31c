//! The ports of the listeners.

use super::gateway::own_process;
use super::process;
use crate::doctor::{Finding, Sight};
use std::cell::OnceCell;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};

/// What the kernel calls a gateway.
const GATEWAY: &str = "mgw";
/// What to do about ports of a gateway of which nobody knows what it serves.
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
        (config.admin.host, admin, "admin"),
    ];
    // Asked once at most, and only where somebody has a port.
    let own = OnceCell::new();
    let findings: Vec<Finding> = listeners
        .into_iter()
        .filter_map(|(host, port, name)| Some((host, port.filter(|port| *port != 0)?, name)))
        .map(|(host, port, name)| {
            let bound = TcpListener::bind((host, port))
                .map(|_| ())
                .map_err(|error| (error.kind(), error.to_string()));
            let holder = bound.as_ref().err().and_then(|_| process::listens_on(port));
            let holder = holder.map(|(command, id)| Holder {
                is_own: *own.get_or_init(|| own_process(sight)) == Some(id),
                command,
                id,
            });
            decide(host, port, name, bound, holder)
        })
        .collect();
    if findings.is_empty() {
        return vec![Finding::ok("any that are free")];
    }
    findings
}

/// Who has a port.
#[derive(Debug, Clone)]
struct Holder {
    command: String,
    /// Of the process.
    id: u32,
    /// Whether it is the gateway that serves this project.
    is_own: bool,
}

fn decide(
    host: IpAddr,
    port: u16,
    name: &str,
    bound: Result<(), (ErrorKind, String)>,
    holder: Option<Holder>,
) -> Finding {
    match bound {
        Ok(()) => Finding::ok(format!("{port} is free ({name})")),
        Err((ErrorKind::AddrInUse, _)) => match holder {
            Some(Holder { is_own: true, id, .. }) => Finding::ok(format!(
                "{port} is taken ({name}) by the gateway of this project, process {id}"
            )),
            Some(Holder { command, id, .. }) => Finding::warning(
                format!("{port} is taken ({name}) by {command}, process {id}"),
                if command == GATEWAY { GATEWAYS } else { OTHERS },
            ),
            None => Finding::warning(format!("{port} is taken ({name}) by another program"), OTHERS),
        },
        Err((ErrorKind::PermissionDenied, _)) if port < 1024 => Finding::problem(
            format!("{port} is for privileged programs ({name})"),
            "Choose a port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start.",
        ),
        Err((ErrorKind::AddrNotAvailable, _)) => Finding::problem(
            format!("{host} is no address of this machine ({name})"),
            "Correct listenerConfig.host; 0.0.0.0 stands for all addresses.",
        ),
        Err((_, why)) => Finding::problem(
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
    fn whoever_has_a_port_is_named() {
        let host = "0.0.0.0".parse().unwrap();
        let why = |kind| Err((kind, "why".to_owned()));
        let by = |command: &str, is_own| {
            Some(Holder {
                command: command.to_owned(),
                id: 42,
                is_own,
            })
        };
        for (port, bound, holder, verdict, text) in [
            (9090, Ok(()), None, Verdict::Ok, "9090 is free (HTTP)"),
            (
                9090,
                why(ErrorKind::AddrInUse),
                by("nginx", false),
                Verdict::Warning,
                "9090 is taken (HTTP) by nginx, process 42",
            ),
            (
                9090,
                why(ErrorKind::AddrInUse),
                by("mgw", true),
                Verdict::Ok,
                "9090 is taken (HTTP) by the gateway of this project, process 42",
            ),
            (
                9090,
                why(ErrorKind::AddrInUse),
                by("mgw", false),
                Verdict::Warning,
                "9090 is taken (HTTP) by mgw, process 42",
            ),
            (
                9090,
                why(ErrorKind::AddrInUse),
                None,
                Verdict::Warning,
                "9090 is taken (HTTP) by another program",
            ),
            (
                80,
                why(ErrorKind::PermissionDenied),
                None,
                Verdict::Problem,
                "80 is for privileged programs (HTTP)",
            ),
            (
                9090,
                why(ErrorKind::AddrNotAvailable),
                None,
                Verdict::Problem,
                "0.0.0.0 is no address of this machine (HTTP)",
            ),
            (
                9090,
                why(ErrorKind::PermissionDenied),
                None,
                Verdict::Problem,
                "9090 cannot be used (HTTP): why",
            ),
        ] {
            let finding = decide(host, port, "HTTP", bound, holder);
            assert_eq!((finding.verdict, finding.text.as_str()), (verdict, text));
        }
    }
}
