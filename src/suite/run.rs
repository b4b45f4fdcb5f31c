//! Makes the requests of all cases.

use super::call::Caller;
use super::case::Case;
use super::presence::{Away, Presence};
use super::report::{Ended, Outcome};
use futures_util::{StreamExt, stream};
use std::pin::pin;

/// How a run went.
#[derive(Debug)]
pub(crate) struct Run {
    /// In the order of the cases.
    pub(crate) outcomes: Vec<Outcome>,
    /// Why some were not run, or had nobody to answer them.
    pub(crate) away: Option<Away>,
    /// It was told to stop before its end; what was under way then counts as not run.
    pub(crate) is_interrupted: bool,
}

/// Makes the requests: as many groups as `jobs` beside each other, the cases of a group in their order. `may_be_away`: the
/// gateway is not our own, and there is an end to asking where nobody answers. `stop`: nothing more is to be asked.
pub(crate) async fn run(
    caller: &Caller<'_>,
    groups: &[Vec<Case>],
    jobs: u16,
    may_be_away: bool,
    stop: impl Future<Output = ()>,
) -> Run {
    let count = groups.iter().map(Vec::len).sum();
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    outcomes.resize_with(count, || None);
    let mut presence = may_be_away.then(Presence::default);
    let mut away = None;
    let mut is_interrupted = false;
    {
        let mut positions = 0..count;
        let streams = groups.iter().map(|group| {
            let numbered: Vec<_> = positions.by_ref().zip(group).collect();
            let run = move |(position, case)| async move { (position, caller.run(case).await) };
            Box::pin(stream::iter(numbered).then(run))
        });
        // In the order in which they end: whoever finds that nobody is there waits for no other.
        let mut ended = stream::iter(streams).flatten_unordered(usize::from(jobs));
        let mut stop = pin!(stop);
        loop {
            let next = tokio::select! {
                biased;
                () = &mut stop => {
                    is_interrupted = true;
                    break;
                }
                next = ended.next() => next,
            };
            let Some((position, outcome)) = next else { break };
            away = presence.as_mut().and_then(|presence| presence.note(position, &outcome));
            if let Some(place) = outcomes.get_mut(position) {
                *place = Some(outcome);
            }
            if away.is_some() {
                break;
            }
        }
    }
    let left = match is_interrupted {
        true => Ended::Interrupted,
        false => Ended::NotRun(None),
    };
    let cases = groups.iter().flatten();
    let mut outcomes: Vec<Outcome> = outcomes
        .into_iter()
        .zip(cases)
        .map(|(outcome, case)| outcome.unwrap_or_else(|| Outcome::not_run(case, left.clone())))
        .collect();
    let away = away.or_else(|| presence.as_ref().filter(|_| !is_interrupted)?.nobody(&outcomes));
    if let (Some(_), Some(presence)) = (&away, &presence) {
        for position in presence.in_vain() {
            if let Some(outcome) = outcomes.get_mut(*position) {
                outcome.forgive();
            }
        }
    }
    Run {
        outcomes,
        away,
        is_interrupted,
    }
}
