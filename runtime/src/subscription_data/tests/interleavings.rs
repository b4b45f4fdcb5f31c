//! Any interleaving of loads, look-ups and notifications ends where a simple reference ends.

use crate::subscription_data::ids::Ids;
use crate::subscription_data::records::{Application, KeyMapping, Subscription};
use crate::subscription_data::store::{Lists, News, Notice, Object, Removed, Seen, Store};
use mgw_bundle::snapshot::{KeyType, SubscriptionState};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Objects that the interleavings are about. Few, so that they meet.
const OBJECTS: usize = 6;

/// What happens. A fetch is begun and answered at different times; its number says which one is answered.
#[derive(Debug, Clone)]
enum Step {
    Notified {
        object: usize,
        stamp: u64,
        value: Option<u8>,
    },
    BeginFetch,
    /// The complete list: what is not in it does not exist.
    Loaded {
        fetch: usize,
        list: BTreeMap<usize, u8>,
    },
    LookedUp {
        fetch: usize,
        object: usize,
        value: u8,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let object = 0..OBJECTS;
    let step = prop_oneof![
        6 => (object.clone(), 0..12_u64, prop::option::of(any::<u8>()))
            .prop_map(|(object, stamp, value)| Step::Notified { object, stamp, value }),
        3 => Just(Step::BeginFetch),
        2 => (any::<prop::sample::Index>(), prop::collection::btree_map(object.clone(), any::<u8>(), 0..OBJECTS))
            .prop_map(|(fetch, list)| Step::Loaded { fetch: fetch.index(64), list }),
        2 => (any::<prop::sample::Index>(), object, any::<u8>())
            .prop_map(|(fetch, object, value)| Step::LookedUp { fetch: fetch.index(64), object, value }),
    ];
    prop::collection::vec(step, 0..40)
}

/// The reference: every observation with the time it began; the latest begun stands. Notifications older than one that
/// was taken are none, but for those that do not say how old they are.
#[derive(Default)]
struct Reference {
    clock: u64,
    begun: Vec<u64>,
    observed: BTreeMap<usize, Vec<(u64, Option<u8>)>>,
    stamps: BTreeMap<usize, u64>,
    complete: bool,
}

impl Reference {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Notified { object, stamp, value } => {
                self.clock += 1;
                let newest = self.stamps.entry(*object).or_insert(0);
                if *stamp == 0 || *stamp >= *newest {
                    *newest = (*newest).max(*stamp);
                    self.observed.entry(*object).or_default().push((self.clock, *value));
                }
            }
            Step::BeginFetch => {
                self.clock += 1;
                self.begun.push(self.clock);
            }
            Step::Loaded { fetch, list } => {
                let began = self.begun[*fetch];
                self.complete = true;
                for object in 0..OBJECTS {
                    let observation = (began, list.get(&object).copied());
                    self.observed.entry(object).or_default().push(observation);
                }
            }
            Step::LookedUp { fetch, object, value } => {
                let began = self.begun[*fetch];
                self.observed.entry(*object).or_default().push((began, Some(*value)));
            }
        }
    }

    fn value(&self, object: usize) -> Option<u8> {
        let latest = self.observed.get(&object)?.iter().max_by_key(|(began, _)| *began)?;
        latest.1
    }
}

fn subscription(object: usize, value: u8) -> Subscription {
    Subscription {
        application: application_ids(object),
        api: Ids::new(Some(41), None),
        policy: format!("policy-{value}"),
        state: SubscriptionState::Unblocked,
    }
}

fn application_ids(object: usize) -> Ids {
    Ids::new(i64::try_from(object + 1).ok(), None)
}

fn take(store: &Store, tickets: &mut Vec<u64>, step: &Step) {
    match step {
        Step::Notified { object, stamp, value } => {
            let news = match value {
                Some(value) => News::Changed(Object::Subscription(subscription(*object, *value))),
                None => News::Removed(Removed::Subscription(
                    application_ids(*object),
                    Ids::new(Some(41), None),
                )),
            };
            store.notify([Notice { stamp: *stamp, news }], 0);
        }
        Step::BeginFetch => tickets.push(store.begin()),
        Step::Loaded { fetch, list } => {
            let subscriptions = list
                .iter()
                .map(|(object, value)| subscription(*object, *value))
                .collect();
            let lists = Lists {
                subscriptions,
                ..Lists::default()
            };
            store.load(lists, tickets[*fetch], 0);
        }
        Step::LookedUp { fetch, object, value } => {
            store.found(
                [Object::Subscription(subscription(*object, *value))],
                tickets[*fetch],
                0,
            );
        }
    }
}

/// Makes every answer one to a fetch that was begun and has no answer yet; drops those without.
fn answered_once(steps: Vec<Step>) -> Vec<Step> {
    let (mut begun, mut open) = (0, Vec::new());
    let pick = |open: &mut Vec<usize>, fetch: usize| (!open.is_empty()).then(|| open.remove(fetch % open.len()));
    let mut answered = Vec::new();
    for step in steps {
        let step = match step {
            Step::BeginFetch => {
                open.push(begun);
                begun += 1;
                Some(Step::BeginFetch)
            }
            Step::Loaded { fetch, list } => pick(&mut open, fetch).map(|fetch| Step::Loaded { fetch, list }),
            Step::LookedUp { fetch, object, value } => {
                pick(&mut open, fetch).map(|fetch| Step::LookedUp { fetch, object, value })
            }
            notified @ Step::Notified { .. } => Some(notified),
        };
        answered.extend(step);
    }
    answered
}

proptest! {
    #[test]
    fn the_store_ends_where_the_reference_ends(steps in steps()) {
        let store = Store::new(1000);
        let mut reference = Reference::default();
        let mut tickets = Vec::new();
        let mut before: Vec<Option<u8>> = vec![None; OBJECTS];
        for step in answered_once(steps) {
            let (generation, complete) = (store.generation(), reference.complete);
            take(&store, &mut tickets, &step);
            reference.take(&step);
            for (object, before) in before.iter_mut().enumerate() {
                let expected = reference.value(object);
                let seen = store.subscription(application_ids(object), Ids::new(Some(41), None));
                let got = match &seen {
                    Seen::Here(own) => own.policy.strip_prefix("policy-").and_then(|value| value.parse().ok()),
                    Seen::Gone | Seen::Never => None,
                };
                prop_assert_eq!(got, expected, "object {} after {:?}", object, step);
                prop_assert!(!(reference.complete && matches!(seen, Seen::Never)));
                if *before != expected || complete != reference.complete {
                    prop_assert!(store.generation() > generation, "nobody would notice {:?}", step);
                }
                *before = expected;
            }
        }
    }
}

#[test]
fn what_is_repeated_changes_nothing() {
    let store = Store::new(10);
    let blocked = Notice {
        stamp: 7,
        news: News::Changed(Object::Subscription(subscription(0, 1))),
    };
    store.notify([blocked.clone()], 0);
    let generation = store.generation();
    assert_eq!(store.notify([blocked], 0), (0, 0));
    let ticket = store.begin();
    store.load(
        Lists {
            subscriptions: vec![subscription(0, 1)],
            ..Lists::default()
        },
        ticket,
        0,
    );
    let first = store.generation();
    assert!(first > generation, "absent objects are gone from now on");
    let again = Lists {
        subscriptions: vec![subscription(0, 1)],
        ..Lists::default()
    };
    store.load(again, store.begin(), 0);
    assert_eq!(store.generation(), first);
}

#[test]
fn room_is_bounded_and_forgotten_removals_give_it_back() {
    let store = Store::new(3);
    let change = |object, stamp| Notice {
        stamp,
        news: News::Changed(Object::Subscription(subscription(object, 0))),
    };
    assert_eq!(store.notify((0..5).map(|object| change(object, 1)), 0), (0, 2));
    assert_eq!(store.counts().subscriptions, 3);
    let is_here = |object: &usize| {
        let seen = store.subscription(application_ids(*object), Ids::new(Some(41), None));
        matches!(seen, Seen::Here(_))
    };
    let here: Vec<usize> = (0..5).filter(is_here).collect();
    let [kept, others @ ..] = here.as_slice() else {
        panic!("some are kept");
    };
    let kept = *kept;
    let remove = Removed::Subscription(application_ids(kept), Ids::new(Some(41), None));
    let removal = Notice {
        stamp: 5,
        news: News::Removed(remove),
    };
    store.notify([removal], 1_000);
    // Until everything was loaded, the bundle would take its place.
    store.sweep(601_001);
    assert_eq!(store.counts().subscriptions, 3);
    let lists = Lists {
        subscriptions: others.iter().map(|object| subscription(*object, 0)).collect(),
        ..Lists::default()
    };
    store.load(lists, store.begin(), 1_000);
    // A late notification does not bring it back, until nobody can remember.
    assert_eq!(store.notify([change(kept, 4)], 2_000), (1, 0));
    assert_eq!(store.counts().subscriptions, 3);
    store.sweep(600_000);
    assert_eq!(store.counts().subscriptions, 3);
    store.sweep(601_001);
    assert_eq!(store.counts().subscriptions, 2);
    assert_eq!(store.notify([change(7, 1)], 0), (0, 0));
}

#[test]
fn numbers_and_uuids_of_one_object_meet() {
    const UUID: &str = "b1f40000-0000-4000-8000-000000000012";
    let store = Store::new(10);
    let till = |ids: Ids, name: &str, owner: &str| Application {
        ids,
        id: ids.primary().expect("an id").to_string(),
        uuid: None,
        name: name.into(),
        owner: owner.into(),
        policy: "Gold".into(),
    };
    let both = Ids::new(Some(12), Some(UUID));
    let ticket = store.begin();
    store.load(
        Lists {
            applications: vec![till(both, "Till", "ana")],
            key_mappings: vec![KeyMapping {
                consumer_key: "k".into(),
                application: both,
                key_type: KeyType::Sandbox,
            }],
            ..Lists::default()
        },
        ticket,
        0,
    );
    let name = |store: &Store| match store.application(both) {
        Seen::Here(application) => Some((application.name.clone(), application.owner.clone())),
        _ => None,
    };
    // Notifications of some generations have given numbers up, or name no owner.
    let renamed = |ids, name: &str, stamp| Notice {
        stamp,
        news: News::Changed(Object::Application(till(ids, name, ""))),
    };
    store.notify([renamed(Ids::new(Some(12), None), "Shop", 1)], 0);
    assert_eq!(name(&store), Some(("Shop".into(), "ana".into())));
    store.notify([renamed(Ids::new(Some(-1), Some(UUID)), "Stall", 2)], 0);
    assert_eq!(name(&store).map(|(name, _)| name), Some("Stall".into()));
    let gone = Notice {
        stamp: 3,
        news: News::Removed(Removed::Application(Ids::new(None, Some(UUID)))),
    };
    store.notify([gone], 0);
    assert_eq!(name(&store), None);
}

#[test]
fn removals_find_objects_by_any_of_their_ids() {
    const ONE: &str = "b1f40000-0000-4000-8000-000000000012";
    const TWO: &str = "b1f40000-0000-4000-8000-000000000041";
    let number = (Ids::new(Some(12), None), Ids::new(Some(41), None));
    let uuid = (Ids::new(None, Some(ONE)), Ids::new(None, Some(TWO)));
    let both = (Ids::new(Some(12), Some(ONE)), Ids::new(Some(41), Some(TWO)));
    let mixed = (number.0, uuid.1);
    for kept in [number, uuid, both, mixed] {
        let store = Store::new(10);
        let lists = Lists {
            subscriptions: vec![Subscription {
                application: kept.0,
                api: kept.1,
                ..subscription(0, 0)
            }],
            ..Lists::default()
        };
        store.load(lists, store.begin(), 0);
        assert!(matches!(store.subscription(kept.0, kept.1), Seen::Here(_)));
        let gone = Notice {
            stamp: 3,
            news: News::Removed(Removed::Subscription(both.0, both.1)),
        };
        store.notify([gone], 0);
        // Whoever knows one id of each only.
        assert!(matches!(store.subscription(kept.0, kept.1), Seen::Gone), "{kept:?}");
    }
}
