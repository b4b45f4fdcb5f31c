//! A control plane that misbehaves.

use super::*;
use mgw_fixtures::simulator::{Effect, Fault};

/// Times out after a second, so that latency shows; a machine that stalls takes as long for anything else.
const IMPATIENT: (&str, &str) = ("MGW_HTTP_TIMEOUT", "1");

#[test]
fn whatever_goes_wrong_the_project_stays_as_it_was() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--label", "dev"]).unwrap();
    let before = contents(&bench.project());
    let project = bench.project().display().to_string();
    let status = |status| Effect::Status {
        status,
        retry_after: None,
    };
    for (path, effect, expected) in [
        ("/api/am/publisher/apis", status(500), ExitCode::ControlPlane),
        ("/api/am/publisher/apis", status(403), ExitCode::NotPermitted),
        ("/api/am/publisher/apis/", status(500), ExitCode::ControlPlane),
        ("/api/am/publisher/apis", Effect::Garbage, ExitCode::ControlPlane),
        (
            "/api/am/publisher/apis",
            Effect::Huge { bytes: Some(32 << 20) },
            ExitCode::ControlPlane,
        ),
        ("/api/am/admin/throttling", status(500), ExitCode::ControlPlane),
        (
            "/api/am/admin/throttling/policies/advanced/",
            Effect::Garbage,
            ExitCode::ControlPlane,
        ),
        ("/api/am/store", status(500), ExitCode::ControlPlane),
        (
            "/api/am/publisher/apis",
            Effect::Latency { ms: 60_000 },
            ExitCode::Unreachable,
        ),
    ] {
        bench.simulator.set_fault(Fault::new(path, effect.clone()));
        let variables: &[_] = match effect {
            Effect::Latency { .. } => &[IMPATIENT],
            _ => &[],
        };
        let result = bench.run_with(&["pull", &project, "--label", "dev", "--label", "prod"], variables);
        let failure = result.unwrap_err();
        assert_eq!(failure.code, expected, "{path} {effect:?}: {failure:?}");
        assert!(!failure.hints.is_empty(), "{failure:?}");
        bench.simulator.clear_faults();
        assert_eq!(contents(&bench.project()), before, "{path} {effect:?}");
    }
    assert_eq!(bench.pull(&["--label", "dev"]).unwrap(), ExitCode::Success);
}

#[test]
fn passing_trouble_is_overcome() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    for effect in [
        Effect::Status {
            status: 429,
            retry_after: Some(0),
        },
        Effect::Status {
            status: 503,
            retry_after: Some(0),
        },
        Effect::Truncate,
        Effect::Reset,
        Effect::ExpireTokens,
    ] {
        let asked = bench.simulator.requests().len();
        bench
            .simulator
            .set_fault(Fault::new("/api/am/publisher/apis/", effect.clone()).times(1));
        assert_eq!(code(bench.pull(&["--label", "dev"])), ExitCode::Success, "{effect:?}");
        assert!(bench.simulator.requests().len() > asked);
        bench.simulator.clear_faults();
    }
}

#[test]
fn every_api_that_cannot_be_read_is_named() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    // The ids of Catalog and Weather in the simulator's seed.
    for id in [
        "c0000000-0000-4000-8000-000000000003",
        "c0000000-0000-4000-8000-000000000004",
    ] {
        let path = format!("/api/am/publisher/apis/{id}/swagger");
        bench.simulator.set_fault(Fault::new(path, Effect::Garbage));
    }
    let failure = bench.pull(&["--label", "dev"]).unwrap_err();
    assert_eq!(failure.message, "2 of 5 APIs could not be read");
    let cause = failure.source.unwrap().to_string();
    assert!(
        cause.contains("Catalog 1.2.0: GET") && cause.contains("Weather 1.0.0: GET"),
        "{cause}"
    );
    assert!(contents(&bench.project()).is_empty());
}

#[test]
fn trouble_at_sign_in_leaves_no_session() {
    for (effect, expected) in [
        (
            Effect::Status {
                status: 500,
                retry_after: None,
            },
            ExitCode::ControlPlane,
        ),
        (Effect::Garbage, ExitCode::ControlPlane),
        (Effect::Truncate, ExitCode::Unreachable),
        (Effect::Reset, ExitCode::Unreachable),
    ] {
        let bench = Bench::start(Shape::ApiCloud);
        bench.simulator.set_fault(Fault::new("/token", effect.clone()));
        assert_eq!(code(bench.login(ADMIN)), expected, "{effect:?}");
        assert!(!bench.session_file().exists());
    }
}
