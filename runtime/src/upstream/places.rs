//! Where a backend is that may be in several places: in which order requests go there.

use super::place::Place;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Most places of one backend; more are not looked at.
pub(crate) const MAX_PLACES: usize = 64;

/// Most turns of one round.
const MAX_TURNS: u32 = 1024;

/// A place and how much it is to be used.
#[derive(Debug)]
pub(crate) struct Weighted {
    pub(crate) place: Arc<Place>,
    /// Places of the lowest number are used; others only while all of those cannot be reached.
    pub(crate) priority: u16,
    /// Share of the requests among places of the same priority; 0 counts as very little.
    pub(crate) weight: u16,
}

/// The places of one backend, with the order of a round decided. Never empty.
#[derive(Debug)]
pub(crate) struct Places {
    /// One or more for each priority, best first.
    groups: Box<[Group]>,
    cursor: AtomicUsize,
}

/// Places of one priority: each as often in a round as its weight says, spread out.
#[derive(Debug)]
struct Group {
    round: Box<[Arc<Place>]>,
}

impl Places {
    /// Returns the backend in a single place.
    pub(crate) fn one(place: Place) -> Self {
        let round = Box::new([Arc::new(place)]);
        Self {
            groups: Box::new([Group { round }]),
            cursor: AtomicUsize::new(0),
        }
    }

    /// Decides the order; `None` without any place.
    pub(crate) fn new(mut places: Vec<Weighted>) -> Option<Self> {
        places.truncate(MAX_PLACES);
        places.sort_by_key(|weighted| weighted.priority);
        let groups: Box<[Group]> = places
            .chunk_by(|left, right| left.priority == right.priority)
            .map(|group| {
                let weights: Vec<u16> = group.iter().map(|weighted| weighted.weight).collect();
                let round = round(&weights).into_iter();
                Group {
                    round: round
                        .filter_map(|position| Some(Arc::clone(&group.get(position)?.place)))
                        .collect(),
                }
            })
            .collect();
        (!groups.is_empty()).then(|| Self {
            groups,
            cursor: AtomicUsize::new(0),
        })
    }

    pub(super) fn are_several(&self) -> bool {
        !matches!(&*self.groups, [Group { round }] if round.len() == 1)
    }

    pub(super) fn first(&self) -> Option<&Arc<Place>> {
        self.groups.first()?.round.first()
    }

    /// Returns the place whose turn it is: of the best priority, passing over places that could not be reached lately
    /// while there are others.
    pub(super) fn next(&self) -> Option<&Arc<Place>> {
        let [group] = &*self.groups else {
            return self.next_of_many();
        };
        match &*group.round {
            [place] => Some(place),
            _ => self.next_of_many(),
        }
    }

    fn next_of_many(&self) -> Option<&Arc<Place>> {
        let turn = self.cursor.fetch_add(1, Relaxed);
        let in_turn = |group: &Group, by: usize| turn.wrapping_add(by) % group.round.len().max(1);
        for group in &self.groups {
            for by in 0..group.round.len() {
                if let Some(place) = group.round.get(in_turn(group, by))
                    && !place.origin.failed_lately()
                {
                    return Some(place);
                }
            }
        }
        let best = self.groups.first()?;
        best.round.get(in_turn(best, 0))
    }

    /// Returns every place once.
    #[cfg(test)]
    fn iter(&self) -> impl Iterator<Item = &Arc<Place>> {
        let all = self.groups.iter().flat_map(|group| group.round.iter());
        let mut seen: Vec<*const Place> = Vec::new();
        all.filter(move |place| {
            let new = !seen.contains(&Arc::as_ptr(place));
            if new {
                seen.push(Arc::as_ptr(place));
            }
            new
        })
    }
}

/// Returns positions of `weights` in the order of one round: each as often as its weight says, and never in a row what can
/// be spread out. A weight of 0 gets a turn in a round of the others' (RFC 2782: "a very small chance").
fn round(weights: &[u16]) -> Vec<usize> {
    let largest_common = weights
        .iter()
        .copied()
        .filter(|weight| *weight > 0)
        .fold(0, common_divisor);
    let total: u32 = weights.iter().copied().map(u32::from).sum();
    let divisor = u32::from(largest_common).max(total.div_ceil(MAX_TURNS)).max(1);
    let turns: Vec<i64> = weights
        .iter()
        .map(|weight| i64::from((u32::from(*weight) / divisor).max(1)))
        .collect();
    let total: i64 = turns.iter().sum();
    let mut credit = vec![0_i64; turns.len()];
    let mut order = Vec::new();
    for _ in 0..total {
        for (credit, turns) in credit.iter_mut().zip(&turns) {
            *credit += turns;
        }
        let mut best = 0;
        for (position, value) in credit.iter().enumerate() {
            if credit.get(best).is_some_and(|most| value > most) {
                best = position;
            }
        }
        if let Some(credit) = credit.get_mut(best) {
            *credit -= total;
            order.push(best);
        }
    }
    order
}

fn common_divisor(left: u16, right: u16) -> u16 {
    if left == 0 {
        right
    } else {
        common_divisor(right % left, left)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Origins;
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn weighted(origins: &Origins, name: &str, priority: u16, weight: u16) -> Weighted {
        let url = url::Url::parse(&format!("http://{name}")).expect("a URL");
        Weighted {
            place: Arc::new(Place {
                origin: origins
                    .of(&url, &[], mgw_bundle::config::BackendProtocol::Negotiated)
                    .expect("it has a host"),
                path: "".into(),
                host: HeaderValue::try_from(name).expect("a name"),
            }),
            priority,
            weight,
        }
    }

    fn turns(places: &Places, count: usize) -> Vec<&str> {
        let next = || places.next().and_then(|place| place.host.to_str().ok());
        std::iter::repeat_with(|| next().expect("there is a place"))
            .take(count)
            .collect()
    }

    #[test]
    fn turns_follow_weights_and_are_spread() {
        assert_eq!(round(&[1, 1]), [0, 1]);
        assert_eq!(round(&[20, 10]), [0, 1, 0]);
        assert_eq!(round(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(round(&[0, 0]), [0, 1]);
        assert!(round(&[]).is_empty());
    }

    #[test]
    fn the_best_priority_serves_until_all_of_it_fail() {
        let origins = Origins::default();
        let places = Places::new(vec![
            weighted(&origins, "spare", 20, 1),
            weighted(&origins, "one", 10, 1),
            weighted(&origins, "two", 10, 1),
        ])
        .expect("places");
        assert_eq!(turns(&places, 4), ["one", "two", "one", "two"]);
        let of = |name: &str| places.iter().find(|place| place.host == name).expect("it is there");
        of("two").origin.failed();
        assert_eq!(turns(&places, 3), ["one", "one", "one"]);
        of("one").origin.failed();
        assert_eq!(turns(&places, 2), ["spare", "spare"]);
        of("spare").origin.failed();
        assert!(
            turns(&places, 4).iter().all(|name| *name != "spare"),
            "the best, when none can be reached"
        );
        of("two").origin.worked();
        assert_eq!(turns(&places, 2), ["two", "two"]);
    }

    #[test]
    fn no_places_are_no_backend() {
        assert!(Places::new(Vec::new()).is_none());
    }

    proptest! {
        #[test]
        fn every_place_has_its_share(weights in prop::collection::vec(any::<u16>(), 1..8)) {
            let order = round(&weights);
            prop_assert!(!order.is_empty() && order.len() <= MAX_TURNS as usize + weights.len());
            for (position, weight) in weights.iter().enumerate() {
                let turns = order.iter().filter(|turn| **turn == position).count();
                prop_assert!(turns > 0, "{position} never gets a request");
                let heavier = weights.iter().enumerate().filter(|(_, other)| *other > weight);
                for (other, _) in heavier {
                    prop_assert!(order.iter().filter(|turn| **turn == other).count() >= turns);
                }
            }
        }
    }
}
