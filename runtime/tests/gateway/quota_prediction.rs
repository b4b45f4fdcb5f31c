//! The simulation of shared quotas, held against real gateways at a real Redis.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, eventually, policy};
use mgw_bundle::config::PolicyRef;
use mgw_fixtures::redis::RedisServer;
use mgw_quota_simulation::{Case, Day, Limits, Outcome, Routing, simulate};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// By how many times the prediction of round trips may be wrong, either way: real requests come as fast as the machine
/// lets them, predicted ones at the mean rate.
const FACTOR: f64 = 2.0;

/// What real gateways did with one limit.
struct Measured {
    admitted: u64,
    leases: f64,
    took: Duration,
}

/// Gateways that share a limit from this day on.
fn start(server: &RedisServer, backend: &Backend, gateways: usize, (count, day): (u64, usize)) -> Vec<TestGateway> {
    let mut limited = api("/p", &backend.url());
    limited.policy = Some(PolicyRef {
        name: "Shared".into(),
        index: Some(0),
    });
    let fleet: Vec<_> = (0..gateways)
        .map(|_| {
            let mut builder = GatewayBuilder::new(vec![limited.clone()]).cores(1);
            builder.config.policies.resource = vec![policy("Shared", count)];
            builder
                .set("throttlingConfig.shared.url", &server.url())
                .set("throttlingConfig.shared.prefix", &format!("prediction {count} {day}"))
                .start()
        })
        .collect();
    for gateway in &fleet {
        eventually("all share", || {
            let ready: serde_json::Value =
                serde_json::from_str(&Client::get(gateway.admin(), "/ready").body).expect("JSON");
            ready["sharedQuotas"]["gateways"] == gateways
        });
    }
    fleet
}

/// Sends `times` requests to each gateway, all at the same time.
fn measure(gateways: &[TestGateway], times: u64) -> Measured {
    let started = Instant::now();
    let admitted = std::thread::scope(|scope| {
        let threads: Vec<_> = gateways
            .iter()
            .map(|gateway| {
                scope.spawn(move || {
                    let mut client = Client::connect(gateway.http());
                    (0..times)
                        .filter(|_| {
                            client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
                            client.receive().expect("an answer").status == 200
                        })
                        .count() as u64
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    let took = started.elapsed();
    let leases = |gateway: &TestGateway| gateway.metric("mgw_quota_sharing_leases_total").expect("the metric");
    Measured {
        admitted,
        leases: gateways.iter().map(leases).sum(),
        took,
    }
}

/// What the simulation says about the same: one subject whose requests go round at the measured rate.
fn predict(gateways: usize, count: u64, times: u64, took: Duration) -> Outcome {
    let case = Case {
        gateways: u32::try_from(gateways).expect("a few"),
        subjects: 1,
        rate: (gateways as u64 * times) as f64 / took.as_secs_f64(),
        skew: 0.0,
        burst: 1.0,
        gap_ms: 0.0,
        limits: Limits::Same(count),
        // The tests' policies count for a year.
        window_ms: 365 * 24 * 3_600_000,
        span_ms: u64::try_from(took.as_millis()).expect("not that long").max(1),
        routing: Routing::RoundRobin,
        day: Day::Good,
        tolerance: 200,
        horizon_ms: 1000,
        idle_ms: 1000,
        latency_us: (100, 300),
        patience_ms: 250,
        seed: 1,
    };
    simulate(&case, NonZeroUsize::MIN)
}

/// How often real gateways may have a day that is not as good as the predicted one: where the machine stalls, the store
/// answers late, and less is admitted until it does.
const BAD_DAYS: usize = 3;

#[test]
fn real_gateways_do_what_was_predicted() {
    let server = RedisServer::start();
    let backend = Backend::named("ok");
    for (gateways, count, times) in [(2, 400, 400), (4, 2000, 1000), (10, 3000, 600)] {
        let worst = (count / 5 / gateways as u64).max(1) * (gateways as u64 - 1);
        let mut told = Vec::new();
        let is_as_predicted = (0..=BAD_DAYS).any(|day| {
            let fleet = start(&server, &backend, gateways, (count, day));
            let real = measure(&fleet, times);
            let predicted = predict(gateways, count, times, real.took);
            told.push(format!(
                "{gateways} gateways, {count}: {} admitted, {} predicted; {} round trips, {:?} predicted",
                real.admitted, predicted.admitted, real.leases, predicted.trips
            ));
            // On no day more than that.
            assert!(
                real.admitted <= count + worst && predicted.admitted <= count + worst,
                "{told:?}"
            );
            let trips = predicted.trips.all() as f64;
            real.admitted.abs_diff(predicted.admitted) <= worst
                && real.leases <= FACTOR * trips
                && trips <= FACTOR * real.leases
        });
        assert!(is_as_predicted, "{told:?}");
    }
}
