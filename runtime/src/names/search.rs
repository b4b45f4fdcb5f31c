//! Which names DNS is asked for in turn, and what their answers say together.

use super::lookup::{Failed, Found, LookUpError};
use hickory_resolver::proto::rr::Name;
use std::time::Duration;

/// The system's search list (`search`, `domain` and `ndots` of resolv.conf).
#[derive(Debug, Clone, Default)]
pub(super) struct SearchList {
    pub(super) domains: Vec<Name>,
    /// A name with so many dots is asked for as it is first.
    pub(super) ndots: usize,
}

impl SearchList {
    /// Returns the names to ask for, the first first.
    pub(super) fn names(&self, name: &Name) -> Vec<Name> {
        let mut whole = name.clone();
        whole.set_fqdn(true);
        if name.is_fqdn() || name.is_localhost() {
            return vec![whole];
        }
        let below = self.domains.iter();
        let mut all: Vec<Name> = below
            .filter_map(|domain| {
                let mut below = name.clone().append_domain(domain).ok()?;
                below.set_fqdn(true);
                Some(below)
            })
            .collect();
        let whole_first = usize::from(name.num_labels()) > self.ndots;
        all.insert(if whole_first { 0 } else { all.len() }, whole);
        all
    }
}

/// Asks for names in turn until one is there. Only that a name does not exist has the next one asked for: while a name cannot
/// be looked up, nobody knows whether it exists, and the next one may be another host.
pub(super) async fn first_found<T, F>(names: Vec<Name>, ask: impl Fn(Name) -> F) -> Result<Found<T>, Failed>
where
    F: Future<Output = Result<Found<T>, Failed>>,
{
    let mut missing: Failed = (LookUpError::NoSuchName, None);
    for name in names {
        match ask(name).await {
            Err((LookUpError::NoSuchName, ttl)) => missing.1 = shortest(missing.1, ttl),
            answered => return answered,
        }
    }
    Err(missing)
}

/// Returns what the answers about the two families of addresses say about a host: what one has is used, and there is no such
/// host when both say so.
pub(super) fn both<T>(first: Result<Found<T>, Failed>, second: Result<Found<T>, Failed>) -> Result<Found<T>, Failed> {
    match (first, second) {
        (Ok(mut first), Ok(second)) => {
            first.records.extend(second.records);
            first.ttl = first.ttl.min(second.ttl);
            Ok(first)
        }
        (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
        (Err((LookUpError::NoSuchName, first)), Err((LookUpError::NoSuchName, second))) => {
            Err((LookUpError::NoSuchName, shortest(first, second)))
        }
        (Err((LookUpError::NoSuchName, _)), Err(failed)) | (Err(failed), Err(_)) => Err(failed),
    }
}

fn shortest(first: Option<Duration>, second: Option<Duration>) -> Option<Duration> {
    first.into_iter().chain(second).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn name(text: &str) -> Name {
        Name::from_utf8(text).expect("a name")
    }

    fn list(ndots: usize) -> SearchList {
        SearchList {
            domains: vec![name("one.test."), name("two.test")],
            ndots,
        }
    }

    #[test]
    fn names_with_dots_are_asked_for_as_they_are_first() {
        for (ndots, asked, expected) in [
            (1, "shop", &["shop.one.test.", "shop.two.test.", "shop."][..]),
            (1, "shop.eu", &["shop.eu.", "shop.eu.one.test.", "shop.eu.two.test."]),
            (1, "shop.eu.", &["shop.eu."]),
            (1, "localhost", &["localhost."]),
            (2, "shop.eu", &["shop.eu.one.test.", "shop.eu.two.test.", "shop.eu."]),
        ] {
            let names: Vec<String> = list(ndots).names(&name(asked)).iter().map(Name::to_utf8).collect();
            assert_eq!(names, expected, "{asked} {ndots}");
        }
        assert_eq!(SearchList::default().names(&name("shop")), [name("shop.")]);
    }

    /// Asks for three names; returns the outcome and how many were asked for.
    fn asked(answers: [Result<u8, LookUpError>; 3]) -> (Result<u8, Failed>, usize) {
        let count = RefCell::new(0);
        let answer = |number: usize| {
            let ttl = Duration::from_secs(9 - u64::try_from(number).unwrap_or(0));
            let record = answers[number].map_err(|error| (error, Some(ttl)))?;
            let records = vec![record];
            Ok(Found { records, ttl })
        };
        let names = list(1).names(&name("shop.eu"));
        let asking = first_found(names, |_| {
            std::future::ready(answer(count.replace_with(|count| *count + 1)))
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let found = runtime.expect("a runtime").block_on(asking);
        (found.map(|found| found.records[0]), count.into_inner())
    }

    #[test]
    fn only_a_name_that_is_not_there_has_the_next_asked_for() {
        use LookUpError::{Failed, NoSuchName, TooLate};
        assert_eq!(asked([Ok(1), Ok(2), Ok(3)]), (Ok(1), 1));
        assert_eq!(asked([Err(NoSuchName), Ok(2), Ok(3)]), (Ok(2), 2));
        for error in [Failed, TooLate] {
            let (outcome, count) = asked([Err(error), Ok(2), Ok(3)]);
            assert_eq!((outcome.map_err(|failed| failed.0), count), (Err(error), 1));
            let (outcome, count) = asked([Err(NoSuchName), Err(error), Ok(3)]);
            assert_eq!((outcome.map_err(|failed| failed.0), count), (Err(error), 2));
        }
        let missing = asked([Err(NoSuchName); 3]);
        assert_eq!(missing, (Err((NoSuchName, Some(Duration::from_secs(7)))), 3));
    }

    #[test]
    fn a_host_is_missing_when_both_families_say_so() {
        use LookUpError::{Failed, NoSuchName, TooLate};
        let found = |records: &[u8], seconds| {
            Ok(Found {
                records: records.to_vec(),
                ttl: Duration::from_secs(seconds),
            })
        };
        let missing = |seconds| Err((NoSuchName, Some(Duration::from_secs(seconds))));
        assert_eq!(both(found(&[6], 9), found(&[4], 5)), found(&[6, 4], 5));
        assert_eq!(both(found(&[6], 9), Err((TooLate, None))), found(&[6], 9));
        assert_eq!(both(missing(1), found(&[4], 5)), found(&[4], 5));
        assert_eq!(both::<u8>(missing(9), missing(5)), missing(5));
        for error in [Failed, TooLate] {
            assert_eq!(both::<u8>(missing(9), Err((error, None))), Err((error, None)));
            assert_eq!(both::<u8>(Err((error, None)), missing(9)), Err((error, None)));
        }
    }
}
