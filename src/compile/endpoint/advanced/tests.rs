//! What definitions say about slow and broken backends, and what is wrong with it.

use super::advanced;
use crate::diagnostics::Diagnostics;
use crate::yaml::{Format, parse};
use mgw_bundle::config::{Balance, CircuitBreaker, EndpointKind, HashKey, HealthCheck, PoolBounds, Retry};

/// Reads the members of `advanceEndpointConfig`; the second part lists findings, one a line.
fn read(kind: EndpointKind, members: &str) -> (Option<super::Advanced>, String) {
    let text = format!("advanceEndpointConfig: {{{members}}}");
    let (source, node) = parse("a.yaml", text.into_bytes(), Format::Yaml).expect("well-formed");
    let mut diagnostics = Diagnostics::default();
    let advanced = advanced(&source, &node, kind, &mut diagnostics);
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|found| match &found.remedy {
            Some(remedy) => format!("{found} [{remedy}]"),
            None => found.to_string(),
        })
        .collect();
    (advanced, lines.join("\n"))
}

fn sound(members: &str) -> super::Advanced {
    let (advanced, problems) = read(EndpointKind::LoadBalance, members);
    assert_eq!(problems, "", "{members}");
    advanced.expect("nothing is wrong")
}

#[test]
fn everything_has_a_default() {
    let advanced = sound("");
    assert_eq!((advanced.timeout_ms, advanced.total_timeout_ms), (60_000, None));
    assert_eq!(advanced.balance, Balance::RoundRobin);
    assert_eq!((advanced.retry, advanced.circuit_breaker), (None, None));
    assert_eq!((advanced.pool, advanced.health_check), (None, None));
    let advanced =
        sound("retryConfig: {count: 2}, circuitBreaker: {}, poolConfig: {}, healthCheck: {}, loadBalance: {}");
    let retry = Retry {
        count: 2,
        interval_ms: 0,
        back_off_factor: 1.0,
        max_interval_ms: 60_000,
        statuses: Vec::new(),
        unsafe_methods: false,
        budget_percent: 20,
    };
    assert_eq!(advanced.retry, Some(retry));
    let breaker = CircuitBreaker {
        failure_threshold: 0.0,
        reset_ms: 0,
        statuses: Vec::new(),
        request_volume: 10,
        window_ms: 60_000,
        bucket_ms: 10_000,
    };
    assert_eq!(advanced.circuit_breaker, Some(breaker));
    assert_eq!(advanced.pool, None);
    let check = HealthCheck {
        path: "/".into(),
        interval_ms: 10_000,
        timeout_ms: 2_000,
        unhealthy_after: 3,
        healthy_after: 2,
        statuses: Vec::new(),
    };
    assert_eq!(advanced.health_check, Some(check));
}

#[test]
fn everything_can_be_said() {
    let advanced = sound(
        "timeoutInMillis: 5, totalTimeoutInMillis: 9, retryConfig: {count: 3, intervalInMillis: 10, backOffFactor: 1.5, \
         maxWaitIntervalInMillis: 100, statusCodes: [503, 502, 503], unsafeMethods: true, budgetPercent: 0}, \
         circuitBreaker: {failureThreshold: 0.5, resetTimeInMillis: 7, statusCodes: [500], rollingWindow: \
         {requestVolumeThreshold: 1, timeWindowInMillis: 20, bucketSizeInMillis: 20}}, poolConfig: \
         {maxActiveConnections: 4, maxIdleConnections: 0, waitTimeInMillis: 6, maxActiveStreamsPerConnection: 8}",
    );
    assert_eq!((advanced.timeout_ms, advanced.total_timeout_ms), (5, Some(9)));
    let retry = advanced.retry.expect("it is written");
    assert_eq!((retry.back_off_factor, retry.statuses), (1.5, vec![502, 503]));
    assert!(retry.unsafe_methods && retry.budget_percent == 0);
    let breaker = advanced.circuit_breaker.expect("it is written");
    assert_eq!((breaker.failure_threshold, breaker.bucket_ms), (0.5, 20));
    let pool = PoolBounds {
        max_active: Some(4),
        max_idle: Some(0),
        wait_ms: Some(6),
        max_streams: Some(8),
    };
    assert_eq!(advanced.pool, Some(pool));
}

#[test]
fn a_word_of_micro_gw_stands_for_not_set() {
    let pool = sound(
        "poolConfig: {maxActiveConnections: 0, maxIdleConnections: -1, waitTimeInMillis: -1, \
         maxActiveStreamsPerConnection: -1}",
    );
    assert_eq!(pool.pool, None);
    let unbounded = sound("poolConfig: {maxActiveConnections: -1}").pool;
    assert_eq!(unbounded.and_then(|pool| pool.max_active), Some(u64::from(u32::MAX)));
    let retry = sound("retryConfig: {count: 1, backOffFactor: -3, maxWaitIntervalInMillis: 0}").retry;
    assert_eq!(
        retry.map(|retry| (retry.back_off_factor, retry.max_interval_ms)),
        Some((1.0, 60_000))
    );
    assert_eq!(sound("retryConfig: {count: 0}").retry, None);
}

#[test]
fn load_is_balanced_as_written() {
    for (written, expected) in [
        ("algorithm: round-robin", Balance::RoundRobin),
        ("algorithm: least-outstanding", Balance::LeastOutstanding),
        (
            "algorithm: consistent-hash",
            Balance::ConsistentHash(HashKey::ClientAddress),
        ),
        ("hashKey: path", Balance::ConsistentHash(HashKey::Path)),
        (
            "hashKey: {header: X-User}",
            Balance::ConsistentHash(HashKey::Header("x-user".into())),
        ),
        (
            "algorithm: consistent-hash, hashKey: {cookie: sid}",
            Balance::ConsistentHash(HashKey::Cookie("sid".into())),
        ),
        (
            "hashKey: {query: user}",
            Balance::ConsistentHash(HashKey::Query("user".into())),
        ),
    ] {
        assert_eq!(
            sound(&format!("loadBalance: {{{written}}}")).balance,
            expected,
            "{written}"
        );
    }
}

#[test]
fn every_mistake_is_shown_where_it_stands() {
    let (advanced, problems) = read(
        EndpointKind::LoadBalance,
        "timeoutInMillis: 0, totalTimeoutInMillis: x, retry: 1, retryConfig: {count: -1, statuscodes: [], statusCodes: \
         [99, a], backOffFactor: b, unsafeMethods: 1, budgetPercent: 101}, circuitBreaker: {failureThreshold: 1.1, \
         rollingWindow: {timeWindowInMillis: 5000}}, poolConfig: {maxActiveConnections: -2, waitTimeInMillis: z}, \
         loadBalance: {algorithm: random, hashKey: 3}, healthCheck: {path: health, intervalInMillis: 1}",
    );
    assert!(advanced.is_none());
    insta::assert_snapshot!(problems, @r#"
    a.yaml:1:70: error: `advanceEndpointConfig` has no `retry` [Remove it; there are `timeoutInMillis`, `httpVersion`, `totalTimeoutInMillis`, `retryConfig`, `circuitBreaker`, `poolConfig`, `loadBalance`, `healthCheck`.]
    a.yaml:1:42: error: `timeoutInMillis` should be a whole number from 1 to 86400000 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:67: error: `totalTimeoutInMillis` should be a whole number from 1 to 86400000 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:105: error: `retryConfig` has no `statuscodes` [Did you mean `statusCodes`?]
    a.yaml:1:101: error: `count` should be a whole number from 0 to 1000 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:159: error: `backOffFactor` should be a number [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:136: error: a status is a whole number from 100 to 599 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:140: error: a status is a whole number from 100 to 599 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:177: error: `unsafeMethods` should be `true` or `false`, found a number [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:195: error: `budgetPercent` should be a whole number from 0 to 100 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:236: error: `failureThreshold` should be a share from 0 to 1 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:277: error: a step of 10000 ms does not fit into a window of 5000 ms [Make `bucketSizeInMillis` (10000 when absent) a part of `timeWindowInMillis`.]
    a.yaml:1:320: error: `maxActiveConnections` should be a whole number from -1 to 4294967295, or 0 to leave it to the gateway [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:342: error: `waitTimeInMillis` should be a whole number from 0 to 86400000, or -1 to leave it to the gateway [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:371: error: `algorithm` should be `round-robin`, `least-outstanding` or `consistent-hash` [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:388: warning: `hashKey` has no effect with this algorithm [Write `algorithm: consistent-hash`, or remove it.]
    a.yaml:1:438: error: `intervalInMillis` should be a whole number from 100 to 86400000 [Write such a value, or leave the key out: then the gateway's own counts.]
    a.yaml:1:412: error: `path` should be a path below the backend's URL that starts with `/` [Write such a value, or leave the key out: then the gateway's own counts.]
    "#);
}

#[test]
fn kinds_of_values_are_checked() {
    let (advanced, problems) = read(
        EndpointKind::LoadBalance,
        "retryConfig: 3, circuitBreaker: [], poolConfig: a, loadBalance: least-outstanding, healthCheck: true",
    );
    assert!(advanced.is_none());
    insta::assert_snapshot!(problems, @r#"
    a.yaml:1:38: error: `retryConfig` should be a map, found a number [Write a map there.]
    a.yaml:1:57: error: `circuitBreaker` should be a map, found an empty list [Write a map there.]
    a.yaml:1:73: error: `poolConfig` should be a map, found a text [Write a map there.]
    a.yaml:1:89: error: `loadBalance` should be a map, found a text [Write a map there.]
    a.yaml:1:121: error: `healthCheck` should be a map, found a boolean [Write a map there.]
    "#);
}

#[test]
fn what_has_no_effect_is_said() {
    let (advanced, problems) = read(
        EndpointKind::Failover,
        "retryConfig: {intervalInMillis: 5}, loadBalance: {algorithm: least-outstanding, hashKey: path}",
    );
    assert!(advanced.is_some());
    insta::assert_snapshot!(problems, @r#"
    a.yaml:1:38: warning: `retryConfig` without `count` retries nothing [Add `count: 1`, or more.]
    a.yaml:1:74: warning: `loadBalance` has no effect: the endpoint does not spread its load [Write `type: load_balance` and several `urls`, or remove it.]
    a.yaml:1:114: warning: `hashKey` has no effect with this algorithm [Write `algorithm: consistent-hash`, or remove it.]
    "#);
}
