//! Cases that follow from what the APIs say of themselves.
//!
//! - Without credentials, a protected operation is refused.
//! - With a token that lacks its scopes, it is refused.
//! - A method that a path does not have is refused.
//! - With a token, and the examples of the definition, the backend answers, and as the definition says.
//!
//! The gateway's own table of routes is asked where each request goes: one that goes elsewhere says nothing about its operation.

mod examples;

use super::case::{Case, Expectation, Request, Token, TokenClaims};
use super::target::escaped;
use examples::Example;
use mgw_bundle::Bundle;
use mgw_bundle::config::{Api, ApiKind, ApiState, Endpoint, Method, MutualTls, Resource, Scheme};
use mgw_runtime::route::{HeadRule, RouteTable};
use serde_json::Value;
use std::collections::BTreeSet;

/// What was made, and what could not be.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    pub(crate) cases: Vec<Case>,
    /// Operations without a case for the backend's answer, and why.
    pub(crate) skipped: Vec<String>,
}

/// Makes cases for every API of a bundle. `echo`: the backend answers everything with 200, whatever the definition says.
pub(crate) fn generate(bundle: &Bundle, echo: bool) -> Generated {
    let mut generated = Generated::default();
    // What cannot be routed is no bundle that is built.
    let Ok(routes) = RouteTable::build(&bundle.config.apis, HeadRule::LikeGet) else {
        return generated;
    };
    for (index, api) in bundle.config.apis.iter().enumerate() {
        if let Some(reason) = uncallable(api) {
            let name = format!("{}:{}", api.name, api.version);
            generated.skipped.push(format!("{name}: {reason}"));
            continue;
        }
        let definition = bundle.entries.get(&api.definition);
        let definition = definition.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let maker = Maker {
            api,
            index,
            routes: &routes,
            definition: definition.unwrap_or_default(),
            echo,
        };
        for (index, resource) in api.resources.iter().enumerate() {
            maker.of_resource(index, resource, &mut generated);
        }
        maker.of_missing_methods(&mut generated);
    }
    generated
}

/// Why an API takes no requests that could be written down here.
fn uncallable(api: &Api) -> Option<&'static str> {
    if api.kind == ApiKind::Grpc {
        return Some("it is gRPC");
    }
    if api.state == ApiState::Blocked {
        return Some("it is blocked");
    }
    (api.mutual_tls == Some(MutualTls::Mandatory)).then_some("it is called with a client certificate")
}

/// What stands for variables that may hold any text. The second is one that hardly any template has in their place.
const ANY_TEXT: [&str; 2] = ["1", "mgw-test"];

/// Paths that a template matches, whatever its variables are.
fn any_paths(template: &str) -> impl Iterator<Item = String> {
    let path = move |text: &str| examples::filled(template, |_| text.to_owned());
    let below = move |text: &str| match template.ends_with('*') {
        true => format!("{}{text}/{text}", path(text)),
        false => path(text),
    };
    ANY_TEXT.into_iter().flat_map(move |text| [path(text), below(text)])
}

struct Maker<'a> {
    api: &'a Api,
    /// Its position in the bundle.
    index: usize,
    routes: &'a RouteTable,
    definition: Value,
    echo: bool,
}

impl Maker<'_> {
    fn of_resource(&self, index: usize, resource: &Resource, generated: &mut Generated) {
        let name = self.name(resource);
        let example = examples::of(&self.definition, resource);
        // Refusals come before anything is looked up, so that any text will do for a variable.
        let targets = std::iter::once(example.path_with(ANY_TEXT[0])).chain(any_paths(&resource.template));
        let mut targets = targets.map(|path| self.target(&path, ""));
        let Some(target) = targets.find(|target| self.leads(target, index, resource)) else {
            generated.skipped.push(format!("{name}: its requests go elsewhere"));
            return;
        };
        let security = &resource.security;
        if security.enabled && !security.optional {
            let expect = Expectation {
                statuses: vec![401..=401],
                ..Expectation::default()
            };
            let request = request(resource.method.as_str(), &target, Token::Absent);
            generated
                .cases
                .push(case(&name, "without credentials", request, expect));
        }
        let takes_token = security.enabled && takes_token(resource);
        if takes_token && !resource.scopes.names.is_empty() && only_tokens(resource) {
            let expect = Expectation {
                statuses: vec![403..=403],
                ..Expectation::default()
            };
            let token = Token::Local(TokenClaims {
                scopes: Some(Vec::new()),
                ..TokenClaims::default()
            });
            let request = request(resource.method.as_str(), &target, token);
            generated.cases.push(case(&name, "without its scopes", request, expect));
        }
        if security.enabled && !takes_token {
            generated.skipped.push(format!("{name}: it takes no access token"));
            return;
        }
        let endpoints = self.endpoints(resource);
        if endpoints
            .iter()
            .flat_map(|endpoint| endpoint.urls())
            .any(|url| url.starts_with("ws"))
        {
            generated.skipped.push(format!("{name}: it is a WebSocket"));
            return;
        }
        if takes_token && only_tokens(resource) && !resource.scopes.can_be_carried() {
            generated.skipped.push(format!("{name}: no token can carry its scopes"));
            return;
        }
        match example.complete() {
            Ok(example) => match self.astray(&example.path, index, resource) {
                Some(reason) => generated.skipped.push(format!("{name}: {reason}")),
                None => generated
                    .cases
                    .push(self.of_example(resource, &name, example, takes_token)),
            },
            Err(missing) => generated.skipped.push(format!(
                "{name}: the definition has no example of {}",
                missing.join(", ")
            )),
        }
    }

    /// Whether a request is that of the operation at this position.
    fn leads(&self, target: &str, index: usize, resource: &Resource) -> bool {
        self.routes.resource_at(resource.method, target) == Some((self.index, index))
    }

    /// Why the path that the examples make is not the operation's, where it is not.
    fn astray(&self, path: &str, index: usize, resource: &Resource) -> Option<String> {
        let target = self.target(path, "");
        if self.leads(&target, index, resource) {
            return None;
        }
        Some(match self.routes.resource_at(resource.method, &target) {
            Some((api, other)) if api == self.index => {
                let other = self.api.resources.get(other);
                let template = other.map_or("another path", |other| other.template.as_str());
                format!("the path of its examples, {target}, is that of {template}")
            }
            Some(_) => format!("the path of its examples, {target}, is another API's"),
            None => format!("the path of its examples, {target}, is refused, or nothing is there"),
        })
    }

    fn of_example(&self, resource: &Resource, name: &str, example: Example, takes_token: bool) -> Case {
        let target = self.target(&example.path, &example.query);
        let token = match takes_token {
            // Where there is a sandbox alone, no other key leads anywhere.
            true => Token::Local(TokenClaims {
                sandbox: self.is_sandbox_only(resource),
                ..TokenClaims::default()
            }),
            false => Token::Absent,
        };
        let expect = Expectation {
            statuses: match self.echo {
                true => vec![200..=200],
                false => example.statuses,
            },
            from_backend: true,
            ..Expectation::default()
        };
        let mut request = request(resource.method.as_str(), &target, token);
        request.headers = example.headers;
        request.body = example.body;
        case(name, "as in the definition's examples", request, expect)
    }

    /// One method for each path that has none of that name, if there is one that no rule answers by itself.
    fn of_missing_methods(&self, generated: &mut Generated) {
        let templates: BTreeSet<&str> = self
            .api
            .resources
            .iter()
            .map(|resource| resource.template.as_str())
            .collect();
        for template in templates {
            // A wildcard beside it could take the request.
            if self
                .api
                .resources
                .iter()
                .any(|resource| resource.template.contains('*'))
            {
                continue;
            }
            let has = |method: Method| {
                self.api
                    .resources
                    .iter()
                    .any(|resource| resource.method == method && overlap(&resource.template, template))
            };
            let candidates = [Method::Delete, Method::Patch, Method::Put, Method::Post];
            let Some(method) = candidates.into_iter().find(|method| !has(*method)) else {
                continue;
            };
            let target = self.target(&examples::filled(template, |_| ANY_TEXT[0].to_owned()), "");
            // Elsewhere there may be such a method, or nothing at all.
            let mut declared = self.api.resources.iter().enumerate();
            if !declared.any(|(index, resource)| resource.template == template && self.leads(&target, index, resource))
            {
                continue;
            }
            let expect = Expectation {
                statuses: vec![405..=405],
                ..Expectation::default()
            };
            let name = format!(
                "{} {template} of {}:{}",
                method.as_str(),
                self.api.name,
                self.api.version
            );
            let request = request(method.as_str(), &target, Token::Absent);
            generated
                .cases
                .push(case(&name, "which the API does not have", request, expect));
        }
    }

    /// The backends of an operation, production first.
    fn endpoints<'r>(&'r self, resource: &'r Resource) -> Vec<&'r Endpoint> {
        let (own, all) = (&resource.endpoints, &self.api.endpoints);
        let production = own.production.as_ref().or(all.production.as_ref());
        let sandbox = own.sandbox.as_ref().or(all.sandbox.as_ref());
        production.into_iter().chain(sandbox).collect()
    }

    fn is_sandbox_only(&self, resource: &Resource) -> bool {
        let production = resource
            .endpoints
            .production
            .as_ref()
            .or(self.api.endpoints.production.as_ref());
        production.is_none() && !self.endpoints(resource).is_empty()
    }

    fn name(&self, resource: &Resource) -> String {
        format!(
            "{} {} of {}:{}",
            resource.method.as_str(),
            resource.template,
            self.api.name,
            self.api.version
        )
    }

    /// With escapes for what stands in base paths and templates and in no request.
    fn target(&self, path: &str, query: &str) -> String {
        let base = self.api.base_path.trim_end_matches('/');
        let path = if path.is_empty() { "/" } else { path };
        escaped(&match query {
            "" => format!("{base}{path}"),
            query => format!("{base}{path}?{query}"),
        })
    }
}

/// Whether some request could be of both templates: variables match anything.
fn overlap(one: &str, other: &str) -> bool {
    let parts = |template: &str| {
        template
            .trim_end_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (one, other) = (parts(one), parts(other));
    one.len() == other.len()
        && one
            .iter()
            .zip(&other)
            .all(|(one, other)| one == other || one.contains('{') || other.contains('{'))
}

fn takes_token(resource: &Resource) -> bool {
    let alternatives = &resource.security.alternatives;
    alternatives
        .iter()
        .any(|requirement| requirement.schemes == [Scheme::Oauth2])
}

fn only_tokens(resource: &Resource) -> bool {
    let alternatives = &resource.security.alternatives;
    alternatives
        .iter()
        .all(|requirement| requirement.schemes == [Scheme::Oauth2])
}

fn request(method: &str, target: &str, token: Token) -> Request {
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: None,
        token,
    }
}

fn case(name: &str, how: &str, request: Request, expect: Expectation) -> Case {
    Case {
        name: format!("{name}, {how}"),
        place: name.to_owned(),
        request,
        times: 1,
        expect,
    }
}

#[cfg(test)]
mod tests;
