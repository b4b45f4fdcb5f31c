//! The decisions of a traffic manager that a request depends on.

use super::report::ToldDecision;
use mgw_runtime::throttle::{Consulted, ConsultedDecision};

/// Tells the decisions, in their order.
pub(super) fn told(consulted: Option<&Consulted>) -> Vec<ToldDecision> {
    let decisions = consulted.map_or(&[][..], |consulted| &consulted.decisions);
    let tell = |decision: &ConsultedDecision| ToldDecision {
        level: decision.level.name(),
        policy: decision.policy.clone(),
        key: decision.key.clone(),
        stops: decision.stops,
    };
    decisions.iter().map(tell).collect()
}

/// The same in lines.
pub(super) fn text(decisions: &[ConsultedDecision]) -> String {
    if decisions.is_empty() {
        return "the traffic manager decides, and no policy limits it".to_owned();
    }
    let lines = decisions.iter().map(|decision| {
        let policy = decision.policy.as_deref().unwrap_or("a custom policy");
        let stops = if decision.stops { "" } else { ", not enforced" };
        format!("{}: {policy}, key {}{stops}", decision.level.name(), decision.key)
    });
    let lines: Vec<String> = lines.collect();
    format!(
        "the traffic manager decides; nothing is known of its decisions by\n{}",
        lines.join("\n")
    )
}
