//! What is simulated.

use mgw_quota::LeaseTerms;
use serde::Serialize;

/// One simulated world: gateways, a store, callers, and what happens to them.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// Gateways that share the limits.
    pub gateways: u32,
    /// Keys that have a limit each.
    pub subjects: u64,
    /// Requests per second of all subjects together.
    pub rate: f64,
    /// How unequal subjects are: the n-th most popular one sends `1 / n^skew` of what the first sends.
    pub skew: f64,
    /// Mean number of requests that a subject sends in a row.
    pub burst: f64,
    /// Mean time between them in milliseconds, where the subject is not so busy that there is less.
    pub gap_ms: f64,
    /// The limits of the subjects.
    pub limits: Limits,
    /// Length of the windows, in milliseconds.
    pub window_ms: u64,
    /// How long the world lasts, in milliseconds. It begins with a window in which no gateway knows anything.
    pub span_ms: u64,
    /// Which gateway a request reaches.
    pub routing: Routing,
    /// What goes wrong.
    pub day: Day,
    /// By how many thousandths of a limit all gateways together may be wrong.
    pub tolerance: u64,
    /// How long a lease should last, in milliseconds.
    pub horizon_ms: u64,
    /// After how long without use a lease is given back, in milliseconds.
    pub idle_ms: u64,
    /// Round trip to the store in microseconds: the least, and the mean of what comes on top.
    pub latency_us: (u64, u64),
    /// After how long an answer of the store is given up, in milliseconds.
    pub patience_ms: u64,
    /// Where everything random begins.
    pub seed: u64,
}

/// The limits of the subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limits {
    /// One for all.
    Same(u64),
    /// Each subject has a plan, a power of ten per window, that suits what it sends: from a third of that to thirty times
    /// as much, so that a good part of the subjects reaches its limit.
    Plans,
}

/// Which gateway a request reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// A subject stays with one gateway.
    Sticky,
    /// The requests of a subject go to one gateway after the other.
    RoundRobin,
    /// Each request goes to any gateway.
    Random,
}

/// What goes wrong. The troubles begin in the middle of the second window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Day {
    /// Nothing.
    Good,
    /// The store cannot be reached for a sixth of a window.
    Away,
    /// The store forgets everything.
    Flushed,
    /// The store takes two hundred times as long, for half a window.
    Slow,
    /// One gateway in twenty dies, and is back after five seconds.
    Crashes,
}

/// One gateway in as many crashes.
const CRASHING: u32 = 20;
/// Microseconds until a crashed gateway is back.
const CRASHED_US: u64 = 5_000_000;

impl Case {
    /// The terms under which the gateways lease.
    pub fn terms(&self) -> LeaseTerms {
        LeaseTerms {
            gateways: u64::from(self.gateways),
            tolerance: self.tolerance,
            horizon_ms: self.horizon_ms,
            idle_ms: self.idle_ms,
        }
    }

    /// When trouble begins, in microseconds.
    pub(crate) fn trouble_us(&self) -> u64 {
        self.window_ms * 1500
    }

    fn lasts(&self, now_us: u64, for_us: u64) -> bool {
        (self.trouble_us()..self.trouble_us() + for_us).contains(&now_us)
    }

    /// Whether the store cannot be reached.
    pub(crate) fn is_away(&self, now_us: u64) -> bool {
        self.day == Day::Away && self.lasts(now_us, self.window_ms * 1000 / 6)
    }

    /// How much longer than usual the store takes.
    pub(crate) fn slowness(&self, now_us: u64) -> u64 {
        if self.day == Day::Slow && self.lasts(now_us, self.window_ms * 500) {
            200
        } else {
            1
        }
    }

    /// Whether a gateway is down.
    pub(crate) fn is_down(&self, gateway: u32, now_us: u64) -> bool {
        self.day == Day::Crashes && gateway.is_multiple_of(CRASHING) && self.lasts(now_us, CRASHED_US)
    }

    /// How often a gateway has crashed.
    pub(crate) fn crashes(&self, gateway: u32, now_us: u64) -> u32 {
        let crashed = self.day == Day::Crashes && gateway.is_multiple_of(CRASHING) && now_us >= self.trouble_us();
        u32::from(crashed)
    }
}
