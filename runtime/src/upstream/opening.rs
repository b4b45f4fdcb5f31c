//! Connections that are being opened for several requests.
//!
//! A connection of HTTP/2 carries many requests, so a burst of them must not open one each. Whoever comes first has one
//! opened by a task of its own, which goes on when that request is given up; the others wait for how it ends. One opening
//! takes as many requests as the connection will carry.

use super::error::UpstreamError;
use super::http2::Multiplexed;
use std::io;
use std::sync::Arc;
use tokio::sync::watch;

/// How opening a connection ended.
#[derive(Debug)]
pub(super) enum Opened {
    /// With a connection for one request at a time.
    Http1,
    /// With one that requests share.
    Http2(Arc<Multiplexed>),
    /// With none.
    Failed,
}

/// What those hear who wait: that there is something in the pool, a connection that is shared if it is one, or why not.
type Outcome = Result<Option<Arc<Multiplexed>>, Arc<UpstreamError>>;

/// The connections that are being opened to one origin.
#[derive(Debug, Default)]
pub(super) struct Openings {
    /// What the last connection was like; `None`: there was none yet.
    multiplexes: Option<bool>,
    next: u64,
    running: Vec<Opening>,
}

#[derive(Debug)]
struct Opening {
    number: u64,
    trust: u64,
    /// Requests that wait for it.
    joined: u32,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// What a request without a connection does.
#[derive(Debug)]
pub(super) enum Joined {
    /// Open one for itself: the backend takes one request at a time on each.
    Alone,
    /// Wait for one that is being opened.
    Waits(Waiting),
    /// Have one opened, and wait for it.
    Opens(Opener, Waiting),
}

/// Has to open a connection.
#[derive(Debug)]
pub(super) struct Opener {
    pub(super) number: u64,
    outcome: watch::Sender<Option<Outcome>>,
}

/// Waits for a connection.
#[derive(Debug)]
pub(super) struct Waiting(watch::Receiver<Option<Outcome>>);

impl Openings {
    /// `streams`: what one connection will carry.
    pub(super) fn join(&mut self, trust: u64, streams: u32) -> Joined {
        if self.multiplexes == Some(false) {
            return Joined::Alone;
        }
        // One whose task is gone without a word will never be told of.
        self.running.retain(|opening| opening.outcome.has_changed().is_ok());
        let mut running = self.running.iter_mut();
        if let Some(opening) = running.find(|opening| opening.trust == trust && opening.joined < streams) {
            opening.joined += 1;
            return Joined::Waits(Waiting(opening.outcome.clone()));
        }
        let (sender, outcome) = watch::channel(None);
        let number = self.next;
        self.next += 1;
        self.running.push(Opening {
            number,
            trust,
            joined: 1,
            outcome: outcome.clone(),
        });
        let opener = Opener {
            number,
            outcome: sender,
        };
        Joined::Opens(opener, Waiting(outcome))
    }

    /// Notes how opening number `number` ended: nobody joins it any more.
    pub(super) fn ended(&mut self, number: Option<u64>, opened: &Opened) {
        self.running.retain(|opening| Some(opening.number) != number);
        match opened {
            Opened::Http1 => self.multiplexes = Some(false),
            Opened::Http2(_) => self.multiplexes = Some(true),
            Opened::Failed => {}
        }
    }
}

impl Opener {
    /// Tells those who wait.
    pub(super) fn tell(self, outcome: Result<Option<Arc<Multiplexed>>, UpstreamError>) {
        self.outcome.send_replace(Some(outcome.map_err(Arc::new)));
    }
}

impl Waiting {
    /// Waits until opening has ended.
    pub(super) async fn ended(mut self) -> Result<Option<Arc<Multiplexed>>, UpstreamError> {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => match &*outcome {
                Some(Err(error)) => Err(alike(error)),
                Some(Ok(opened)) => Ok(opened.clone()),
                None => Ok(None),
            },
            Err(_) => Err(UpstreamError::Connect(io::Error::other(
                "opening the connection was given up",
            ))),
        }
    }
}

/// Returns the error for one more request.
fn alike(error: &UpstreamError) -> UpstreamError {
    let again = |cause: &io::Error| io::Error::new(cause.kind(), cause.to_string());
    match error {
        UpstreamError::Connect(cause) => UpstreamError::Connect(again(cause)),
        UpstreamError::Tls(cause) => UpstreamError::Tls(again(cause)),
        UpstreamError::ConnectTimeout => UpstreamError::ConnectTimeout,
        // Nothing was sent whatever it was.
        other => UpstreamError::Connect(io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(openings: &mut Openings, trust: u64) -> Joined {
        openings.join(trust, 3)
    }

    #[test]
    fn one_opening_takes_what_a_connection_carries() {
        let mut openings = Openings::default();
        let Joined::Opens(first, _) = joined(&mut openings, 0) else {
            panic!("nothing is being opened yet")
        };
        assert!(matches!(joined(&mut openings, 0), Joined::Waits(_)));
        assert!(matches!(joined(&mut openings, 0), Joined::Waits(_)));
        let Joined::Opens(second, _) = joined(&mut openings, 0) else {
            panic!("the first has enough to carry")
        };
        assert!(
            matches!(joined(&mut openings, 1), Joined::Opens(..)),
            "nobody takes a connection under older trust"
        );
        openings.ended(Some(first.number), &Opened::Failed);
        openings.ended(Some(second.number), &Opened::Http1);
        assert!(matches!(joined(&mut openings, 0), Joined::Alone));
    }

    #[test]
    fn an_opening_that_ended_without_a_word_is_not_waited_for() {
        let mut openings = Openings::default();
        drop(joined(&mut openings, 0));
        assert!(matches!(joined(&mut openings, 0), Joined::Opens(..)));
    }
}
