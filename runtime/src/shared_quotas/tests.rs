//! The store's scripts against the arithmetic that they implement.

use super::connection::Store as Servers;
use super::link::Link;
use super::status::Tally;
use super::store::{Store, Window};
use crate::config::{RuntimeConfig, SharedQuotas, Sources};
use mgw_fixtures::redis::RedisServer;
use mgw_quota::{Ask, Pool};
use proptest::prelude::*;
use std::sync::Arc;
use tokio::runtime::Runtime;

fn settings(url: &str) -> SharedQuotas {
    let text = format!("throttlingConfig.shared.url = \"{url}\"\n");
    let (config, _) = RuntimeConfig::load(Sources {
        file: Some(("test.conf", &text)),
        ..Sources::default()
    })
    .expect("valid");
    config.shared_quotas.expect("a store is named")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A store under a name of its own, as each gateway has one.
async fn store(settings: &SharedQuotas) -> Store {
    let store = Store::new(&settings.prefix, Link::new(Arc::new(Tally::default())));
    let connection = Servers::new(settings).expect("usable").connect().await;
    store.link.connected(Arc::new(connection.expect("the server runs")));
    store
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A gateway holds so many thousandths of the limit, and wants so many more.
    Settle(usize, u64, u64),
    Take(usize, u64),
    PutBack(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gateway = 0_usize..3;
    let thousandths = 0_u64..1200;
    let step = prop_oneof![
        3 => (gateway.clone(), thousandths.clone(), thousandths.clone()).prop_map(|(who, held, more)| Step::Settle(who, held, more)),
        3 => (gateway.clone(), thousandths).prop_map(|(who, known)| Step::Take(who, known)),
        1 => gateway.prop_map(Step::PutBack),
    ];
    proptest::collection::vec(step, 1..20)
}

#[test]
fn the_scripts_do_what_the_pool_does() {
    let server = RedisServer::start();
    let settings = settings(&server.url());
    let runtime = runtime();
    let stores = runtime.block_on(async { [store(&settings).await, store(&settings).await, store(&settings).await] });
    let number = std::cell::Cell::new(0);
    // No counter has a higher limit than the last.
    let limits = prop_oneof![Just(1_u64), 2_u64..2000, Just((1_u64 << 41) - 1)];
    proptest!(ProptestConfig::with_cases(150), |(limit in limits, steps in steps())| {
        let mut pool = Pool::default();
        number.set(number.get() + 1);
        let window = Window { pool: [9; 16], number: number.get(), limit, remaining_ms: 60_000 };
        let part = |thousandths: u64| (u128::from(limit) * u128::from(thousandths) / 1000) as u64;
        for step in steps {
            match step {
                Step::Settle(who, held, more) => {
                    let ask = Ask { window: window.number, held: part(held), more: part(more) };
                    let reply = runtime.block_on(stores[who].settle(window, ask)).expect("the server runs");
                    prop_assert_eq!(reply, pool.settle(who, ask, limit), "{:?}", step);
                }
                Step::Take(who, known) => {
                    let known = part(known);
                    let (taken, total) = runtime.block_on(stores[who].take(window, known)).expect("the server runs");
                    prop_assert_eq!((taken, total), (pool.take(who, known, limit), pool.total()), "{:?}", step);
                }
                Step::PutBack(who) => {
                    runtime.block_on(stores[who].put_back(window, 1));
                    pool.put_back(&who);
                }
            }
        }
    });
}

#[test]
fn a_store_counts_who_is_there_and_is_known_by_its_name() {
    let server = RedisServer::start();
    let settings = settings(&server.url());
    runtime().block_on(async {
        let (one, two) = (store(&settings).await, store(&settings).await);
        let present = async |store: &Store, gone_after_ms| {
            let connection = store.link.connection().expect("connected");
            store
                .present(&connection, gone_after_ms)
                .await
                .expect("the server runs")
        };
        let first = present(&one, 60_000).await;
        let second = present(&two, 60_000).await;
        assert_eq!((first.gateways, second.gateways), (1, 2));
        assert_eq!(first.name, second.name);
        assert!(second.now_ms.abs_diff(super::leasing::now_ms()) < 60_000);
        // Whoever said nothing for longer is gone.
        let mut gone = present(&one, 0).await;
        while gone.gateways > 1 {
            gone = present(&one, 0).await;
        }
        let mut connection = redis::Client::open(server.url())
            .expect("a URL")
            .get_connection()
            .expect("it runs");
        redis::cmd("FLUSHALL").exec(&mut connection).expect("emptied");
        assert_ne!(present(&one, 60_000).await.name, first.name);
    });
}

#[test]
fn a_store_that_fails_is_away_for_all_and_says_no_secret() {
    let server = RedisServer::start();
    let settings = settings(&server.url());
    runtime().block_on(async {
        let store = store(&settings).await;
        let window = Window {
            pool: [1; 16],
            number: 1,
            limit: 10,
            remaining_ms: 1000,
        };
        assert_eq!(store.take(window, 0).await, Some((true, 1)));
        drop(server);
        assert_eq!(store.take(window, 1).await, None);
        assert!(store.link.connection().is_none());
        assert!(!format!("{store:?} {settings:?}").contains("canary"));
    });
}
