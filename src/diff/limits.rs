//! Limits: what lets more through weakens, what lets less through breaks.

use super::change::{About, Class};
use crate::compile::describe_policy;
use mgw_bundle::config::{Api, Burst, Policies, Policy, PolicyRef, Quota, Resource};

/// Which way a limit moves. Both at once: more at a time, fewer over time, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Move {
    /// Something passes that did not.
    pub(super) looser: bool,
    /// Something is held back that was not.
    pub(super) tighter: bool,
}

impl Move {
    fn and(self, other: Self) -> Self {
        Self {
            looser: self.looser || other.looser,
            tighter: self.tighter || other.tighter,
        }
    }

    /// The classes of a change that moves a limit this way: what is looser here and tighter there is both, so that
    /// neither gate overlooks it.
    fn classes(self) -> &'static [Class] {
        match (self.looser, self.tighter) {
            (true, true) => &[Class::Weakening, Class::Breaking],
            (true, false) => &[Class::Weakening],
            (false, true) => &[Class::Breaking],
            (false, false) => &[Class::Compatible],
        }
    }

    /// Takes the change that moves a limit this way.
    pub(super) fn tell(self, what: &str, about: &mut About<'_>) {
        for class in self.classes() {
            about.push(*class, what);
        }
    }
}

/// Which way a quota moves.
pub(super) fn quota(before: Quota, after: Quota) -> Move {
    match (before, after) {
        (Quota::Unlimited, Quota::Unlimited) => Move::default(),
        (_, Quota::Unlimited) => Move {
            looser: true,
            tighter: false,
        },
        (Quota::Unlimited, _) => Move {
            looser: false,
            tighter: true,
        },
        (
            Quota::Requests { count, window_ms },
            Quota::Requests {
                count: now,
                window_ms: window_now,
            },
        ) => amounts((count, window_ms), (now, window_now)),
        (
            Quota::Bandwidth { bytes, window_ms },
            Quota::Bandwidth {
                bytes: now,
                window_ms: window_now,
            },
        ) => amounts((bytes, window_ms), (now, window_now)),
        // Requests and bytes cannot be weighed against each other.
        _ => Move {
            looser: true,
            tighter: true,
        },
    }
}

/// By the amount in one window and by the amount over time.
fn amounts((before, window_before): (u64, u64), (after, window_after): (u64, u64)) -> Move {
    let over_time_before = u128::from(before) * u128::from(window_after);
    let over_time_after = u128::from(after) * u128::from(window_before);
    Move {
        looser: after > before || over_time_after > over_time_before,
        tighter: after < before || over_time_after < over_time_before,
    }
}

/// Which way a whole policy moves.
pub(super) fn policy(before: &Policy, after: &Policy) -> Move {
    let as_quota = |burst: Option<Burst>| {
        burst.map_or(Quota::Unlimited, |burst| Quota::Requests {
            count: burst.count,
            window_ms: burst.window_ms,
        })
    };
    let switch = |before: bool, after: bool| Move {
        looser: before && !after,
        tighter: !before && after,
    };
    let conditional = Move {
        looser: before.conditional != after.conditional,
        tighter: before.conditional != after.conditional,
    };
    quota(before.quota, after.quota)
        .and(quota(as_quota(before.burst), as_quota(after.burst)))
        .and(switch(before.stop_on_quota, after.stop_on_quota))
        .and(Move {
            looser: before.strict && !after.strict,
            tighter: false,
        })
        .and(conditional)
}

/// Whether an API as a whole was under a policy and operations by themselves are now, or the other way round. One that the
/// API is under leaves no room for others.
pub(super) fn change_level(before: &Api, after: &Api) -> bool {
    let of_operations = |api: &Api| api.resources.iter().any(|resource| resource.policy.is_some());
    before.policy.is_some() != after.policy.is_some() && (of_operations(before) || of_operations(after))
}

/// Compares what limits an operation of two APIs that [`change_level`].
pub(super) fn compare_level(
    before: (&Api, &Resource, &Policies),
    after: (&Api, &Resource, &Policies),
    about: &mut About<'_>,
) {
    fn used<'a>(api: &'a Api, resource: &'a Resource) -> Option<&'a PolicyRef> {
        api.policy.as_ref().or(resource.policy.as_ref())
    }
    let (was, is) = (used(before.0, before.1), used(after.0, after.1));
    compare_use((was, before.2), (is, after.2), about);
    if let (Some(_), Some(is)) = (was, is) {
        let name = &is.name;
        if after.0.policy.is_none() {
            about.weakening(format!(
                "the policy {name} counts its requests alone, not those of the whole API"
            ));
        } else {
            about.breaking(format!(
                "the policy {name} counts the requests of the whole API, not its alone"
            ));
        }
    }
}

/// Compares the use of policies by an API or an operation.
pub(super) fn compare_use(
    before: (Option<&PolicyRef>, &Policies),
    after: (Option<&PolicyRef>, &Policies),
    about: &mut About<'_>,
) {
    let name =
        |used: Option<&PolicyRef>| used.map_or("no policy".to_owned(), |used| format!("the policy {}", used.name));
    // The same name with other numbers is told once, about the policy.
    if before.0.map(|used| &used.name) == after.0.map(|used| &used.name) {
        let is_defined = |used: Option<&PolicyRef>| used.is_none_or(|used| used.index.is_some());
        let its = name(after.0);
        match (is_defined(before.0), is_defined(after.0)) {
            (true, false) => about.breaking(format!("{its}, which it is limited by, is gone: requests are refused")),
            (false, true) => about.weakening(format!("{its}, which it is limited by, is there again")),
            _ => {}
        }
        return;
    }
    let unlimited = unlimited();
    let find = |(used, policies): (Option<&PolicyRef>, &Policies)| -> Option<Policy> {
        let Some(used) = used else {
            return Some(unlimited.clone());
        };
        policies.resource.get(used.index? as usize).cloned()
    };
    let what = format!("it is limited by {}, not by {}", name(after.0), name(before.0));
    match (find(before), find(after)) {
        (Some(before), Some(after)) => {
            let numbers = format!("{what} ({}, not {})", describe_policy(&after), describe_policy(&before));
            policy(&before, &after).tell(&numbers, about);
        }
        // Requests under a policy that nobody defined are refused.
        (Some(_), None) => about.breaking(what),
        (None, _) => about.weakening(what),
    }
}

/// The policy `Unlimited`, which exists without being written.
pub(super) fn unlimited() -> Policy {
    Policy {
        name: String::new(),
        quota: Quota::Unlimited,
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn requests(count: u64, window_ms: u64) -> Quota {
        Quota::Requests { count, window_ms }
    }

    #[test]
    fn quotas_move_both_ways() {
        for (before, after, looser, tighter) in [
            (requests(10, MINUTE), requests(10, MINUTE), false, false),
            (requests(10, MINUTE), requests(11, MINUTE), true, false),
            (requests(10, MINUTE), requests(9, MINUTE), false, true),
            (requests(10, MINUTE), requests(10, 2 * MINUTE), false, true),
            (requests(10, MINUTE), requests(20, 2 * MINUTE), true, false),
            (requests(10, MINUTE), requests(500, 60 * MINUTE), true, true),
            (requests(10, MINUTE), Quota::Unlimited, true, false),
            (Quota::Unlimited, requests(u64::MAX, MINUTE), false, true),
            (requests(u64::MAX, u64::MAX), requests(1, 1), false, true),
            (
                requests(10, MINUTE),
                Quota::Bandwidth {
                    bytes: 10,
                    window_ms: MINUTE,
                },
                true,
                true,
            ),
        ] {
            assert_eq!(quota(before, after), Move { looser, tighter }, "{before:?} {after:?}");
        }
    }

    #[test]
    fn every_part_of_a_policy_counts() {
        let gold = || Policy {
            quota: requests(10, MINUTE),
            ..unlimited()
        };
        let burst = Burst {
            count: 2,
            window_ms: 1000,
        };
        type Edit = fn(&mut Policy);
        use Class::{Breaking, Compatible, Weakening};
        let changed: [(Edit, &[Class], &[Class]); 5] = [
            (|policy| policy.quota = requests(20, MINUTE), &[Weakening], &[Breaking]),
            // More at a time, fewer over time.
            (
                |policy| policy.quota = requests(100, 60 * MINUTE),
                &[Weakening, Breaking],
                &[Weakening, Breaking],
            ),
            (|policy| policy.stop_on_quota = false, &[Weakening], &[Breaking]),
            (|policy| policy.strict = true, &[Compatible], &[Weakening]),
            (|_| {}, &[Compatible], &[Compatible]),
        ];
        for (change, there, back) in changed {
            let mut after = gold();
            change(&mut after);
            assert_eq!(policy(&gold(), &after).classes(), there, "{after:?}");
            assert_eq!(policy(&after, &gold()).classes(), back, "{after:?}");
        }
        let with_burst = Policy {
            burst: Some(burst),
            ..gold()
        };
        assert_eq!(policy(&gold(), &with_burst).classes(), [Breaking]);
        assert_eq!(policy(&with_burst, &gold()).classes(), [Weakening]);
    }
}
