//! Limits that depend on the request, and requests that are blocked.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, policy};
use mgw_bundle::config::{Block, Condition, ConditionalLimit, PolicyRef, Quota, Subject};
use std::time::Instant;

const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;

fn get(gateway: &TestGateway, target: &str, headers: &str) -> u16 {
    let request = format!("GET {target} HTTP/1.1\r\nHost: gateway\r\n{headers}\r\n");
    Client::once(gateway.http(), &request).status
}

#[test]
fn requests_of_a_kind_have_a_limit_of_their_own() {
    let backend = Backend::named("ok");
    let mut limited = api("/p", &backend.url());
    limited.policy = Some(PolicyRef {
        name: "Careful".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]);
    let pattern = |name: &str, pattern: &str| (name.to_owned(), pattern.to_owned());
    let group = |subject, inverted, count| ConditionalLimit {
        conditions: vec![Condition { subject, inverted }],
        quota: Quota::Requests { count, window_ms: YEAR },
    };
    let (name, mobile) = pattern("X-Client", "^mobile");
    let (size, big) = pattern("size", "big");
    let mut careful = policy("Careful", 4);
    careful.conditional = vec![
        group(Subject::Header { name, pattern: mobile }, false, 2),
        group(
            Subject::Query {
                name: size,
                pattern: big,
            },
            false,
            1,
        ),
    ];
    builder.config.policies.resource = vec![careful];
    let gateway = builder.start();
    let statuses = |target: &str, headers: &str, times: usize| -> Vec<u16> {
        (0..times).map(|_| get(&gateway, target, headers)).collect()
    };
    assert_eq!(statuses("/p", "X-Client: mobile 7\r\n", 3), [200, 200, 429]);
    // The first group that fits is the one, though the second would too.
    assert_eq!(statuses("/p?size=big", "X-Client: mobile 7\r\n", 1), [429]);
    assert_eq!(statuses("/p?size=big", "", 2), [200, 429]);
    assert_eq!(
        statuses("/p?size=small", "X-Client: desk\r\n", 5),
        [200, 200, 200, 200, 429]
    );
    assert_eq!(backend.heads().len(), 7, "what is refused reaches no backend");
}

#[test]
fn blocked_requests_are_refused_until_the_list_says_otherwise() {
    let backend = Backend::named("ok");
    let mut builder = GatewayBuilder::new(vec![api("/p/1.0", &backend.url()), api("/q/1.0", &backend.url())]);
    builder.config.policies.blocks = vec![Block::Api {
        context: "/t/meridian/p/1.0".into(),
    }];
    let gateway = builder.start();
    let refused = gateway.get("/p/1.0");
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.body,
        r#"{"fault":{"code":900805, "message":"Message blocked", "description":"You have been blocked from accesing the resource"}}"#
    );
    assert_eq!(gateway.get("/q/1.0").status, 200);
    let block_this_machine = |inverted| {
        vec![Block::Address {
            first: "127.0.0.0".parse().expect("an address"),
            last: "127.255.255.255".parse().expect("an address"),
            inverted,
        }]
    };
    builder.config.policies.blocks = block_this_machine(false);
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    assert_eq!(gateway.get("/q/1.0").status, 403);
    builder.config.policies.blocks = block_this_machine(true);
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    assert_eq!(gateway.get("/p/1.0").status, 200);
    assert_eq!(backend.heads().len(), 2);
}

#[test]
fn every_window_admits_its_limit_and_no_more() {
    const LIMIT: u64 = 3;
    let backend = Backend::named("ok");
    let mut limited = api("/p", &backend.url());
    limited.policy = Some(PolicyRef {
        name: "Short".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]);
    let mut short = policy("Short", LIMIT);
    short.quota = Quota::Requests {
        count: LIMIT,
        window_ms: 1000,
    };
    builder.config.policies.resource = vec![short];
    let gateway = builder.start();
    let began = Instant::now();
    let mut client = Client::connect(gateway.http());
    let (mut admitted, mut run, mut edges) = (0_u64, 0_u64, 0);
    let mut was_full = false;
    while edges < 4 {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        match client.receive().expect("a response").status {
            200 => {
                admitted += 1;
                run += 1;
            }
            429 => {
                // All that came since the limit was last reached came in a later window: at least one limit's worth.
                if was_full && run > 0 {
                    assert!(run >= LIMIT, "a window admitted {run}");
                    edges += 1;
                }
                (was_full, run) = (true, 0);
            }
            other => panic!("{other}"),
        }
    }
    // Windows that the test can have touched: the whole seconds that it took, and one at each end.
    let windows = began.elapsed().as_secs() + 2;
    assert!(admitted <= LIMIT * windows, "{admitted} in {windows} windows");
    assert_eq!(backend.heads().len() as u64, admitted);
}
