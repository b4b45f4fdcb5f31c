//! Connects to one of several addresses of a host, without waiting long for one that is silent (RFC 8305).

use crate::names::Address;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// After this time of silence the next address is tried too.
const STAGGER: Duration = Duration::from_millis(250);
/// Most addresses that are tried for one connection.
const MAX_TRIED: usize = 8;

/// Returns the order in which addresses are tried: beginning with another one every time, the families in turn with IPv6
/// first, and those last that could not be reached lately.
pub(super) fn order(addresses: &[Arc<Address>], turn: usize) -> Vec<&Arc<Address>> {
    let of = |v6: bool, failed: bool| {
        let mut family: Vec<_> = addresses
            .iter()
            .filter(|address| address.ip.is_ipv6() == v6 && address.unreached.is_recent() == failed)
            .collect();
        if !family.is_empty() {
            let by = turn % family.len();
            family.rotate_left(by);
        }
        family.into_iter()
    };
    let mut all = Vec::with_capacity(addresses.len());
    for failed in [false, true] {
        let (mut six, mut four) = (of(true, failed), of(false, failed));
        loop {
            let pair = [six.next(), four.next()];
            if pair.iter().all(Option::is_none) {
                break;
            }
            all.extend(pair.into_iter().flatten());
        }
    }
    all.truncate(MAX_TRIED);
    all
}

/// Connects to the first address that answers. The others are closed.
pub(super) async fn connect(addresses: &[Arc<Address>], turn: usize, port: u16) -> io::Result<TcpStream> {
    let connect = |ip| TcpStream::connect(SocketAddr::new(ip, port));
    connect_by(addresses, turn, STAGGER, connect).await
}

async fn connect_by<F, T>(
    addresses: &[Arc<Address>],
    turn: usize,
    stagger: Duration,
    connect: impl Fn(IpAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let tries = order(addresses, turn).into_iter().map(|address| {
        let trying = Trying::begin(address, stagger);
        let connecting = connect(address.ip);
        async move {
            let connected = connecting.await;
            trying.ended(connected.is_ok());
            connected
        }
    });
    first(tries, stagger).await
}

/// An address that is being tried. One that is given up after a silence is remembered like one that failed: the next
/// connection would wait for it again.
struct Trying<'a> {
    address: &'a Address,
    begun: Instant,
    stagger: Duration,
    has_ended: bool,
}

impl<'a> Trying<'a> {
    fn begin(address: &'a Address, stagger: Duration) -> Self {
        Self {
            address,
            begun: Instant::now(),
            stagger,
            has_ended: false,
        }
    }

    fn ended(mut self, well: bool) {
        self.has_ended = true;
        if well {
            self.address.unreached.forget();
        } else {
            self.address.unreached.note();
        }
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if !self.has_ended && self.begun.elapsed() >= self.stagger {
            self.address.unreached.note();
        }
    }
}

/// Returns the first success of futures that are begun one after the other: when the one before failed, or after a while.
async fn first<F, T>(tries: impl Iterator<Item = F>, stagger: Duration) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = tries.fuse();
    let mut running = FuturesUnordered::new();
    let mut failure: Option<io::Error> = None;
    running.extend(waiting.next());
    loop {
        let more = waiting.size_hint().1 != Some(0);
        tokio::select! {
            biased;
            ended = running.next() => match ended {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => {
                    failure.get_or_insert(error);
                    running.extend(waiting.next());
                }
                None => return Err(failure.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into())),
            },
            () = tokio::time::sleep(stagger), if more => running.extend(waiting.next()),
        }
    }
}

/// The address that a URL names itself.
pub(super) async fn connect_to(address: IpAddr, port: u16) -> io::Result<TcpStream> {
    TcpStream::connect(SocketAddr::new(address, port)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Unreached;
    use futures_util::FutureExt;
    use std::cell::{Cell, RefCell};

    fn addresses(texts: &[&str]) -> Vec<Arc<Address>> {
        let address = |text: &&str| {
            Arc::new(Address {
                ip: text.parse().expect("an address"),
                unreached: Unreached::default(),
            })
        };
        texts.iter().map(address).collect()
    }

    fn ordered(addresses: &[Arc<Address>], turn: usize) -> Vec<String> {
        order(addresses, turn)
            .iter()
            .map(|address| address.ip.to_string())
            .collect()
    }

    #[test]
    fn families_take_turns_and_failures_come_last() {
        let all = addresses(&["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3"]);
        assert_eq!(ordered(&all, 0), ["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        assert_eq!(ordered(&all, 1), ["2001:db8::1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]);
        all[2].unreached.note();
        all[0].unreached.note();
        assert_eq!(ordered(&all, 0), ["192.0.2.2", "192.0.2.3", "2001:db8::1", "192.0.2.1"]);
        assert!(ordered(&[], 3).is_empty());
        let many: Vec<String> = (0..20).map(|last| format!("192.0.2.{last}")).collect();
        let many = addresses(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(order(&many, 7).len(), MAX_TRIED);
    }

    /// What the tries do: fail, succeed, or never end.
    fn race(behaviours: &[Option<io::Result<u8>>], stagger: Duration) -> (io::Result<u8>, usize) {
        let begun = RefCell::new(0);
        let tries = behaviours.iter().map(|behaviour| {
            let begun = &begun;
            async move {
                *begun.borrow_mut() += 1;
                match behaviour {
                    Some(Ok(value)) => Ok(*value),
                    Some(Err(error)) => Err(error.kind().into()),
                    None => std::future::pending().await,
                }
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let outcome = runtime.block_on(first(tries, stagger));
        let begun = *begun.borrow();
        (outcome, begun)
    }

    #[test]
    fn the_first_that_answers_wins() {
        let refused = || Some(Err(io::ErrorKind::ConnectionRefused.into()));
        let (outcome, begun) = race(&[Some(Ok(1)), Some(Ok(2))], STAGGER);
        assert_eq!((outcome.ok(), begun), (Some(1), 1), "the second is not bothered");
        let (outcome, begun) = race(&[refused(), Some(Ok(2))], Duration::from_secs(3600));
        assert_eq!((outcome.ok(), begun), (Some(2), 2), "a failure is not waited out");
        let (outcome, begun) = race(&[None, None, Some(Ok(3))], Duration::ZERO);
        assert_eq!((outcome.ok(), begun), (Some(3), 3), "silence is not waited for");
        let (outcome, _) = race(&[refused(), Some(Err(io::ErrorKind::HostUnreachable.into()))], STAGGER);
        assert_eq!(
            outcome.map_err(|error| error.kind()),
            Err(io::ErrorKind::ConnectionRefused)
        );
        let (outcome, _) = race(&[], STAGGER);
        assert!(outcome.is_err());
    }
    /// Connects where one address answers, and how many were tried.
    fn connected(addresses: &[Arc<Address>], answering: &str, stagger: Duration) -> usize {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let tried = Cell::new(0);
        let connect = |ip: IpAddr| {
            tried.set(tried.get() + 1);
            async move {
                if ip.to_string() != answering {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        };
        let connecting = connect_by(addresses, 0, stagger, connect);
        let outcome = runtime.expect("a runtime").block_on(connecting);
        assert!(outcome.is_ok());
        tried.get()
    }

    #[test]
    fn who_was_silent_comes_last_whoever_won() {
        let all = addresses(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        assert_eq!(connected(&all, "192.0.2.2", Duration::ZERO), 2);
        assert_eq!(ordered(&all, 0), ["192.0.2.2", "192.0.2.3", "192.0.2.1"]);
        assert_eq!(connected(&all, "192.0.2.2", STAGGER), 1, "it is not waited for again");
        all[1].unreached.note();
        all[2].unreached.note();
        assert_eq!(connected(&all, "192.0.2.1", STAGGER), 1);
        assert_eq!(ordered(&all, 0)[0], "192.0.2.1", "it answered");
    }

    #[test]
    fn whoever_had_no_time_to_answer_is_not_blamed() {
        let all = addresses(&["192.0.2.1"]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime");
        let _entered = runtime.enter();
        let silent = |_| std::future::pending::<io::Result<()>>();
        for (stagger, blamed) in [(Duration::from_secs(3600), false), (Duration::ZERO, true)] {
            let connecting = connect_by(&all, 0, stagger, silent);
            assert!(connecting.now_or_never().is_none());
            assert_eq!(all[0].unreached.is_recent(), blamed, "{stagger:?}");
        }
    }
}
