//! One subject: its requests, its counters in the gateways, its pools in the store, and the messages between them.
//!
//! Subjects share nothing but the capacity of gateways and store, so each is simulated by itself. That keeps memory small
//! and gives every processor something to do; what they need of the capacity is added up and can be held against it.

use crate::arrivals::{Arrivals, Popularity, limit};
use crate::case::{Case, Day, Routing};
use crate::random::Random;
use crate::store::Store;
use crate::tally::{Purpose, Tally};
use mgw_quota::{Ask, Counter, LeaseTerms, Reply, Reservation};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

/// When worlds begin, in milliseconds since the epoch: with a window of every usual length.
const EPOCH_MS: u64 = 1_728_000_000_000;

/// A subject while it is simulated.
pub(crate) struct Subject<'c> {
    case: &'c Case,
    terms: LeaseTerms,
    random: Random,
    limit: u64,
    /// Spreads what is done before windows end, which they do together: up to 255 of 512 parts.
    early: u64,
    gateways: HashMap<u32, Gateway>,
    store: Store,
    events: BinaryHeap<Event>,
    /// Orders events of the same time.
    sequence: u64,
    window: Window,
    tally: &'c mut Tally,
}

/// What a gateway knows of the subject.
struct Gateway {
    counter: Counter,
    /// Tells the gateway from the one that it was before it crashed.
    crashes: u32,
    /// The task is going to look at the counter.
    watched: bool,
}

/// What happened in a window so far.
#[derive(Default)]
struct Window {
    number: u64,
    asked: u64,
    admitted: u64,
}

struct Event {
    at_us: u64,
    sequence: u64,
    gateway: u32,
    crashes: u32,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// A message reaches the store, whose answer takes so many microseconds to come back.
    Reaches(Ask, u64),
    /// The answer reaches the gateway.
    Answered(Ask, Reply),
    /// The gateway knows that there will be no answer.
    GivenUp(Purpose),
    /// The gateway looks at the counter.
    Look,
    /// The store forgets everything.
    Flush,
}

impl Event {
    /// The heap hands out the greatest: the earliest.
    fn rank(&self) -> (std::cmp::Reverse<u64>, std::cmp::Reverse<u64>) {
        (std::cmp::Reverse(self.at_us), std::cmp::Reverse(self.sequence))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

/// Simulates the `rank`-th most popular subject from beginning to end.
pub(crate) fn simulate(case: &Case, popularity: &Popularity, rank: u64, tally: &mut Tally) {
    let mut random = Random::of(case.seed, rank);
    let rate = popularity.rate(rank);
    let limit = limit(case, rate, &mut random);
    let mut arrivals = Arrivals::new(case, rate, &mut random);
    let end_us = case.span_ms * 1000;
    if arrivals.next_us() >= end_us {
        return;
    }
    tally.active += 1;
    // Where a subject that stays with a gateway is at home, and where one that goes round begins.
    let home = random.below(u64::from(case.gateways));
    let early = random.below(256);
    let mut subject = Subject {
        case,
        terms: case.terms(),
        random,
        limit,
        early,
        gateways: HashMap::new(),
        store: Store::default(),
        events: BinaryHeap::new(),
        sequence: 0,
        window: Window::default(),
        tally,
    };
    if case.day == Day::Flushed {
        subject.schedule(case.trouble_us(), 0, 0, What::Flush);
    }
    let mut turn = home;
    loop {
        let at_us = arrivals.next_us();
        subject.proceed(at_us.min(end_us));
        if at_us >= end_us {
            break;
        }
        let gateway = match case.routing {
            Routing::Sticky => home,
            Routing::RoundRobin => {
                turn = turn.wrapping_add(1);
                turn
            }
            Routing::Random => subject.random.below(u64::from(case.gateways)),
        };
        subject.request(at_us, gateway);
        arrivals.advance(&mut subject.random);
    }
    subject.close_window();
    let first = EPOCH_MS / case.window_ms;
    subject
        .store
        .expire_all(|window, holders| subject.tally.stored(window.saturating_sub(first), holders));
}

impl Subject<'_> {
    /// Lets everything happen that is due before `until_us`.
    fn proceed(&mut self, until_us: u64) {
        while self.events.peek().is_some_and(|event| event.at_us < until_us) {
            if let Some(event) = self.events.pop() {
                self.happen(event);
            }
        }
    }

    /// A request reaches the first gateway from `first` on that is there.
    fn request(&mut self, at_us: u64, first: u64) {
        let count = u64::from(self.case.gateways);
        let number = (0..count)
            .filter_map(|step| u32::try_from((first + step) % count).ok())
            .find(|gateway| !self.case.is_down(*gateway, at_us));
        let Some(number) = number else {
            return;
        };
        let window = at_us / 1000 / self.case.window_ms;
        if self.window.number != window {
            self.close_window();
            self.window.number = window;
        }
        self.window.asked += 1;
        let now_ms = now_ms(at_us);
        let gateway = self.gateway(number, at_us);
        let admitted = matches!(gateway.counter.acquire(now_ms), Reservation::Held(_));
        let wants = gateway.counter.wants_lease(now_ms);
        if admitted {
            self.window.admitted += 1;
        } else if self.window.admitted < self.limit {
            self.tally.undeserved += 1;
        }
        if wants {
            self.ask_for_more(number, at_us);
        }
    }

    /// What the gateway knows of the subject; nothing when it has just been started.
    fn gateway(&mut self, number: u32, at_us: u64) -> &mut Gateway {
        let crashes = self.case.crashes(number, at_us);
        let (case, limit, terms, now_ms) = (self.case, self.limit, &self.terms, now_ms(at_us));
        let fresh = || Gateway {
            counter: Counter::new(limit, case.window_ms, now_ms).shared([0; 16], terms, now_ms),
            crashes,
            watched: false,
        };
        let gateway = self.gateways.entry(number).or_insert_with(fresh);
        if gateway.crashes != crashes {
            *gateway = fresh();
        }
        gateway
    }

    fn ask_for_more(&mut self, number: u32, at_us: u64) {
        let terms = self.terms;
        let gateway = self.gateway(number, at_us);
        if let Some(ask) = gateway.counter.ask(now_ms(at_us), &terms) {
            self.send(number, at_us, ask, Purpose::More);
        }
    }

    fn send(&mut self, number: u32, at_us: u64, ask: Ask, purpose: Purpose) {
        let case = self.case;
        let crashes = case.crashes(number, at_us);
        let patience = case.patience_ms * 1000;
        if case.is_away(at_us) && case.is_away(at_us.saturating_sub(patience)) {
            // The gateway knows that the store is away, and sends nothing.
            return self.schedule(at_us, number, crashes, What::GivenUp(purpose));
        }
        self.tally.trip(case, number, at_us, purpose);
        let (least, more) = case.latency_us;
        let latency = (least + self.random.waiting(more as f64) as u64) * case.slowness(at_us);
        let one_way = latency / 2;
        let is_away = case.is_away(at_us + one_way);
        if !is_away {
            self.schedule(at_us + one_way, number, crashes, What::Reaches(ask, one_way));
        }
        if is_away || 2 * one_way > patience {
            self.tally.failed += 1;
            self.schedule(at_us + patience, number, crashes, What::GivenUp(purpose));
        }
    }

    fn schedule(&mut self, at_us: u64, gateway: u32, crashes: u32, what: What) {
        self.sequence += 1;
        self.events.push(Event {
            at_us,
            sequence: self.sequence,
            gateway,
            crashes,
            what,
        });
    }

    fn happen(&mut self, event: Event) {
        let Event {
            at_us,
            gateway: number,
            crashes,
            what,
            ..
        } = event;
        match what {
            What::Flush => return self.store.flush(),
            What::Reaches(ask, back_us) => {
                let tally = &mut *self.tally;
                let holder = (number, crashes);
                let first = EPOCH_MS / self.case.window_ms;
                let reply = self.store.settle(holder, ask, self.limit, |window, holders| {
                    tally.stored(window.saturating_sub(first), holders)
                });
                // Where the gateway does not wait that long, the answer is lost.
                if 2 * back_us <= self.case.patience_ms * 1000 {
                    self.schedule(at_us + back_us, number, crashes, What::Answered(ask, reply));
                }
                return;
            }
            What::Answered(..) | What::GivenUp(_) | What::Look => {}
        }
        let terms = self.terms;
        let now = now_ms(at_us);
        // What was meant for a gateway that has crashed meanwhile comes to nothing.
        let Some(gateway) = self
            .gateways
            .get_mut(&number)
            .filter(|gateway| gateway.crashes == crashes)
        else {
            return;
        };
        if self.case.crashes(number, at_us) != crashes {
            return;
        }
        match what {
            What::Answered(ask, reply) => gateway.counter.settle(ask, reply),
            What::GivenUp(Purpose::More) => gateway.counter.settle_alone(now, &terms),
            What::GivenUp(Purpose::Ahead | Purpose::Back) => {}
            What::Look => {
                gateway.watched = false;
                if gateway.counter.claim_lease() {
                    if let Some((ask, purpose)) = look(&gateway.counter, now, &terms) {
                        return self.send(number, at_us, ask, purpose);
                    }
                } else {
                    // An answer is on its way, and the counter is looked at after it.
                    return;
                }
            }
            What::Reaches(..) | What::Flush => {}
        }
        gateway.counter.settled();
        if !gateway.watched && gateway.counter.is_leased() {
            gateway.watched = true;
            let remaining = gateway.counter.remaining_ms(now);
            let lead = terms.lead_ms(self.case.window_ms);
            let ahead = remaining.saturating_sub(lead - self.early * lead / 512);
            let wait = if ahead == 0 {
                terms.idle_ms
            } else {
                ahead.min(terms.idle_ms)
            };
            self.schedule(at_us + wait * 1000, number, crashes, What::Look);
        }
    }

    fn close_window(&mut self) {
        let Window { asked, admitted, .. } = std::mem::take(&mut self.window);
        if asked > 0 {
            self.tally.requests += asked;
            self.tally.admitted += admitted;
            self.tally.errors.count(asked, admitted, self.limit, &self.terms);
        }
    }
}

/// What the task does about a counter that it has claimed: lets requests ask again, gives back what is not used, leases
/// the next window when this one is nearly over.
fn look(counter: &Counter, now_ms: u64, terms: &LeaseTerms) -> Option<(Ask, Purpose)> {
    counter.ask_again(now_ms);
    if let Some(kept) = counter.lower_idle(now_ms, terms) {
        return Some((counter.give_back(now_ms, kept)?, Purpose::Back));
    }
    if counter.remaining_ms(now_ms) <= terms.lead_ms(counter.window_ms()) {
        return Some((counter.ask_ahead(now_ms, terms)?, Purpose::Ahead));
    }
    None
}

fn now_ms(at_us: u64) -> u64 {
    EPOCH_MS + at_us / 1000
}
