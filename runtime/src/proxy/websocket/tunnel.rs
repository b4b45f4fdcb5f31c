//! One WebSocket between client and backend, from the end of the handshake to its own.

use super::ending::Ending;
use super::flow::{Flow, Step};
use super::frame::Sender;
use super::ledger::Ledger;
use super::patient::Patient;
use super::standing::Standing;
use crate::config::WebSockets;
use crate::server::StreamEnd;
use crate::upstream::Switched;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, split};

/// For telling both sides that it is over, and for the client to go.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// What a WebSocket needs once the backend has agreed.
pub(super) struct Tunnel {
    pub(super) standing: Standing,
    pub(super) ledger: Ledger,
    pub(super) limits: WebSockets,
    /// For the client to read something of what is there for it.
    pub(super) unread: Duration,
    /// Where it is a stream of an HTTP/2 connection: the end of that.
    pub(super) stream: Option<StreamEnd>,
    pub(super) backend: Switched,
    pub(super) compat: bool,
}

impl Tunnel {
    /// Passes frames on until one side or the gateway ends it.
    pub(super) async fn run(self, client: OnUpgrade) {
        let client = match client.await {
            Ok(client) => client,
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a client left before its WebSocket began"
                );
                return;
            }
        };
        // Dropped last: what has been written is on its way by then, unless the client takes nothing.
        let _stream = self.stream;
        let (mut from_client, to_client) = split(TokioIo::new(client));
        let mut to_client = Patient::new(to_client, self.unread);
        let (mut from_backend, mut to_backend) = split(TokioIo::new(self.backend.io));
        let mut up = Flow::new(Sender::Client, self.limits.max_message);
        let mut down = Flow::new(Sender::Server, self.limits.max_message);
        let (standing, ledger) = (&self.standing, &self.ledger);
        let finishing = async {
            if !standing.core.is_draining() {
                standing.core.connections.finishing().await;
            }
        };
        let ending = tokio::select! {
            ending = upward(standing, ledger, &mut up, &mut from_client, &mut to_backend) => ending,
            ending = downward(ledger, &mut down, &mut from_backend, &mut to_client) => ending,
            ending = watch(standing, ledger, &self.limits) => ending,
            () = finishing => Ending::ShuttingDown,
        };
        if let Ending::Refused(refusal) = ending {
            standing.core.metrics.refused(refusal);
        }
        tracing::debug!(?ending, "a WebSocket ended");
        let (code, reason) = ending.to_client(self.compat);
        let closing = async {
            let client = async {
                // A backend that is gone finishes no frame.
                let closing = down.close(&mut from_backend, &mut to_client, code, &reason);
                !matches!(ending, Ending::Gone(Sender::Client) | Ending::Unread) && closing.await.is_ok()
            };
            // No more is read of the client: a frame in the middle stays one, and the backend sees the connection end.
            let backend = async {
                let mut nothing = tokio::io::empty();
                let closing = up.close(&mut nothing, &mut to_backend, ending.to_backend(), "");
                if ending != Ending::Gone(Sender::Server) {
                    let _ = closing.await;
                    let _ = to_backend.shutdown().await;
                }
            };
            let ((), is_told) = tokio::join!(backend, client);
            if matches!(ending, Ending::Violation(Sender::Client, _)) {
                // Nothing that it sends can be understood any more, not even that it goes.
                let _ = to_client.shutdown().await;
            }
            if is_told {
                // Closing on unread bytes would take the close frame along.
                up.discard(&mut from_client).await;
            }
            if ending != Ending::Unread {
                let _ = to_client.shutdown().await;
            }
        };
        let _ = tokio::time::timeout(CLOSE_TIME, closing).await;
    }
}

/// From the client to the backend: every message is decided about.
async fn upward<R, W>(standing: &Standing, ledger: &Ledger, flow: &mut Flow, from: &mut R, to: &mut W) -> Ending
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        match flow.step(from, to).await {
            Ok(Step::Passed(bytes)) => {
                if let Err(refusal) = ledger.sent_to_backend(bytes) {
                    return Ending::Refused(refusal);
                }
            }
            Ok(Step::Message) => {
                if let Err(refusal) = standing.message(ledger).await {
                    return Ending::Refused(refusal);
                }
            }
            Ok(Step::Violation(violation)) => return Ending::Violation(Sender::Client, violation),
            Ok(Step::End) | Err(_) => return Ending::Gone(Sender::Client),
        }
    }
}

/// From the backend to the client.
async fn downward<R, W>(ledger: &Ledger, flow: &mut Flow, from: &mut R, to: &mut Patient<W>) -> Ending
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        match flow.step(from, to).await {
            Ok(Step::Passed(bytes)) => {
                if let Err(refusal) = ledger.sent_to_client(bytes) {
                    return Ending::Refused(refusal);
                }
            }
            Ok(Step::Message) => ledger.message_to_client(),
            Ok(Step::Violation(violation)) => return Ending::Violation(Sender::Server, violation),
            Err(_) if to.is_over() => return Ending::Unread,
            Ok(Step::End) | Err(_) => return Ending::Gone(Sender::Server),
        }
    }
}

/// Returns when it has been quiet for too long, has lived for too long, or its caller may not stay.
async fn watch(standing: &Standing, ledger: &Ledger, limits: &WebSockets) -> Ending {
    let clock = &standing.core.clock;
    let began_ms = clock.monotonic_ms();
    let mut checked_ms = began_ms;
    let left = |since_ms: u64, limit: Option<Duration>, now_ms: u64| {
        limit.map_or(Duration::MAX, |limit| {
            limit.saturating_sub(Duration::from_millis(now_ms.saturating_sub(since_ms)))
        })
    };
    loop {
        let now_ms = clock.monotonic_ms();
        let quiet = left(ledger.last_ms(), limits.idle, now_ms);
        let life = left(began_ms, limits.max_life, now_ms);
        let check = left(checked_ms, Some(limits.check), now_ms);
        if quiet.is_zero() {
            return Ending::Idle;
        }
        if life.is_zero() {
            return Ending::Old;
        }
        if check.is_zero() {
            checked_ms = now_ms;
            if let Err(refusal) = standing.check(ledger).await {
                return Ending::Refused(refusal);
            }
            continue;
        }
        tokio::time::sleep(quiet.min(life).min(check)).await;
    }
}
