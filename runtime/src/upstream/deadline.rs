//! Until when an answer must have begun, and who wants it so.

use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::request_body::Progress;
use super::silence::SILENCE;
use std::time::Duration;
use tokio::time::Instant;

/// Until when an answer must have begun, over all attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    whose: Whose,
}

/// Who wants an answer by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The API's author.
    Endpoint,
    /// The client, who leaves the backend time enough to show a sign of life.
    Client,
    /// The client, who may leave no time to any backend.
    HastyClient,
}

impl Deadline {
    /// `client`: the time that the client has.
    pub(super) fn begin(endpoint: &Endpoint, client: Option<Duration>) -> Option<Self> {
        let (time, whose) = shorter(endpoint.total_timeout, client, endpoint.timeout)?;
        let at = Instant::now().checked_add(time)?;
        Some(Self { at, whose })
    }

    /// Why a request ran out of time.
    pub(super) fn error(self, progress: Option<&Progress>) -> UpstreamError {
        match (self.whose, progress.is_some_and(Progress::waits_for_client)) {
            (Whose::HastyClient, _) | (Whose::Client, true) => UpstreamError::ClientDeadline,
            (Whose::Endpoint, true) => UpstreamError::ClientTimeout,
            (Whose::Endpoint | Whose::Client, false) => UpstreamError::TotalTimeout,
        }
    }

    /// The time that is left.
    pub(super) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

/// The shorter of the endpoint's time for all attempts and the client's; `each`: the endpoint's time for one attempt.
fn shorter(total: Option<Duration>, client: Option<Duration>, each: Duration) -> Option<(Duration, Whose)> {
    match (total, client) {
        (total, Some(client)) if total.is_none_or(|total| client < total) => {
            let is_hasty = client < SILENCE.min(each);
            Some((client, if is_hasty { Whose::HastyClient } else { Whose::Client }))
        }
        (total, _) => total.map(|total| (total, Whose::Endpoint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_time_counts_and_haste_is_the_clients() {
        let seconds = |time: Option<u64>| time.map(Duration::from_secs);
        for (total, client, each, expected) in [
            (None, None, 60, None),
            (Some(10), None, 60, Some((10, Whose::Endpoint))),
            (Some(10), Some(20), 60, Some((10, Whose::Endpoint))),
            (Some(10), Some(10), 60, Some((10, Whose::Endpoint))),
            (Some(10), Some(9), 60, Some((9, Whose::Client))),
            (Some(10), Some(4), 60, Some((4, Whose::HastyClient))),
            (None, Some(0), 60, Some((0, Whose::HastyClient))),
            (None, Some(5), 60, Some((5, Whose::Client))),
            (None, Some(2), 2, Some((2, Whose::Client))),
            (None, Some(1), 2, Some((1, Whose::HastyClient))),
        ] {
            let shorter = shorter(seconds(total), seconds(client), Duration::from_secs(each));
            let expected = expected.map(|(time, whose)| (Duration::from_secs(time), whose));
            assert_eq!(shorter, expected, "{total:?} {client:?} {each}");
        }
    }
}
