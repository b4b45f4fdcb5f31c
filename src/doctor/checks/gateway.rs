//! A gateway that may run here.

use super::{probe, process};
use crate::admin::{AdminClient, AdminError};
use crate::doctor::{Finding, Sight};
use crate::exit::ExitCode;
use crate::failure::Failure;
use serde::Deserialize;
use url::Host;

/// What of `/ready` decides.
#[derive(Debug, Deserialize)]
pub(in crate::doctor) struct Ready {
    ready: bool,
    #[serde(default)]
    reasons: Vec<serde_json::Value>,
    project: String,
    bundle: String,
}

/// What the gateway says; `None`: none answers.
pub(in crate::doctor) type Answered = Result<Option<Ready>, Failure>;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    if sight.options.offline {
        return vec![Finding::skipped("nothing is connected to (--offline)")];
    }
    let url = match &sight.admin {
        Ok(admin) => &admin.url,
        Err(why) => return vec![Finding::skipped(*why)],
    };
    let ready = match sight.ready() {
        Ok(Some(ready)) => ready,
        Ok(None) => return vec![Finding::skipped(format!("none answers at {url}"))],
        Err(failure) => return vec![Finding::of(failure).at_most_a_warning()],
    };
    let own = sight.built_now();
    let own = own.map(|own| own.digest(|digest| digest.to_string() == ready.bundle).to_string());
    vec![decide(url, ready, own.as_deref())]
}

/// The gateway that serves this project here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// Nobody could be asked.
    Unknown,
    /// None does.
    Absent,
    /// It answers; its process, where this user may know it.
    Here(Option<u32>),
}

/// Looks for the gateway that serves this project here.
pub(super) fn own(sight: &Sight) -> Own {
    if sight.options.offline || sight.admin.is_err() {
        return Own::Unknown;
    }
    match sight.ready() {
        Ok(Some(ready)) => port_of_own(sight, ready).map_or(Own::Absent, |port| {
            Own::Here(process::listens_on(port).map(|(_, id)| id))
        }),
        Ok(None) => Own::Absent,
        Err(_) => Own::Unknown,
    }
}

/// The port of the admin listener, where it is one of this machine and that of a gateway that serves this project.
fn port_of_own(sight: &Sight, ready: &Ready) -> Option<u16> {
    let is_own = sight.served()?.project == ready.project;
    let admin = sight.admin.as_ref().ok().filter(|_| is_own)?;
    let url = admin.address().ok()?;
    // Whatever the settings say is an address of this machine.
    let is_here = sight.options.admin.is_none()
        || match url.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
    url.port_or_known_default().filter(|_| is_here)
}

/// Asks it.
pub(in crate::doctor) fn ask(sight: &Sight) -> Answered {
    let Ok(admin) = &sight.admin else {
        return Ok(None);
    };
    let client = AdminClient::new(admin, &sight.ui)?;
    let answer = super::runtime()?
        .block_on(async { tokio::time::timeout(probe::PATIENCE, client.get_in_any_state("/ready")).await });
    match answer {
        Ok(Ok(ready)) => Ok(Some(ready)),
        Ok(Err(AdminError::Unreachable { .. })) => Ok(None),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => {
            let patience = probe::PATIENCE.as_secs();
            let what = format!("the admin listener at {} did not answer within {patience} s", admin.url);
            Err(Failure::new(ExitCode::Unreachable, what).hint("See its log; restart it if it hangs."))
        }
    }
}

fn decide(url: &str, ready: &Ready, own: Option<&str>) -> Finding {
    let whose = format!("the gateway at {url}");
    if !ready.ready {
        let reasons: Vec<String> = ready
            .reasons
            .iter()
            .map(|reason| reason.as_str().map_or_else(|| reason.to_string(), str::to_owned))
            .collect();
        return Finding::warning(
            format!("{whose} is not ready: {}", reasons.join(", ")),
            "mgw status --gateway tells more; load balancers send it nothing until it is.",
        );
    }
    match own {
        Some(own) if own != ready.bundle => Finding::warning(
            format!(
                "{whose} is ready, and serves {} of {}, not what is here",
                ready.bundle, ready.project
            ),
            "Build and reload, or see mgw status --gateway.",
        ),
        Some(_) => Finding::ok(format!("{whose} is ready, and serves what is here")),
        None => Finding::ok(format!("{whose} is ready, and serves {}", ready.project)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn readiness_and_bundle_decide() {
        let ready = |is_ready: bool| Ready {
            ready: is_ready,
            reasons: vec!["draining".into()],
            project: "shop".to_owned(),
            bundle: "sha256:1".to_owned(),
        };
        let verdict = |is_ready, own| decide("http://localhost:9797", &ready(is_ready), own).verdict;
        assert_eq!(verdict(true, None), Verdict::Ok);
        assert_eq!(verdict(true, Some("sha256:1")), Verdict::Ok);
        assert_eq!(verdict(true, Some("sha256:2")), Verdict::Warning);
        let finding = decide("u", &ready(false), None);
        assert_eq!(finding.text, "the gateway at u is not ready: draining");
    }
}
