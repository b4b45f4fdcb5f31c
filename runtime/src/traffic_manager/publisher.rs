//! Takes events from the cores' queues, makes them bytes and hands them to every group of receivers.

use super::RequestEvent;
use super::binary::{self, Account, Receiver};
use super::http::{self, HttpReceiver};
use super::outbox::Outbox;
use super::queue::{EventQueue, Events};
use super::status::{Group, GroupStatus};
use crate::asking::Asking;
use crate::config::{EventPublishing, EventTransport, Sharing};
use crate::pause::Pause;
use crate::tls::connector;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Events that wait in a core's queue at the most: what arrives while this end rests, many times over.
const CORE_QUEUE: usize = 8192;
/// Events that are made bytes without a break.
const CHUNK: usize = 256;
/// How long this end rests when there was something to do, and when there was not.
const SHORT_REST: Duration = Duration::from_millis(5);
const LONG_REST: Duration = Duration::from_millis(50);
/// The shortest pause after a failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Dropped events are told of no more often.
const BETWEEN_REPORTS: Duration = Duration::from_secs(10);

/// Tells the traffic manager what was admitted.
#[derive(Debug)]
pub(crate) struct EventPublisher {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    groups: Groups,
}

/// What metrics see of it.
#[derive(Debug, Clone)]
pub(crate) struct Groups(Arc<[Arc<Group>]>);

impl EventPublisher {
    /// Starts on the runtime of `control`, and returns a queue for each core.
    ///
    /// # Errors
    ///
    /// What is wrong with `asking`.
    pub(crate) fn start(
        settings: &EventPublishing,
        asking: &Asking,
        cores: usize,
        control: &Handle,
    ) -> Result<(Self, Vec<EventQueue>), String> {
        let (queues, events): (Vec<_>, Vec<_>) = (0..cores)
            .map(|_| EventQueue::new(CORE_QUEUE.min(settings.queue)))
            .unzip();
        let mut tasks = JoinSet::new();
        let (groups, encode) = start_transport(settings, asking, &mut tasks, control)?;
        let (stop, stopping) = watch::channel(false);
        let collector = Collector {
            events,
            groups: groups.clone(),
            encode,
            unreported: 0,
            reported: None,
            lost_by_cores: 0,
        };
        tasks.spawn_on(collector.run(stopping), control);
        Ok((Self { stop, tasks, groups }, queues))
    }

    /// Returns what metrics see.
    pub(crate) fn groups(&self) -> Groups {
        self.groups.clone()
    }

    /// Hands over what waits, for `patience` at the most, and ends. No core may offer events any more.
    pub(crate) async fn finish(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let all_ended = async { while self.tasks.join_next().await.is_some() {} };
        // What has not ended by then ends with the set.
        let _ = tokio::time::timeout(patience, all_ended).await;
        let left: usize = self.groups.0.iter().map(|group| group.outbox.waiting()).sum();
        if left > 0 {
            tracing::warn!(events = left, "the traffic manager was not told of the last requests");
        }
    }
}

impl Groups {
    /// Returns how each group is doing, in the order of the settings.
    pub(crate) fn status(&self) -> Vec<GroupStatus> {
        self.0.iter().map(|group| group.status()).collect()
    }
}

type Encode = fn(&RequestEvent) -> Option<Bytes>;

fn start_transport(
    settings: &EventPublishing,
    asking: &Asking,
    tasks: &mut JoinSet<()>,
    control: &Handle,
) -> Result<(Groups, Encode), String> {
    let first_pause = FIRST_PAUSE.min(settings.longest_pause);
    match &settings.transport {
        EventTransport::Binary {
            groups,
            username,
            password,
        } => {
            let account = Arc::new(Account {
                username: username.clone(),
                password: password.clone(),
                tls: connector(asking.roots())?,
                batch: settings.batch,
                timeout: settings.timeout,
                first_pause,
                longest_pause: settings.longest_pause,
            });
            let mut started = Vec::new();
            for receivers in groups {
                let outbox = Outbox::new(receivers.sharing, settings.queue, receivers.receivers.len());
                let group = Group::new(outbox);
                for (place, address) in receivers.receivers.iter().enumerate() {
                    let receiver = Receiver::new(address.clone(), Arc::clone(&account), Arc::clone(&group), place);
                    tasks.spawn_on(receiver.run(), control);
                }
                started.push(group);
            }
            Ok((Groups(started.into()), binary::encode))
        }
        EventTransport::Http {
            url,
            username,
            password,
        } => {
            let group = Group::new(Outbox::new(Sharing::LoadBalance, settings.queue, 1));
            let receiver = HttpReceiver::new(
                (url, username, password),
                asking,
                (settings.batch, settings.timeout),
                Pause::new(first_pause, settings.longest_pause),
                Arc::clone(&group),
            )?;
            tasks.spawn_on(receiver.run(), control);
            Ok((Groups([group].into()), http::encode))
        }
    }
}

/// Takes events from the cores' queues to the groups.
struct Collector {
    /// One per core.
    events: Vec<Events>,
    groups: Groups,
    encode: Encode,
    /// Dropped events that the log does not know of.
    unreported: u64,
    /// When it was told last.
    reported: Option<Instant>,
    /// Events that found no room in a core's queue.
    lost_by_cores: u64,
}

impl Collector {
    async fn run(mut self, stopping: watch::Receiver<bool>) {
        loop {
            // Read before the queues: what was offered before the order to stop is still taken.
            let last = *stopping.borrow();
            let mut some = false;
            while self.collect() {
                some = true;
                // Others on this thread have their turn.
                tokio::task::yield_now().await;
            }
            self.report();
            if last {
                self.groups.0.iter().for_each(|group| group.outbox.close());
                return;
            }
            tokio::time::sleep(if some { SHORT_REST } else { LONG_REST }).await;
        }
    }

    /// Moves some events on; returns whether there may be more.
    fn collect(&mut self) -> bool {
        let mut encoded = Vec::new();
        let mut too_large = 0;
        let mut more = false;
        for events in &mut self.events {
            let mut taken = 0;
            while taken < CHUNK
                && let Some(event) = events.take()
            {
                taken += 1;
                match (self.encode)(&event) {
                    Some(bytes) => encoded.push(bytes),
                    None => too_large += 1,
                }
            }
            more |= taken == CHUNK;
        }
        let lost: u64 = self.events.iter().map(Events::dropped).sum();
        let never_sent = too_large + lost - self.lost_by_cores;
        self.lost_by_cores = lost;
        for group in self.groups.0.iter() {
            let dropped = never_sent + group.outbox.push(&encoded);
            group.dropped.fetch_add(dropped, Relaxed);
            self.unreported += dropped;
        }
        more
    }

    fn report(&mut self) {
        let now = Instant::now();
        let due = self
            .reported
            .is_none_or(|last| now.duration_since(last) >= BETWEEN_REPORTS);
        if self.unreported > 0 && due {
            tracing::warn!(
                events = self.unreported,
                "there was no room for events: the traffic manager does not count these requests"
            );
            self.unreported = 0;
            self.reported = Some(now);
        }
    }
}
