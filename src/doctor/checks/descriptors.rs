//! The limit of open files.

use super::process;
use crate::doctor::{Finding, Sight};

/// What a gateway opens beside connections: listeners, logs, files of its event loops.
const OWN: u64 = 256;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let Some(config) = sight.settings() else {
        return vec![Finding::skipped("the settings have to be in order first")];
    };
    let connections = u64::try_from(config.listener.max_connections).unwrap_or(u64::MAX);
    vec![match process::open_files() {
        Some((now, most)) => decide(connections, now, most),
        None => Finding::skipped("the limit cannot be told here"),
    }]
}

fn decide(connections: u64, now: Option<u64>, most: Option<u64>) -> Finding {
    // Each may have one to a backend.
    let needed = connections.saturating_mul(2).saturating_add(OWN);
    let shown = |limit: Option<u64>| limit.map_or_else(|| "any number".to_owned(), |limit| limit.to_string());
    let text = format!("{} open files", shown(now));
    if now.is_none_or(|now| now >= needed) {
        return Finding::ok(format!("{text}, enough for {connections} connections"));
    }
    let raise = match most.is_none_or(|most| most >= needed) {
        true => format!("Run `ulimit -n {needed}` first, or set LimitNOFILE={needed}"),
        false => format!("Raise the limit of the system (LimitNOFILE={needed}, --ulimit nofile={needed})"),
    };
    Finding::warning(
        format!("{text}, and {connections} connections with their backends may need {needed}"),
        format!("{raise}, or lower listenerConfig.maxConnections."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn the_limit_has_to_allow_for_both_sides() {
        for (connections, now, most, verdict, words) in [
            (100, Some(456), None, Verdict::Ok, "enough for 100 connections"),
            (100, None, None, Verdict::Ok, "any number"),
            (100, Some(455), Some(1000), Verdict::Warning, "ulimit -n 456"),
            (
                100,
                Some(455),
                Some(455),
                Verdict::Warning,
                "Raise the limit of the system",
            ),
            (u64::MAX, Some(1024), None, Verdict::Warning, "ulimit"),
        ] {
            let finding = decide(connections, now, most);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(format!("{finding:?}").contains(words), "{finding:?}");
        }
    }
}
