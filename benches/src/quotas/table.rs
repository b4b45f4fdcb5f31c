//! The table for people.

use super::Prediction;
use crate::report::layout;
use mgw_quota_simulation::{Day, Limits, Routing};

const MIB: f64 = 1024.0 * 1024.0;

/// The predictions, with what they are about above and what they mean below.
pub(super) fn text(predictions: &[Prediction]) -> String {
    let mut text = predictions.first().map(head).unwrap_or_default();
    text.push_str(&layout(&traffic(predictions)));
    text.push('\n');
    text.push_str(&layout(&errors(predictions)));
    text.push_str(
        "\nround trips: to the store; peak: in the busiest tenth of a second, and in any gateway's busiest second.\n\
         over, under: windows of limits that admitted more than the limit, or less than was asked for up to the limit; the\n\
         worst one, as part of its limit and as part of what the formula allows; and all units so admitted or missed, as\n\
         part of all requests. undeserved: refused although the limit was not reached.\n",
    );
    text
}

fn head(prediction: &Prediction) -> String {
    let case = &prediction.case;
    let limits = match case.limits {
        Limits::Same(limit) => format!("{limit} each"),
        Limits::Plans => "plans of powers of ten".into(),
    };
    format!(
        "{} gateways, {} subjects of {} requests/s (skew {}, {} in a row), {} windows of {} s, limits: {limits}\n\
         tolerance {} %, leases for {} ms, store {} µs away, seed {}\n\n",
        case.gateways,
        case.subjects,
        case.rate,
        case.skew,
        case.burst,
        case.span_ms / case.window_ms,
        case.window_ms / 1000,
        case.tolerance as f64 / 10.0,
        case.horizon_ms,
        case.latency_us.0 + case.latency_us.1,
        case.seed,
    )
}

fn day(day: Day) -> &'static str {
    match day {
        Day::Good => "good",
        Day::Away => "store away",
        Day::Flushed => "store flushed",
        Day::Slow => "store slow",
        Day::Crashes => "crashes",
    }
}

fn routing(routing: Routing) -> &'static str {
    match routing {
        Routing::Sticky => "sticky",
        Routing::RoundRobin => "round robin",
        Routing::Random => "random",
    }
}

fn traffic(predictions: &[Prediction]) -> Vec<[String; 13]> {
    let titles = [
        "day",
        "routing",
        "subjects",
        "requests",
        "round trips",
        "per request",
        "more",
        "ahead",
        "back",
        "per s",
        "peak",
        "gateway/s, peak",
        "store keys, holders, MiB",
    ];
    let mut lines = vec![titles.map(str::to_owned)];
    lines.extend(predictions.iter().map(|Prediction { case, outcome }| {
        let part = |trips: u64| format!("{:.0} %", 100.0 * trips as f64 / outcome.trips.all().max(1) as f64);
        [
            day(case.day).into(),
            routing(case.routing).into(),
            outcome.active_subjects.to_string(),
            outcome.requests.to_string(),
            outcome.trips.all().to_string(),
            format!("{:.3}", outcome.load.per_request),
            part(outcome.trips.more),
            part(outcome.trips.ahead),
            part(outcome.trips.back),
            format!("{:.0}", outcome.load.per_second),
            format!(
                "{:.0} at {:.1} s",
                outcome.load.peak_per_second,
                outcome.load.peak_at_ms as f64 / 1000.0
            ),
            format!("{:.1}, {}", outcome.load.per_gateway, outcome.load.peak_per_gateway),
            format!(
                "{}, {}, {:.0}",
                outcome.memory.keys,
                outcome.memory.holders,
                outcome.memory.bytes as f64 / MIB
            ),
        ]
    }));
    lines
}

fn errors(predictions: &[Prediction]) -> Vec<[String; 14]> {
    let titles = [
        "day",
        "routing",
        "limit windows",
        "reached",
        "over",
        "worst",
        "of formula",
        "beyond",
        "units",
        "under",
        "worst",
        "beyond",
        "units",
        "undeserved",
    ];
    let mut lines = vec![titles.map(str::to_owned)];
    lines.extend(predictions.iter().map(|Prediction { case, outcome }| {
        let errors = &outcome.errors;
        let of_requests = |count: u64| format!("{:.3} %", 100.0 * count as f64 / outcome.requests.max(1) as f64);
        let thousandths = |part: u64| format!("{:.1} %", part as f64 / 10.0);
        [
            day(case.day).into(),
            routing(case.routing).into(),
            errors.windows.to_string(),
            errors.reached.to_string(),
            errors.over.to_string(),
            thousandths(errors.worst_over),
            thousandths(errors.worst_over_of_formula),
            errors.beyond_over.to_string(),
            of_requests(errors.over_units),
            errors.under.to_string(),
            thousandths(errors.worst_under),
            errors.beyond_under.to_string(),
            of_requests(errors.under_units),
            of_requests(outcome.undeserved),
        ]
    }));
    lines
}
