//! The decision about a request.

use super::desk::LeaseDesk;
use super::{Admission, Level, LevelKind, Levels, MAX_CUSTOM_POLICIES};
use crate::refusal::{Refusal, Rejection};
use mgw_quota::{Counter, Held, Reservation};
use std::sync::Arc;

/// Counters that a single request can touch: four levels with a quota and a burst limit each,
const USUAL_COUNTERS: usize = 8;
/// and those of custom policies.
const MAX_COUNTERS: usize = USUAL_COUNTERS + 2 * MAX_CUSTOM_POLICIES;
/// How often a contended counter is asked again before the thread gives way, and how often it gives way.
const SPINS: u32 = 256;
const YIELDS: u32 = 1024;
/// After how long a lease should have come, in milliseconds.
const SOON_MS: u64 = 1000;

/// Looks at every level, then takes one unit at each.
///
/// Units of all counters but the last are first reserved and committed together, so that a request which fails at a
/// later counter never shows as admitted at an earlier one, and nobody is refused because of it. Counters are taken in
/// the fixed order of levels: two requests can wait for each other at no time.
pub(super) fn admit(levels: &Levels<'_>, desk: Option<&Arc<LeaseDesk>>, now_ms: u64) -> Result<Admission, Rejection> {
    let mut decision = if levels.custom.is_empty() {
        decide::<USUAL_COUNTERS>(levels, now_ms)
    } else {
        decide::<MAX_COUNTERS>(levels, now_ms)
    };
    leave(levels, desk, now_ms);
    if let (Ok(admission), Some(desk)) = (&mut decision, desk)
        && admission.is_metered()
    {
        admission.desk = Some(Arc::clone(desk));
    }
    decision
}

/// Looks at every level and takes nothing.
pub(super) fn look(levels: &Levels<'_>, desk: Option<&Arc<LeaseDesk>>, now_ms: u64) -> Result<(), Rejection> {
    let looked = passing::<MAX_COUNTERS>(levels, now_ms).map(drop);
    if looked.is_err() {
        leave(levels, desk, now_ms);
    }
    looked
}

/// Finds the limits on bytes that what is under way owes to, whatever became of those on requests.
pub(super) fn meters(levels: &Levels<'_>, desk: Option<&Arc<LeaseDesk>>) -> Admission {
    let mut admission = Admission::default();
    for (kind, limits) in levels.limited() {
        if let Some(counter) = &limits.bandwidth {
            admission.meter(kind, counter, limits.stop_on_quota);
        }
    }
    admission.desk = desk.cloned();
    admission
}

/// Leaves the counters whose leases run low at the desk, whether the request was admitted or not: a limit may have refused
/// it for want of a lease.
fn leave(levels: &Levels<'_>, desk: Option<&Arc<LeaseDesk>>, now_ms: u64) {
    let Some(desk) = desk else {
        return;
    };
    for (_, limits) in levels.limited() {
        for counter in limits.counters() {
            desk.look_at(counter, now_ms);
        }
    }
}

/// Counters that have to give one unit each, and how many there are.
type Passing<'a, const N: usize> = ([Option<(LevelKind, &'a Counter)>; N], usize, Admission);

fn passing<'a, const N: usize>(levels: &'a Levels<'_>, now_ms: u64) -> Result<Passing<'a, N>, Rejection> {
    let mut admission = Admission::default();
    let mut counters: [Option<(LevelKind, &Counter)>; N] = [None; N];
    let mut count = 0;
    for (kind, level) in levels.each() {
        let limits = match level {
            Level::Unlimited => continue,
            // The conditions were looked at before.
            Level::Unknown | Level::Conditional(_) => return Err(Refusal::UnknownPolicy.into()),
            Level::Limited(limits) => limits,
        };
        if let Some(meter) = &limits.bandwidth {
            let full = meter.is_full(now_ms);
            if full && limits.stop_on_quota {
                return Err(over(kind, meter, now_ms));
            }
            admission.over_quota |= full;
            admission.meter(kind, meter, limits.stop_on_quota);
        }
        for counter in limits.stopping() {
            if counter.is_full(now_ms) {
                return Err(over(kind, counter, now_ms));
            }
            if let Some(slot) = counters.get_mut(count) {
                *slot = Some((kind, counter));
                count += 1;
            }
        }
    }
    Ok((counters, count, admission))
}

fn decide<const N: usize>(levels: &Levels<'_>, now_ms: u64) -> Result<Admission, Rejection> {
    let (counters, count, mut admission) = passing::<N>(levels, now_ms)?;
    take::<N>(counters.iter().flatten().copied(), count, now_ms)?;
    for (_, limits) in levels.limited() {
        if !limits.stop_on_quota
            && let Some(counter) = &limits.requests
        {
            counter.add(1, now_ms);
            admission.over_quota |= counter.used_by_all(now_ms) > counter.limit();
        }
    }
    Ok(admission)
}

fn take<'a, const N: usize>(
    counters: impl Iterator<Item = (LevelKind, &'a Counter)>,
    count: usize,
    now_ms: u64,
) -> Result<(), Rejection> {
    let mut held: [Option<(&Counter, Held)>; N] = [None; N];
    for ((position, (kind, counter)), slot) in counters.enumerate().zip(0..N) {
        // The last one needs no reservation: nothing can fail after it.
        let last = position + 1 == count;
        let reservation = patiently(|| {
            if last {
                counter.acquire(now_ms)
            } else {
                counter.reserve(now_ms)
            }
        });
        match reservation {
            Reservation::Held(unit) if !last => {
                if let Some(slot) = held.get_mut(slot) {
                    *slot = Some((counter, unit));
                }
            }
            Reservation::Held(_) => {}
            Reservation::Full | Reservation::Contended => {
                for (counter, unit) in held.into_iter().flatten() {
                    counter.release(unit);
                }
                return Err(over(kind, counter, now_ms));
            }
        }
    }
    for (counter, unit) in held.into_iter().flatten() {
        counter.commit(unit);
    }
    Ok(())
}

/// Asks again while the answer depends on requests that other cores are deciding at this moment; that takes them
/// nanoseconds, unless the system has suspended one of them.
fn patiently(ask: impl Fn() -> Reservation) -> Reservation {
    for turn in 0..SPINS + YIELDS {
        match ask() {
            Reservation::Contended if turn < SPINS => std::hint::spin_loop(),
            Reservation::Contended => std::thread::yield_now(),
            settled => return settled,
        }
    }
    Reservation::Contended
}

/// Where other gateways have not used up the limit, the next lease may bring some.
pub(super) fn over(kind: LevelKind, counter: &Counter, now_ms: u64) -> Rejection {
    let remaining = counter.remaining_ms(now_ms);
    let used_up = counter.used_by_all(now_ms) >= counter.limit();
    let wait = if used_up { remaining } else { remaining.min(SOON_MS) };
    Rejection::new(kind.refusal()).with_retry_after_ms(wait)
}
