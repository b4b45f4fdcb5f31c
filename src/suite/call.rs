//! Makes the requests of cases.

use super::case::{Case, Request, Token, TokenClaims};
use super::judge::{Answer, differences};
use super::report::Outcome;
use super::sent::Sent;
use crate::local_issuer::{LocalIssuer, LocalToken};
use mgw_bundle::config::Api;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The longest time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a body is looked at.
const MOST_BODY: usize = 4 << 20;
/// How long tokens are valid.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Where requests go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Scheme, host and port of the plain listener.
    pub(crate) http: Option<String>,
    /// The same of the TLS listener.
    pub(crate) https: Option<String>,
}

/// Makes requests.
pub(crate) struct Caller<'a> {
    pub(crate) client: reqwest::Client,
    pub(crate) target: Target,
    pub(crate) apis: &'a [Api],
    pub(crate) issuer: &'a LocalIssuer,
    /// The header for credentials of APIs that name none.
    pub(crate) auth_header: String,
    /// Used in place of tokens of the local issuer that say nothing in particular.
    pub(crate) token: Option<String>,
    pub(crate) tokens: Mutex<HashMap<TokenClaims, String>>,
}

impl Caller<'_> {
    /// Makes the request of a case as often as it says, and judges the last answer.
    pub(crate) async fn run(&self, case: &Case) -> Outcome {
        let started = Instant::now();
        let mut last = Err("it was not asked".to_owned());
        for _ in 0..case.times {
            last = self.ask(&case.request).await;
            if last.is_err() {
                break;
            }
        }
        let differences = match last {
            Ok(answer) => differences(&answer, &case.expect, &self.sent(&case.request)),
            Err(problem) => vec![problem],
        };
        Outcome {
            name: case.name.clone(),
            place: case.place.clone(),
            differences,
            took: started.elapsed(),
        }
    }

    fn sent(&self, request: &Request) -> Sent {
        let token = match &request.token {
            Token::Local(claims) => self.token(claims).ok(),
            Token::Absent => None,
        };
        Sent::of(request, token.as_deref())
    }

    async fn ask(&self, request: &Request) -> Result<Answer, String> {
        let url = format!("{}{}", self.base(&request.target)?, request.target);
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut call = self.client.request(method, url).timeout(PATIENCE);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        if let Token::Local(claims) = &request.token {
            let api = self.api_of(&request.target);
            let header = api
                .and_then(|api| api.auth_header.as_deref())
                .unwrap_or(&self.auth_header);
            call = call.header(header, format!("Bearer {}", self.token(claims)?));
        }
        if let Some(body) = &request.body {
            call = call.body(body.clone());
        }
        let mut response = call.send().await.map_err(failed)?;
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            ..Answer::default()
        };
        while let Some(part) = response.chunk().await.map_err(failed)? {
            let room = MOST_BODY - answer.body.len();
            answer.body.extend_from_slice(part.get(..room).unwrap_or(&part));
            if part.len() > room {
                answer.is_cut = true;
                break;
            }
        }
        Ok(answer)
    }

    /// Plain where the API is offered so, as there is nothing to check about certificates of a gateway of one's own.
    fn base(&self, target: &str) -> Result<&str, String> {
        let order = match self.api_of(target) {
            Some(api) if !api.transports.http => [&self.target.https, &self.target.http],
            _ => [&self.target.http, &self.target.https],
        };
        let base = order.into_iter().flatten().next();
        base.map(String::as_str)
            .ok_or_else(|| "the gateway does not listen".to_owned())
    }

    /// The API that a request is given to.
    fn api_of(&self, target: &str) -> Option<&Api> {
        let path = target.split('?').next().unwrap_or_default();
        let length = |base: &str| {
            let base = base.trim_end_matches('/');
            let rest = path.strip_prefix(base)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(base.len())
        };
        let of_api = |api: &Api| {
            let default = api.default_version_path.as_deref().and_then(length);
            length(&api.base_path).max(default)
        };
        let found = self.apis.iter().filter_map(|api| Some((of_api(api)?, api)));
        found.max_by_key(|(length, _)| *length).map(|(_, api)| api)
    }

    fn token(&self, claims: &TokenClaims) -> Result<String, String> {
        if let Some(token) = self.token.as_ref().filter(|_| *claims == TokenClaims::default()) {
            return Ok(token.clone());
        }
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(token) = tokens.get(claims) {
            return Ok(token.clone());
        }
        let token = self.sign(claims)?;
        tokens.insert(claims.clone(), token.clone());
        Ok(token)
    }

    fn sign(&self, claims: &TokenClaims) -> Result<String, String> {
        let name = |api: &Api| format!("{}:{}", api.name, api.version);
        let apis: Vec<&Api> = match &claims.apis {
            None => self.apis.iter().collect(),
            Some(wanted) => {
                let unknown = wanted
                    .iter()
                    .find(|wanted| !self.apis.iter().any(|api| name(api) == **wanted));
                if let Some(unknown) = unknown {
                    return Err(format!("the token is to be for {unknown}, which is no API here"));
                }
                self.apis.iter().filter(|api| wanted.contains(&name(api))).collect()
            }
        };
        let of_apis = || {
            let resources = self.apis.iter().flat_map(|api| &api.resources);
            let mut scopes: Vec<String> = resources.flat_map(|resource| resource.scopes.names.clone()).collect();
            scopes.sort();
            scopes.dedup();
            scopes
        };
        let text = |given: &Option<String>, default: &'static str| given.clone().unwrap_or_else(|| default.to_owned());
        let token = LocalToken {
            apis: &apis,
            subject: &text(&claims.subject, "local-user"),
            application: &text(&claims.application, "local"),
            application_policy: &text(&claims.application_policy, "Unlimited"),
            subscription_policy: &text(&claims.subscription_policy, "Unlimited"),
            scopes: claims.scopes.clone().unwrap_or_else(of_apis),
            key_type: if claims.sandbox { "SANDBOX" } else { "PRODUCTION" },
            lifetime: LIFETIME,
        };
        self.issuer.sign(token).map_err(|error| error.to_string())
    }
}

/// What happened, down to its cause.
fn failed(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
