//! Makes the requests of all cases.

use super::call::Caller;
use super::case::Case;
use super::presence::{Away, Presence};
use super::report::Outcome;
use futures_util::{StreamExt, stream};

/// How a run went.
#[derive(Debug)]
pub(crate) struct Run {
    /// In the order of the cases.
    pub(crate) outcomes: Vec<Outcome>,
    /// Why some were not run, or had nobody to answer them.
    pub(crate) away: Option<Away>,
}

/// Makes the requests: as many groups as `jobs` beside each other, the cases of a group in their order. `may_be_away`: the
/// gateway is not our own, and there is an end to asking where nobody answers.
pub(crate) async fn run(caller: &Caller<'_>, groups: &[Vec<Case>], jobs: u16, may_be_away: bool) -> Run {
    let count = groups.iter().map(Vec::len).sum();
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    outcomes.resize_with(count, || None);
    let mut presence = may_be_away.then(Presence::default);
    let mut away = None;
    {
        let mut positions = 0..count;
        let streams = groups.iter().map(|group| {
            let numbered: Vec<_> = positions.by_ref().zip(group).collect();
            let run = move |(position, case)| async move { (position, caller.run(case).await) };
            Box::pin(stream::iter(numbered).then(run))
        });
        // In the order in which they end: whoever finds that nobody is there waits for no other.
        let mut ended = stream::iter(streams).flatten_unordered(usize::from(jobs));
        while let Some((position, outcome)) = ended.next().await {
            away = presence.as_mut().and_then(|presence| presence.note(position, &outcome));
            if let Some(place) = outcomes.get_mut(position) {
                *place = Some(outcome);
            }
            if away.is_some() {
                break;
            }
        }
    }
    let cases = groups.iter().flatten();
    let mut outcomes: Vec<Outcome> = outcomes
        .into_iter()
        .zip(cases)
        .map(|(outcome, case)| outcome.unwrap_or_else(|| Outcome::not_run(case)))
        .collect();
    let away = away.or_else(|| presence.as_ref()?.nobody(&outcomes));
    if let (Some(_), Some(presence)) = (&away, &presence) {
        for position in presence.in_vain() {
            if let Some(outcome) = outcomes.get_mut(*position) {
                outcome.forgive();
            }
        }
    }
    Run { outcomes, away }
}
