//! Each change has its class, there and back.

mod admission;
mod apis;
mod contract;
mod limits;
mod operations;
mod rendering;
mod subscribers;
mod successors;
mod takeovers;

use super::*;
use mgw_bundle::config::*;

fn api() -> Api {
    Api {
        transports: Transports {
            http: false,
            https: true,
        },
        endpoints: Endpoints {
            production: Some(backend("https://b.example")),
            sandbox: None,
        },
        resources: vec![resource("/a")],
        definition: "definitions/shop.json".into(),
        source: "shop.yaml".into(),
        ..Api::plain("Shop", "1", "/shop/1")
    }
}

fn backend(url: &str) -> Endpoint {
    Endpoint::plain(None, EndpointKind::Single, [url.to_owned()], 1000)
}

fn resource(template: &str) -> Resource {
    Resource {
        template: template.into(),
        method: Method::Get,
        security: Security {
            enabled: true,
            optional: false,
            alternatives: vec![requirement(&[Scheme::Oauth2])],
        },
        scopes: Scopes::default(),
        policy: None,
        endpoints: Endpoints::default(),
    }
}

fn requirement(schemes: &[Scheme]) -> Requirement {
    Requirement {
        schemes: schemes.to_vec(),
    }
}

fn policy(name: &str, count: u64) -> Policy {
    Policy {
        name: name.into(),
        quota: Quota::Requests {
            count,
            window_ms: 60_000,
        },
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    }
}

fn config() -> GatewayConfig {
    GatewayConfig {
        format: FORMAT,
        project: "shop".into(),
        apis: vec![api()],
        policies: Policies {
            resource: vec![policy("Ten", 10), policy("Twenty", 20)],
            ..Policies::default()
        },
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
    }
}

fn entries() -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([
        ("definitions/shop.json".to_owned(), b"{}".to_vec()),
        ("certs/a.pem".to_owned(), b"a".to_vec()),
    ])
}

fn changes(before: &GatewayConfig, after: &GatewayConfig) -> Vec<Change> {
    let entries = entries();
    let side = |config| Side {
        config,
        snapshot: None,
        entries: &entries,
    };
    compare(side(before), side(after))
}

fn classes(before: &GatewayConfig, after: &GatewayConfig) -> Vec<Class> {
    let changes = changes(before, after);
    assert!(!text(&changes).is_empty() && !markdown(&changes).is_empty());
    changes.into_iter().map(|change| change.class).collect()
}

/// Every change in words, without what it is about.
fn sentences(before: &GatewayConfig, after: &GatewayConfig) -> Vec<String> {
    changes(before, after)
        .into_iter()
        .map(|change| {
            let place = change.place.map(|place| format!(" {place}")).unwrap_or_default();
            format!("{}{place}: {}", change.class.name(), change.what)
        })
        .collect()
}

fn uses(name: &str, index: u32) -> Option<PolicyRef> {
    Some(PolicyRef {
        name: name.into(),
        index: Some(index),
    })
}

fn cors(origins: &[&str]) -> Option<Cors> {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Some(Cors {
        allow_origins: texts(origins),
        allow_methods: texts(&["GET"]),
        allow_headers: Vec::new(),
        expose_headers: Vec::new(),
        allow_credentials: false,
        max_age_seconds: None,
    })
}
