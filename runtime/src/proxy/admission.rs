//! Who is calling, may they, and how much of it: the phases that decide about the caller.

use super::answer::Answered;
use super::phase::Phase;
use super::routing::Routed;
use super::witness::{Question, Witness};
use crate::auth::{Answers, Caller, Outcome, RequestView};
use crate::clock::Now;
use crate::core::Core;
use crate::refusal::{Refusal, Rejection};
use crate::shared_quotas::SharedQuotas;
use crate::snapshot::Snapshot;
use crate::throttle::{Admission, Call, CoreGlobal, GlobalRequest, Levels, Who};
use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, PoisonError};

/// How often one request may wait for something that its decision needs.
const WAITS: usize = 4;

/// Decides about the caller; `None` where nobody is asked for credentials. Waits only when something has to be fetched.
pub(super) async fn authenticate(
    core: &Core,
    snapshot: &Snapshot,
    route: &Routed<'_, '_>,
    view: &RequestView<'_>,
    now: Now,
    witness: &mut impl Witness,
) -> Result<Option<Arc<Caller>>, Answered> {
    let (api, resource) = (route.api_index.0, route.resource_index.0);
    let mut answers = Answers::default();
    for _ in 0..=WAITS {
        let outcome = {
            let mut auth = core.auth.lock().unwrap_or_else(PoisonError::into_inner);
            let authenticator = &snapshot.authenticator;
            authenticator.authenticate(&mut auth, view, api, resource, now.unix_ms, &answers)
        };
        match outcome {
            Outcome::Admitted(caller) => return Ok(Some(caller)),
            Outcome::Anonymous => return Ok(None),
            Outcome::Refused(rejection) => {
                return Err(Answered::refused(phase_of(rejection.refusal), rejection));
            }
            Outcome::Wait(wait) if witness.may_ask(Question::Caller(&wait)) => wait.resolve(&mut answers).await,
            Outcome::Wait(_) => return Err(Answered::refused(Phase::Authn, Refusal::Unavailable)),
        }
    }
    Err(Answered::refused(Phase::Authn, Refusal::Unclassified))
}

/// Counts the request at every level that applies, or at none. Waits only where a policy wants the store to count first.
pub(super) async fn throttle(
    core: &Core,
    snapshot: &Snapshot,
    route: &Routed<'_, '_>,
    caller: Option<&Caller>,
    view: &RequestView<'_>,
    now: Now,
    witness: &mut impl Witness,
) -> Result<Admission, Rejection> {
    refuse_blocked(snapshot, route, caller, view, now)?;
    let call = call(caller, view);
    if let Some(throttle) = &snapshot.global_throttle {
        let request = global(core, route, caller, call, now);
        let mut own = own_limits(core)?;
        witness.limited_elsewhere(throttle, &mut own, &request);
        return throttle.admit(&mut own, &request);
    }
    let levels = levels(core, snapshot, route, caller, view.client_ip, &call, now)?;
    witness.limited(&levels);
    match &snapshot.shared_quotas {
        Some(shared) if levels.strict().next().is_some() => {
            Box::pin(throttle_strictly(snapshot, shared, &levels, now)).await
        }
        _ => snapshot.throttle.admit(&levels, now.unix_ms),
    }
}

/// Looks whether what is under way may go on, and counts nothing. Returns what its bytes are owed to from now on.
pub(super) fn look(
    core: &Core,
    snapshot: &Snapshot,
    route: &Routed<'_, '_>,
    caller: Option<&Caller>,
    view: &RequestView<'_>,
    now: Now,
) -> Result<Admission, Rejection> {
    refuse_blocked(snapshot, route, caller, view, now)?;
    let call = call(caller, view);
    if let Some(throttle) = &snapshot.global_throttle {
        let request = global(core, route, caller, call, now);
        let mut own = own_limits(core)?;
        throttle.look(&mut own, &request)?;
        return Ok(Admission::default());
    }
    let levels = levels(core, snapshot, route, caller, view.client_ip, &call, now)?;
    Ok(snapshot.throttle.meters(&levels))
}

/// Refuses callers that a block is about.
fn refuse_blocked(
    snapshot: &Snapshot,
    route: &Routed<'_, '_>,
    caller: Option<&Caller>,
    view: &RequestView<'_>,
    now: Now,
) -> Result<(), Refusal> {
    let api = route.api_index.0;
    match snapshot.blocks.refuse(api, view.client_ip, caller, now.unix_ms) {
        true => Err(Refusal::BlockingCondition),
        false => Ok(()),
    }
}

/// The core's state for limits that the traffic manager counts: every core has one where it does.
fn own_limits(core: &Core) -> Result<MutexGuard<'_, CoreGlobal>, Rejection> {
    let own = core.global.as_ref().ok_or(Refusal::UnknownPolicy)?;
    Ok(own.lock().unwrap_or_else(PoisonError::into_inner))
}

fn global<'r>(
    core: &'r Core,
    route: &Routed<'_, '_>,
    caller: Option<&'r Caller>,
    call: Call<'r>,
    now: Now,
) -> GlobalRequest<'r> {
    GlobalRequest {
        api: route.api_index.0,
        resource: route.resource_index.0,
        caller,
        call,
        events: core.events.as_ref(),
        now_ms: now.unix_ms,
    }
}

fn call<'v>(caller: Option<&'v Caller>, view: &RequestView<'v>) -> Call<'v> {
    Call {
        client: view.client_ip,
        headers: view.headers,
        query: view.query,
        claims: caller.map(|caller| &caller.identity.claims),
    }
}

fn levels<'s>(
    core: &Core,
    snapshot: &'s Snapshot,
    route: &Routed<'_, '_>,
    caller: Option<&'s Caller>,
    client: IpAddr,
    call: &Call<'_>,
    now: Now,
) -> Result<Levels<'s>, Rejection> {
    let who = match caller {
        Some(caller) => Who::Caller(&caller.levels),
        None => Who::Anonymous(client),
    };
    let (api, resource) = (route.api_index.0, route.resource_index.0);
    let mut throttle = core.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let throttle = &mut throttle;
    snapshot
        .throttle
        .levels(throttle, api, resource, who, call, now.unix_ms)
}

async fn throttle_strictly(
    snapshot: &Snapshot,
    shared: &Arc<SharedQuotas>,
    levels: &Levels<'_>,
    now: Now,
) -> Result<Admission, Rejection> {
    // What this gateway refuses anyway is not worth a round trip.
    snapshot.throttle.look(levels, now.unix_ms)?;
    match shared.count(levels, now.unix_ms).await {
        Ok(counted) => {
            let admission = snapshot.throttle.admit(levels, now.unix_ms)?;
            counted.keep();
            Ok(admission)
        }
        Err(rejection) => snapshot.throttle.told(Err(rejection), levels, now.unix_ms),
    }
}

/// Knowing the caller and permitting the call are decided together, but are different answers.
fn phase_of(refusal: Refusal) -> Phase {
    match refusal {
        Refusal::Blocked | Refusal::NotSubscribed | Refusal::SubscriptionInactive | Refusal::MissingScope => {
            Phase::Authz
        }
        _ => Phase::Authn,
    }
}
