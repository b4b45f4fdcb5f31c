//! Who is calling, may they, and how much of it: the phases that decide about the caller.

use super::answer::Answered;
use super::phase::Phase;
use super::routing::Routed;
use crate::auth::{Answers, Caller, Outcome, RequestView};
use crate::clock::Now;
use crate::core::Core;
use crate::refusal::{Refusal, Rejection};
use crate::snapshot::Snapshot;
use crate::throttle::{Admission, Who};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

/// How often one request may wait for something that its decision needs.
const WAITS: usize = 4;

/// Decides about the caller; `None` where nobody is asked for credentials. Waits only when something has to be fetched.
pub(super) async fn authenticate(
    core: &Core,
    snapshot: &Snapshot,
    route: &Routed<'_, '_>,
    view: &RequestView<'_>,
    now: Now,
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
            Outcome::Wait(wait) => wait.resolve(&mut answers).await,
        }
    }
    Err(Answered::refused(Phase::Authn, Refusal::Unclassified))
}

/// Counts the request at every level that applies, or at none.
pub(super) fn throttle(
    core: &Core,
    snapshot: &Snapshot,
    route: &Routed<'_, '_>,
    caller: Option<&Caller>,
    client_ip: IpAddr,
    now: Now,
) -> Result<Admission, Rejection> {
    let who = match caller {
        Some(caller) => Who::Caller(&caller.levels),
        None => Who::Anonymous(client_ip),
    };
    let mut throttle = core.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let (api, resource) = (route.api_index.0, route.resource_index.0);
    snapshot.throttle.admit(&mut throttle, api, resource, who, now.unix_ms)
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
