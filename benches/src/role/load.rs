//! The built-in load generator, for machines without `wrk`: the same requests, the same report.

use crate::answer::{AnyError, Conversation};
use crate::failure::Failure;
use crate::load::{LoadReport, Request, read_requests};
use crate::statistics::percentile;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// Sends requests for `seconds` and prints the report.
pub(super) async fn run(address: SocketAddr, connections: u32, seconds: u32, requests: &Path) -> Result<(), Failure> {
    let requests = Rc::new(read_requests(requests)?);
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds.into());
    let clients = LocalSet::new();
    let tasks: Vec<_> = (0..connections as usize)
        .map(|number| clients.spawn_local(client(address, Rc::clone(&requests), number, end)))
        .collect();
    clients.await;
    let mut total = Tally::default();
    for task in tasks {
        total.add(task.await.unwrap_or_else(|_| Tally::broken()));
    }
    let report = total.report(begin.elapsed());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", report.line()?).map_err(Failure::socket("report"))
}

/// What a connection saw.
#[derive(Debug, Default)]
struct Tally {
    /// Microseconds per answered request.
    latencies: Vec<u32>,
    refused: u64,
    broken: u64,
}

impl Tally {
    fn broken() -> Self {
        Self {
            broken: 1,
            ..Self::default()
        }
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
        self.broken += other.broken;
    }

    fn report(mut self, elapsed: Duration) -> LoadReport {
        self.latencies.sort_unstable();
        let at = |percent| percentile(&self.latencies, percent).unwrap_or_default().into();
        LoadReport {
            requests: self.latencies.len() as u64,
            duration_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            p50_us: at(50.0),
            p99_us: at(99.0),
            refused: self.refused,
            broken: self.broken,
        }
    }
}

async fn client(address: SocketAddr, requests: Rc<Vec<Request>>, number: usize, end: Instant) -> Tally {
    let mut tally = Tally::default();
    if exchange(address, &requests, number, end, &mut tally).await.is_err() {
        tally.broken += 1;
    }
    tally
}

async fn exchange(
    address: SocketAddr,
    requests: &[Request],
    number: usize,
    end: Instant,
    tally: &mut Tally,
) -> Result<(), AnyError> {
    let mut conversation = Conversation::open(address).await?;
    // Connections start at different places of the list, as one generator that hands out requests in turn would.
    let mut next = requests.iter().cycle().skip(number);
    while Instant::now() < end {
        let Some(request) = next.next() else { break };
        let sent = Instant::now();
        if conversation.status(request).await? >= 400 {
            tally.refused += 1;
        }
        tally
            .latencies
            .push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(())
}
