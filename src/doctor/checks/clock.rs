//! The clock here, against the control plane's.

use crate::cloud::sign_in::ClockSkew;
use crate::doctor::{Finding, Sight};
use jiff::Timestamp;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    if sight.options.offline {
        return vec![Finding::skipped("nothing to compare it with (--offline)")];
    }
    let told = sight.answer().as_ref().ok().and_then(|(_, answer)| answer.date);
    vec![match told {
        Some(server) => decide(server, Timestamp::now()),
        None => Finding::skipped("the control plane does not tell its own"),
    }]
}

fn decide(server: Timestamp, here: Timestamp) -> Finding {
    match ClockSkew::between(server, here) {
        Some(skew) => Finding::warning(
            skew.sentence(),
            "Set the wrong one right, with NTP for example: tokens are misjudged where clocks differ.",
        ),
        None => Finding::ok(format!("{here:.0}, as that of the control plane")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn clocks_that_differ_are_told() {
        let here: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        for (server, verdict) in [
            ("2026-11-26T12:00:00Z", Verdict::Ok),
            ("2026-11-26T12:05:00Z", Verdict::Ok),
            ("2026-11-26T12:05:01Z", Verdict::Warning),
            ("2026-11-26T11:00:00Z", Verdict::Warning),
        ] {
            assert_eq!(decide(server.parse().unwrap(), here).verdict, verdict, "{server}");
        }
    }
}
