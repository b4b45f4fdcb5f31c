//! Services and backends that micro-gw 2.6 generated, as an OpenAPI definition.

use super::body::{behind_block, behind_declaration, foreign};
use super::record::{Kind, Record, Value, record};
use super::tokens::{Placed, Token, tokens};
use crate::yaml::{Source, Span};
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// A backend, or several of them.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// How they are used.
    pub(super) kind: &'static str,
    /// Their URLs.
    pub(super) urls: Vec<String>,
    /// How, and as whom the gateway presents itself.
    pub(super) credentials: Option<(&'static str, String)>,
    /// The file.
    pub(super) source: Source,
    /// The place of the name.
    pub(super) span: Span,
}

/// A service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    /// Name of the service in the code.
    pub(super) name: String,
    /// Place of the name.
    pub(super) span: Span,
    /// `@http:ServiceConfig`
    pub(super) config: Record,
    /// `@gateway:API`
    pub(super) api: Record,
    /// The listeners that it is bound to.
    pub(super) listeners: Vec<(String, Span)>,
    /// Its resources.
    pub(super) resources: Vec<Resource>,
}

/// A resource.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// `@http:ResourceConfig`
    pub(super) config: Record,
    /// The policy of `@gateway:RateLimit`.
    pub(super) policy: Option<String>,
    /// Whether nobody can tell whom it serves.
    pub(super) is_left_out: bool,
}

/// What a file declares.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Services.
    pub(super) services: Vec<Service>,
    /// Backends by the name of their endpoint.
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    /// Annotations that are not understood, and endpoints of other kinds.
    pub(super) unknown: Vec<(String, Span)>,
    /// Resources that no definition has: why.
    pub(super) left_out: Vec<(&'static str, Span)>,
    /// Code beside what is generated: what becomes of it.
    pub(super) code: Vec<(String, Span)>,
}

/// The members of annotations that a definition is made of.
const KNOWN: [(&str, &[(&str, Kind)]); 4] = [
    (
        "http:ServiceConfig",
        &[
            ("basePath", Kind::Text),
            ("authConfig.authProviders", Kind::Texts),
            ("cors.allowOrigins", Kind::Texts),
            ("cors.allowCredentials", Kind::Flag),
            ("cors.allowHeaders", Kind::Texts),
            ("cors.allowMethods", Kind::Texts),
        ],
    ),
    (
        "gateway:API",
        &[
            ("publisher", Kind::Text),
            ("name", Kind::Text),
            ("apiVersion", Kind::Text),
            ("version", Kind::Text),
            ("apiTier", Kind::Text),
            ("authorizationHeader", Kind::Text),
        ],
    ),
    (
        "http:ResourceConfig",
        &[
            ("path", Kind::Text),
            ("methods", Kind::Texts),
            ("authConfig.authentication.enabled", Kind::Flag),
            ("authConfig.scopes", Kind::Texts),
        ],
    ),
    ("gateway:RateLimit", &[("policy", Kind::Text)]),
];
/// The listeners that APIs are bound to, and what they speak.
const LISTENERS: [(&str, &str); 2] = [("apiListener", "http"), ("apiSecureListener", "https")];
/// Base paths of the services that each project has beside its APIs.
const OF_EVERY_PROJECT: [&str; 4] = ["/authorize", "/revoke", "/token", "/userinfo"];
/// Statuses at which every endpoint with failover goes on to its next backend.
const FAILOVER_STATUSES: [&str; 4] = ["501", "502", "503", "504"];
/// Those of endpoints. The version of HTTP is found out with each backend.
const OF_ENDPOINTS: [&str; 6] = [
    "url",
    "targets",
    "auth.scheme",
    "auth.username",
    "auth.password",
    "httpVersion",
];

/// Reads the declarations of a file, and what somebody wrote beside them.
pub(super) fn read(source: &Source) -> Declared {
    let tokens = tokens(source);
    let mut declared = Declared::default();
    let mut pending = Pending::default();
    // Behind the brace that ends the service.
    let mut end = 0;
    let mut at = 0;
    while let Some(placed) = tokens.get(at) {
        let next = tokens.get(at + 1).map(|next| &next.token);
        at = match (&placed.token, next) {
            (Token::Mark('@'), Some(Token::Name(name))) => annotation(&tokens, at, name, &mut pending, &mut declared),
            (Token::Name(word), Some(Token::Mark('<'))) if word == "service" => {
                // `service<http:Service> NAME bind … {`
                let named = match tokens.get(at + 4) {
                    Some(Placed {
                        token: Token::Name(name),
                        span,
                    }) => Some((name, *span)),
                    _ => None,
                };
                let brace = tokens
                    .iter()
                    .skip(at)
                    .position(|placed| placed.token == Token::Mark('{'));
                match named.zip(brace) {
                    Some(((name, span), brace)) => {
                        service(name, span, listeners(&tokens, at + 5), &mut pending, &mut declared);
                        end = behind_block(&tokens, at + brace);
                        at + brace + 1
                    }
                    None => at + 1,
                }
            }
            (Token::Name(word), Some(Token::Name(kind))) if word == "endpoint" => {
                endpoint(source, &tokens, at, kind, &mut declared);
                behind_declaration(&tokens, at)
            }
            (Token::Name(word), _) if word == "import" => behind_declaration(&tokens, at),
            (Token::Name(name), Some(Token::Mark('('))) if at < end => resource(
                &tokens,
                at,
                name,
                std::mem::take(&mut pending.is_resource),
                &mut declared,
            ),
            (Token::Mark('}'), _) if at + 1 == end => end,
            (Token::Mark(';'), _) => at + 1,
            _ => {
                let behind = behind_declaration(&tokens, at);
                let span = placed.span;
                declared
                    .code
                    .push((described(tokens.get(at..behind).unwrap_or_default()), span));
                behind
            }
        };
    }
    if declared.services.iter().any(Service::is_of_every_project) {
        declared.code.clear();
        declared.left_out.clear();
    }
    declared
}

/// Annotations of what comes next.
#[derive(Debug, Default)]
struct Pending {
    config: Option<Record>,
    api: Option<Record>,
    is_resource: bool,
}

/// Reads the annotation at a position; returns the one behind it.
fn annotation(tokens: &[Placed], at: usize, name: &str, pending: &mut Pending, declared: &mut Declared) -> usize {
    let read = record(tokens, at + 2);
    let behind = match (&read, tokens.get(at + 2).map(|placed| &placed.token)) {
        (Some((_, behind)), _) => *behind,
        (None, Some(Token::Mark('{'))) => behind_block(tokens, at + 2),
        (None, _) => at + 2,
    };
    if let Some((record, _)) = &read {
        let known = KNOWN.iter().find(|(annotation, _)| *annotation == name);
        let known = known.map(|(_, members)| *members).unwrap_or_default();
        let names: Vec<&str> = known.iter().map(|(member, _)| *member).collect();
        let odd = known
            .iter()
            .filter_map(|(member, kind)| Some(((*member).to_owned(), record.odd(member, *kind)?)));
        // Of annotations that are not known, there is nothing to say but that.
        let unknown = if known.is_empty() {
            Vec::new()
        } else {
            record.unknown(&names)
        };
        let named = |(member, span)| (format!("{member}` of `@{name}"), span);
        declared.unknown.extend(unknown.into_iter().chain(odd).map(named));
    }
    match (name, read) {
        ("http:ServiceConfig", Some((record, _))) => pending.config = Some(record),
        ("gateway:API", Some((record, _))) => pending.api = Some(record),
        ("http:ResourceConfig", Some((record, _))) => {
            pending.is_resource = true;
            let why = why_left_out(&record);
            if let Some(why) = why {
                let span = tokens.get(at).map_or(Span::at(0), |placed| placed.span);
                declared.left_out.push((why, span));
            }
            if let Some(service) = declared.services.last_mut() {
                service.resources.push(Resource {
                    config: record,
                    policy: None,
                    is_left_out: why.is_some(),
                });
            }
        }
        ("gateway:RateLimit", Some((record, _))) => {
            let resource = declared
                .services
                .last_mut()
                .and_then(|service| service.resources.last_mut());
            if let Some(resource) = resource {
                resource.policy = record.text("policy").map(str::to_owned);
            }
        }
        (name, _) => {
            let span = tokens.get(at).map_or(Span::at(0), |placed| placed.span);
            declared.unknown.push((format!("@{name}"), span));
            if name == "http:ResourceConfig"
                && let Some(service) = declared.services.last_mut()
            {
                // What stands beside it is not about the resource before.
                service.resources.push(Resource {
                    config: Record::default(),
                    policy: None,
                    is_left_out: true,
                });
            }
        }
    }
    behind
}

/// Why nobody can tell what a resource takes, and of whom.
fn why_left_out(config: &Record) -> Option<&'static str> {
    let is_odd = |member: &str| config.odd(member, Kind::Texts).is_some();
    let auth = config.get("authConfig");
    if is_odd("methods") || is_odd("authConfig.scopes") || auth.is_some_and(|auth| !matches!(auth, Value::Record(_))) {
        return Some("what it takes, or the scopes that it asks for, are not understood");
    }
    let takes_all = config.texts("methods").is_empty();
    takes_all.then_some("without `methods` it took all of them")
}

fn service(name: &str, span: Span, listeners: Vec<(String, Span)>, pending: &mut Pending, declared: &mut Declared) {
    let service = Service {
        name: name.to_owned(),
        span,
        config: pending.config.take().unwrap_or_default(),
        api: pending.api.take().unwrap_or_default(),
        listeners,
        resources: Vec::new(),
    };
    if !service.is_of_every_project() {
        let of_others = |(name, _): &&(String, Span)| LISTENERS.iter().all(|(known, _)| known != name);
        let others = service.listeners.iter().filter(of_others);
        declared
            .unknown
            .extend(others.map(|(name, span)| (format!("bind {name}"), *span)));
    }
    declared.services.push(service);
}

/// Looks at the resource at a position; returns the one behind it.
fn resource(tokens: &[Placed], at: usize, name: &str, is_configured: bool, declared: &mut Declared) -> usize {
    let body = behind_block(tokens, at + 1);
    let behind = match tokens.get(body).map(|placed| &placed.token) {
        Some(Token::Mark('{')) => behind_block(tokens, body),
        _ => body,
    };
    let span = tokens.get(at).map_or(Span::at(0), |placed| placed.span);
    let slice = |from: usize, to: usize| tokens.get(from..to).unwrap_or_default();
    let service = declared.services.last().map_or("", |service| service.name.as_str());
    if !is_configured {
        let text = format!("the resource `{name}` has no `@http:ResourceConfig`, and is not carried over");
        declared.code.push((text, span));
    } else if let Some(own) = foreign(service, slice(at + 1, body), slice(body + 1, behind.saturating_sub(1))) {
        let names: Vec<String> = own.names.iter().map(|name| format!("`{name}`")).collect();
        let with = if names.is_empty() {
            String::new()
        } else {
            format!(" with {}", names.join(", "))
        };
        let text = format!(
            "the resource `{name}` does something of its own{with}, which is not done any more: a check among it is gone"
        );
        declared.code.push((text, own.span));
    }
    behind
}

/// What becomes of a declaration that no generated file has.
fn described(declaration: &[Placed]) -> String {
    let name = declaration.windows(2).find_map(|pair| match pair {
        [
            Placed {
                token: Token::Name(name),
                ..
            },
            Placed {
                token: Token::Mark('('),
                ..
            },
        ] => Some(name),
        _ => None,
    });
    match name {
        Some(name) => format!("`{name}` is not what micro-gw generates, and is not run"),
        None => "this is not what micro-gw generates, and is not run".to_owned(),
    }
}

/// The names between `bind` and the brace of a service.
fn listeners(tokens: &[Placed], at: usize) -> Vec<(String, Span)> {
    if !matches!(tokens.get(at), Some(Placed { token: Token::Name(word), .. }) if word == "bind") {
        return Vec::new();
    }
    let behind = tokens.iter().skip(at + 1);
    let names = behind.take_while(|placed| placed.token != Token::Mark('{'));
    names
        .filter_map(|placed| match &placed.token {
            Token::Name(name) => Some((name.clone(), placed.span)),
            _ => None,
        })
        .collect()
}

/// Whether a member of an endpoint says what is so without it: the usual statuses of failover, and TLS by the settings of
/// the gateway, which carry over themselves.
fn is_usual(member: &str, value: Option<&Value>) -> bool {
    match (member, value) {
        ("failoverCodes", Some(Value::List(statuses))) => {
            statuses.len() == FAILOVER_STATUSES.len()
                && FAILOVER_STATUSES
                    .iter()
                    .all(|usual| statuses.contains(&Value::Number((*usual).to_owned())))
        }
        ("secureSocket", Some(value)) => is_of_settings(value),
        _ => false,
    }
}

/// Whether all of a value comes from the gateway's settings.
fn is_of_settings(value: &Value) -> bool {
    match value {
        Value::Call(_) => true,
        Value::Record(record) => record.members.iter().all(|(.., value)| is_of_settings(value)),
        _ => false,
    }
}

/// `endpoint http:Client NAME { url: … }`
fn endpoint(source: &Source, tokens: &[Placed], at: usize, kind: &str, declared: &mut Declared) {
    let Some(Placed {
        token: Token::Name(name),
        span,
    }) = tokens.get(at + 2)
    else {
        return;
    };
    let kind = match kind {
        "http:Client" => "http",
        "http:LoadBalanceClient" => "load_balance",
        "http:FailoverClient" => "failover",
        // Listeners are the gateway's own.
        "http:Listener" | "http:SecureListener" => return,
        kind if kind.starts_with("gateway:") => return,
        _ => {
            declared.unknown.push((format!("endpoint {kind}"), *span));
            return;
        }
    };
    let Some((settings, _)) = record(tokens, at + 3) else {
        declared.unknown.push((format!("endpoint {name}"), *span));
        return;
    };
    let urls: Vec<String> = match settings.get("targets") {
        Some(Value::List(targets)) => targets
            .iter()
            .filter_map(|target| match target {
                Value::Record(target) => target.text("url").map(str::to_owned),
                _ => None,
            })
            .collect(),
        _ => settings.texts("url"),
    };
    let of_endpoint = |(member, span): (String, Span)| (format!("{member}` of the endpoint `{name}"), span);
    let mut unknown = settings.unknown(&OF_ENDPOINTS);
    unknown.retain(|(member, _)| !is_usual(member, settings.get(member)));
    declared.unknown.extend(unknown.into_iter().map(of_endpoint));
    let credentials = settings.record("auth").and_then(|auth| {
        let user = auth.text("username")?;
        let scheme = match auth.get("scheme") {
            Some(Value::Name(scheme) | Value::Text(scheme)) => scheme.to_ascii_lowercase(),
            Some(other) => other.text()?.to_ascii_lowercase(),
            None => "basic".to_owned(),
        };
        let kind = ["basic", "digest"].into_iter().find(|kind| scheme.contains(kind));
        if kind.is_none() {
            declared
                .unknown
                .push((format!("auth.scheme` of the endpoint `{name}"), *span));
        }
        Some((kind?, user.to_owned()))
    });
    declared.endpoints.insert(
        name.clone(),
        Endpoint {
            kind,
            urls,
            credentials,
            source: source.clone(),
            span: *span,
        },
    );
}

impl Service {
    /// Whether it is no API, but one of the services that each project has for tokens.
    pub(super) fn is_of_every_project(&self) -> bool {
        let path = self.config.text("basePath").unwrap_or_default();
        self.api.members.is_empty() && OF_EVERY_PROJECT.contains(&path)
    }

    /// What its listeners speak, where that is not everything.
    fn transports(&self) -> Option<Vec<&'static str>> {
        let is_bound = |name: &str| self.listeners.iter().any(|(listener, _)| listener == name);
        let known = LISTENERS.iter().filter(|(name, _)| is_bound(name));
        let transports: Vec<&str> = known.map(|(_, transport)| *transport).collect();
        (transports.len() == 1).then_some(transports)
    }

    /// Name and version of the API.
    pub(super) fn identity(&self) -> Option<(&str, &str)> {
        Some((
            self.api.text("name")?,
            self.api.text("apiVersion").or_else(|| self.api.text("version"))?,
        ))
    }

    /// What callers have to show where it is not a token alone, which is what a definition asks for that says nothing.
    fn kinds_of_callers(&self) -> Option<Vec<&'static str>> {
        let providers = self.config.record("authConfig")?.texts("authProviders");
        let has = |known: &[&str]| providers.iter().any(|provider| known.contains(&provider.as_str()));
        match (has(&["basic"]), has(&["jwt", "oauth2"])) {
            (true, true) => Some(vec!["oauth2", "basic_auth"]),
            (true, false) => Some(vec!["basic_auth"]),
            (false, _) => None,
        }
    }

    /// Those of its providers of which nothing is known.
    pub(super) fn unknown_providers(&self) -> Vec<String> {
        let auth = self.config.record("authConfig");
        let mut providers = auth.map(|auth| auth.texts("authProviders")).unwrap_or_default();
        providers.retain(|provider| !["jwt", "oauth2", "basic"].contains(&provider.as_str()));
        providers
    }

    /// The definition, without backends; `None` when it says neither what it is called nor where it is.
    pub(super) fn definition(&self) -> Option<Map<String, serde_json::Value>> {
        let (name, version) = self.identity()?;
        let base_path = self.config.text("basePath")?;
        let mut paths = Map::new();
        let mut scopes = Map::new();
        for resource in self.resources.iter().filter(|resource| !resource.is_left_out) {
            let path = resource.config.text("path")?;
            let mut operation = json!({ "responses": { "default": { "description": "what the backend answers" } } });
            let auth = resource.config.record("authConfig");
            let is_open = auth.and_then(|auth| auth.record("authentication")?.flag("enabled")) == Some(false);
            if is_open {
                operation["x-wso2-disable-security"] = true.into();
            }
            let needed = auth.map(|auth| auth.texts("scopes")).unwrap_or_default();
            if !needed.is_empty() {
                scopes.extend(needed.iter().map(|scope| (scope.clone(), "".into())));
                operation["security"] = json!([{ "default": needed }]);
            }
            if let Some(policy) = resource.policy.as_deref().filter(|policy| !policy.is_empty()) {
                operation["x-wso2-throttling-tier"] = policy.into();
            }
            let item = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
            for method in resource.config.texts("methods") {
                item[method.to_lowercase()] = operation.clone();
            }
        }
        let mut document = Map::new();
        document.insert("openapi".into(), "3.0.1".into());
        document.insert("info".into(), json!({ "title": name, "version": version }));
        document.insert("x-wso2-basePath".into(), base_path.into());
        if let Some(publisher) = self.api.text("publisher").filter(|publisher| !publisher.is_empty()) {
            document.insert("x-wso2-owner".into(), publisher.into());
        }
        if let Some(policy) = self.api.text("apiTier").filter(|policy| !policy.is_empty()) {
            document.insert("x-wso2-throttling-tier".into(), policy.into());
        }
        let header = self.api.text("authorizationHeader");
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            document.insert("x-wso2-auth-header".into(), header.into());
        }
        if let Some(transports) = self.transports() {
            document.insert("x-wso2-transports".into(), transports.into());
        }
        if let Some(kinds) = self.kinds_of_callers() {
            let security = json!({ "security-types": kinds, "optional": false });
            document.insert("x-wso2-application-security".into(), security);
        }
        if let Some(cors) = self.config.record("cors") {
            document.insert(
                "x-wso2-cors".into(),
                json!({
                    "corsConfigurationEnabled": true,
                    "accessControlAllowOrigins": cors.texts("allowOrigins"),
                    "accessControlAllowCredentials": cors.flag("allowCredentials").unwrap_or(false),
                    "accessControlAllowHeaders": cors.texts("allowHeaders"),
                    "accessControlAllowMethods": cors.texts("allowMethods"),
                }),
            );
        }
        document.insert("paths".into(), paths.into());
        if !scopes.is_empty() {
            let flow = json!({ "authorizationUrl": "https://localhost/authorize", "scopes": scopes });
            document.insert(
                "components".into(),
                json!({ "securitySchemes": { "default": { "type": "oauth2", "flows": { "implicit": flow } } } }),
            );
        }
        Some(document)
    }
}

impl Endpoint {
    /// In the form of the extensions.
    pub(super) fn extension(&self) -> serde_json::Value {
        let kind = if self.urls.len() > 1 { self.kind } else { "http" };
        let mut endpoint = json!({ "type": kind, "urls": self.urls });
        if let Some((kind, user)) = &self.credentials {
            endpoint["securityConfig"] = json!({ "type": kind, "username": user });
        }
        endpoint
    }
}
