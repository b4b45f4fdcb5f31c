//! Who is let in, and what a weakening is.

use super::*;

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
fn another_certificate_rule_is_told_apart_from_the_operations() {
    use Class::{Breaking, Weakening};
    let (before, mut after) = (config(), config());
    after.apis[0].mutual_tls = Some(MutualTls::Mandatory);
    after.apis[0].resources[0].security.optional = true;
    // The certificate is needed; the token is not any more.
    assert_eq!(classes(&before, &after), [Breaking, Weakening]);
    assert_eq!(classes(&after, &before), [Breaking, Weakening]);
}
