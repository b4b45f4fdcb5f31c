//! Compiles one definition.

use super::base_path;
use super::endpoints::{self, NamedEndpoints};
use super::impossible_credentials::ImpossibleCredentials;
use super::known_policies::KnownPolicies;
use super::security::{ApiSecurity, Expanded};
use super::template::{Template, TemplateError};
use super::{about, cors, extensions, other_templates, server_without_host, tiers, transports, unused_endpoints};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::openapi::{Definition, Operation};
use crate::yaml::Span;
use mgw_bundle::api_id;
use mgw_bundle::config::{Api, ApiKind, Endpoints, Method, MutualTls, PolicyRef, Resource};
use mgw_bundle::template as routes;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// A compiled API with what later checks need.
#[derive(Debug)]
pub(super) struct CompiledApi {
    /// The API.
    pub(super) api: Api,
    /// Where its base path was written.
    pub(super) base_path: Span,
    /// Where the path of each of its resources was written.
    pub(super) operations: Vec<Span>,
}

/// Compiles a definition; `file` is its path inside the project, `entry` the name of its bundle entry. `None` when it
/// cannot be served; the reasons are in `diagnostics`.
pub(super) fn compile(
    definition: &Definition,
    policies: KnownPolicies<'_>,
    file: &str,
    entry: String,
    diagnostics: &mut Diagnostics,
) -> Option<CompiledApi> {
    let source = &definition.source;
    let root = &definition.pruned;
    extensions::check(definition, diagnostics);
    let id = api_id(definition.title(), definition.version());
    let base_path = base_path::base_path(definition, diagnostics);
    let mutual_tls = transports::mutual_tls(source, root, diagnostics);
    let transports = transports::transports(source, root, mutual_tls, diagnostics);
    let policy = tiers::of_api(source, root, policies, diagnostics);
    let named = NamedEndpoints::read(definition, diagnostics);
    let endpoints = endpoints::of_api(definition, &named, &id, diagnostics);
    let auth_header = transports::auth_header(source, root, diagnostics);
    let compiler = Resources {
        definition,
        policies,
        security: ApiSecurity::read(definition, mutual_tls == Some(MutualTls::Mandatory), diagnostics),
        named: &named,
        endpoints: &endpoints,
        policy: policy.as_ref(),
        auth_header: auth_header.as_deref(),
    };
    let (resources, operations) = compiler.compile(diagnostics);
    let alternatives = compiler.security.alternatives();
    unused_endpoints::check_api(definition, &named, &endpoints.endpoints, &resources, diagnostics);
    let cors = cors::compile(source, root, diagnostics);
    let base_path = base_path?;
    let api = Api {
        kind: ApiKind::Http,
        id,
        name: definition.title().to_owned(),
        version: definition.version().to_owned(),
        default_version_path: base_path::of_default_version(definition, &base_path.path, diagnostics),
        base_path: base_path.path,
        provider: extensions::text(source, root, extensions::OWNER, diagnostics).map(|(owner, _)| owner.to_owned()),
        state: transports::state(source, root, diagnostics),
        transports,
        alternatives,
        auth_header,
        mutual_tls,
        client_certificates: Vec::new(),
        cors,
        policy,
        endpoints: endpoints.endpoints,
        resources,
        definition: entry,
        source: file.to_owned(),
    };
    Some(CompiledApi {
        api,
        base_path: base_path.span,
        operations,
    })
}

/// What the operations of an API have in common.
struct Resources<'a> {
    definition: &'a Definition,
    policies: KnownPolicies<'a>,
    security: ApiSecurity<'a>,
    named: &'a NamedEndpoints<'a>,
    endpoints: &'a endpoints::Found,
    policy: Option<&'a PolicyRef>,
    auth_header: Option<&'a str>,
}

impl Resources<'_> {
    /// The resources and where their paths were written.
    fn compile(&self, diagnostics: &mut Diagnostics) -> (Vec<Resource>, Vec<Span>) {
        let mut resources = Vec::new();
        let mut so_far = SoFar {
            templates: Templates::default(),
            missing: Vec::new(),
            refused: Vec::new(),
            relative: self.endpoints.relative.clone().map(|(url, _)| url),
            expanded: Expanded::default(),
            impossible: ImpossibleCredentials::new(self.definition, self.auth_header),
        };
        for operation in self.definition.operations() {
            // What it inherits stands elsewhere, so that its place does not tell which operation a finding is about.
            let mut found = Diagnostics::default();
            let resource = self.resource(operation, &mut so_far, &mut found);
            found.tell(|_| vec![about::of_operation(self.definition, operation)]);
            diagnostics.extend(found);
            match resource {
                ControlFlow::Continue(resource) => {
                    resources.extend(resource.map(|resource| (resource, operation.path_span)));
                }
                ControlFlow::Break(()) => break,
            }
        }
        let SoFar {
            templates,
            missing,
            refused,
            relative,
            impossible,
            ..
        } = so_far;
        endpoints::report_missing(self.definition, &missing, relative.as_deref(), diagnostics);
        unused_endpoints::report_refused(self.definition, &refused, diagnostics);
        impossible.report(diagnostics);
        // What is wrong with paths and methods has been told where they stand.
        let told = diagnostics.iter().any(|found| {
            found.file == self.definition.source.name()
                && matches!(found.code, Code::Paths | Code::Operation | Code::Reference)
                && found.severity == Severity::Error
        });
        if resources.is_empty() && !templates.faulty && !told {
            let message = format!("{} has no operation that a gateway could serve", self.definition.name());
            diagnostics.push(
                Diagnostic::error(
                    Code::NoOperation,
                    &self.definition.source,
                    self.definition.title_span(),
                    message,
                )
                .remedy("Add operations under `paths`, or remove the file."),
            );
        }
        resources.sort_by(|(a, _), (b, _)| (&a.template, a.method).cmp(&(&b.template, b.method)));
        resources.into_iter().unzip()
    }

    /// One operation; nothing when it cannot be served. Ends where all of them together are too much.
    fn resource<'s>(
        &'s self,
        operation: Operation<'_>,
        so_far: &mut SoFar<'s>,
        diagnostics: &mut Diagnostics,
    ) -> ControlFlow<(), Option<Resource>> {
        let template = so_far.templates.accept(self.definition, operation, diagnostics);
        let found = endpoints::of_operation(self.definition, operation, self.named, diagnostics);
        let faulty = found.faulty || self.endpoints.faulty;
        if !faulty && is_empty(&found.endpoints) && is_empty(&self.endpoints.endpoints) {
            so_far.missing.push(operation.name());
        }
        server_without_host::check(self.definition, &found, self.endpoints, diagnostics);
        so_far.relative = so_far.relative.take().or(found.relative.map(|(url, _)| url));
        let source = &self.definition.source;
        let policy = tiers::of_operation(source, operation.node, self.policy, self.policies, diagnostics);
        let (security, scopes) = self.security.of_operation(operation, diagnostics);
        if !so_far.expanded.add(self.definition, &security, &scopes, diagnostics) {
            return ControlFlow::Break(());
        }
        so_far.impossible.look_at(operation, &security);
        if !faulty && unused_endpoints::refuses_all(&security, &found.endpoints, &self.endpoints.endpoints) {
            so_far.refused.push(operation.name());
        } else {
            unused_endpoints::check_operation(self.definition, operation, &found.endpoints, &security, diagnostics);
        }
        ControlFlow::Continue(template.map(|template| Resource {
            template,
            method: operation.method,
            security,
            scopes,
            policy,
            endpoints: found.endpoints,
        }))
    }
}

/// What operations before have come to.
struct SoFar<'a> {
    templates: Templates,
    /// Operations without a backend.
    missing: Vec<String>,
    /// Operations whose callers are all refused for want of a backend for them.
    refused: Vec<String>,
    relative: Option<String>,
    expanded: Expanded,
    impossible: ImpossibleCredentials<'a>,
}

fn is_empty(endpoints: &Endpoints) -> bool {
    endpoints.production.is_none() && endpoints.sandbox.is_none()
}

/// The templates seen so far, so that two that stand for the same requests are noticed.
#[derive(Default)]
struct Templates {
    /// The first spelling of a template.
    spellings: HashMap<routes::Template, String>,
    /// The operations taken.
    taken: HashMap<(routes::Template, Method), String>,
    /// Paths that have been found faulty, so that each is reported once.
    refused: std::collections::HashSet<String>,
    /// Some path cannot be routed, which has been reported as an error.
    faulty: bool,
}

impl Templates {
    fn accept(
        &mut self,
        definition: &Definition,
        operation: Operation<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<String> {
        let source = &definition.source;
        if self.refused.contains(operation.path) {
            return None;
        }
        let template = match Template::parse(operation.path) {
            Ok(template) => template,
            Err(error @ TemplateError::NotAPath(_)) => {
                self.refused.insert(operation.path.to_owned());
                let message = format!("{} of {} is not served: {error}", operation.path, definition.name());
                let finding = Diagnostic::warning(Code::Template, source, operation.path_span, message);
                diagnostics
                    .push(finding.remedy("Remove it from the path; parameters are none of the gateway's matters."));
                return None;
            }
            Err(error) => {
                self.faulty = true;
                self.refused.insert(operation.path.to_owned());
                let message = format!(
                    "{} of {} cannot be routed: {error}",
                    operation.name(),
                    definition.name()
                );
                let finding = Diagnostic::error(Code::Template, source, operation.path_span, message);
                let meant = other_templates::find(operation.path).next().map(|other| other.remedy);
                let remedy = meant.unwrap_or_else(|| "Write a path such as `/orders/{id}/items`.".to_owned());
                diagnostics.push(finding.remedy(remedy));
                return None;
            }
        };
        for other in other_templates::find(operation.path) {
            let message = format!("{} of {}: {}", operation.path, definition.name(), other.message);
            let finding = Diagnostic::warning(Code::Template, source, operation.path_span, message);
            diagnostics.push(finding.remedy(other.remedy));
        }
        if !self.spellings.contains_key(&template.route) {
            self.spellings.insert(template.route.clone(), template.text.clone());
        }
        let key = (template.route.clone(), operation.method);
        if let Some(first) = self.taken.get(&key) {
            let message = format!(
                "{} of {} stands for the same requests as {} {first}",
                operation.name(),
                definition.name(),
                operation.method.as_str()
            );
            diagnostics.push(
                Diagnostic::error(Code::DuplicateTemplate, source, operation.path_span, message)
                    .remedy("Remove one of the two; names of variables and a `/` at the end do not tell them apart."),
            );
            return None;
        }
        self.taken.insert(key, operation.path.to_owned());
        // One spelling for one structure: the gateway keeps the methods of a template together.
        self.spellings.get(&template.route).cloned()
    }
}
