//! The gateway beside a certified identity provider: keys and their rotation, introspection, revocation, its absence.

use crate::oidc_provider::OidcProvider;
use crate::running::Running;
use crate::support::Place;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::keys::{KeyAlgorithm, SigningKey};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Seconds between two fetches of keys, and for which a token is remembered.
const INTERVAL: u64 = 3;

/// A gateway that trusts the provider, and a backend.
struct Stage {
    backend: Backend,
    gateway: Running,
    items: String,
    https: String,
    client: reqwest::Client,
    _place: Place,
}

impl Stage {
    async fn start(provider: &OidcProvider, more: &str) -> Self {
        let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .expect("the backend starts");
        let place = Place::new();
        place.write("openapi.yaml", &definition(&backend.url()));
        place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
        place.write("shop/conf/micro-gw.conf", &settings(&provider.url, more));
        let mut gateway = Running::start(&place, &["run", "shop", "--output", "json"]);
        let serving = gateway.json_line();
        let url = |name: &str| serving[name].as_str().expect("an address").to_owned();
        Self {
            items: format!("{}/shop/items/7", url("http")),
            https: url("https"),
            backend,
            gateway,
            client: reqwest::Client::builder()
                // The gateway made its certificate itself.
                .danger_accept_invalid_certs(true)
                .build()
                .expect("a client can be made"),
            _place: place,
        }
    }

    async fn get(&self, token: &str) -> u16 {
        status(self.client.get(&self.items).bearer_auth(token)).await
    }

    async fn post(&self, token: &str) -> u16 {
        status(self.client.post(&self.items).bearer_auth(token).body("{}")).await
    }

    /// Asserts 401 and that the backend was left alone.
    async fn refuses(&self, token: &str) {
        let before = self.backend.request_count();
        let answer = self.client.get(&self.items).bearer_auth(token).send().await;
        let answer = answer.expect("the gateway answers");
        assert_eq!(answer.status().as_u16(), 401);
        let body: serde_json::Value = answer.json().await.expect("a JSON body");
        assert_eq!(body["fault"]["code"], 900_901, "{body}");
        assert_eq!(self.backend.request_count(), before);
    }

    /// Asks until the status is `wanted`.
    async fn until(&self, token: &str, wanted: u16) {
        let mut last = 0;
        for _ in 0..600 {
            last = self.get(token).await;
            if last == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still {last}, not {wanted}");
    }

    async fn end(self) {
        self.gateway.signal("TERM");
        // The clients' connections have to see its goodbye meanwhile.
        tokio::task::block_in_place(|| self.gateway.end()).exits(0);
        self.backend.shutdown().await;
    }
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.expect("the gateway answers").status().as_u16()
}

fn definition(backend: &str) -> String {
    format!(
        "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
         x-wso2-production-endpoints: {{urls: ['{backend}']}}\n\
         components:\n  securitySchemes:\n    sso: {{type: oauth2, flows: {{clientCredentials: {{tokenUrl: 'https://localhost/t', \
         scopes: {{items_read: r, items_write: w}}}}}}}}\n\
         paths:\n  /items/{{id}}:\n    get:\n      security: [{{sso: [items_read]}}]\n      responses: {{'200': {{description: ok}}}}\n    \
         post:\n      security: [{{sso: [items_write]}}]\n      responses: {{'200': {{description: ok}}}}\n"
    )
}

fn settings(provider: &str, more: &str) -> String {
    format!(
        "[listenerConfig]\nhost = \"127.0.0.1\"\nhttpPort = 0\nhttpsPort = 0\ntokenListenerPort = 0\n\
         # One core: what is remembered is remembered once.\nworkerThreads = 1\n\
         [adminConfig]\nport = 0\n\
         [keyManager]\nserverUrl = \"{provider}\"\n\
         [keymanager.security.basic]\nusername = \"gateway\"\npassword = \"gateway-secret\"\n\
         [[jwtTokenConfig]]\nissuer = \"{provider}\"\njwksURL = \"{provider}/oauth2/jwks\"\n\
         algorithms = [\"RS256\", \"ES256\"]\naudience = [\"urn:shop:signed\", \"urn:shop:elliptic\"]\n\
         jwksMinRefreshInterval = {INTERVAL}\njwksRefreshInterval = 3600\n{more}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_tokens_are_verified_with_the_providers_keys() {
    let provider = OidcProvider::start();
    let stage = Stage::start(&provider, "").await;
    for resource in ["urn:shop:signed", "urn:shop:elliptic"] {
        let token = provider.token(resource, "items_read").await;
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(stage.get(&token).await, 200, "{resource}");
        assert_eq!(stage.post(&token).await, 403, "the scope is missing");
        let both = provider.token(resource, "items_read items_write").await;
        assert_eq!(stage.post(&both).await, 200, "{resource}");
    }
    stage.refuses(&provider.token("urn:other", "items_read").await).await;
    assert_eq!(provider.count("/oauth2/introspect").await, 0, "no one was asked");
    assert_eq!(provider.count("/oauth2/jwks").await, 1);
    stage.end().await;
    provider.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn rotated_keys_are_picked_up_and_unknown_ones_do_not_hammer() {
    let provider = OidcProvider::start();
    let stage = Stage::start(&provider, "").await;
    let first = provider.token("urn:shop:signed", "items_read").await;
    assert_eq!(stage.get(&first).await, 200);

    provider.rotate(true).await;
    let second = provider.token("urn:shop:signed", "items_read").await;
    stage.until(&second, 200).await;
    assert_eq!(stage.get(&first).await, 200, "the former key is in the set still");

    // Keys that left the set admit nobody, not even tokens that are remembered.
    provider.rotate(false).await;
    let third = provider.token("urn:shop:signed", "items_read").await;
    stage.until(&third, 200).await;
    stage.refuses(&first).await;
    stage.refuses(&second).await;

    let (started, before) = (Instant::now(), provider.count("/oauth2/jwks").await);
    for _ in 0..20 {
        stage.refuses(&forged(&provider.url)).await;
    }
    let fetched = provider.count("/oauth2/jwks").await - before;
    let allowed = started.elapsed().as_secs() / INTERVAL + 2;
    assert!(fetched <= allowed, "{fetched} fetches, {allowed} are allowed");
    assert_eq!(stage.get(&third).await, 200);
    stage.end().await;
    provider.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn opaque_tokens_are_introspected_remembered_and_refused_once_revoked() {
    let provider = OidcProvider::start();
    let remembered = format!("[caching]\ntokenCacheExpiryTime = {INTERVAL}\n");
    let short = Stage::start(&provider, &remembered).await;
    let long = Stage::start(&provider, "").await;
    let token = provider.token("urn:shop:opaque", "items_read").await;
    assert!(!token.contains('.'));
    for _ in 0..20 {
        assert_eq!(long.get(&token).await, 200);
    }
    assert_eq!(
        provider.count("/oauth2/introspect").await,
        1,
        "one question, twenty answers"
    );
    assert_eq!(long.post(&token).await, 403, "its scopes count");
    assert_eq!(short.get(&token).await, 200);

    provider.revoke(&token).await;
    short.until(&token, 401).await;
    short.refuses(&token).await;
    assert_eq!(long.get(&token).await, 200, "within its bound it is remembered");
    // A gateway that has not seen the token asks and refuses at once.
    let fresh = Stage::start(&provider, "").await;
    fresh.refuses(&token).await;
    fresh.refuses("no-such-token").await;
    for stage in [short, long, fresh] {
        stage.end().await;
    }
    provider.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_provider_known_keys_serve_on_and_the_unknown_is_refused() {
    let provider = OidcProvider::start();
    let stage = Stage::start(&provider, "[caching]\ntokenCacheExpiryTime = 3600\n").await;
    let seen = provider.token("urn:shop:signed", "items_read").await;
    let unseen = provider.token("urn:shop:signed", "items_read").await;
    let opaque = provider.token("urn:shop:opaque", "items_read").await;
    let unseen_opaque = provider.token("urn:shop:opaque", "items_read").await;
    assert_eq!(stage.get(&seen).await, 200);
    assert_eq!(stage.get(&opaque).await, 200);
    let url = provider.url.clone();
    provider.stop();

    assert_eq!(stage.get(&seen).await, 200);
    assert_eq!(stage.get(&unseen).await, 200, "the keys are here");
    assert_eq!(stage.get(&opaque).await, 200, "the answer is here");
    let served = stage.backend.request_count();
    assert_eq!(stage.get(&unseen_opaque).await, 503, "nobody can say");
    stage.refuses(&forged(&url)).await;
    assert_eq!(stage.backend.request_count(), served);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_issued_and_revoked_through_the_gateway() {
    let provider = OidcProvider::start();
    let stage = Stage::start(&provider, "").await;
    let form = "grant_type=client_credentials&scope=items_read&resource=urn:shop:opaque";
    let send = |path: &str, body: String| {
        stage
            .client
            .post(format!("{}{path}", stage.https))
            .basic_auth("till", Some("till-secret"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let answer = send("/token", form.to_owned())
        .send()
        .await
        .expect("the gateway answers");
    assert_eq!(answer.status().as_u16(), 200);
    let answer: serde_json::Value = answer.json().await.expect("the provider's own answer");
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(status(send("/revoke", format!("token={token}"))).await, 200);
    stage.refuses(&token).await;
    stage.end().await;
    provider.stop();
}

/// A token with the provider's issuer, signed with a key that it does not have.
fn forged(issuer: &str) -> String {
    let key = SigningKey::generate(KeyAlgorithm::Es256).expect("a key can be made");
    let token = key
        .sign(&json!({
            "iss": issuer, "sub": "till", "aud": "urn:shop:signed", "client_id": "till", "scope": "items_read",
            "exp": 4_102_444_800_u64,
        }))
        .expect("it can sign");
    let header = token.split('.').next().expect("a token has parts");
    let header = URL_SAFE_NO_PAD.decode(header).expect("a token's header is base64url");
    assert!(String::from_utf8_lossy(&header).contains(key.key_id()));
    token
}
