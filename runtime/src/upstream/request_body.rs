//! The body on its way to the backend, and what is known about its progress.
//!
//! Bodies are streamed: the backend's pace is the client's. A body that may have to be sent again is recorded while it
//! passes, up to a bound; one that grows beyond it is streamed on and cannot be repeated.

use super::trailers::Protected;
use crate::clock::Clock;
use crate::server::ClientBody;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Bytes of a recorded body for which there is room from its first piece on, if it says that it is so long.
const SHORT: u64 = 8 * 1024;

/// A request body as the backend connection reads it.
#[derive(Debug)]
pub(crate) enum RequestBody {
    /// No body.
    Empty,
    /// A body that is streamed.
    Streamed(Box<Streamed>),
    /// A body that is recorded while it is streamed, or repeated from the record.
    Recorded(Take),
}

/// What the client sends.
#[derive(Debug)]
pub(crate) struct Streamed {
    incoming: ClientBody,
    /// What no trailer may be.
    protected: Arc<Protected>,
    /// What the client may still send.
    remaining: u64,
    clock: Clock,
    progress: Arc<Progress>,
}

/// How far a request body got; shared with the side that waits for the response.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    last_ms: AtomicU64,
    waits_for_client: AtomicBool,
    too_large: AtomicBool,
    client_failed: AtomicBool,
    complete: AtomicBool,
    stopped: AtomicBool,
    waker: AtomicWaker,
}

impl Progress {
    /// Bytes passed on so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// When the client last sent something.
    pub(super) fn last_ms(&self) -> u64 {
        self.last_ms.load(Relaxed)
    }

    /// Whether the backend would take more than the client has sent.
    pub(super) fn waits_for_client(&self) -> bool {
        self.waits_for_client.load(Relaxed)
    }

    /// Whether the client sent more than it may.
    pub(super) fn is_too_large(&self) -> bool {
        self.too_large.load(Relaxed)
    }

    /// Whether reading from the client failed.
    pub(super) fn client_failed(&self) -> bool {
        self.client_failed.load(Relaxed)
    }

    /// Whether the client has sent everything.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.load(Relaxed)
    }

    /// Ends the upload: nobody is interested in the rest.
    pub(super) fn stop(&self) {
        self.stopped.store(true, SeqCst);
        self.waker.wake();
    }
}

/// Why a request body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestBodyError {
    #[error("the request body is larger than allowed")]
    TooLarge,
    #[error("the request body could not be read")]
    Client(#[source] hyper::Error),
    /// The answer came first, or the request is on its way to another backend.
    #[error("the rest of the request body is not needed")]
    Stopped,
}

impl RequestBody {
    /// Wraps what the server hands out. `limit` bounds the body in bytes; up to `keep` bytes are recorded, none with 0.
    pub(crate) fn new(
        incoming: ClientBody,
        limit: u64,
        keep: usize,
        protected: &Arc<Protected>,
        clock: &Clock,
        now_ms: u64,
    ) -> (Self, Option<Arc<Progress>>) {
        if incoming.is_end_stream() {
            return (Self::Empty, None);
        }
        let progress = Arc::new(Progress {
            last_ms: AtomicU64::new(now_ms),
            ..Progress::default()
        });
        let streamed = Streamed {
            incoming,
            protected: Arc::clone(protected),
            remaining: limit,
            clock: clock.clone(),
            progress: Arc::clone(&progress),
        };
        // What is known to be longer than the record needs none.
        let body = if keep == 0 || streamed.incoming.size_hint().lower() > keep as u64 {
            Self::Streamed(Box::new(streamed))
        } else {
            Self::Recorded(Recording::begin(streamed, keep))
        };
        (body, Some(progress))
    }

    /// Whether all of this body will be at hand, however much of it has been sent.
    pub(super) fn is_kept(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streamed(_) => false,
            Self::Recorded(take) => {
                let record = take.recording.lock();
                record.whole.upper().is_some_and(|length| length <= record.keep as u64)
            }
        }
    }

    /// Returns the way to send this body again; `None` when there is none.
    pub(super) fn repeat(&self) -> Option<Repeat> {
        match self {
            Self::Empty => Some(Repeat::Empty),
            Self::Streamed(_) => None,
            Self::Recorded(take) => Some(Repeat::Recorded(Arc::clone(&take.recording))),
        }
    }
}

/// The way to send a body again.
#[derive(Debug)]
pub(super) enum Repeat {
    Empty,
    Recorded(Arc<Recording<Streamed>>),
}

impl Repeat {
    /// Whether all of it is at hand.
    pub(super) fn is_possible(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Recorded(recording) => recording.lock().is_whole(),
        }
    }

    /// Begins the body anew; the one before brings nothing more.
    pub(super) fn body(&self) -> Option<RequestBody> {
        match self {
            Self::Empty => Some(RequestBody::Empty),
            Self::Recorded(recording) => Recording::again(recording).map(RequestBody::Recorded),
        }
    }
}

/// A body and what has been read of it so far. Only its own request uses it, so the lock is never contended.
#[derive(Debug)]
pub(crate) struct Recording<B>(Mutex<Record<B>>);

#[derive(Debug)]
struct Record<B> {
    body: B,
    whole: SizeHint,
    keep: usize,
    /// A copy: pieces would keep whole buffers alive, and a client chooses how small its pieces are.
    kept: Vec<u8>,
    trailers: Option<HeaderMap>,
    /// Everything has been read.
    ended: bool,
    /// More came than is kept, or reading failed: the record is of no use.
    lost: bool,
    /// Which take of the body is the present one.
    take: u32,
    /// Of the present take, while it waits.
    waker: Option<Waker>,
}

impl<B> Record<B> {
    fn is_whole(&self) -> bool {
        !self.lost
    }

    fn lose(&mut self) {
        self.lost = true;
        self.kept = Vec::new();
    }
}

/// One sending of a recorded body.
#[derive(Debug)]
pub(crate) struct Take<B = Streamed> {
    recording: Arc<Recording<B>>,
    number: u32,
    /// How much of the record has been handed out.
    next: usize,
    done: bool,
}

impl<B: Body<Data = Bytes> + Unpin> Recording<B> {
    fn begin(body: B, keep: usize) -> Take<B> {
        let record = Record {
            whole: body.size_hint(),
            body,
            keep,
            kept: Vec::new(),
            trailers: None,
            ended: false,
            lost: false,
            take: 0,
            waker: None,
        };
        Take {
            recording: Arc::new(Self(Mutex::new(record))),
            number: 0,
            next: 0,
            done: false,
        }
    }

    fn again(this: &Arc<Self>) -> Option<Take<B>> {
        let mut record = this.lock();
        if !record.is_whole() {
            return None;
        }
        record.take = record.take.wrapping_add(1);
        let number = record.take;
        let waker = record.waker.take();
        drop(record);
        // The connection of the take before finds out that it gets nothing more.
        waker.inspect(Waker::wake_by_ref);
        Some(Take {
            recording: Arc::clone(this),
            number,
            next: 0,
            done: false,
        })
    }
}

impl<B> Recording<B> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Record<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Body<Data = Bytes, Error = RequestBodyError> + Unpin> Take<B> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        let mut record = self.recording.lock();
        if record.take != self.number {
            return Poll::Ready(Some(Err(RequestBodyError::Stopped)));
        }
        if Arc::strong_count(&self.recording) == 1 && self.next >= record.kept.len() {
            // Nobody can ask for another take any more.
            record.lose();
        }
        if let Some(rest) = record.kept.get(self.next..).filter(|rest| !rest.is_empty()) {
            self.next += rest.len();
            return Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(rest)))));
        }
        if record.ended {
            let trailers = record.trailers.clone().filter(|_| !self.done);
            self.done = true;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        let Poll::Ready(frame) = Pin::new(&mut record.body).poll_frame(context) else {
            record.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        match &frame {
            None => record.ended = true,
            Some(Err(_)) => record.lose(),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    if record.lost || record.kept.len() + data.len() > record.keep {
                        record.lose();
                    } else {
                        if record.kept.is_empty() {
                            let whole = record.whole.exact().map_or(0, |whole| whole.min(SHORT));
                            record.kept.reserve_exact(whole as usize);
                        }
                        record.kept.extend_from_slice(data);
                        self.next += data.len();
                    }
                } else if let Some(trailers) = frame.trailers_ref() {
                    record.trailers = Some(trailers.clone());
                    record.ended = true;
                    self.done = true;
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end(&self) -> bool {
        let record = self.recording.lock();
        let handed_out = self.next >= record.kept.len() && (self.done || record.trailers.is_none());
        handed_out && (record.ended || record.body.is_end_stream())
    }

    /// Of the whole body, which is what a connection asks for before it begins.
    fn whole(&self) -> SizeHint {
        self.recording.lock().whole
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Streamed {
            incoming,
            protected,
            remaining,
            clock,
            progress,
        } = &mut *self;
        if progress.stopped.load(Relaxed) {
            return Poll::Ready(Some(Err(RequestBodyError::Stopped)));
        }
        let frame = Pin::new(&mut *incoming).poll_frame(context);
        progress.waits_for_client.store(frame.is_pending(), Relaxed);
        let frame = match frame {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                progress.waker.register(context.waker());
                // It may have been stopped just before.
                if progress.stopped.load(SeqCst) {
                    return Poll::Ready(Some(Err(RequestBodyError::Stopped)));
                }
                return Poll::Pending;
            }
        };
        progress.last_ms.store(clock.monotonic_ms(), Relaxed);
        Poll::Ready(match frame {
            None => {
                progress.complete.store(true, Relaxed);
                None
            }
            Some(Err(error)) => {
                progress.client_failed.store(true, Relaxed);
                Some(Err(RequestBodyError::Client(error)))
            }
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    protected.clean(trailers);
                }
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match remaining.checked_sub(length) {
                    Some(left) => {
                        *remaining = left;
                        progress.bytes.fetch_add(length, Relaxed);
                        if incoming.is_end_stream() {
                            progress.complete.store(true, Relaxed);
                        }
                        Some(Ok(frame))
                    }
                    None => {
                        progress.too_large.store(true, Relaxed);
                        Some(Err(RequestBodyError::TooLarge))
                    }
                }
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Streamed(body) => Pin::new(&mut **body).poll_frame(context),
            Self::Recorded(take) => take.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streamed(body) => body.is_end_stream(),
            Self::Recorded(take) => take.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Streamed(body) => body.size_hint(),
            Self::Recorded(take) => take.whole(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// A body of pieces that come one at a time, with trailers behind them.
    #[derive(Debug)]
    struct Pieces {
        pieces: VecDeque<Bytes>,
        trailers: Option<HeaderMap>,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = RequestBodyError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
            let piece = self.pieces.pop_front().map(Frame::data);
            let frame = piece.or_else(|| self.trailers.take().map(Frame::trailers));
            Poll::Ready(frame.map(Ok))
        }

        fn is_end_stream(&self) -> bool {
            self.pieces.is_empty() && self.trailers.is_none()
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.pieces.iter().map(|piece| piece.len() as u64).sum())
        }
    }

    fn pieces(lengths: &[usize], trailers: bool) -> Pieces {
        let fields = HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("x"))]);
        Pieces {
            pieces: lengths
                .iter()
                .enumerate()
                .map(|(number, length)| Bytes::from(vec![number as u8; *length]))
                .collect(),
            trailers: trailers.then_some(fields),
        }
    }

    /// Reads up to `most` frames: the bytes, whether trailers came, and whether that was all.
    fn read(take: &mut Take<Pieces>, most: usize) -> (Vec<u8>, bool, bool) {
        let mut context = Context::from_waker(Waker::noop());
        let (mut bytes, mut trailers) = (Vec::new(), false);
        for _ in 0..most {
            match take.poll(&mut context) {
                Poll::Ready(Some(Ok(frame))) => match frame.data_ref() {
                    Some(data) => bytes.extend_from_slice(data),
                    None => trailers = true,
                },
                Poll::Ready(None) => return (bytes, trailers, true),
                other => panic!("{other:?}"),
            }
        }
        (bytes, trailers, take.is_end())
    }

    proptest! {
        /// However far the first sending got, the second is the whole body, unless the record was too small.
        #[test]
        fn a_second_sending_is_whole(lengths in proptest::collection::vec(0_usize..50, 0..10), trailers: bool, first in 0_usize..12, keep in 0_usize..300) {
            let whole: Vec<u8> = pieces(&lengths, trailers).pieces.iter().flatten().copied().collect();
            let mut take = Recording::begin(pieces(&lengths, trailers), keep);
            let recording = Arc::clone(&take.recording);
            read(&mut take, first);
            let seen: usize = lengths.iter().take(first).sum();
            let again = Recording::again(&recording);
            prop_assert_eq!(again.is_some(), seen <= keep);
            if let Some(mut again) = again {
                prop_assert_eq!(again.whole().exact(), Some(whole.len() as u64));
                prop_assert_eq!(read(&mut again, 100), (whole, trailers, true));
                let mut context = Context::from_waker(Waker::noop());
                let old = take.poll(&mut context);
                prop_assert!(matches!(old, Poll::Ready(Some(Err(RequestBodyError::Stopped)))), "the first reads nothing more");
            }
        }

        /// Short bodies are recorded where there is room for all of them.
        #[test]
        fn a_short_record_is_not_moved(lengths in proptest::collection::vec(1_usize..50, 1..10)) {
            let whole: usize = lengths.iter().sum();
            let mut take = Recording::begin(pieces(&lengths, false), 1000);
            let recording = Arc::clone(&take.recording);
            read(&mut take, 1);
            prop_assert_eq!(recording.lock().kept.capacity(), whole);
        }

        /// Recording changes nothing about the first sending, however small the record.
        #[test]
        fn a_first_sending_is_whole(lengths in proptest::collection::vec(0_usize..50, 0..10), trailers: bool, keep in 0_usize..300) {
            let whole: Vec<u8> = pieces(&lengths, trailers).pieces.iter().flatten().copied().collect();
            let mut take = Recording::begin(pieces(&lengths, trailers), keep);
            let recording = Arc::clone(&take.recording);
            prop_assert_eq!(read(&mut take, 100), (whole.clone(), trailers, true));
            prop_assert!(take.is_end());
            let kept = recording.lock().kept.len();
            prop_assert!(kept <= keep);
        }

        /// As soon as the answer has begun, nothing is kept, and the body goes on all the same.
        #[test]
        fn what_cannot_be_sent_again_is_not_kept(lengths in proptest::collection::vec(1_usize..50, 2..10), trailers: bool, first in 1_usize..3, second: bool) {
            let whole: Vec<u8> = pieces(&lengths, trailers).pieces.iter().flatten().copied().collect();
            let mut take = Recording::begin(pieces(&lengths, trailers), 1000);
            let recording = Arc::clone(&take.recording);
            let mut seen = read(&mut take, first).0;
            if second {
                take = Recording::again(&recording).expect("it is whole");
                seen.clear();
            }
            drop(recording);
            let (rest, came, ended) = read(&mut take, 100);
            seen.extend(rest);
            prop_assert_eq!((seen, came, ended), (whole, trailers, true));
            prop_assert!(take.recording.lock().kept.is_empty());
        }
    }
}
