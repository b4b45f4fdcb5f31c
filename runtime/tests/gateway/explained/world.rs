//! One bundle with something of everything that decides about requests.

use crate::client_certificates::guarded;
use crate::secured::secured;
use crate::support::{Backend, GatewayBuilder, Issuer, Pki, api, open, policy, respond};
use mgw_bundle::config::{
    Api, ApiKeyLocation, ApiState, Block, Condition, ConditionalLimit, Cors, CredentialPlace, Endpoint, EndpointAuth,
    EndpointKind, Method, MutualTls, PolicyRef, Quota, Requirement, Resource, Scheme, ScopeMatch, Scopes, Security,
    Subject,
};
use mgw_bundle::snapshot::{Application, KeyMapping, KeyType, SnapshotSource, Subscription, SubscriptionState};
use mgw_bundle::{SubscriptionSnapshot, api_id};
use mgw_fixtures::keys::{KeyAlgorithm, SigningKey};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A secret that may be shown nowhere.
pub const CANARY: &str = "canary-8d1f";

/// What is served, and what callers have.
pub struct World {
    pub builder: GatewayBuilder,
    /// Values of `Authorization`, good and bad.
    pub credentials: Vec<String>,
    pub api_keys: Vec<String>,
    /// The head of the last request that a backend got.
    pub received: Arc<Mutex<Option<String>>>,
    _files: (Issuer, TempDir),
}

fn with_schemes(template: &str, method: Method, alternatives: &[&[Scheme]]) -> Resource {
    let alternatives = alternatives.iter().map(|schemes| Requirement {
        schemes: schemes.to_vec(),
    });
    Resource {
        security: Security {
            enabled: true,
            optional: false,
            alternatives: alternatives.collect(),
        },
        ..open(template, method)
    }
}

fn scoped(template: &str, method: Method, rule: ScopeMatch, names: &[&str]) -> Resource {
    Resource {
        scopes: Scopes {
            rule,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        },
        ..with_schemes(template, method, &[&[Scheme::Oauth2]])
    }
}

fn limited(template: &str, name: &str, index: Option<u32>) -> Resource {
    Resource {
        policy: Some(PolicyRef {
            name: name.into(),
            index,
        }),
        ..open(template, Method::Get)
    }
}

fn key(location: ApiKeyLocation, name: &str) -> Scheme {
    Scheme::ApiKey {
        location,
        name: name.into(),
    }
}

fn versioned(name: &str, url: &str, resources: Vec<Resource>) -> Api {
    let mut api = api(&format!("/{name}/1.0"), url);
    api.name = name.into();
    api.id = api_id(name, "1.0");
    if let Some(endpoint) = &mut api.endpoints.production {
        endpoint.name = Some(name.into());
    }
    api.resources = resources;
    api.resources
        .sort_by(|a, b| (&a.template, a.method).cmp(&(&b.template, b.method)));
    api
}

fn sandbox(api: &mut Api, url: String) {
    let name = Some(api.name.clone());
    api.endpoints.sandbox = Some(Endpoint::plain(name, EndpointKind::Single, [url], 10_000));
}

fn apis(url: &str) -> Vec<Api> {
    let mut pets = versioned(
        "pets",
        &format!("{url}/v1"),
        vec![
            open("/pets", Method::Get),
            open("/pets", Method::Post),
            open("/pets/mine", Method::Get),
            open("/pets/{id}", Method::Get),
            open("/pets/{id}", Method::Delete),
            open("/pets/{id}/photos/*", Method::Get),
        ],
    );
    pets.default_version_path = Some("/pets".into());
    pets.cors = Some(Cors {
        allow_origins: vec!["https://app.test".into()],
        allow_methods: vec!["GET".into(), "POST".into()],
        allow_headers: vec!["authorization".into(), "x-a".into()],
        expose_headers: vec!["x-b".into()],
        allow_credentials: true,
        max_age_seconds: Some(60),
    });
    let mut shop = versioned(
        "shop",
        &format!("{url}/prod"),
        vec![
            scoped("/items", Method::Get, ScopeMatch::Any, &["read", "admin"]),
            scoped("/items", Method::Post, ScopeMatch::All, &["read", "write"]),
            scoped("/free", Method::Get, ScopeMatch::Any, &[]),
        ],
    );
    sandbox(&mut shop, format!("{url}/sand"));
    shop.cors = Some(Cors {
        allow_origins: vec!["*".into()],
        allow_methods: vec!["*".into()],
        allow_headers: vec!["*".into()],
        expose_headers: Vec::new(),
        allow_credentials: false,
        max_age_seconds: None,
    });
    let only_production = versioned("production", url, secured("/x", url).resources);
    let mut only_sandbox = versioned("sandbox", url, secured("/x", url).resources);
    only_sandbox.endpoints.production = None;
    sandbox(&mut only_sandbox, url.to_owned());
    let keys = versioned(
        "keys",
        url,
        vec![
            with_schemes("/header", Method::Get, &[&[key(ApiKeyLocation::Header, "X-Key")]]),
            with_schemes("/query", Method::Get, &[&[key(ApiKeyLocation::Query, "api_key")]]),
            with_schemes(
                "/either",
                Method::Get,
                &[
                    &[key(ApiKeyLocation::Header, "X-Key")],
                    &[Scheme::Oauth2],
                    &[Scheme::Basic],
                ],
            ),
            with_schemes(
                "/both",
                Method::Get,
                &[&[key(ApiKeyLocation::Header, "X-Key"), Scheme::Oauth2]],
            ),
        ],
    );
    let basic = versioned(
        "basic",
        url,
        vec![
            with_schemes("/a", Method::Get, &[&[Scheme::Basic]]),
            Resource {
                scopes: Scopes {
                    rule: ScopeMatch::Any,
                    names: vec!["write".into()],
                },
                ..with_schemes("/b", Method::Get, &[&[Scheme::Basic]])
            },
        ],
    );
    let mut blocked = versioned("blocked", url, vec![open("/*", Method::Get)]);
    blocked.state = ApiState::Blocked;
    let mut by_operator = versioned("closed", url, vec![open("/*", Method::Get)]);
    by_operator.state = ApiState::Deprecated;
    let limits = versioned(
        "limited",
        url,
        vec![
            limited("/three", "Three", Some(0)),
            limited("/nobody", "Nobody", None),
            limited("/condition", "Conditional", Some(1)),
        ],
    );
    let mut named = versioned("named", url, vec![open("/*", Method::Get), open("/*", Method::Post)]);
    if let Some(endpoint) = &mut named.endpoints.production {
        endpoint.auth = Some(EndpointAuth::ApiKey {
            place: CredentialPlace::Header("x-backend".into()),
        });
    }
    let mut asking = versioned("asking", &format!("{url}/deep/er"), vec![open("/*", Method::Get)]);
    if let Some(endpoint) = &mut asking.endpoints.production {
        endpoint.auth = Some(EndpointAuth::ApiKey {
            place: CredentialPlace::Query("backend_key".into()),
        });
    }
    let mut user = versioned("user", url, vec![open("/*", Method::Get), open("/*", Method::Head)]);
    if let Some(endpoint) = &mut user.endpoints.production {
        endpoint.auth = Some(EndpointAuth::Basic {
            username: "gateway".into(),
        });
    }
    let mut encrypted = versioned("encrypted", url, vec![open("/*", Method::Get)]);
    encrypted.transports.http = false;
    let mut header = versioned(
        "header",
        url,
        vec![with_schemes("/*", Method::Get, &[&[Scheme::Oauth2]])],
    );
    header.auth_header = Some("x-auth".into());
    let socket = versioned("socket", &url.replace("http:", "ws:"), vec![open("/*", Method::Get)]);
    let mut certificate = guarded("/certificate/1.0", url, MutualTls::Mandatory);
    certificate.name = "certificate".into();
    certificate.id = api_id("certificate", "1.0");
    let mut optional = guarded("/optional/1.0", url, MutualTls::Optional);
    optional.name = "optional".into();
    optional.id = api_id("optional", "1.0");
    let mut all = vec![
        certificate,
        optional,
        pets,
        shop,
        only_production,
        only_sandbox,
        keys,
        basic,
        blocked,
        by_operator,
        limits,
        named,
        asking,
        user,
        encrypted,
        header,
        socket,
    ];
    all.sort_by(|a, b| a.base_path.cmp(&b.base_path));
    all
}

fn snapshot(apis: &[Api]) -> SubscriptionSnapshot {
    let keys = [
        ("key-good", "1", KeyType::Production, SubscriptionState::Unblocked),
        ("key-sand", "1", KeyType::Sandbox, SubscriptionState::Unblocked),
        ("key-hold", "2", KeyType::Production, SubscriptionState::OnHold),
        ("key-blocked", "3", KeyType::Production, SubscriptionState::Blocked),
        ("key-half", "4", KeyType::Production, SubscriptionState::ProdOnlyBlocked),
        (
            "key-half-sand",
            "4",
            KeyType::Sandbox,
            SubscriptionState::ProdOnlyBlocked,
        ),
        ("key-app", "5", KeyType::Production, SubscriptionState::Unblocked),
        ("key-few", "6", KeyType::Production, SubscriptionState::Unblocked),
    ];
    let mut applications: Vec<Application> = Vec::new();
    let mut subscriptions = Vec::new();
    let mut key_mappings = Vec::new();
    for (consumer_key, id, key_type, state) in keys {
        key_mappings.push(KeyMapping {
            consumer_key: consumer_key.into(),
            application: id.into(),
            key_type,
            key_manager: None,
        });
        if applications.iter().any(|application| application.id == id) {
            continue;
        }
        applications.push(Application {
            id: id.into(),
            uuid: None,
            name: format!("application-{id}"),
            owner: "owner".into(),
            policy: "Many".into(),
        });
        for api in apis {
            subscriptions.push(Subscription {
                api: api.id.clone(),
                application: id.into(),
                policy: if id == "6" { "Few" } else { "Gold" }.into(),
                state,
            });
        }
    }
    key_mappings.sort_by(|a, b| a.consumer_key.cmp(&b.consumer_key));
    subscriptions.sort_by(|a, b| (&a.api, &a.application).cmp(&(&b.api, &b.application)));
    SubscriptionSnapshot {
        format: mgw_bundle::snapshot::FORMAT,
        source: SnapshotSource::InternalData,
        applications,
        key_mappings,
        subscriptions,
    }
}

impl World {
    /// Something of everything, under further settings.
    pub fn new(settings: &str) -> Self {
        let received = Arc::new(Mutex::new(None));
        let backend = Backend::start({
            let received = Arc::clone(&received);
            move |exchange| {
                *received.lock().expect("no test panics with it") = Some(exchange.head.clone());
                respond(exchange, 200, "from the backend");
            }
        });
        let apis = apis(&backend.url());
        let (issuer, files) = (Issuer::new(), tempfile::tempdir().expect("a folder"));
        let key = SigningKey::generate(KeyAlgorithm::Rs256).expect("a key");
        let (key_file, revoked) = (files.path().join("key.pem"), files.path().join("revoked"));
        std::fs::write(&key_file, key.public_pem()).expect("it is written");
        std::fs::write(&revoked, "{\"jti\": \"revoked\"}\n").expect("it is written");
        let mut builder = GatewayBuilder::new(apis)
            // One core counts as one explainer does.
            .cores(1)
            .file(settings)
            .file(&format!(
                "[tokenRevocationConfig]\nfile = \"{}\"\n[b7a.users.ana]\npassword = \"@sha256:{{{}}}\"\nscopes = \"write\"\n\
                 [b7a.users.bo]\npassword = \"@pbkdf2:{{1000:0011223344556677:{}}}\"\n",
                revoked.display(),
                "f761d6830e37d76f64d090ea1ebf0288a7efba777605e3b9b140ea0569daaab0",
                "00".repeat(32),
            ))
            .file(&format!("{}audience = [\"shop\"]\n", issuer.pinned()))
            .set("apikey.tokenConfigs.publicKeyFile", &key_file.to_string_lossy())
            .set("apikey.tokenConfigs.issuer", "keys")
            .set("authConfig.maxFailuresPerAddress", "1000000")
            .set("listenerConfig.maxUriLength", "300")
            .set("listenerConfig.maxHeaderSize", "3000")
            .set("listenerConfig.maxEntityBodySize", "20")
            .set("trustedProxies", "127.0.0.1/32")
            .set("forwarding.via", "itself")
            .set("named_prod_api_key", CANARY)
            .set("asking_prod_api_key", CANARY)
            .set("user_prod_basic_password", CANARY);
        builder.snapshot = Some(snapshot(&builder.config.apis));
        let policies = &mut builder.config.policies;
        let mut conditional = policy("Conditional", 1_000_000);
        conditional.conditional = vec![ConditionalLimit {
            conditions: vec![Condition {
                subject: Subject::Header {
                    name: "x-a".into(),
                    pattern: "1".into(),
                },
                inverted: false,
            }],
            quota: Quota::Requests {
                count: 2,
                window_ms: 365 * 24 * 60 * 60 * 1000,
            },
        }];
        policies.resource = vec![policy("Three", 3), conditional];
        policies.application = vec![policy("Many", 1_000_000)];
        policies
            .subscription
            .extend([policy("Few", 5), policy("Gold", 1_000_000)]);
        policies.subscription.sort_by(|a, b| a.name.cmp(&b.name));
        policies.blocks = vec![
            Block::Api {
                context: "/closed/1.0".into(),
            },
            Block::Application {
                owner: "owner".into(),
                name: "application-5".into(),
            },
            Block::User { name: "eve".into() },
            Block::Address {
                first: "203.0.113.66".parse().expect("an address"),
                last: "203.0.113.66".parse().expect("an address"),
                inverted: false,
            },
        ];
        Self {
            builder,
            credentials: credentials(&issuer),
            api_keys: api_keys(&key),
            received,
            _files: (issuer, files),
        }
    }
}

impl World {
    /// The same with a TLS listener, and APIs that want the certificate of `client`.
    pub fn behind_tls(mut self, pki: &Pki) -> Self {
        let store = pki.trust_store(&["client", "ca"]);
        self.builder = self
            .builder
            .set("listenerConfig.httpsEnabled", "true")
            .set("listenerConfig.httpsPort", "0")
            .set("listenerConfig.certificateFile", &pki.text("server.pem"))
            .set("listenerConfig.privateKeyFile", &pki.text("server.key"))
            .set("listenerConfig.trustStorePath", &store.to_string_lossy())
            .set("listenerConfig.trustStorePassword", Pki::PASSWORD);
        for name in ["certificate", "optional"] {
            self.builder = self.builder.file(&format!(
                "[[mutualSSLConfig.api.certificates]]\nname = \"{name}\"\nversion = \"1.0\"\naliasList = [\"client\"]\n"
            ));
        }
        self
    }
}

fn credentials(issuer: &Issuer) -> Vec<String> {
    let good = json!({"aud": "shop", "azp": "key-good"});
    let with = |changes: serde_json::Value| {
        let mut claims = good.clone();
        if let (Some(claims), serde_json::Value::Object(changes)) = (claims.as_object_mut(), changes) {
            claims.extend(changes);
        }
        issuer.token("k", claims)
    };
    let tokens = [
        with(json!({})),
        with(json!({"scope": "read"})),
        with(json!({"scope": "write read", "jti": "2"})),
        with(json!({"azp": "key-sand", "scope": "read write"})),
        with(json!({"azp": "key-hold"})),
        with(json!({"azp": "key-blocked"})),
        with(json!({"azp": "key-half"})),
        with(json!({"azp": "key-half-sand", "scope": "admin"})),
        with(json!({"azp": "key-app", "scope": "read"})),
        with(json!({"azp": "key-few", "scope": "read"})),
        with(json!({"azp": "key-nobody"})),
        with(json!({"sub": "eve", "scope": "read"})),
        with(json!({"exp": 1})),
        with(json!({"nbf": 99_999_999_999_u64})),
        with(json!({"aud": "other"})),
        with(json!({"iss": "https://other.test"})),
        with(json!({"jti": "revoked"})),
        with(json!({"keytype": "SANDBOX", "scope": "read", "azp": "key-token",
            "application": {"id": 9, "name": "own", "tier": "Many", "owner": "owner"},
            "subscribedAPIs": [{"name": "shop", "version": "1.0", "subscriptionTier": "Gold"}]})),
        with(json!({"keytype": "ODD", "scope": "read",
            "application": {"id": 9, "name": "own", "tier": "Missing", "owner": "owner"},
            "subscribedAPIs": [{"name": "production", "version": "*", "subscriptionTier": "Nowhere"}]})),
        with(json!({"token_type": "apiKey"})),
        Issuer::new().token("k", good.clone()),
        "opaque-token".to_owned(),
        "a.b.c".to_owned(),
    ];
    let bearers = tokens.iter().map(|token| format!("Bearer {token}"));
    let others = [
        // ana:canary-password
        "Basic YW5hOmNhbmFyeS1wYXNzd29yZA==",
        // ana:wrong
        "Basic YW5hOndyb25n",
        // bo:wrong, slowly
        "Basic Ym86d3Jvbmc=",
        "Basic bm9jb2xvbg==",
        "Basic ???",
        "Bearer",
        "Bearer  ",
        "Digest x",
        "",
    ];
    bearers.chain(others.map(str::to_owned)).collect()
}

fn api_keys(key: &SigningKey) -> Vec<String> {
    let sign = |claims: serde_json::Value| key.sign(&claims).expect("it signs");
    vec![
        sign(json!({"iss": "keys", "sub": "ana", "aud": "key-good"})),
        sign(json!({"iss": "keys", "sub": "ana", "aud": "key-good", "permittedIP": "203.0.113.0/24"})),
        sign(json!({"iss": "keys", "sub": "ana", "aud": "key-good", "permittedReferer": "https://app.test/*"})),
        sign(json!({"iss": "keys", "sub": "ana", "aud": "key-good", "exp": 1})),
        sign(json!({"iss": "others", "sub": "ana", "aud": "key-good"})),
        sign(json!({"iss": "keys", "sub": "ana", "aud": "key-nobody"})),
        "nonsense".to_owned(),
    ]
}
