use super::*;
use crate::refusal::{Refusal, Rejection};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::*;
use proptest::prelude::*;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, LazyLock};

pub(super) const MINUTE: u64 = 60_000;
/// A moment in the middle of a minute.
pub(super) const NOW: u64 = 1_700_000_000_000 / MINUTE * MINUTE + 1234;

pub(super) fn policy(name: &str, count: u64) -> Policy {
    Policy {
        name: name.into(),
        quota: Quota::Requests {
            count,
            window_ms: MINUTE,
        },
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    }
}

/// A subscription policy of 1000 bytes a minute, `Wide`.
pub(super) fn wide() -> Policies {
    let wide = Policy {
        quota: Quota::Bandwidth {
            bytes: 1000,
            window_ms: MINUTE,
        },
        ..policy("Wide", 1)
    };
    Policies {
        subscription: vec![wide],
        ..Policies::default()
    }
}

pub(super) fn gateway(api_policy: Option<&str>, resource_policy: Option<&str>, policies: Policies) -> GatewayConfig {
    let reference = |name: &str| PolicyRef {
        name: name.into(),
        index: policies
            .resource
            .iter()
            .position(|policy| policy.name == name)
            .and_then(|index| u32::try_from(index).ok()),
    };
    let resource = Resource {
        template: "/pet/{petId}".into(),
        method: Method::Get,
        security: Security {
            enabled: true,
            optional: false,
            alternatives: vec![],
        },
        scopes: Scopes::default(),
        policy: resource_policy.map(reference),
        endpoints: Endpoints::default(),
    };
    let api = |name: &str| Api {
        policy: api_policy.map(reference),
        resources: vec![resource.clone()],
        ..Api::plain(name, "1.0.0", &format!("/{name}/v1"))
    };
    GatewayConfig {
        format: 1,
        project: "test".into(),
        apis: vec![api("one"), api("two")],
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
        policies,
    }
}

pub(super) fn policies() -> Policies {
    Policies {
        resource: vec![policy("Five", 5), policy("Ten", 10)],
        application: vec![policy("App", 7)],
        subscription: vec![
            policy("Gold", 4),
            Policy {
                stop_on_quota: false,
                ..policy("Soft", 2)
            },
            policy("Unauthenticated", 3),
        ],
        custom: Vec::new(),
        blocks: Vec::new(),
    }
}

/// A call that no condition is about.
pub(super) fn nothing_special() -> Call<'static> {
    static NO_HEADERS: LazyLock<http::HeaderMap> = LazyLock::new(http::HeaderMap::new);
    Call {
        client: IpAddr::from([127, 0, 0, 1]),
        headers: &NO_HEADERS,
        query: None,
        claims: None,
    }
}

pub(super) fn throttle(config: &GatewayConfig) -> Throttle {
    Throttle::new(config, Arc::new(Counters::new(10_000)), NOW)
}

/// Decides about a request to the only resource of an API.
pub(super) fn decide(
    throttle: &Throttle,
    core: &mut CoreThrottle,
    api: u32,
    who: Who<'_>,
    now_ms: u64,
) -> Result<Admission, Rejection> {
    let levels = throttle.levels(core, api, 0, who, &nothing_special(), now_ms)?;
    throttle.admit(&levels, now_ms)
}

pub(super) fn caller(throttle: &Throttle, subscription: &str, application: &str, api: u32) -> CallerLevels {
    CallerLevels {
        subscription: throttle.subscription_level(subscription, &SubscriptionTerms::default(), "2", api, NOW),
        application: throttle.application_level(application, "2", "ana", NOW),
        names: throttle.caller_names("ana", "2", None, "ana"),
    }
}

fn outcomes(throttle: &Throttle, who: Who<'_>, times: usize, now: u64) -> Vec<Result<bool, Refusal>> {
    let mut core = CoreThrottle::new();
    (0..times)
        .map(|_| {
            decide(throttle, &mut core, 0, who, now)
                .map(|admission| admission.over_quota)
                .map_err(|rejection| rejection.refusal)
        })
        .collect()
}

fn admitted(outcomes: &[Result<bool, Refusal>]) -> usize {
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[test]
fn every_level_has_its_own_code() {
    let cases = [
        (Some("Five"), None, "Unlimited", "Unlimited", 5, Refusal::ApiQuota),
        (None, Some("Five"), "Unlimited", "Unlimited", 5, Refusal::ResourceQuota),
        (None, None, "Gold", "Unlimited", 4, Refusal::SubscriptionQuota),
        (None, None, "Unlimited", "App", 7, Refusal::ApplicationQuota),
        (Some("Five"), Some("Ten"), "Gold", "App", 4, Refusal::SubscriptionQuota),
    ];
    for (api, resource, subscription, application, limit, refusal) in cases {
        let throttle = throttle(&gateway(api, resource, policies()));
        let levels = caller(&throttle, subscription, application, 0);
        let got = outcomes(&throttle, Who::Caller(&levels), 12, NOW);
        assert_eq!(admitted(&got), limit, "{refusal:?}");
        assert_eq!(got.last(), Some(&Err(refusal)));
    }
}

#[test]
fn a_limit_of_one_admits_one() {
    let policies = Policies {
        resource: vec![policy("One", 1)],
        ..Policies::default()
    };
    let throttle = throttle(&gateway(Some("One"), None, policies));
    let got = outcomes(&throttle, Who::Caller(&CallerLevels::default()), 5, NOW);
    assert_eq!(admitted(&got), 1);
}

#[test]
fn unknown_policies_refuse_everything() {
    for (api, resource, subscription, application) in [
        (Some("Nope"), None, "Unlimited", "Unlimited"),
        (None, Some("Nope"), "Unlimited", "Unlimited"),
        (None, None, "Nope", "Unlimited"),
        (None, None, "Unlimited", "Nope"),
    ] {
        let throttle = throttle(&gateway(api, resource, policies()));
        let levels = caller(&throttle, subscription, application, 0);
        assert_eq!(
            outcomes(&throttle, Who::Caller(&levels), 1, NOW),
            [Err(Refusal::UnknownPolicy)]
        );
    }
}

#[test]
fn a_reporting_quota_lets_pass_and_says_so() {
    let throttle = throttle(&gateway(None, None, policies()));
    let levels = caller(&throttle, "Soft", "Unlimited", 0);
    let got = outcomes(&throttle, Who::Caller(&levels), 4, NOW);
    assert_eq!(got, [Ok(false), Ok(false), Ok(true), Ok(true)]);
}

#[test]
fn callers_without_credentials_are_limited_by_address_and_api() {
    let throttle = throttle(&gateway(None, None, policies()));
    let mut core = CoreThrottle::new();
    let mut ask = |api, address: &str| {
        let who = Who::Anonymous(address.parse().expect("an address"));
        decide(&throttle, &mut core, api, who, NOW)
            .map_err(|rejection| rejection.refusal)
            .is_ok()
    };
    assert_eq!((0..5).filter(|_| ask(0, "192.0.2.1")).count(), 3);
    assert_eq!((0..5).filter(|_| ask(0, "192.0.2.2")).count(), 3);
    assert_eq!((0..5).filter(|_| ask(1, "192.0.2.1")).count(), 3);
    // One network of 64 bits is one caller.
    assert!(ask(0, "2001:db8::1") && ask(0, "2001:db8::2") && ask(0, "2001:db8::3"));
    assert!(!ask(0, "2001:db8::4"));
    // Another core sees the same counters.
    let mut other = CoreThrottle::new();
    let who = Who::Anonymous("192.0.2.1".parse().expect("an address"));
    assert!(decide(&throttle, &mut other, 0, who, NOW).is_err());
}

#[test]
fn without_the_unauthenticated_policy_such_callers_are_refused() {
    let throttle = throttle(&gateway(None, None, Policies::default()));
    let who = Who::Anonymous("192.0.2.1".parse().expect("an address"));
    assert_eq!(outcomes(&throttle, who, 1, NOW), [Err(Refusal::UnknownPolicy)]);
}

#[test]
fn refused_requests_are_counted_nowhere() {
    let throttle = throttle(&gateway(Some("Ten"), None, policies()));
    let gold = caller(&throttle, "Gold", "Unlimited", 0);
    assert_eq!(admitted(&outcomes(&throttle, Who::Caller(&gold), 50, NOW)), 4);
    // 46 refusals later the API still has room for six.
    let free = CallerLevels::default();
    assert_eq!(admitted(&outcomes(&throttle, Who::Caller(&free), 50, NOW)), 6);
}

#[test]
fn windows_are_aligned_to_their_full_length_and_say_when_they_end() {
    let two_minutes = Policy {
        quota: Quota::Requests {
            count: 1,
            window_ms: 2 * MINUTE,
        },
        ..policy("Two", 1)
    };
    let policies = Policies {
        resource: vec![two_minutes],
        ..Policies::default()
    };
    let throttle = throttle(&gateway(Some("Two"), None, policies));
    let start = NOW / (2 * MINUTE) * (2 * MINUTE);
    let levels = CallerLevels::default();
    let mut core = CoreThrottle::new();
    let mut ask = |now| decide(&throttle, &mut core, 0, Who::Caller(&levels), now);
    assert!(ask(start + 2 * MINUTE).is_ok());
    let rejection = ask(start + 3 * MINUTE + 1).expect_err("the second of this window");
    assert_eq!(rejection.retry_after.map(|seconds| seconds.get()), Some(60));
    assert!(ask(start + 4 * MINUTE).is_ok());
}

#[test]
fn burst_limits_hold_inside_the_window() {
    let bursty = Policy {
        burst: Some(Burst {
            count: 2,
            window_ms: 1000,
        }),
        ..policy("Bursty", 3)
    };
    let policies = Policies {
        resource: vec![bursty],
        ..Policies::default()
    };
    let throttle = throttle(&gateway(Some("Bursty"), None, policies));
    let levels = CallerLevels::default();
    assert_eq!(admitted(&outcomes(&throttle, Who::Caller(&levels), 5, NOW)), 2);
    assert_eq!(admitted(&outcomes(&throttle, Who::Caller(&levels), 5, NOW + 1000)), 1);
}

#[test]
fn bandwidth_is_counted_and_stops_when_used_up() {
    let throttle = throttle(&gateway(None, None, wide()));
    let levels = caller(&throttle, "Wide", "Unlimited", 0);
    let mut core = CoreThrottle::new();
    let mut ask = |now| decide(&throttle, &mut core, 0, Who::Caller(&levels), now);
    let admission = ask(NOW).expect("nothing is used");
    assert!(admission.is_metered());
    admission.charge(999, NOW);
    let last = ask(NOW).expect("one byte is left");
    assert_eq!(last.left(NOW), 1);
    assert!(last.used_up(NOW, 0).is_none());
    last.charge(1, NOW);
    assert_eq!(ask(NOW).expect_err("used up").refusal, Refusal::SubscriptionQuota);
    assert_eq!(last.left(NOW), 0);
    assert!(last.used_up(NOW, 1).is_none(), "one byte is spared");
    let rejection = last.used_up(NOW, 0).expect("what is under way sees it too");
    assert_eq!(rejection.refusal, Refusal::SubscriptionQuota);
    assert!(last.used_up(NOW + MINUTE, 0).is_none(), "the next window");
    assert!(ask(NOW + MINUTE).is_ok());
}

#[test]
fn limits_on_bytes_that_only_report_end_nothing() {
    let mut policies = wide();
    policies.subscription[0].stop_on_quota = false;
    let throttle = throttle(&gateway(None, None, policies));
    let levels = caller(&throttle, "Wide", "Unlimited", 0);
    let mut core = CoreThrottle::new();
    let admission = decide(&throttle, &mut core, 0, Who::Caller(&levels), NOW).expect("nothing is used");
    admission.charge(2000, NOW);
    assert!(admission.used_up(NOW, 0).is_none());
    assert_eq!(admission.left(NOW), u64::MAX);
}

#[test]
fn counters_survive_a_reload_unless_their_policy_changed() {
    let counters = Arc::new(Counters::new(1000));
    let config = gateway(Some("Five"), None, policies());
    let before = Throttle::new(&config, Arc::clone(&counters), NOW);
    assert_eq!(
        admitted(&outcomes(&before, Who::Caller(&CallerLevels::default()), 3, NOW)),
        3
    );
    let after = Throttle::new(&config, Arc::clone(&counters), NOW);
    assert_eq!(
        admitted(&outcomes(&after, Who::Caller(&CallerLevels::default()), 9, NOW)),
        2
    );
    let mut changed = policies();
    changed.resource[0] = policy("Five", 6);
    let changed = Throttle::new(&gateway(Some("Five"), None, changed), counters, NOW);
    assert_eq!(
        admitted(&outcomes(&changed, Who::Caller(&CallerLevels::default()), 9, NOW)),
        6
    );
}

#[test]
fn sixty_four_threads_admit_exactly_the_limit_in_every_window() {
    let limits = Policies {
        resource: vec![policy("Api", 900)],
        subscription: vec![policy("Sub", 500)],
        custom: Vec::new(),
        blocks: Vec::new(),
        application: vec![policy("App", 700)],
    };
    let throttle = throttle(&gateway(Some("Api"), None, limits));
    let one = CallerLevels {
        subscription: throttle.subscription_level("Sub", &SubscriptionTerms::default(), "1", 0, NOW),
        application: throttle.application_level("App", "1", "u", NOW),
        names: None,
    };
    let two = CallerLevels {
        subscription: throttle.subscription_level("Sub", &SubscriptionTerms::default(), "2", 0, NOW),
        application: throttle.application_level("App", "2", "u", NOW),
        names: None,
    };
    for window in 0..5 {
        let now = NOW + window * MINUTE;
        let counts = [AtomicU64::new(0), AtomicU64::new(0)];
        let barrier = Barrier::new(64);
        std::thread::scope(|scope| {
            for thread in 0..64_usize {
                let (throttle, barrier, counts) = (&throttle, &barrier, &counts);
                let levels = if thread % 2 == 0 { &one } else { &two };
                scope.spawn(move || {
                    let mut core = CoreThrottle::new();
                    barrier.wait();
                    for _ in 0..60 {
                        if decide(throttle, &mut core, 0, Who::Caller(levels), now).is_ok() {
                            counts[thread % 2].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let [one, two] = counts.map(AtomicU64::into_inner);
        // 3,840 requests met a limit of 900 together and of 500 each: whoever was refused, the API was full.
        assert_eq!(one + two, 900, "window {window}");
        assert!(one <= 500 && two <= 500, "{one} {two}");
    }
}

proptest! {
    /// One thread, any sequence of times and callers: the same as a map from (key, window) to a count.
    #[test]
    fn equals_a_reference_model(
        api in 1_u64..6, subscription in 1_u64..6, application in 1_u64..6,
        requests in proptest::collection::vec((0_u64..400_000, 0_usize..2), 1..200),
    ) {
        let limits = Policies {
            resource: vec![policy("Api", api)],
            subscription: vec![policy("Sub", subscription)],
            custom: Vec::new(),
            blocks: Vec::new(),
            application: vec![policy("App", application)],
        };
        let throttle = throttle(&gateway(Some("Api"), None, limits));
        let callers: Vec<_> = ["1", "2"].iter().map(|id| CallerLevels {
            subscription: throttle.subscription_level("Sub", &SubscriptionTerms::default(), id, 0, NOW),
            application: throttle.application_level("App", id, "u", NOW),
            names: None,
        }).collect();
        let mut model = std::collections::HashMap::<(&str, usize, u64), u64>::new();
        let mut core = CoreThrottle::new();
        let mut times = requests;
        times.sort_unstable();
        for (offset, who) in times {
            let now = NOW + offset;
            let window = now / MINUTE;
            let keys = [("api", 9, window), ("sub", who, window), ("app", who, window)];
            let limits = [api, subscription, application];
            let refusals = [Refusal::ApiQuota, Refusal::SubscriptionQuota, Refusal::ApplicationQuota];
            let full = (0..3).find(|&level| model.get(&keys[level]).copied().unwrap_or(0) >= limits[level]);
            if full.is_none() {
                for key in keys {
                    *model.entry(key).or_default() += 1;
                }
            }
            let got = decide(&throttle, &mut core, 0, Who::Caller(&callers[who]), now);
            prop_assert_eq!(got.err().map(|rejection| rejection.refusal), full.map(|level| refusals[level]));
        }
    }
}

#[test]
fn callers_are_told_how_they_stand() {
    let mut policies = policies();
    policies.application = vec![
        Policy {
            burst: Some(Burst {
                count: 9,
                window_ms: 1000,
            }),
            ..policy("App", 7)
        },
        Policy {
            quota: Quota::Bandwidth {
                bytes: 1 << 20,
                window_ms: 60 * MINUTE,
            },
            ..policy("Bytes", 0)
        },
    ];
    let throttle = throttle(&gateway(None, Some("Five"), policies)).advertising(true);
    let mut core = CoreThrottle::new();
    let mut told = |levels: &CallerLevels, now| match decide(&throttle, &mut core, 0, Who::Caller(levels), now) {
        Ok(admission) => (true, admission.standing.expect("something limits the call")),
        Err(rejection) => (false, *rejection.standing.expect("something limits the call")),
    };
    let levels = caller(&throttle, "Soft", "App", 0);
    let (admitted, standing) = told(&levels, NOW);
    assert!(admitted);
    // `Soft` stops nobody, so that there is nothing to be careful about.
    assert_eq!(
        standing.policy,
        r#""resource";q=5;w=60, "application-burst";q=9;w=1, "application";q=7;w=60"#
    );
    assert_eq!(
        standing.limit,
        r#""resource";r=4;t=59, "application-burst";r=8;t=1, "application";r=6;t=59"#
    );
    for _ in 0..4 {
        assert!(told(&levels, NOW).0);
    }
    let (admitted, standing) = told(&levels, NOW + 1000);
    assert!(!admitted);
    assert_eq!(
        standing.limit,
        r#""resource";r=0;t=58, "application-burst";r=9;t=1, "application";r=2;t=58"#
    );
    let metered = caller(&throttle, "Unlimited", "Bytes", 0);
    let (_, standing) = told(&metered, NOW + MINUTE);
    assert_eq!(
        standing.policy,
        r#""resource";q=5;w=60, "application-bytes";q=1048576;w=3600;qu="content-bytes""#
    );
}

#[test]
fn nothing_is_told_where_nothing_limits_or_nobody_asked_for_it() {
    let limited = throttle(&gateway(None, Some("Five"), policies()));
    let unlimited = throttle(&gateway(None, None, policies())).advertising(true);
    let mut core = CoreThrottle::new();
    for throttle in [limited, unlimited] {
        let levels = caller(&throttle, "Unlimited", "Unlimited", 0);
        let admission = decide(&throttle, &mut core, 0, Who::Caller(&levels), NOW).expect("it is admitted");
        assert!(admission.standing.is_none());
    }
}
