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
