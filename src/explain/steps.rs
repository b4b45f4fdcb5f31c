//! What each phase decided, and from what.

use super::report::{
    Asked, Outcome, Report, Step, StepOutcome, ToldAnswer, ToldApi, ToldApplication, ToldBackend, ToldCaller,
    ToldHeader, ToldLimit, ToldResource,
};
use super::{decisions, limits, refused, unknown};
use crate::compile::{ApiPlaces, ProjectPlaces, Said, SaidOfApi};
use mgw_bundle::Bundle;
use mgw_bundle::config::{Api, ApiKeyLocation, Resource, Scheme, ScopeMatch};
use mgw_runtime::auth::{CallerKeyType, Grant};
use mgw_runtime::config::RuntimeConfig;
use mgw_runtime::explain::{ExplainedAnswer, ExplainedCaller, ExplainedTarget, Explanation, ExplanationEnd};
use mgw_runtime::refusal::Refusal;

/// The header with the id of a request.
const CORRELATION_ID: &str = "x-correlation-id";
/// What stands for an id that every request gets anew.
const NEW: &str = "<new>";

/// The phases as access logs name them, in their order.
pub(super) const PHASES: [&str; 7] = [
    "listener",
    "route",
    "authn",
    "authz",
    "throttle",
    "transform",
    "upstream",
];

/// Everything that an explanation is told from.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) explanation: &'a Explanation,
    pub(crate) bundle: &'a Bundle,
    pub(crate) settings: &'a RuntimeConfig,
    /// `None`: a bundle is explained, which has no lines.
    pub(crate) places: Option<&'a ProjectPlaces>,
    pub(crate) is_tls: bool,
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// Settings that are missing, and were taken for set.
    pub(crate) lacking: &'a [String],
}

/// What is looked up once and used by several phases.
pub(super) struct Found<'a> {
    pub(super) told: &'a Told<'a>,
    pub(super) api: Option<&'a Api>,
    pub(super) resource: Option<&'a Resource>,
    pub(super) grant: Option<&'a Grant>,
    of_api: Option<ApiPlaces>,
    pub(super) limits: Vec<ToldLimit>,
}

impl Told<'_> {
    /// Tells everything.
    pub(crate) fn report(&self, request: Asked) -> Report {
        let explanation = self.explanation;
        let found = self.found();
        let answer = found.answer();
        let outcome = match &explanation.end {
            ExplanationEnd::Backend(_) => Outcome::Backend,
            ExplanationEnd::Open { .. } => Outcome::Undecided,
            ExplanationEnd::Answer {
                refusal: None, answer, ..
            } if answer.status < 400 => Outcome::Answered,
            ExplanationEnd::Answer { .. } | ExplanationEnd::NoConnection { .. } => Outcome::Refused,
        };
        let steps = found.steps();
        let mut notes = match explanation.caller {
            _ if matches!(explanation.end, ExplanationEnd::NoConnection { .. }) => vec![
                "clients are believed by `mutualSSLConfig.clientCaFile`, by the authorities of the trust store, and by the certificates \
                 of the APIs and of `mutualSSLConfig.api.certificates`"
                    .to_owned(),
            ],
            ExplainedCaller::None => Vec::new(),
            _ => unknown::notes(self.settings, !found.limits.is_empty(), explanation.limited_elsewhere.as_ref()),
        };
        notes.extend(unknown::lacking(self.lacking));
        Report {
            request: Asked {
                client: explanation.client.map(|client| client.to_string()),
                ..request
            },
            outcome,
            bundle: self.bundle.digest.to_string(),
            api: found.api.map(|api| ToldApi {
                name: api.name.clone(),
                version: api.version.clone(),
                base_path: api.base_path.clone(),
            }),
            resource: found.resource.map(|resource| ToldResource {
                method: resource.method.as_str(),
                template: resource.template.clone(),
            }),
            caller: found.caller(),
            backend: match &explanation.end {
                ExplanationEnd::Backend(target) => Some(found.backend(target)),
                _ => None,
            },
            answer,
            asks: explanation.asks.clone(),
            steps,
            notes,
            decisions: decisions::told(explanation.limited_elsewhere.as_ref()),
            limits: found.limits,
        }
    }

    fn found(&self) -> Found<'_> {
        let explanation = self.explanation;
        let api = explanation.api.and_then(|index| self.bundle.config.apis.get(index));
        let resource = explanation.resource.as_ref();
        let resource = resource.and_then(|resource| api?.resources.get(resource.index));
        let grant = match &explanation.caller {
            ExplainedCaller::Known(grant) => Some(&**grant),
            ExplainedCaller::None | ExplainedCaller::Anonymous => None,
        };
        let policies = &self.bundle.config.policies;
        let limits = match (api, resource) {
            (Some(api), Some(resource)) => {
                limits::told(&explanation.limits, api, resource, grant, policies, self.places)
            }
            _ => Vec::new(),
        };
        Found {
            told: self,
            api,
            resource,
            grant,
            of_api: self.places.zip(api).map(|(places, api)| places.of_api(api)),
            limits,
        }
    }
}

impl Found<'_> {
    fn steps(&self) -> Vec<Step> {
        let (last, end) = match &self.told.explanation.end {
            ExplanationEnd::Backend(_) => ("upstream", StepOutcome::Passed),
            ExplanationEnd::Open { phase } => (*phase, StepOutcome::Asks),
            ExplanationEnd::NoConnection { .. } => ("listener", StepOutcome::Refused),
            ExplanationEnd::Answer { phase, refusal, answer } => {
                let is_refused = refusal.is_some() || answer.status >= 400;
                let end = if is_refused {
                    StepOutcome::Refused
                } else {
                    StepOutcome::Answered
                };
                (*phase, end)
            }
        };
        let mut steps = Vec::new();
        for phase in PHASES {
            let is_last = phase == last;
            if is_last && end != StepOutcome::Passed {
                steps.push(self.ending(phase, end));
            } else {
                steps.push(self.passed(phase));
            }
            if is_last {
                break;
            }
        }
        steps
    }

    fn ending(&self, phase: &'static str, outcome: StepOutcome) -> Step {
        let (text, places) = match &self.told.explanation.end {
            ExplanationEnd::Answer { refusal, answer, .. } if outcome == StepOutcome::Refused => {
                let why = refused::why(self, phase, *refusal, answer);
                (why.reason, why.places)
            }
            ExplanationEnd::Answer { answer, .. } => (answered(answer), self.answered_from()),
            ExplanationEnd::NoConnection { reason } => (format!("no TLS connection: {reason}"), Vec::new()),
            ExplanationEnd::Backend(_) | ExplanationEnd::Open { .. } => {
                let asks = self.told.explanation.asks.join(", then ");
                (format!("the gateway would ask {asks}"), Vec::new())
            }
        };
        Step {
            phase,
            outcome,
            text,
            places,
        }
    }

    fn passed(&self, phase: &'static str) -> Step {
        let (text, places) = match phase {
            "listener" => self.listener(),
            "route" => self.route(),
            "authn" => self.authenticated(),
            "authz" => self.authorised(),
            "throttle" => self.throttled(),
            "transform" => self.transformed(),
            _ => self.reached(),
        };
        Step {
            phase,
            outcome: StepOutcome::Passed,
            text,
            places,
        }
    }

    fn listener(&self) -> (String, Vec<String>) {
        let listener = if self.told.is_tls { "TLS" } else { "plain" };
        let client = self.told.explanation.client;
        let client = client.map_or_else(String::new, |client| format!(", from {client}"));
        (format!("well-formed, at the {listener} listener{client}"), Vec::new())
    }

    fn route(&self) -> (String, Vec<String>) {
        let (Some(api), Some(resource)) = (self.api, self.resource) else {
            return ("no API".to_owned(), Vec::new());
        };
        let text = format!(
            "API {} {} at {}, resource {} {}",
            api.name,
            api.version,
            api.base_path,
            resource.method.as_str(),
            resource.template
        );
        (text, self.places([self.operation(), self.base_path()]))
    }

    fn authenticated(&self) -> (String, Vec<String>) {
        let Some(identity) = &self.told.explanation.identity else {
            let place = self.said(Said::Open);
            return ("nobody is asked for credentials".to_owned(), self.places([place]));
        };
        let mut text = format!("{} of user {}", credential(identity.credential), identity.user);
        if let Some(issuer) = &identity.issuer {
            text.push_str(&format!(", from issuer {issuer}"));
        }
        if let Some(key) = &identity.consumer_key {
            text.push_str(&format!(", consumer key {key}"));
        }
        let issuer = identity.issuer.as_ref();
        let issuer = issuer.and_then(|issuer| self.told.settings.places.of(issuer));
        (
            text,
            self.places([
                self.said(Said::Security).or_else(|| self.operation()),
                issuer.map(ToString::to_string),
            ]),
        )
    }

    fn authorised(&self) -> (String, Vec<String>) {
        let Some(grant) = self.grant else {
            return ("anybody may call".to_owned(), Vec::new());
        };
        let mut text = format!(
            "application {} of {}, {} key, subscription under {}",
            grant.application_name,
            grant.subscriber,
            key_type(grant.key_type),
            grant.subscription_policy
        );
        let mut places = vec![self.subscription(grant)];
        if let Some(resource) = self.resource.filter(|resource| !resource.scopes.names.is_empty()) {
            let held = self.told.explanation.identity.as_ref();
            let held = held.map_or(&[][..], |identity| identity.scopes.as_slice());
            text.push_str(&format!("\nneeds {}; the caller has {}", needed(resource), list(held)));
            places.push(self.said(Said::Scopes));
        }
        (text, self.places(places))
    }

    fn throttled(&self) -> (String, Vec<String>) {
        if let Some(consulted) = &self.told.explanation.limited_elsewhere {
            return (decisions::text(&consulted.decisions), Vec::new());
        }
        if self.limits.is_empty() {
            return ("nothing limits it".to_owned(), Vec::new());
        }
        let lines: Vec<String> = self.limits.iter().map(limits::line).collect();
        let mut places: Vec<Option<String>> = self.limits.iter().map(|limit| limit.place.clone()).collect();
        places.push(self.said(Said::Tier));
        (
            format!("counted by {}", lines.join("\ncounted by ")),
            self.places(places),
        )
    }

    fn transformed(&self) -> (String, Vec<String>) {
        let ExplanationEnd::Backend(target) = &self.told.explanation.end else {
            return ("goes on".to_owned(), Vec::new());
        };
        let added = target.headers.iter().filter(|header| header.is_added);
        let added: Vec<String> = added.map(|header| header.name.clone()).collect();
        let mut text = format!("headers removed: {}; added: {}", list(&target.removed), list(&added));
        if let Some(credentials) = target.credentials {
            text.push_str(&format!(
                "\nthe backend is shown the gateway's own credentials ({credentials})"
            ));
        }
        (text, Vec::new())
    }

    fn reached(&self) -> (String, Vec<String>) {
        let ExplanationEnd::Backend(target) = &self.told.explanation.end else {
            return ("goes on".to_owned(), Vec::new());
        };
        let (what, said) = match target.is_sandbox {
            true => ("sandbox", Said::Sandbox),
            false => ("production", Said::Production),
        };
        let mut text = format!("{what} endpoint, {} {}", target.method, target.url);
        if target.count > 1 {
            text.push_str(&format!(
                "\nthe first of {} backends: every gateway begins its rounds for itself",
                target.count
            ));
        }
        if target.is_found {
            text.push_str("\ndiscovery says where it is while the gateway runs; this is the default URL");
        }
        (text, self.places([self.said(said)]))
    }

    fn backend(&self, target: &ExplainedTarget) -> ToldBackend {
        ToldBackend {
            url: target.url.clone(),
            host: target.host.clone(),
            method: target.method.clone(),
            key_type: key_type(self.grant.map_or(CallerKeyType::Production, |grant| grant.key_type)),
            web_socket: target.is_web_socket,
            others: target.count.saturating_sub(1),
            discovered: target.is_found,
            credentials: target.credentials,
            headers: target
                .headers
                .iter()
                .map(|header| ToldHeader {
                    name: header.name.clone(),
                    // Another one for every request: whoever compares two explanations wants to see what differs.
                    value: match header.is_added && header.name == CORRELATION_ID {
                        true => NEW.to_owned(),
                        false => header.value.clone(),
                    },
                    added: header.is_added,
                })
                .collect(),
            removed: target.removed.clone(),
        }
    }

    fn caller(&self) -> Option<ToldCaller> {
        let identity = self.told.explanation.identity.as_ref()?;
        Some(ToldCaller {
            credential: identity.credential,
            user: identity.user.clone(),
            issuer: identity.issuer.clone(),
            consumer_key: identity.consumer_key.clone(),
            scopes: identity.scopes.clone(),
            application: self.grant.map(|grant| ToldApplication {
                id: grant.application_id.clone(),
                name: grant.application_name.clone(),
                owner: grant.subscriber.clone(),
                key_type: key_type(grant.key_type),
                application_policy: grant.application_policy.clone(),
                subscription_policy: grant.subscription_policy.clone(),
            }),
        })
    }

    fn answer(&self) -> Option<ToldAnswer> {
        let ExplanationEnd::Answer { phase, refusal, answer } = &self.told.explanation.end else {
            return None;
        };
        let is_refused = refusal.is_some() || answer.status >= 400;
        let why = is_refused.then(|| refused::why(self, phase, *refusal, answer));
        let compat = self.told.settings.compat;
        let texts = refusal.map(|refusal| refusal.texts(compat));
        let (reason, remedy) = why.map(|why| (why.reason, why.remedy)).unzip();
        Some(ToldAnswer {
            status: answer.status,
            code: refusal.map(|refusal: Refusal| refusal.code(compat)),
            message: texts.map(|(message, _)| message.trim_ascii_end().to_owned()),
            description: texts.map(|(_, description)| description.to_owned()),
            headers: answer.headers.clone(),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            reason,
            remedy: remedy.flatten(),
        })
    }

    /// Where an answer that refuses nothing comes from.
    fn answered_from(&self) -> Vec<String> {
        let cors = self.of_api.as_ref().and_then(|api| api.said_of_api(SaidOfApi::Cors));
        self.places([cors.map(|place| place.to_string())])
    }

    /// Places without those that there are not, and without repetitions.
    pub(super) fn places(&self, places: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for place in places.into_iter().flatten() {
            if !found.contains(&place) {
                found.push(place);
            }
        }
        found
    }

    pub(super) fn base_path(&self) -> Option<String> {
        match (&self.of_api, self.api) {
            (Some(of_api), _) => Some(of_api.base_path().to_string()),
            (None, api) => api.map(|api| api.definition.clone()),
        }
    }

    pub(super) fn operation(&self) -> Option<String> {
        match (&self.of_api, self.api, self.resource) {
            (Some(of_api), _, Some(resource)) => Some(of_api.operation(resource).to_string()),
            (_, api, _) => api.map(|api| api.definition.clone()),
        }
    }

    pub(super) fn said(&self, what: Said) -> Option<String> {
        let place = self.of_api.as_ref()?.said(self.resource?, what)?;
        Some(place.to_string())
    }

    pub(super) fn said_of_api(&self, what: SaidOfApi) -> Option<String> {
        let place = self.of_api.as_ref()?.said_of_api(what)?;
        Some(place.to_string())
    }

    fn subscription(&self, grant: &Grant) -> Option<String> {
        let place = self.told.places?.subscription(&self.api?.id, &grant.application_id)?;
        Some(place.to_string())
    }
}

fn answered(answer: &ExplainedAnswer) -> String {
    format!("the gateway answers itself, with {}", answer.status)
}

pub(super) const fn key_type(key: CallerKeyType) -> &'static str {
    match key {
        CallerKeyType::Production => "PRODUCTION",
        CallerKeyType::Sandbox => "SANDBOX",
        CallerKeyType::Other => "OTHER",
    }
}

fn credential(kind: &str) -> &'static str {
    match kind {
        "jwt" => "access token (JWT)",
        "opaque-token" => "access token",
        "api-key" => "API key",
        "basic" => "password",
        _ => "client certificate",
    }
}

/// Whether a credential is one of which there are production and sandbox keys.
pub(super) fn has_key_type(kind: &str) -> bool {
    matches!(kind, "jwt" | "opaque-token" | "api-key")
}

/// The scopes that a resource asks for.
pub(super) fn needed(resource: &Resource) -> String {
    let names = &resource.scopes.names;
    match (names.as_slice(), resource.scopes.rule) {
        ([one], _) => format!("scope {one}"),
        (_, ScopeMatch::Any) => format!("one of the scopes {}", names.join(", ")),
        (_, ScopeMatch::All) => format!("all of the scopes {}", names.join(", ")),
    }
}

/// Names, or that there are none.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

/// What a resource accepts of its callers, as a caller has to send it.
pub(super) fn accepted(resource: &Resource, header: &str) -> String {
    let scheme = |scheme: &Scheme| match scheme {
        Scheme::Oauth2 => format!("an access token (`{header}: Bearer …`)"),
        Scheme::Basic => format!("a user name and password (`{header}: Basic …`)"),
        Scheme::ApiKey { location, name } => match location {
            ApiKeyLocation::Header => format!("an API key in the header `{name}`"),
            ApiKeyLocation::Query => format!("an API key in the query parameter `{name}`"),
        },
    };
    let alternatives = resource.security.alternatives.iter();
    let possible = alternatives.filter(|requirement| requirement.impossible(header).is_none());
    let together = possible.map(|requirement| {
        let schemes: Vec<String> = requirement.schemes.iter().map(scheme).collect();
        schemes.join(" together with ")
    });
    together.collect::<Vec<_>>().join(", or ")
}
