//! HTTP/2 connections to backends: many requests at a time over one connection.

use super::request_body::RequestBody;
use super::silence::{SILENCE, Silence};
use hyper::client::conn::http2::SendRequest;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// A connection that requests share. Only its own core uses it.
#[derive(Debug)]
pub(super) struct Multiplexed {
    sender: SendRequest<RequestBody>,
    /// Requests whose answer has not ended.
    open: AtomicU32,
    opened: Instant,
    /// For how many the connection has room.
    room: u32,
    /// What the backend admits at a time; [`u32::MAX`] until it has said so.
    admitted: Arc<AtomicU32>,
    /// How often something was received.
    heard: Arc<AtomicU32>,
    silence: Mutex<Silence>,
    /// When the last request ended.
    used_ms: AtomicU64,
    /// Takes no more requests.
    retired: AtomicBool,
    /// The task that drives the connection.
    driver: AbortHandle,
}

impl Multiplexed {
    /// `admitted` and `heard` are kept up to date by the task that drives the connection.
    pub(super) fn new(
        sender: SendRequest<RequestBody>,
        room: u32,
        admitted: Arc<AtomicU32>,
        heard: Arc<AtomicU32>,
        driver: AbortHandle,
    ) -> Self {
        Self {
            sender,
            open: AtomicU32::new(0),
            opened: Instant::now(),
            room,
            admitted,
            heard,
            silence: Mutex::default(),
            used_ms: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            driver,
        }
    }

    /// Whether nothing more can be sent: the backend is gone, said that it goes away, or answers no more.
    pub(super) fn is_over(&self) -> bool {
        self.sender.is_closed() || self.retired.load(Relaxed)
    }

    /// Whether the backend admits no request.
    pub(super) fn admits_none(&self) -> bool {
        self.is_over() || self.admitted.load(Relaxed) == 0
    }

    /// Whether there is no reason to keep it: no more requests go over it, or none is under way and none is admitted.
    pub(super) fn is_useless(&self) -> bool {
        self.is_over() || self.is_idle() && self.admits_none()
    }

    /// Closes it at once. Where no request is admitted, forgetting it is not enough: one that was given up while it waited to
    /// be admitted would keep it open for ever.
    pub(super) fn abort(&self) {
        self.driver.abort();
    }

    /// Whether no answer is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Relaxed) == 0
    }

    /// When the last answer ended.
    pub(super) fn used_ms(&self) -> u64 {
        self.used_ms.load(Relaxed)
    }

    /// Notes that it was in use.
    pub(super) fn used(&self, now_ms: u64) {
        self.used_ms.fetch_max(now_ms, Relaxed);
    }

    /// Takes a place among at most `most` requests.
    pub(super) fn enter(self: &Arc<Self>, most: u32) -> Option<Stream> {
        let open = self.open.load(Relaxed);
        if self.is_over() || open >= most.min(self.room).min(self.admitted.load(Relaxed)) {
            return None;
        }
        self.open.store(open + 1, Relaxed);
        Some(Stream {
            heard: self.heard.load(Relaxed),
            began_ms: whole_ms(self.opened.elapsed()),
            patience_ms: whole_ms(SILENCE) as u32,
            answered: false,
            connection: Arc::clone(self),
        })
    }

    /// Notes a request that was given up before an answer.
    fn gave_up(&self, stream: &Stream) {
        let heard = [stream.heard, self.heard.load(Relaxed)];
        let began = self.opened + Duration::from_millis(stream.began_ms);
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        if silence.waited(heard, began, Instant::now()) >= Duration::from_millis(stream.patience_ms.into()) {
            self.retire();
        }
    }

    /// Has no more requests sent here; those under way go on.
    fn retire(&self) {
        self.retired.store(true, Relaxed);
    }
}

/// One request's place on a connection.
#[derive(Debug)]
pub(super) struct Stream {
    connection: Arc<Multiplexed>,
    /// What had been received before it.
    heard: u32,
    /// Since the connection was opened.
    began_ms: u64,
    /// How long a silence is suspicious.
    patience_ms: u32,
    answered: bool,
}

impl Stream {
    /// The sending side.
    pub(super) fn sender(&self) -> SendRequest<RequestBody> {
        self.connection.sender.clone()
    }

    /// Has no more requests sent over the connection. A backend that is silent for one request may be so because it is
    /// gone without a word, which would cost every further request its whole time.
    pub(super) fn retire_connection(&self) {
        self.connection.retire();
    }

    /// Says for how long a backend may be silent; a connection is given that long, or less when it is long.
    pub(super) fn waits(&mut self, timeout: Duration) {
        self.patience_ms = whole_ms(timeout.min(SILENCE)) as u32;
    }

    /// Notes that there is an answer.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Gives the place back.
    pub(super) fn leave(self, now_ms: u64) {
        self.connection.used(now_ms);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.open.fetch_sub(1, Relaxed);
        if !self.answered {
            self.connection.gave_up(self);
        }
    }
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
