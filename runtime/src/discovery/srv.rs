//! SRV records name the hosts and ports of a service (RFC 2782).
//!
//! They come without proof, so they only say where to connect. Who a backend has to be is what the definition or the operator
//! wrote: the default URL's host (RFC 6125, section 6.2.1).

use super::candidate::{Candidate, Identity};
use super::sink::Sink;
use crate::names::{LookUpError, SrvRecord};
use crate::pause::{Pause, jittered};
use crate::upstream::Origins;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Before the name is asked for again after a failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Shortest time between two questions.
const SHORTEST: Duration = Duration::from_millis(100);

/// Looks the name up again whenever its time is over. Ends when it is aborted.
pub(super) async fn watch(origins: Arc<Origins>, name: String, mut sink: Sink) {
    let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let wait = match origins.names().services(&name).await {
            Ok(found) => {
                pause.reset();
                match candidates(&sink.default, &found.records) {
                    Some(candidates) => sink.found(candidates),
                    None => sink.refuse("names hosts that cannot be in a URL"),
                }
                found.ttl.max(SHORTEST)
            }
            Err((LookUpError::NoSuchName, ttl)) => {
                sink.missing();
                ttl.map_or_else(|| pause.next_pause(), |ttl| ttl.max(SHORTEST))
            }
            Err((error, _)) => {
                sink.failed(error);
                jittered(pause.next_pause())
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Puts hosts and ports into the default URL; `None`: one cannot be there.
fn candidates(default: &str, records: &[SrvRecord]) -> Option<Vec<Candidate>> {
    let default = Url::parse(default).ok()?;
    let candidate = |record: &SrvRecord| {
        let mut url = default.clone();
        url.set_host(Some(&record.host)).ok()?;
        url.set_port(Some(record.port)).ok()?;
        Some(Candidate {
            url: url.to_string(),
            identity: Identity::Default,
            priority: record.priority,
            weight: record.weight,
        })
    };
    let mut all: Vec<Candidate> = records.iter().map(candidate).collect::<Option<_>>()?;
    // DNS may answer in another order every time, which is no change.
    all.sort_by(|left, right| (left.priority, &left.url).cmp(&(right.priority, &right.url)));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(host: &str, port: u16, priority: u16, weight: u16) -> SrvRecord {
        SrvRecord {
            host: host.into(),
            port,
            priority,
            weight,
        }
    }

    #[test]
    fn hosts_and_ports_come_from_records_and_the_rest_from_the_default() {
        let records = [
            record("b.test", 8443, 10, 5),
            record("a.test", 443, 10, 20),
            record("c.test", 1, 5, 0),
        ];
        let found = candidates("https://shop.test:9000/v1", &records).expect("good hosts");
        let urls: Vec<_> = found
            .iter()
            .map(|one| (one.url.as_str(), one.priority, one.weight))
            .collect();
        assert_eq!(
            urls,
            [
                ("https://c.test:1/v1", 5, 0),
                ("https://a.test/v1", 10, 20),
                ("https://b.test:8443/v1", 10, 5)
            ]
        );
        assert!(found.iter().all(|one| one.identity == Identity::Default));
        assert_eq!(candidates("https://shop.test", &[record("a b", 1, 0, 0)]), None);
    }
}
