//! Makes the requests of cases.

use super::case::{Case, Request, Token, TokenClaims};
use super::client::{Client, Unanswered};
use super::judge::{Answer, differences};
use super::report::{Ended, Outcome};
use super::sent::Sent;
use super::target::escaped;
use crate::cause::cause;
use crate::local_issuer::{LocalIssuer, LocalToken};
use crate::ui::count::Counted;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};
use http_body_util::{BodyExt, Full};
use mgw_bundle::config::Api;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

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
    pub(crate) client: Client,
    /// The longest time that an answer may take.
    pub(crate) patience: Duration,
    pub(crate) target: Target,
    pub(crate) apis: &'a [Api],
    pub(crate) issuer: &'a LocalIssuer,
    /// The header for credentials of APIs that name none.
    pub(crate) auth_header: String,
    /// Used in place of tokens of the local issuer that say nothing in particular.
    pub(crate) token: Option<String>,
    pub(crate) tokens: Mutex<HashMap<TokenClaims, String>>,
}

/// Why a request has no answer.
enum Problem {
    /// It was not sent.
    Unsent(String),
    Unanswered(Unanswered),
}

impl Caller<'_> {
    /// Makes the request of a case as often as it says, and judges the last answer.
    pub(super) async fn run(&self, case: &Case) -> Outcome {
        let started = Instant::now();
        let mut answers = 0;
        let mut last = Err(Problem::Unsent("it was not asked".to_owned()));
        for _ in 0..case.times {
            last = self.ask(&case.request).await;
            if last.is_err() {
                break;
            }
            answers += 1;
        }
        Outcome {
            name: case.name.clone(),
            place: case.place.clone(),
            answers,
            ended: match last {
                Ok(answer) => Ended::Judged(differences(&answer, &case.expect, &self.sent(&case.request))),
                Err(Problem::Unsent(problem)) => Ended::Judged(vec![problem]),
                Err(Problem::Unanswered(why)) => Ended::Unanswered(why),
            },
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

    async fn ask(&self, request: &Request) -> Result<Answer, Problem> {
        let message = self.message(request).map_err(Problem::Unsent)?;
        let answered = tokio::time::timeout(self.patience, self.answer(message)).await;
        answered
            .unwrap_or_else(|_| Err(self.silence()))
            .map_err(Problem::Unanswered)
    }

    fn silence(&self) -> Unanswered {
        let seconds = Counted(self.patience.as_secs(), "second", "seconds");
        Unanswered::Silent(format!("there was no answer within {seconds}"))
    }

    /// The request as it is sent.
    fn message(&self, request: &Request) -> Result<http::Request<Full<Bytes>>, String> {
        let url = format!("{}{}", self.base(&request.target)?, request.target);
        let uri = Uri::try_from(url).map_err(|error| format!("the path cannot be sent: {error}"))?;
        let body = request.body.clone().unwrap_or_default();
        let mut message = http::Request::new(Full::new(Bytes::from(body)));
        *message.uri_mut() = uri;
        *message.method_mut() = Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut add = |name: &str, value: &str| {
            let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
            let value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
            message.headers_mut().append(name, value);
            Ok::<(), String>(())
        };
        for (name, value) in &request.headers {
            add(name, value)?;
        }
        if let Token::Local(claims) = &request.token {
            let api = self.api_of(&request.target);
            let header = api.and_then(|api| api.auth_header.as_deref());
            let token = self.token(claims)?;
            add(header.unwrap_or(&self.auth_header), &format!("Bearer {token}"))?;
        }
        Ok(message)
    }

    async fn answer(&self, message: http::Request<Full<Bytes>>) -> Result<Answer, Unanswered> {
        let response = self.client.send(message).await?;
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            ..Answer::default()
        };
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Unanswered::Broken(cause(&error)))?;
            let Ok(part) = frame.into_data() else { continue };
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
            let base = escaped(base.trim_end_matches('/'));
            let rest = path.strip_prefix(&base)?;
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
