//! Changes of an API, one by one.

use super::*;

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
            &[Breaking],
            &[Weakening],
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
        (|api| api.endpoints.production = None, &[Breaking], &[Weakening]),
    ];
    for (index, (edit, there, back)) in table.into_iter().enumerate() {
        let mut changed = config();
        edit(&mut changed.apis[0]);
        assert_eq!(classes(&config(), &changed), there, "{index} there");
        assert_eq!(classes(&changed, &config()), back, "{index} back");
    }
}

#[test]
fn an_api_is_at_a_set_of_paths() {
    let at = |base: &str, default: Option<&str>| {
        let mut config = config();
        config.apis[0].base_path = base.into();
        config.apis[0].default_version_path = default.map(str::to_owned);
        config
    };
    let (plain, both) = (at("/shop", None), at("/shop/1", Some("/shop")));
    assert_eq!(sentences(&plain, &both), ["compatible: it is at /shop/1 too"]);
    assert_eq!(sentences(&both, &plain), ["breaking: it is not at /shop/1 any more"]);
    let versioned = at("/shop/1", None);
    assert_eq!(
        sentences(&versioned, &both),
        ["compatible: it is the default version, at /shop"]
    );
    assert_eq!(sentences(&both, &versioned), ["breaking: it is not at /shop any more"]);
    assert_eq!(
        sentences(&both, &at("/store/1", Some("/shop"))),
        ["breaking: it is at /store/1, not at /shop/1"]
    );
    assert_eq!(
        sentences(&both, &at("/store/1", Some("/store"))),
        ["breaking: it is at /store, /store/1, not at /shop, /shop/1"]
    );
}

#[test]
fn names_of_headers_are_the_same_in_any_case() {
    let key = |location, name: &str| {
        let mut config = config();
        let scheme = Scheme::ApiKey {
            location,
            name: name.into(),
        };
        config.apis[0].resources[0].security.alternatives = vec![requirement(&[scheme])];
        config
    };
    use ApiKeyLocation::{Header, Query};
    assert_eq!(
        sentences(&key(Header, "X-Key"), &key(Header, "x-key")),
        ["cosmetic GET /a: the same credentials are asked for in another way"]
    );
    assert_eq!(
        sentences(&key(Query, "Key"), &key(Query, "key")),
        [
            "breaking GET /a: an API key in the parameter key is needed, instead of an API key in the parameter Key",
            "weakening GET /a: an API key in the parameter key is enough, instead of an API key in the parameter Key",
        ]
    );
    let shows = |name: &str| {
        let mut config = config();
        let mut rules = cors(&["*"]).expect("there are some");
        rules.expose_headers = vec![name.into()];
        config.apis[0].cors = Some(rules);
        config
    };
    assert_eq!(classes(&shows("X-B"), &shows("x-b")), []);
    assert_eq!(
        classes(&shows("X-B"), &shows("x-c")),
        [Class::Breaking, Class::Weakening]
    );
}

#[test]
fn rules_that_let_no_page_in_are_like_none() {
    let with = |rules: Option<Cors>| {
        let mut config = config();
        config.apis[0].cors = rules;
        config
    };
    let (none, empty, some) = (with(None), with(cors(&[])), with(cors(&["https://a"])));
    assert_eq!(classes(&none, &empty), []);
    assert_eq!(classes(&empty, &none), []);
    assert_eq!(
        sentences(&empty, &some),
        ["weakening: pages of other origins may call it: https://a"]
    );
    assert_eq!(
        sentences(&some, &empty),
        ["breaking: pages of other origins may not call it any more"]
    );
}

#[test]
fn scopes_count_where_they_are_asked_for() {
    let with = |alternatives: &[Requirement], scope: Option<&str>| {
        let mut config = config();
        let resource = &mut config.apis[0].resources[0];
        resource.security.alternatives = alternatives.to_vec();
        resource.scopes.names = scope.map(str::to_owned).into_iter().collect();
        config
    };
    let key = Scheme::ApiKey {
        location: ApiKeyLocation::Header,
        name: "apikey".into(),
    };
    let scoped = |alternatives: &[Requirement]| {
        let (without, with) = (with(alternatives, None), with(alternatives, Some("a")));
        (classes(&without, &with), classes(&with, &without))
    };
    assert_eq!(scoped(&[requirement(std::slice::from_ref(&key))]), (vec![], vec![]));
    let asked = (vec![Class::Breaking], vec![Class::Weakening]);
    for alternatives in [
        vec![requirement(&[Scheme::Oauth2])],
        vec![requirement(&[Scheme::Basic])],
        vec![requirement(&[Scheme::Oauth2, key.clone()])],
        vec![requirement(std::slice::from_ref(&key)), requirement(&[Scheme::Oauth2])],
    ] {
        assert_eq!(scoped(&alternatives), asked, "{alternatives:?}");
    }
    // A certificate alone has no scopes, and is refused where some are asked for.
    let certified = |scope: Option<&str>| {
        let mut config = with(&[requirement(std::slice::from_ref(&key))], scope);
        config.apis[0].mutual_tls = Some(MutualTls::Mandatory);
        config.apis[0].resources[0].security.optional = true;
        config
    };
    assert_eq!(classes(&certified(None), &certified(Some("a"))), [Class::Breaking]);
}

#[test]
fn cross_origin_rules_of_the_token_endpoints_are_compared() {
    let with = |rules: Option<Cors>| GatewayConfig {
        service_cors: rules,
        ..config()
    };
    let found = changes(&with(None), &with(cors(&["https://a"])));
    assert_eq!((found.len(), found[0].class), (1, Class::Weakening));
    assert!(text(&found).contains("token endpoints"), "{}", text(&found));
    assert_eq!(classes(&with(cors(&["https://a"])), &with(None)), [Class::Breaking]);
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
fn options_that_the_gateway_answered_break_when_they_ask_for_credentials() {
    let mut declared = config();
    declared.apis[0].resources.push(Resource {
        method: Method::Options,
        ..resource("/a")
    });
    assert_eq!(classes(&config(), &declared), [Class::Breaking]);
    let mut elsewhere = config();
    elsewhere.apis[0].resources.push(Resource {
        method: Method::Options,
        ..resource("/b")
    });
    assert_eq!(classes(&config(), &elsewhere), [Class::Compatible]);
}

#[test]
fn policies_that_nothing_is_under_are_cosmetic() {
    let with = |count: u64| {
        let mut config = config();
        config.policies.resource[0] = policy("Ten", count);
        config
    };
    assert_eq!(classes(&with(10), &with(20)), [Class::Cosmetic]);
    let used = |count: u64| {
        let mut config = with(count);
        config.apis[0].resources[0].policy = uses("Ten", 0);
        config
    };
    assert_eq!(classes(&used(10), &used(20)), [Class::Weakening]);
    assert_eq!(classes(&used(20), &used(10)), [Class::Breaking]);
}

#[test]
fn a_policy_of_the_api_can_become_one_of_its_operations() {
    let mut whole = config();
    whole.apis[0].policy = uses("Ten", 0);
    whole.apis[0].resources.push(resource("/b"));
    let mut single = whole.clone();
    single.apis[0].policy = None;
    for resource in &mut single.apis[0].resources {
        resource.policy = uses("Ten", 0);
    }
    assert_eq!(classes(&whole, &single), [Class::Weakening; 2]);
    assert_eq!(classes(&single, &whole), [Class::Breaking; 2]);
    single.apis[0].resources[1].policy = uses("Twenty", 1);
    assert_eq!(classes(&whole, &single), [Class::Weakening; 3]);
    single.apis[0].resources[1].policy = None;
    assert_eq!(classes(&whole, &single), [Class::Weakening; 2]);
}
