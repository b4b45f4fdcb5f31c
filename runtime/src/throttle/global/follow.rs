//! Follows what is told about limits: the messages of the event hub, and the lists for what came before them.

use super::GlobalLimits;
use super::lists::{ListClient, Lists};
use super::status::{Counters, LimitsStatus, now_ms};
use crate::asking::Asking;
use crate::config::GlobalThrottling;
use crate::control_plane::NoAnswer;
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{BlockChange, Feed, FeedItem, KeyTemplateChange, Outlet, THROTTLE_DATA, ThrottleData};
use crate::pause::{Pause, jittered};
use std::future::pending;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause after the first failure to fetch the lists, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// Time between two fetches while no messages arrive.
const REFRESH: Duration = Duration::from_secs(60);
/// How long a fetch waits that a message causes which cannot be read, so that many of them cause one.
const GATHERING: Duration = Duration::from_secs(5);
/// Changes that are kept while the lists are fetched.
const MAX_CHANGES: usize = 10_000;

/// What is told about limits, and how it comes.
#[derive(Debug)]
pub(crate) struct LimitsSource {
    limits: Arc<GlobalLimits>,
    lists: ListClient,
    counters: Arc<Counters>,
}

/// A change of what the lists hold.
enum Change {
    Template(KeyTemplateChange),
    Block(BlockChange),
}

type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Lists, NoAnswer>> + Send + 'a>>;

impl LimitsSource {
    /// Prepares the source; the lists are asked for as `asking` says, and kept in `data_dir`: those of an earlier gateway are
    /// in force until they are fetched. `capacity`: decisions that are kept.
    ///
    /// # Errors
    ///
    /// What is wrong with `asking`.
    pub(crate) fn new(
        settings: &GlobalThrottling,
        asking: &Asking,
        data_dir: Option<&Path>,
        capacity: usize,
    ) -> Result<Arc<Self>, String> {
        let source = Self {
            limits: Arc::new(GlobalLimits::new(capacity, settings.conditions)),
            lists: ListClient::new(&settings.lists, asking, data_dir)?,
            counters: Arc::default(),
        };
        if let Some(kept) = source.lists.kept() {
            // What of it cannot be used is told with the lists that take its place.
            source.limits.replace_templates(&kept.templates);
            source.limits.replace_blocks(kept.blocks);
        }
        Ok(Arc::new(source))
    }

    /// Returns the topic with decisions, and what follows it as long as it goes on.
    pub(crate) fn topic(self: &Arc<Self>) -> (Topic, impl Future<Output = ()> + Send + 'static) {
        let (outlet, feed) = Outlet::throttle_data();
        let topic = Topic {
            routing_key: THROTTLE_DATA.to_owned(),
            outlet,
            observer: Arc::clone(&self.counters) as Arc<dyn TopicObserver>,
        };
        let own = Arc::clone(self);
        (topic, async move { own.follow(feed).await })
    }

    /// Returns what has been told.
    pub(crate) fn limits(&self) -> &Arc<GlobalLimits> {
        &self.limits
    }

    /// Returns how the connections are doing.
    pub(crate) fn status(&self) -> LimitsStatus {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        LimitsStatus {
            in_force: count(self.limits.decisions.in_force(now_ms())),
            templates: count(self.limits.templates.load().len()),
            blocks: count(self.limits.blocks.len()),
            ..self.counters.status()
        }
    }

    async fn follow(&self, mut feed: Feed<ThrottleData>) {
        let mut pause = Pause::new(PAUSES.0, PAUSES.1);
        let mut due = Box::pin(sleep(Duration::ZERO));
        let mut fetching: Option<Fetch<'_>> = None;
        // While messages arrive, time alone is no reason to fetch.
        let mut wanted = true;
        let mut changes = Vec::new();
        loop {
            tokio::select! {
                item = feed.next() => match item {
                    // Whoever reads the lists now misses nothing: what is under way may be older.
                    Some(FeedItem::Reload) => {
                        (fetching, wanted) = (None, true);
                        pause.reset();
                        due.as_mut().reset(Instant::now());
                    }
                    Some(FeedItem::Message(message)) => {
                        let change = self.apply(message);
                        if fetching.is_some() {
                            changes.extend(change);
                        }
                    }
                    None => return,
                },
                () = self.counters.missed.notified() => {
                    wanted = true;
                    let soon = Instant::now() + GATHERING;
                    if due.deadline() > soon {
                        due.as_mut().reset(soon);
                    }
                }
                () = &mut due, if fetching.is_none() => {
                    if wanted || !self.counters.is_connected() {
                        changes.clear();
                        fetching = Some(Box::pin(self.lists.fetch()));
                    } else {
                        due.as_mut().reset(Instant::now() + REFRESH);
                    }
                }
                fetched = ended(&mut fetching) => {
                    fetching = None;
                    let wait = match fetched {
                        // What was told meanwhile is newer than what was fetched.
                        Ok(lists) if changes.len() <= MAX_CHANGES => {
                            self.take_over(lists, &changes);
                            pause.reset();
                            wanted = false;
                            REFRESH
                        }
                        Ok(_) => Duration::ZERO,
                        Err(reason) => {
                            self.counters.list_failed();
                            wanted = true;
                            tracing::warn!(%reason, "key templates and blocks could not be fetched");
                            jittered(pause.next_pause())
                        }
                    };
                    due.as_mut().reset(Instant::now() + wait);
                }
            }
        }
    }

    /// Applies a message. Returns it when it changes what the lists hold.
    fn apply(&self, message: ThrottleData) -> Option<Change> {
        let (applied, change) = match message {
            ThrottleData::Decision(decision) => (self.limits.decide(&decision, now_ms()), None),
            ThrottleData::KeyTemplate(change) => (self.limits.change_template(&change), Some(Change::Template(change))),
            ThrottleData::Block(change) => (self.limits.change_block(&change), Some(Change::Block(change))),
        };
        match applied {
            Ok(()) => self.counters.applied(),
            Err(reason) => self.counters.refused(&reason),
        }
        change
    }

    fn take_over(&self, lists: Lists, changes: &[Change]) {
        let Lists {
            templates,
            blocks,
            malformed,
        } = lists;
        let unused = malformed + self.limits.replace_templates(&templates) + self.limits.replace_blocks(blocks);
        for change in changes {
            // Whether each can be applied was told when it came.
            let _ = match change {
                Change::Template(change) => self.limits.change_template(change),
                Change::Block(change) => self.limits.change_block(change),
            };
        }
        if unused > 0 {
            self.counters.rejected(u64::try_from(unused).unwrap_or(u64::MAX));
            tracing::warn!(unused, "key templates or blocks of the control plane cannot be used");
        }
        self.counters.listed();
    }
}

/// Waits for the end of a fetch that is under way.
async fn ended(fetching: &mut Option<Fetch<'_>>) -> Result<Lists, NoAnswer> {
    match fetching {
        Some(fetch) => fetch.await,
        None => pending().await,
    }
}
