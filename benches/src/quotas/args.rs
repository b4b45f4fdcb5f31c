//! Options of the simulation.

use mgw_quota_simulation::{Case, Day, Limits, Routing};

/// Which world is simulated. The default: a thousand gateways, ten million subjects, three windows of a minute.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct QuotaArgs {
    /// Gateways that share the limits.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    gateways: u32,
    /// Keys that have a limit each.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    subjects: u64,
    /// Requests per second of all subjects together.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    rate: u32,
    /// How unequal subjects are: the n-th sends 1/n^SKEW of what the first sends.
    #[arg(long, default_value_t = 0.9)]
    skew: f64,
    /// Mean number of requests in a row.
    #[arg(long, default_value_t = 4.0)]
    burst: f64,
    /// Mean milliseconds between them.
    #[arg(long, default_value_t = 10.0)]
    gap: f64,
    /// One limit for all subjects, instead of plans that suit them.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Length of the windows in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    window: u64,
    /// Windows that are simulated.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    windows: u64,
    /// By how many per cent of a limit all gateways together may be wrong.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=100))]
    tolerance: u64,
    /// Milliseconds for which a gateway leases ahead, and after which it gives back what nobody uses.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    lease_time: u64,
    /// Mean round trip to the store in microseconds; the least is two fifths of it.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(5..=10_000_000))]
    latency: u64,
    /// Which gateway a request reaches (repeatable); all kinds when absent.
    #[arg(long = "routing", value_enum, value_name = "ROUTING")]
    routings: Vec<RoutingName>,
    /// What goes wrong (repeatable); on a good day all kinds of routing are simulated, on a bad one requests go round.
    #[arg(long = "day", value_enum, value_name = "DAY")]
    days: Vec<DayName>,
    /// Where everything random begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// [`Routing`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RoutingName {
    /// A subject stays with one gateway.
    Sticky,
    /// The requests of a subject go to one gateway after the other.
    RoundRobin,
    /// Each request goes to any gateway.
    Random,
}

/// [`Day`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DayName {
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

impl RoutingName {
    const ALL: [Self; 3] = [Self::Sticky, Self::RoundRobin, Self::Random];

    fn routing(self) -> Routing {
        match self {
            Self::Sticky => Routing::Sticky,
            Self::RoundRobin => Routing::RoundRobin,
            Self::Random => Routing::Random,
        }
    }
}

impl DayName {
    const ALL: [Self; 5] = [Self::Good, Self::Away, Self::Flushed, Self::Slow, Self::Crashes];

    fn day(self) -> Day {
        match self {
            Self::Good => Day::Good,
            Self::Away => Day::Away,
            Self::Flushed => Day::Flushed,
            Self::Slow => Day::Slow,
            Self::Crashes => Day::Crashes,
        }
    }
}

impl QuotaArgs {
    /// The cases that are asked for, in the order of the report.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let days = if self.days.is_empty() {
            DayName::ALL.to_vec()
        } else {
            self.days.clone()
        };
        let mut cases = Vec::new();
        for day in days {
            let routings = match (self.routings.as_slice(), day) {
                ([], DayName::Good) => RoutingName::ALL.to_vec(),
                ([], _) => vec![RoutingName::RoundRobin],
                (chosen, _) => chosen.to_vec(),
            };
            cases.extend(
                routings
                    .into_iter()
                    .map(|routing| self.case(routing.routing(), day.day())),
            );
        }
        cases
    }

    fn case(&self, routing: Routing, day: Day) -> Case {
        Case {
            gateways: self.gateways,
            subjects: self.subjects,
            rate: f64::from(self.rate),
            skew: self.skew,
            burst: self.burst,
            gap_ms: self.gap,
            limits: self.limit.map_or(Limits::Plans, Limits::Same),
            window_ms: self.window * 1000,
            span_ms: self.window * self.windows * 1000,
            routing,
            day,
            tolerance: self.tolerance * 10,
            horizon_ms: self.lease_time,
            idle_ms: self.lease_time,
            latency_us: (self.latency * 2 / 5, self.latency * 3 / 5),
            patience_ms: 250,
            seed: self.seed,
        }
    }
}
