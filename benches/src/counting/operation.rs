//! What is counted: one operation, done again and again.

use super::routes::{self, Arrangement};
use super::world::{NOW_MS, World, counter};
use http::HeaderMap;
use mgw_bundle::config::Method;
use mgw_quota::{Counter, Reservation};
use mgw_runtime::throttle::{Call, CoreThrottle, Who};
use serde::Serialize;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

/// One operation of the request path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operation {
    /// Nothing but the loop around the others.
    Loop,
    /// A unit taken at once.
    Acquire,
    /// A unit reserved, then committed.
    ReserveCommit,
    /// A unit taken at once, of a limit that gateways share, and a look whether the lease runs low.
    SharedAcquire,
    /// A whole decision: two levels with a limit each.
    TwoLevels,
    /// A whole decision: four levels with a limit each.
    FourLevels,
    /// The same where gateways share the limits.
    SharedFourLevels,
    /// The resource of a path among 10 operations.
    Route10,
    /// Among 100.
    Route100,
    /// Among 1,000, in APIs of 100 each.
    Route1000,
    /// Among 10,000, in APIs of 100 each.
    Route10000,
    /// Among 100,000, in APIs of 100 each.
    Route100000,
    /// Among 100,000 of one API, side by side.
    RouteOneApi,
    /// The same with a variable inside fixed text.
    RoutePatterns,
}

impl Operation {
    /// Those that are reported.
    pub(crate) const ALL: [Self; 13] = [
        Self::Acquire,
        Self::ReserveCommit,
        Self::SharedAcquire,
        Self::TwoLevels,
        Self::FourLevels,
        Self::SharedFourLevels,
        Self::Route10,
        Self::Route100,
        Self::Route1000,
        Self::Route10000,
        Self::Route100000,
        Self::RouteOneApi,
        Self::RoutePatterns,
    ];

    /// The name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Acquire => "acquire",
            Self::ReserveCommit => "reserve and commit",
            Self::SharedAcquire => "acquire, shared limit",
            Self::TwoLevels => "decision, two levels",
            Self::FourLevels => "decision, four levels",
            Self::SharedFourLevels => "decision, four levels, shared limits",
            Self::Route10 => "look-up among 10 operations",
            Self::Route100 => "look-up among 100 operations",
            Self::Route1000 => "look-up among 1,000 operations",
            Self::Route10000 => "look-up among 10,000 operations",
            Self::Route100000 => "look-up among 100,000 operations",
            Self::RouteOneApi => "look-up among 100,000 operations of one API",
            Self::RoutePatterns => "look-up among 100,000 patterns of one API",
        }
    }

    /// Does it `times` times; returns how often a unit was admitted.
    pub(crate) fn repeat(self, times: u64) -> u64 {
        match self {
            Self::Loop => count(times, || true),
            Self::Acquire => alone(times, false, |counter| {
                matches!(counter.acquire(NOW_MS), Reservation::Held(_))
            }),
            Self::ReserveCommit => alone(times, false, |counter| match counter.reserve(NOW_MS) {
                Reservation::Held(held) => {
                    counter.commit(held);
                    true
                }
                Reservation::Full | Reservation::Contended => false,
            }),
            Self::SharedAcquire => alone(times, true, |counter| {
                let admitted = matches!(counter.acquire(NOW_MS), Reservation::Held(_));
                // Nobody answers, so this is asked once and then only looked at, as on the request path.
                black_box(counter.wants_lease(NOW_MS));
                admitted
            }),
            Self::TwoLevels => decisions(times, false, false),
            Self::FourLevels => decisions(times, true, false),
            Self::SharedFourLevels => decisions(times, true, true),
            Self::Route10 => look_ups(times, Arrangement::Apis, 10),
            Self::Route100 => look_ups(times, Arrangement::Apis, 100),
            Self::Route1000 => look_ups(times, Arrangement::Apis, 1_000),
            Self::Route10000 => look_ups(times, Arrangement::Apis, 10_000),
            Self::Route100000 => look_ups(times, Arrangement::Apis, 100_000),
            Self::RouteOneApi => look_ups(times, Arrangement::OneApi, 100_000),
            Self::RoutePatterns => look_ups(times, Arrangement::Patterns, 100_000),
        }
    }
}

fn count(times: u64, operation: impl Fn() -> bool) -> u64 {
    (0..times).map(|_| u64::from(black_box(operation()))).sum()
}

fn alone(times: u64, shared: bool, operation: impl Fn(&Counter) -> bool) -> u64 {
    let counter = counter(shared);
    count(times, || operation(black_box(&counter)))
}

fn look_ups(times: u64, arrangement: Arrangement, operations: usize) -> u64 {
    let Some((table, path)) = routes::table(arrangement, operations) else {
        return 0;
    };
    count(times, || table.resource_at(Method::Get, black_box(&path)).is_some())
}

fn decisions(times: u64, api_limits: bool, shared: bool) -> u64 {
    let world = World::new(1000, api_limits, shared);
    let caller = world.caller("application", "user");
    let mut core = CoreThrottle::new();
    let headers = HeaderMap::new();
    let call = Call {
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        headers: &headers,
        query: None,
        claims: None,
    };
    let mut admitted = 0;
    for _ in 0..times {
        let levels = world
            .throttle
            .levels(&mut core, 0, 0, Who::Caller(black_box(&caller)), &call, NOW_MS);
        let decision = levels.and_then(|levels| world.throttle.admit(&levels, NOW_MS));
        admitted += u64::from(black_box(decision).is_ok());
    }
    admitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_admits_as_often_as_it_is_done() {
        for operation in Operation::ALL {
            assert_eq!(operation.repeat(100), 100, "{}", operation.name());
        }
    }
}
