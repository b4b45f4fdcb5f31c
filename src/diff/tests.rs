//! Each change has its class, there and back.

use super::*;
use mgw_bundle::config::*;

fn api() -> Api {
    Api {
        id: mgw_bundle::api_id("Shop", "1"),
        name: "Shop".into(),
        version: "1".into(),
        kind: ApiKind::Http,
        base_path: "/shop/1".into(),
        default_version_path: None,
        provider: None,
        state: ApiState::Published,
        transports: Transports {
            http: false,
            https: true,
        },
        auth_header: None,
        alternatives: Vec::new(),
        mutual_tls: None,
        client_certificates: Vec::new(),
        cors: None,
        policy: None,
        endpoints: Endpoints {
            production: Some(backend("https://b.example")),
            sandbox: None,
        },
        resources: vec![resource("/a")],
        definition: "definitions/shop.json".into(),
        source: "shop.yaml".into(),
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

pub(super) fn config() -> GatewayConfig {
    GatewayConfig {
        format: FORMAT,
        project: "shop".into(),
        apis: vec![api()],
        policies: Policies {
            resource: vec![policy("Ten", 10), policy("Twenty", 20)],
            ..Policies::default()
        },
        backend_certificates: Vec::new(),
        api_fault_responses: false,
        global_fault_responses: false,
    }
}

pub(super) fn entries() -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([
        ("definitions/shop.json".to_owned(), b"{}".to_vec()),
        ("certs/a.pem".to_owned(), b"a".to_vec()),
    ])
}

fn classes(before: &GatewayConfig, after: &GatewayConfig) -> Vec<Class> {
    let entries = entries();
    let side = |config| Side {
        config,
        snapshot: None,
        entries: &entries,
    };
    let changes = compare(side(before), side(after));
    assert!(!text(&changes).is_empty() && !markdown(&changes).is_empty());
    changes.into_iter().map(|change| change.class).collect()
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

#[test]
fn nothing_changed_is_nothing() {
    assert!(classes(&config(), &config()).is_empty());
}

#[test]
fn changes_of_apis_have_their_class_there_and_back() {
    use Class::{Breaking, Compatible, Cosmetic, Weakening};
    type Edit = fn(&mut Api);
    let table: [(Edit, &[Class], &[Class]); 25] = [
        (|api| api.base_path = "/s".into(), &[Breaking], &[Breaking]),
        (
            |api| api.default_version_path = Some("/shop".into()),
            &[Compatible],
            &[Breaking],
        ),
        (|api| api.state = ApiState::Blocked, &[Breaking], &[Weakening]),
        (|api| api.state = ApiState::Prototyped, &[Weakening], &[Breaking]),
        (|api| api.state = ApiState::Deprecated, &[Compatible], &[Compatible]),
        (|api| api.transports.http = true, &[Weakening], &[Breaking]),
        (|api| api.transports.https = false, &[Breaking], &[Compatible]),
        (|api| api.auth_header = Some("x-auth".into()), &[Breaking], &[Breaking]),
        (|api| api.provider = Some("ana".into()), &[Cosmetic], &[Cosmetic]),
        (
            |api| api.mutual_tls = Some(MutualTls::Mandatory),
            &[Breaking],
            &[Weakening],
        ),
        (
            |api| api.mutual_tls = Some(MutualTls::Optional),
            &[Compatible],
            &[Compatible],
        ),
        (
            |api| {
                api.client_certificates.push(ClientCertificate {
                    alias: "a".into(),
                    policy: None,
                    entry: "certs/a.pem".into(),
                });
            },
            &[Weakening],
            &[Breaking],
        ),
        (|api| api.cors = cors(&["*"]), &[Weakening], &[Breaking]),
        (|api| api.policy = uses("Ten", 0), &[Breaking], &[Weakening]),
        (|api| api.resources.push(resource("/b")), &[Compatible], &[Breaking]),
        (
            |api| {
                let mut open = resource("/b");
                open.security.enabled = false;
                api.resources.push(open);
            },
            &[Weakening],
            &[Breaking],
        ),
        (
            |api| api.resources[0].security.enabled = false,
            &[Weakening],
            &[Breaking],
        ),
        (
            |api| api.resources[0].security.optional = true,
            &[Weakening],
            &[Breaking],
        ),
        (
            |api| {
                api.resources[0]
                    .security
                    .alternatives
                    .push(requirement(&[Scheme::Basic]))
            },
            &[Weakening],
            &[Breaking],
        ),
        (
            |api| api.resources[0].security.alternatives[0].schemes.push(Scheme::Basic),
            &[Breaking],
            &[Weakening],
        ),
        (
            // Whoever has both had the token already.
            |api| {
                let both = requirement(&[Scheme::Oauth2, Scheme::Basic]);
                api.resources[0].security.alternatives.push(both);
            },
            &[Cosmetic],
            &[Cosmetic],
        ),
        (
            |api| api.resources[0].scopes.names = vec!["w".into()],
            &[Breaking],
            &[Weakening],
        ),
        (
            |api| api.endpoints.production = Some(backend("https://c.example")),
            &[Compatible],
            &[Compatible],
        ),
        (
            |api| api.endpoints.production = Some(backend("http://b.example")),
            &[Weakening, Compatible],
            &[Compatible],
        ),
        (|api| api.endpoints.production = None, &[Breaking], &[Compatible]),
    ];
    for (index, (edit, there, back)) in table.into_iter().enumerate() {
        let mut changed = config();
        edit(&mut changed.apis[0]);
        assert_eq!(classes(&config(), &changed), there, "{index} there");
        assert_eq!(classes(&changed, &config()), back, "{index} back");
    }
}

#[test]
fn cross_origin_rules_are_sets() {
    for (before, after, expected) in [
        (cors(&["https://a"]), cors(&["*"]), &[Class::Weakening][..]),
        (cors(&["*"]), cors(&["https://a"]), &[Class::Breaking]),
        (
            cors(&["https://a"]),
            cors(&["https://b"]),
            &[Class::Breaking, Class::Weakening],
        ),
        (
            cors(&["https://a", "https://b"]),
            cors(&["https://b", "https://a"]),
            &[],
        ),
    ] {
        let with = |cors: &Option<Cors>| {
            let mut config = config();
            config.apis[0].cors = cors.clone();
            config
        };
        assert_eq!(classes(&with(&before), &with(&after)), expected, "{before:?} {after:?}");
    }
}

#[test]
fn scopes_are_weighed_by_whom_they_admit() {
    let scopes = |rule, names: &[&str]| Scopes {
        rule,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    use ScopeMatch::{All, Any};
    for (before, after, expected) in [
        (scopes(Any, &["a"]), scopes(All, &["a"]), &[][..]),
        (scopes(Any, &["a", "b"]), scopes(All, &["a", "b"]), &[Class::Breaking]),
        (scopes(All, &["a", "b"]), scopes(Any, &["a", "b"]), &[Class::Weakening]),
        (scopes(Any, &["a"]), scopes(Any, &["a", "b"]), &[Class::Weakening]),
        (
            scopes(Any, &["a"]),
            scopes(Any, &["b"]),
            &[Class::Breaking, Class::Weakening],
        ),
    ] {
        let with = |scopes: &Scopes| {
            let mut config = config();
            config.apis[0].resources[0].scopes = scopes.clone();
            config
        };
        assert_eq!(classes(&with(&before), &with(&after)), expected, "{before:?} {after:?}");
    }
}

#[test]
fn another_policy_is_weighed_by_its_numbers() {
    let with = |name: &str, index| {
        let mut config = config();
        config.apis[0].resources[0].policy = uses(name, index);
        config
    };
    let (ten, twenty) = (with("Ten", 0), with("Twenty", 1));
    assert_eq!(classes(&ten, &twenty), [Class::Weakening]);
    assert_eq!(classes(&twenty, &ten), [Class::Breaking]);
    // One change of a policy is one change, however many operations are under it.
    let mut raised = ten.clone();
    raised.policies.resource[0] = policy("Ten", 11);
    assert_eq!(classes(&ten, &raised), [Class::Weakening]);
}

#[test]
fn apis_policies_and_blocks_come_and_go() {
    let mut without = config();
    without.apis.clear();
    assert_eq!(classes(&without, &config()), [Class::Compatible]);
    assert_eq!(classes(&config(), &without), [Class::Breaking]);
    let mut more = config();
    more.policies.subscription.push(policy("Gold", 5));
    assert_eq!(classes(&config(), &more), [Class::Compatible]);
    assert_eq!(classes(&more, &config()), [Class::Breaking]);
    let mut blocked = config();
    blocked.policies.blocks.push(Block::User { name: "mallory".into() });
    assert_eq!(classes(&config(), &blocked), [Class::Breaking]);
    assert_eq!(classes(&blocked, &config()), [Class::Weakening]);
    let mut custom = config();
    custom.policies.custom.push(CustomPolicy {
        key_template: "$userId".into(),
        policy: policy("custom", 5),
    });
    assert_eq!(classes(&config(), &custom), [Class::Breaking]);
    assert_eq!(classes(&custom, &config()), [Class::Weakening]);
    // Two that count by the same key are two.
    let mut two = custom.clone();
    let mut second = two.policies.custom[0].clone();
    second.policy.name = "another".to_owned();
    two.policies.custom.push(second);
    assert_eq!(classes(&two, &two), Vec::<Class>::new());
    assert_eq!(classes(&two, &custom), [Class::Weakening]);
}

#[test]
fn names_do_not_lead_the_terminal() {
    let change = Change {
        class: Class::Breaking,
        subject: "application \u{1b}[2K\nfine".to_owned(),
        place: None,
        what: "it is \u{202e}gone".to_owned(),
    };
    let shown = text(&[change]);
    assert!(
        shown.contains("application \\u{1b}[2K\\u{a}fine: it is \\u{202e}gone\n"),
        "{shown}"
    );
}

#[test]
fn descriptions_are_cosmetic_and_told_once() {
    let config = config();
    let (before, mut after) = (entries(), entries());
    after.insert("definitions/shop.json".into(), b"{ }".to_vec());
    let side = |entries| Side {
        config: &config,
        snapshot: None,
        entries,
    };
    let changes = compare(side(&before), side(&after));
    assert_eq!(
        changes.iter().map(|change| change.class).collect::<Vec<_>>(),
        [Class::Cosmetic]
    );
}

#[test]
fn operations_are_matched_by_the_requests_that_they_are_for() {
    use Class::{Breaking, Compatible, Weakening};
    let open = |mut resource: Resource| {
        resource.security.enabled = false;
        resource
    };
    let table: [(Vec<Resource>, Vec<Resource>, &[Class]); 8] = [
        (vec![resource("/a/{id}")], vec![resource("/a/{key}")], &[]),
        (
            vec![resource("/a/{id}")],
            vec![open(resource("/a/{key}"))],
            &[Weakening],
        ),
        // What was a wildcard's request is open now.
        (
            vec![resource("/*")],
            vec![resource("/*"), open(resource("/a"))],
            &[Weakening],
        ),
        // It was so before.
        (
            vec![open(resource("/*"))],
            vec![open(resource("/*")), resource("/a")],
            &[Breaking, Compatible],
        ),
        // Without the operation of its own the wildcard serves it.
        (
            vec![resource("/a/{id}"), open(resource("/*"))],
            vec![open(resource("/*"))],
            &[Weakening, Compatible],
        ),
        (
            vec![resource("/*"), resource("/a/{id}"), open(resource("/a/*"))],
            vec![resource("/*"), open(resource("/a/*"))],
            &[Weakening, Compatible],
        ),
        (vec![resource("/*")], vec![resource("/a")], &[Breaking, Compatible]),
        (vec![resource("/a")], vec![resource("/b")], &[Breaking, Compatible]),
    ];
    for (before, after, expected) in table {
        let with = |resources: &[Resource]| {
            let mut config = config();
            config.apis[0].resources = resources.to_vec();
            config
        };
        assert_eq!(classes(&with(&before), &with(&after)), expected, "{before:?} {after:?}");
    }
}

#[test]
fn a_mandatory_certificate_is_part_of_what_admits() {
    use Class::{Breaking, Weakening};
    let guarded = |edit: fn(&mut Security)| {
        let mut config = config();
        config.apis[0].mutual_tls = Some(MutualTls::Mandatory);
        edit(&mut config.apis[0].resources[0].security);
        config
    };
    let token = guarded(|_| {});
    let certificate_alone = guarded(|security| security.optional = true);
    let nothing = guarded(|security| security.enabled = false);
    for (before, after, there, back) in [
        (&certificate_alone, &nothing, Weakening, Breaking),
        (&token, &certificate_alone, Weakening, Breaking),
        (&token, &nothing, Weakening, Breaking),
    ] {
        assert_eq!(classes(before, after), [there]);
        assert_eq!(classes(after, before), [back]);
    }
}

/// A configuration with something of everything that guards.
fn guarded() -> GatewayConfig {
    let mut config = config();
    config.policies.blocks.push(Block::User { name: "mallory".into() });
    config.policies.subscription.push(policy("Gold", 5));
    config.policies.custom.push(CustomPolicy {
        key_template: "$userId".into(),
        policy: policy("custom", 5),
    });
    let api = &mut config.apis[0];
    api.mutual_tls = Some(MutualTls::Mandatory);
    api.cors = cors(&["https://a"]);
    api.resources[0].scopes.names = vec!["w".into()];
    api.resources[0].policy = uses("Ten", 0);
    api.endpoints.sandbox = Some(backend("https://sandbox.example"));
    config
}

#[test]
fn no_weakening_passes() {
    type Edit = fn(&mut GatewayConfig);
    fn guard(config: &mut GatewayConfig) -> &mut Security {
        &mut config.apis[0].resources[0].security
    }
    fn rules(config: &mut GatewayConfig) -> &mut Cors {
        config.apis[0].cors.as_mut().expect("there are some")
    }
    let table: [(&str, Edit); 28] = [
        ("security removed", |it| guard(it).enabled = false),
        ("credentials optional", |it| guard(it).optional = true),
        ("another scheme accepted", |it| {
            guard(it).alternatives.push(requirement(&[Scheme::Basic]));
        }),
        ("an API key accepted", |it| {
            let key = Scheme::ApiKey {
                location: ApiKeyLocation::Header,
                name: "apikey".into(),
            };
            guard(it).alternatives.push(requirement(&[key]));
        }),
        ("scope removed", |it| it.apis[0].resources[0].scopes.names.clear()),
        ("another scope accepted", |it| {
            it.apis[0].resources[0].scopes.names.push("x".into());
        }),
        ("policy removed", |it| it.apis[0].resources[0].policy = None),
        ("larger policy", |it| it.apis[0].resources[0].policy = uses("Twenty", 1)),
        ("limit raised", |it| it.policies.resource[0] = policy("Ten", 11)),
        ("limit goes on", |it| it.policies.resource[0].stop_on_quota = false),
        ("unlimited", |it| it.policies.subscription[0].quota = Quota::Unlimited),
        ("custom limit removed", |it| it.policies.custom.clear()),
        ("custom limit raised", |it| {
            it.policies.custom[0].policy = policy("custom", 6)
        }),
        ("block removed", |it| it.policies.blocks.clear()),
        ("certificate optional", |it| {
            it.apis[0].mutual_tls = Some(MutualTls::Optional)
        }),
        ("certificate not asked for", |it| it.apis[0].mutual_tls = None),
        ("client certificate accepted", |it| {
            it.apis[0].client_certificates.push(ClientCertificate {
                alias: "a".into(),
                policy: None,
                entry: "certs/a.pem".into(),
            });
        }),
        ("backend certificate trusted", |it| {
            it.backend_certificates.push(BackendCertificate {
                alias: "a".into(),
                backend: "https://b.example:443".into(),
                entry: "certs/a.pem".into(),
            });
        }),
        ("more origins", |it| rules(it).allow_origins.push("https://b".into())),
        ("more methods", |it| rules(it).allow_methods.push("POST".into())),
        ("more headers", |it| rules(it).allow_headers.push("x-a".into())),
        ("more shown", |it| rules(it).expose_headers.push("x-a".into())),
        ("credentials from elsewhere", |it| rules(it).allow_credentials = true),
        ("plain HTTP", |it| it.apis[0].transports.http = true),
        ("prototype", |it| it.apis[0].state = ApiState::Prototyped),
        ("production backend in the clear", |it| {
            it.apis[0].endpoints.production = Some(backend("http://b.example"));
        }),
        ("sandbox backend in the clear", |it| {
            it.apis[0].endpoints.sandbox = Some(backend("HTTP://sandbox.example"));
        }),
        ("operation's backend in the clear", |it| {
            it.apis[0].resources[0].endpoints.production = Some(backend("ws://b.example"));
        }),
    ];
    for (name, edit) in table {
        let mut weaker = guarded();
        edit(&mut weaker);
        assert!(classes(&guarded(), &weaker).contains(&Class::Weakening), "{name}");
        assert!(
            classes(&weaker, &guarded())
                .iter()
                .all(|class| *class != Class::Weakening),
            "{name} back"
        );
    }
}

#[test]
fn a_new_operation_that_a_missing_credential_opens_is_weakening() {
    let mut open = resource("/b");
    open.security.optional = true;
    let mut added = config();
    added.apis[0].resources.push(open.clone());
    assert_eq!(classes(&config(), &added), [Class::Weakening]);
    // The certificate is needed all the same.
    let (mut before, mut after) = (config(), config());
    before.apis[0].mutual_tls = Some(MutualTls::Mandatory);
    after.apis[0] = before.apis[0].clone();
    after.apis[0].resources.push(open.clone());
    assert_eq!(classes(&before, &after), [Class::Compatible]);
    let (mut without, mut with) = (config(), config());
    without.apis.clear();
    with.apis[0].resources = vec![open];
    assert_eq!(classes(&without, &with), [Class::Weakening]);
}

#[test]
fn an_operation_without_backends_of_its_own_has_those_of_the_api() {
    use Class::{Compatible, Weakening};
    let with = |own: Option<&str>| {
        let mut config = config();
        config.apis[0].resources[0].endpoints.production = own.map(backend);
        config
    };
    for (before, after, expected) in [
        // What is written at the operation is what the API has.
        (None, Some("https://b.example"), &[][..]),
        (Some("https://b.example"), None, &[]),
        (None, Some("https://c.example"), &[Compatible]),
        (Some("https://c.example"), None, &[Compatible]),
        (None, Some("http://b.example"), &[Weakening, Compatible]),
        (Some("http://b.example"), None, &[Compatible]),
        (
            Some("https://c.example"),
            Some("http://c.example"),
            &[Weakening, Compatible],
        ),
    ] {
        assert_eq!(classes(&with(before), &with(after)), expected, "{before:?} {after:?}");
    }
    // A change of the API's is told once, at the API.
    let mut moved = config();
    moved.apis[0].endpoints.production = Some(backend("https://c.example"));
    assert_eq!(classes(&config(), &moved), [Compatible]);
}

#[test]
fn an_operation_that_takes_requests_over_is_weighed_by_its_backend_too() {
    use Class::{Compatible, Weakening};
    let mut whole = config();
    whole.apis[0].resources = vec![resource("/a/{id}")];
    let mut split = whole.clone();
    let mut own = resource("/a/special");
    own.endpoints.production = Some(backend("http://b.example"));
    split.apis[0].resources.push(own);
    assert_eq!(classes(&whole, &split), [Weakening, Compatible, Compatible]);
    assert_eq!(classes(&split, &whole), [Compatible, Compatible]);
}

#[test]
fn every_target_in_the_clear_counts() {
    use Class::{Compatible, Weakening};
    let with = |urls: &[&str]| {
        let mut config = config();
        let urls = urls.iter().map(|url| (*url).to_owned());
        config.apis[0].endpoints.production = Some(Endpoint::plain(None, EndpointKind::Failover, urls, 1000));
        config
    };
    let (safe, mixed, clear) = (
        with(&["https://a", "https://b"]),
        with(&["https://a", "http://b"]),
        with(&["http://a", "http://b"]),
    );
    assert_eq!(classes(&safe, &mixed), [Weakening, Compatible]);
    assert_eq!(classes(&mixed, &clear), [Weakening, Compatible]);
    assert_eq!(classes(&clear, &mixed), [Compatible]);
    assert_eq!(classes(&clear, &with(&["http://c"])), [Compatible]);
    type Row<'a> = (&'a [&'a str], &'a [&'a str], bool);
    let rows: [Row<'_>; 7] = [
        // One more target, also beside more that are encrypted.
        (&["https://a", "http://b"], &["https://a", "http://b", "http://c"], true),
        (
            &["https://a", "http://b"],
            &["https://a", "https://c", "https://d", "http://b", "http://e"],
            true,
        ),
        (&["https://a", "http://b"], &["https://b", "http://a"], true),
        // A larger share.
        (
            &["https://a", "https://c", "http://b"],
            &["https://a", "http://b"],
            true,
        ),
        (
            &["https://a", "http://b"],
            &["https://a", "https://c", "http://b"],
            false,
        ),
        // The first one is asked as long as it works.
        (&["https://a", "http://b"], &["http://b", "https://a"], true),
        (&["http://b", "https://a"], &["https://a", "http://b"], false),
    ];
    for (before, after, weaker) in rows {
        let found = classes(&with(before), &with(after));
        assert_eq!(found.contains(&Weakening), weaker, "{before:?} {after:?}: {found:?}");
    }
    // A backend that was not there has no former way that it could be compared with.
    let with_sandbox = |url: &str| {
        let mut config = config();
        config.apis[0].endpoints.sandbox = Some(backend(url));
        config
    };
    assert_eq!(
        classes(&config(), &with_sandbox("http://s.example")),
        [Weakening, Compatible]
    );
    assert_eq!(classes(&config(), &with_sandbox("https://s.example")), [Compatible]);
}

#[test]
fn a_limit_that_moves_both_ways_is_told_as_both() {
    let mut hourly = config();
    hourly.policies.resource[0].quota = Quota::Requests {
        count: 100,
        window_ms: 3_600_000,
    };
    assert_eq!(classes(&config(), &hourly), [Class::Breaking, Class::Weakening]);
    assert_eq!(classes(&hourly, &config()), [Class::Breaking, Class::Weakening]);
}
