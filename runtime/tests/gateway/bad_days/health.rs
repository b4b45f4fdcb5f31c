//! Health checks.

use super::{following, with};
use crate::support::{Backend, GatewayBuilder, api, eventually, respond};
use mgw_bundle::config::{EndpointKind, HealthCheck};
use mgw_fixtures::faulty::{FaultyBackend, Step};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

fn check() -> Option<HealthCheck> {
    Some(HealthCheck {
        path: "/health".into(),
        interval_ms: 20,
        timeout_ms: 60_000,
        unhealthy_after: 2,
        healthy_after: 2,
        statuses: Vec::new(),
    })
}

/// A backend whose health is a status that a test sets; counts how often it was asked.
fn patient(name: &'static str, status: &Arc<AtomicU16>, asked: &Arc<AtomicUsize>) -> Backend {
    let (status, asked) = (Arc::clone(status), Arc::clone(asked));
    Backend::start(move |exchange| {
        if exchange.head.starts_with("GET /base/health HTTP/1.1\r\n") {
            asked.fetch_add(1, Ordering::SeqCst);
            respond(exchange, status.load(Ordering::SeqCst), "");
        } else {
            respond(exchange, 200, name);
        }
    })
}

fn metric(url: &str) -> String {
    let id = mgw_bundle::api_id("p", "1.0");
    format!(r#"mgw_backend_healthy{{api="p:1.0",endpoint="{id}",key_type="PRODUCTION",target="{url}"}}"#)
}

#[test]
fn unhealthy_backends_are_left_out_until_they_are_well() {
    let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::default());
    let ill = patient("ill", &status, &asked);
    let well = patient("well", &Arc::new(AtomicU16::new(204)), &Arc::default());
    let urls = [format!("{}/base", ill.url()), format!("{}/base", well.url())];
    let api = with(EndpointKind::LoadBalance, &urls, |endpoint| {
        endpoint.health_check = check()
    });
    let builder = GatewayBuilder::new(vec![api]);
    let gateway = builder.start();
    eventually("both are asked", || asked.load(Ordering::SeqCst) > 2);
    assert_eq!(gateway.metric(&metric(&urls[0])), Some(1.0));
    status.store(500, Ordering::SeqCst);
    eventually("it is found ill", || gateway.metric(&metric(&urls[0])) == Some(0.0));
    for _ in 0..20 {
        assert_eq!(gateway.get("/p").body, "well");
    }
    // What is known goes on under a new bundle, and so does the asking.
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    for _ in 0..20 {
        assert_eq!(gateway.get("/p").body, "well");
    }
    status.store(200, Ordering::SeqCst);
    eventually("it is well again", || gateway.get("/p").body == "ill");

    // Without the endpoint nobody asks.
    let other = GatewayBuilder::new(vec![api_without_check(&well.url())]).bundle();
    gateway.running.reload(&other).expect("a good bundle");
    eventually("a last round ends", || {
        let before = asked.load(Ordering::SeqCst);
        (0..20).for_each(|_| drop(gateway.get("/health")));
        before == asked.load(Ordering::SeqCst)
    });
}

fn api_without_check(url: &str) -> mgw_bundle::config::Api {
    api("/q", url)
}

#[test]
fn when_all_are_ill_all_are_used() {
    let (status, asked) = (Arc::new(AtomicU16::new(500)), Arc::default());
    let backends = ["a", "b"].map(|name| patient(name, &status, &asked));
    let urls: Vec<String> = backends
        .iter()
        .map(|backend| format!("{}/base", backend.url()))
        .collect();
    let api = with(EndpointKind::LoadBalance, &urls, |endpoint| {
        endpoint.health_check = check()
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    for url in &urls {
        eventually("it is found ill", || gateway.metric(&metric(url)) == Some(0.0));
    }
    let bodies: Vec<String> = (0..4).map(|_| gateway.get("/p").body).collect();
    assert_eq!(bodies.iter().filter(|body| *body == "a").count(), 2, "{bodies:?}");
    assert_eq!(bodies.iter().filter(|body| *body == "b").count(), 2, "{bodies:?}");
}

/// No answer is an answer too: refused, silent, garbage.
#[test]
fn backends_that_do_not_answer_are_ill() {
    let up = Backend::named("up");
    let silent = following(vec![Step::ReadRequest, Step::ReadToEnd]);
    let garbled = following(vec![Step::ReadRequest, Step::write("garbage\r\n\r\n"), Step::Close]);
    let refusing = FaultyBackend::refusing().expect("a free port");
    let urls = [up.url(), silent.url(), garbled.url(), refusing.url()];
    let api = with(EndpointKind::LoadBalance, &urls, |endpoint| {
        endpoint.health_check = check().map(|check| HealthCheck {
            timeout_ms: 1000,
            ..check
        });
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    for url in &urls[1..] {
        eventually("it is found ill", || gateway.metric(&metric(url)) == Some(0.0));
    }
    // A machine that stalls may make it ill for a moment.
    eventually("one is well", || gateway.metric(&metric(&urls[0])) == Some(1.0));
    for _ in 0..8 {
        assert_eq!(gateway.get("/p").body, "up");
    }
}
