//! Small worlds: the same in every run, and within the formulas.

use crate::{Case, Day, Limits, Outcome, Routing, simulate};
use std::num::NonZeroUsize;

fn case(routing: Routing, day: Day) -> Case {
    Case {
        gateways: 10,
        subjects: 300,
        rate: 60.0,
        skew: 0.9,
        burst: 4.0,
        gap_ms: 10.0,
        limits: Limits::Plans,
        window_ms: 60_000,
        span_ms: 120_000,
        routing,
        day,
        tolerance: 200,
        horizon_ms: 1000,
        idle_ms: 1000,
        latency_us: (200, 300),
        patience_ms: 250,
        seed: 1,
    }
}

fn outcome(case: &Case) -> Outcome {
    simulate(case, NonZeroUsize::MIN)
}

#[test]
fn a_world_is_the_same_on_any_number_of_threads() {
    let case = case(Routing::Random, Day::Crashes);
    let alone = outcome(&case);
    assert_eq!(alone, simulate(&case, NonZeroUsize::new(3).expect("not zero")));
    let other = outcome(&Case { seed: 2, ..case });
    assert_ne!(alone, other);
}

#[test]
fn errors_stay_within_the_formula_however_requests_are_routed() {
    for routing in [Routing::Sticky, Routing::RoundRobin, Routing::Random] {
        let outcome = outcome(&case(routing, Day::Good));
        let errors = outcome.errors;
        assert!(errors.reached > 20, "limits are reached: {errors:?}");
        assert_eq!(errors.beyond_over, 0, "{routing:?}: {errors:?}");
        assert_eq!(errors.beyond_under, 0, "{routing:?}: {errors:?}");
        assert_eq!(outcome.failed, 0);
        assert!(outcome.load.per_request < 1.0, "{routing:?}: {:?}", outcome.load);
    }
}

#[test]
fn a_subject_that_stays_with_a_gateway_never_gets_more_than_its_limit() {
    let errors = outcome(&case(Routing::Sticky, Day::Good)).errors;
    assert_eq!((errors.over, errors.over_units), (0, 0));
}

#[test]
fn every_request_is_accounted_for() {
    let case = Case {
        limits: Limits::Same(20),
        ..case(Routing::RoundRobin, Day::Good)
    };
    let outcome = outcome(&case);
    // As many as the rate says, but for chance; and those over the limits are refused.
    let expected = case.rate * case.span_ms as f64 / 1000.0;
    assert!(
        (outcome.requests as f64 / expected - 1.0).abs() < 0.1,
        "{}",
        outcome.requests
    );
    assert!(outcome.admitted < outcome.requests);
    assert!(outcome.admitted <= 20 * outcome.errors.windows + outcome.errors.over_units);
    assert!(outcome.memory.keys <= case.subjects && outcome.memory.holders >= outcome.memory.keys);
}

#[test]
fn more_is_admitted_without_asking_where_more_error_is_allowed() {
    let with = |tolerance| {
        outcome(&Case {
            tolerance,
            limits: Limits::Same(1000),
            ..case(Routing::RoundRobin, Day::Good)
        })
    };
    assert!(with(200).trips.all() < with(10).trips.all());
}

#[test]
fn bad_days_are_worse_and_pass() {
    let good = outcome(&case(Routing::RoundRobin, Day::Good));
    let away = outcome(&case(Routing::RoundRobin, Day::Away));
    assert!(away.failed > 0);
    let flushed = outcome(&case(Routing::RoundRobin, Day::Flushed));
    assert!(flushed.errors.over_units > good.errors.over_units);
    let crashed = outcome(&case(Routing::RoundRobin, Day::Crashes));
    assert!(crashed.undeserved >= good.undeserved, "leases that died with a gateway");
    let slow = outcome(&case(Routing::RoundRobin, Day::Slow));
    for bad in [&away, &flushed, &crashed, &slow] {
        // A store that forgets, or cannot be asked, lets through a limit's worth more at most.
        assert!(bad.errors.worst_over <= 2000, "{bad:?}");
        let missed = bad.errors.under_units as f64 / bad.requests as f64;
        assert!(missed < 0.01, "{missed}");
    }
}
