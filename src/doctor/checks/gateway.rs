//! A gateway that may run here.

use super::probe;
use crate::admin::{AdminClient, AdminError};
use crate::commands::version::TOOL;
use crate::compile::pack;
use crate::doctor::{Finding, Sight};
use crate::exit::ExitCode;
use crate::failure::Failure;
use serde::Deserialize;

/// What of `/ready` decides.
#[derive(Debug, Deserialize)]
struct Ready {
    ready: bool,
    #[serde(default)]
    reasons: Vec<serde_json::Value>,
    project: String,
    bundle: String,
}

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let url = &sight.options.admin.url;
    if sight.options.offline {
        return vec![Finding::skipped("nothing is connected to (--offline)")];
    }
    let ready = match ask(sight) {
        Ok(Ok(ready)) => ready,
        Ok(Err(AdminError::Unreachable { .. })) => return vec![Finding::skipped(format!("none answers at {url}"))],
        Ok(Err(error)) => return vec![Finding::of(&Failure::from(error)).at_most_a_warning()],
        Err(failure) => return vec![Finding::of(&failure).at_most_a_warning()],
    };
    let own = sight.compiled().ok().filter(|_| sight.is_project());
    let own = own.filter(|compiled| !compiled.diagnostics.has_errors());
    let own = own
        .and_then(|compiled| pack(compiled, TOOL).ok())
        .map(|packed| packed.bundle.digest.to_string());
    vec![decide(url, &ready, own.as_deref())]
}

fn ask(sight: &Sight) -> Result<Result<Ready, AdminError>, Failure> {
    let client = match AdminClient::new(&sight.options.admin, &sight.ui) {
        Ok(client) => client,
        Err(error) => return Ok(Err(error)),
    };
    let answer = super::runtime()?
        .block_on(async { tokio::time::timeout(probe::PATIENCE, client.get_in_any_state("/ready")).await });
    let patience = probe::PATIENCE.as_secs();
    answer.map_err(|_| {
        let what = format!(
            "the admin listener at {} did not answer within {patience} s",
            sight.options.admin.url
        );
        Failure::new(ExitCode::Unreachable, what).hint("See its log; restart it if it hangs.")
    })
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
