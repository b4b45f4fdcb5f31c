//! A small gateway for tests: one API, resources by security setting.

use super::keys::keys;
use crate::auth::{
    Answers, Authenticator, BackendToken, Caller, CoreAuth, Outcome, RequestView, RevocationSourceStatus,
};
use crate::config::{RuntimeConfig, Sources};
use crate::refusal::Refusal;
use crate::throttle::{Counters, Throttle};
use http::{HeaderMap, HeaderName, HeaderValue};
use mgw_bundle::config::*;
use mgw_bundle::{GatewayConfig, SubscriptionSnapshot};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

pub(super) const NOW: u64 = 1_700_000_000_000;
pub(super) const ISSUER: &str = "https://idp.example/token";

pub(super) fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "ana", "azp": "key1", "exp": 1_700_000_600, "scope": "read default", "jti": "id-1"})
}

/// Changes members of an object; null removes one.
pub(super) fn with(mut base: Value, changes: Value) -> Value {
    if let (Some(base), Value::Object(changes)) = (base.as_object_mut(), changes) {
        for (name, value) in changes {
            if value == Value::Null {
                base.remove(&name);
            } else {
                base.insert(name, value);
            }
        }
    }
    base
}

pub(super) fn oauth2() -> Vec<Requirement> {
    alternatives(&[&[Scheme::Oauth2]])
}

pub(super) fn alternatives(list: &[&[Scheme]]) -> Vec<Requirement> {
    list.iter()
        .map(|schemes| Requirement {
            schemes: schemes.to_vec(),
        })
        .collect()
}

pub(super) fn key_in(location: ApiKeyLocation, name: &str) -> Scheme {
    Scheme::ApiKey {
        location,
        name: name.into(),
    }
}

pub(super) fn scopes(rule: ScopeMatch, names: &[&str]) -> Scopes {
    Scopes {
        rule,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

pub(super) fn resource(alternatives: Vec<Requirement>, scopes: Scopes) -> Resource {
    Resource {
        template: "/x".into(),
        method: Method::Get,
        security: Security {
            enabled: !alternatives.is_empty(),
            optional: false,
            alternatives,
        },
        scopes,
        policy: None,
        endpoints: Endpoints::default(),
    }
}

pub(super) fn api(resources: Vec<Resource>) -> Api {
    Api {
        resources,
        ..Api::plain("Ledger", "1.0.0", "/ledger/1.0.0")
    }
}

pub(super) fn gateway(apis: Vec<Api>) -> GatewayConfig {
    let policy = |name: &str| Policy {
        name: name.into(),
        quota: Quota::Unlimited,
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    };
    GatewayConfig {
        format: 1,
        project: "test".into(),
        apis,
        policies: Policies {
            resource: vec![],
            application: vec![],
            subscription: vec![policy("Default"), policy("Gold")],
            custom: Vec::new(),
            blocks: Vec::new(),
        },
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
    }
}

/// Everything that decides about a request.
pub(super) struct Fixture {
    pub(super) authenticator: Authenticator,
    pub(super) security: Arc<crate::auth::Security>,
    pub(super) core: CoreAuth,
    pub(super) now: u64,
    pub(super) runtime: tokio::runtime::Runtime,
}

/// `conf` is added to a configuration that trusts the RSA key for tokens and API keys; `{dir}` stands for the folder
/// with `rsa.pem`, `ec.pem` and `ed.pem`.
pub(super) fn fixture(conf: &str, config: &GatewayConfig, snapshot: Option<&SubscriptionSnapshot>) -> Fixture {
    fixture_in(None, conf, config, snapshot)
}

/// The same, where what outlives the gateway is in `data_dir`.
pub(super) fn fixture_in(
    data_dir: Option<&Path>,
    conf: &str,
    config: &GatewayConfig,
    snapshot: Option<&SubscriptionSnapshot>,
) -> Fixture {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, pem) in [
        ("rsa", keys().rsa_pem()),
        ("ec", keys().ec_pem()),
        ("ed", keys().ed_pem()),
    ] {
        std::fs::write(dir.path().join(format!("{name}.pem")), pem).expect("writes");
    }
    // Root keys have to come before tables.
    let keys =
        format!("apikey.tokenConfigs.issuer = \"{ISSUER}\"\napikey.tokenConfigs.publicKeyFile = \"{{dir}}/rsa.pem\"\n");
    let issuer = format!("[[jwtTokenConfig]]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\n");
    let issuer = if conf.contains("jwtTokenConfig") { "" } else { &issuer };
    // With a key of its own to issue API keys, the gateway verifies them by that.
    let keys = if conf.contains("apikey.issuer") {
        String::new()
    } else {
        keys
    };
    let text = format!("{keys}{conf}\n{issuer}").replace("{dir}", &dir.path().display().to_string());
    let (runtime_config, _) = RuntimeConfig::load(Sources {
        file: Some(("test.conf", &text)),
        ..Sources::default()
    })
    .expect("the test's configuration is valid");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let security =
        crate::auth::Security::start(&runtime_config, data_dir, runtime.handle()).expect("the keys are readable");
    let throttle = Arc::new(Throttle::new(config, Arc::new(Counters::new(10_000)), NOW));
    Fixture {
        authenticator: Authenticator::new(config, snapshot, Arc::clone(&security), throttle),
        core: CoreAuth::new(&runtime_config),
        security,
        now: NOW,
        runtime,
    }
}

pub(super) fn simple(conf: &str, security: Vec<Requirement>) -> Fixture {
    fixture(
        conf,
        &gateway(vec![api(vec![resource(security, Scopes::default())])]),
        None,
    )
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(value).expect("a value"),
        );
    }
    map
}

impl Fixture {
    pub(super) fn ask(&mut self, headers: &HeaderMap, query: Option<&str>, resource: u32) -> Outcome {
        let request = RequestView {
            headers,
            query,
            client_ip: [192, 0, 2, 1].into(),
            certificate: None,
        };
        let mut answers = Answers::default();
        for _ in 0..4 {
            let outcome = self
                .authenticator
                .authenticate(&mut self.core, &request, 0, resource, self.now, &answers);
            match outcome {
                Outcome::Wait(wait) => self.runtime.block_on(wait.resolve(&mut answers)),
                settled => return settled,
            }
        }
        panic!("the decision waits for the same thing again and again");
    }

    /// Waits until the first source of revocations reports what is asked for.
    pub(super) fn wait_for_revocations(&self, wanted: impl FnMut(&RevocationSourceStatus) -> bool) {
        self.wait_for_source(0, wanted);
    }

    /// Waits until a source of revocations reports what is asked for.
    pub(super) fn wait_for_source(&self, index: usize, wanted: impl FnMut(&RevocationSourceStatus) -> bool) {
        let mut source = self.security.revocation_sources[index].clone();
        let waiting = async move { source.wait_for(wanted).await.map(|_| ()) };
        self.runtime.block_on(waiting).expect("the source goes on");
    }

    /// The token that introduces a caller to the backend of the first API; waits for claims about the user.
    pub(super) fn introduction(&self, caller: &Caller) -> Option<HeaderValue> {
        let authenticator = &self.authenticator;
        let token = match authenticator.backend_jwt(caller, 0, self.now, None) {
            BackendToken::Fetch(fetch) => {
                let fetched = self.runtime.block_on(fetch.fetched());
                authenticator.backend_jwt(caller, 0, self.now, Some(fetched))
            }
            settled => settled,
        };
        match token {
            BackendToken::Ready(value) => Some(value),
            BackendToken::None => None,
            BackendToken::Fetch(_) => panic!("the claims were fetched"),
        }
    }

    /// Sends a bearer token to the first resource.
    pub(super) fn bearer(&mut self, token: &str) -> Result<Option<Arc<Caller>>, Refusal> {
        let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
        settle(self.ask(&headers, None, 0))
    }
}

pub(super) fn settle(outcome: Outcome) -> Result<Option<Arc<Caller>>, Refusal> {
    match outcome {
        Outcome::Admitted(caller) => Ok(Some(caller)),
        Outcome::Anonymous => Ok(None),
        Outcome::Refused(rejection) => Err(rejection.refusal),
        Outcome::Wait(_) => panic!("nothing to wait for"),
    }
}

pub(super) fn refusal(outcome: Result<Option<Arc<Caller>>, Refusal>) -> Option<Refusal> {
    outcome.err()
}
