//! Who may call an operation, and with which scopes.

use super::application_security::ApplicationSecurity;
use super::extensions;
use super::scope_alternatives::{self, TokenRequirement};
use super::security_schemes::{Found, Known, SchemeTable};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::openapi::{Definition, Operation};
use crate::yaml::{Node, Source};
use mgw_bundle::config::{ApiKeyLocation, Requirement, Scheme, ScopeMatch, Scopes, Security};
use openapiv3::SecurityRequirement;
use std::collections::BTreeSet;

/// Schemes that a definition has for the gateway, and that one `security` names: each operation has a list of its own, in which a request
/// looks for its own.
const MAX_SCHEMES: usize = 64;

/// Bytes that the schemes and scopes of all operations of a definition take, as they are written down for each.
const MAX_BYTES: usize = 64 << 20;

/// What one `security` element asks for.
#[derive(Debug, Clone, Default)]
struct Asked {
    alternatives: Vec<Requirement>,
    /// The scopes of the alternatives. Where they have none, those of what cannot be used: less is asked for without them.
    scopes: Vec<String>,
    /// Those of the alternatives that take tokens, as they are written.
    of_tokens: Vec<TokenRequirement>,
}

/// The rules of an API, from which those of its operations follow.
#[derive(Debug)]
pub(super) struct ApiSecurity<'a> {
    definition: &'a Definition,
    schemes: SchemeTable<'a>,
    asked: Asked,
    disabled: bool,
    application: Option<ApplicationSecurity>,
    mutual_tls_mandatory: bool,
}

impl<'a> ApiSecurity<'a> {
    /// Reads the API level.
    pub(super) fn read(definition: &'a Definition, mutual_tls_mandatory: bool, diagnostics: &mut Diagnostics) -> Self {
        let schemes = SchemeTable::new(definition);
        check_count(definition, &schemes, diagnostics);
        let asked = definition
            .model
            .security
            .as_deref()
            .map(|list| ask(&schemes, &definition.source, &definition.pruned, list, diagnostics))
            .unwrap_or_default();
        // Only `true` says something here: `false` must not close what an operation opens, nor is it needed to.
        let disabled = extensions::boolean(
            &definition.source,
            &definition.pruned,
            extensions::DISABLE_SECURITY,
            diagnostics,
        ) == Some(true);
        let application = ApplicationSecurity::read(&definition.source, &definition.pruned, diagnostics);
        if !disabled {
            scope_alternatives::check(&definition.source, &asked.of_tokens, &asked.scopes, diagnostics);
        }
        let read = Self {
            definition,
            schemes,
            asked,
            disabled,
            application,
            mutual_tls_mandatory,
        };
        if read.is_inherited() {
            let name = definition.name();
            let place = "at the top of the definition";
            let scopes = &read.asked.scopes;
            read.warn_about_empty(
                &definition.pruned,
                &name,
                place,
                &read.alternatives(),
                scopes,
                diagnostics,
            );
        }
        read
    }

    /// Whether some operation goes by the API's `security`.
    fn is_inherited(&self) -> bool {
        self.definition.operations().any(|operation| {
            // What is wrong with it is told with the rules of the operation.
            operation.node.get("security").is_none() && !self.is_open(operation, &mut Diagnostics::default())
        })
    }

    /// What the API asks for where an operation does not say otherwise.
    pub(super) fn alternatives(&self) -> Vec<Requirement> {
        let types = self.application.as_ref().and_then(|api| api.types.as_deref());
        self.resolve(types, &self.asked.alternatives)
    }

    /// The alternatives that follow from the kinds of application security, where given, and what is asked for.
    fn resolve(&self, types: Option<&[Known]>, asked: &[Requirement]) -> Vec<Requirement> {
        let mut alternatives = match types {
            Some(types) => self.of_types(types, asked),
            None => asked.to_vec(),
        };
        if alternatives.is_empty() {
            alternatives.push(single(Scheme::Oauth2));
        }
        alternatives
    }

    /// The rules of one operation.
    pub(super) fn of_operation(&self, operation: Operation<'_>, diagnostics: &mut Diagnostics) -> (Security, Scopes) {
        let source = &self.definition.source;
        let own = operation
            .model
            .security
            .as_deref()
            .map(|list| ask(&self.schemes, source, operation.node, list, diagnostics));
        let open = self.is_open(operation, diagnostics);
        // One whose own `security` came to nothing falls back to the API's, with its scopes.
        let asked = own
            .as_ref()
            .filter(|own| !own.alternatives.is_empty())
            .unwrap_or(&self.asked);
        let application = ApplicationSecurity::read(source, operation.node, diagnostics);
        let types = application
            .as_ref()
            .and_then(|own| own.types.as_deref())
            .or_else(|| self.application.as_ref().and_then(|api| api.types.as_deref()));
        let optional = application
            .as_ref()
            .and_then(|own| own.optional)
            .or_else(|| self.application.as_ref().and_then(|api| api.optional));
        let optional = self.optional(optional, operation.node, diagnostics);

        let alternatives = self.resolve(types, &asked.alternatives);
        let security = Security {
            enabled: !open,
            optional: optional && !open,
            alternatives: if open { Vec::new() } else { alternatives },
        };
        let of_security = match own.as_ref() {
            Some(own) if asked.scopes.is_empty() => &own.scopes,
            _ => &asked.scopes,
        };
        let scopes = self.scopes(operation, of_security, diagnostics);
        if security.enabled {
            let name = operation.name();
            let (alternatives, names) = (&security.alternatives, &scopes.names);
            self.warn_about_empty(
                operation.node,
                &name,
                "to the operation",
                alternatives,
                names,
                diagnostics,
            );
            self.warn_about_scopes(operation, &scopes, diagnostics);
            if let Some(own) = own.filter(|_| operation.node.get(extensions::SCOPE).is_none()) {
                scope_alternatives::check(source, &own.of_tokens, &own.scopes, diagnostics);
            }
        }
        (security, scopes)
    }

    /// Whether anybody may call: only an explicit extension opens an operation.
    fn is_open(&self, operation: Operation<'_>, diagnostics: &mut Diagnostics) -> bool {
        let source = &self.definition.source;
        match extensions::boolean(source, operation.node, extensions::DISABLE_SECURITY, diagnostics) {
            Some(disabled) => disabled,
            // A value that is no boolean has been reported; until it is put right the operation is closed.
            None if operation.node.get(extensions::DISABLE_SECURITY).is_some() => false,
            None => {
                let auth_type = extensions::text(source, operation.node, extensions::AUTH_TYPE, diagnostics);
                self.disabled || auth_type.is_some_and(|(text, _)| text == "None")
            }
        }
    }

    /// Of a scope that no token can carry.
    fn warn_about_scopes(&self, operation: Operation<'_>, scopes: &Scopes, diagnostics: &mut Diagnostics) {
        let Some(name) = scopes.names.iter().find(|name| !Scopes::is_name(name)) else {
            return;
        };
        let places = [extensions::SCOPE, "security"];
        let span = places
            .iter()
            .find_map(|key| operation.node.get(key))
            .map(|node| node.span);
        let span = span.or_else(|| self.definition.document.get("security").map(|node| node.span));
        let effect = match scopes.can_be_carried() {
            true => String::new(),
            false => format!(", so none may call {}", operation.name()),
        };
        let message = format!("no token can carry the scope `{name}`: between scopes stand blanks{effect}");
        diagnostics.push(
            Diagnostic::warning(
                Code::Scope,
                &self.definition.source,
                span.unwrap_or(operation.node.span),
                message,
            )
            .remedy("Write it without blanks, as it stands in tokens; of several scopes in `security` one suffices."),
        );
    }

    /// Of a `security` that opens something in OpenAPI, and nothing here.
    fn warn_about_empty(
        &self,
        owner: &Node,
        what: &str,
        place: &str,
        alternatives: &[Requirement],
        scopes: &[String],
        diagnostics: &mut Diagnostics,
    ) {
        let Some(node) = owner.get("security") else {
            return;
        };
        let empty = node.as_array().is_some_and(<[Node]>::is_empty);
        let anonymous = node
            .as_array()
            .into_iter()
            .flatten()
            .any(|element| element.as_object().is_some_and(indexmap::IndexMap::is_empty));
        if !empty && !anonymous {
            return;
        }
        let written = if empty {
            "`security: []`"
        } else {
            "the empty requirement `{}`"
        };
        let takes_tokens = alternatives
            .iter()
            .any(|requirement| requirement.schemes.contains(&Scheme::Oauth2));
        let scopes: BTreeSet<&str> = scopes.iter().map(String::as_str).collect();
        let needed = match takes_tokens && !scopes.is_empty() {
            true => format!(", and tokens need {}", scope_alternatives::one_of(scopes)),
            false => String::new(),
        };
        let message = format!("{written} does not open {what}; it stays protected{needed}");
        diagnostics.push(
            Diagnostic::warning(Code::EmptySecurity, &self.definition.source, node.span, message).remedy(format!(
                "Add `{}: true` {place} when everybody may call it.",
                extensions::DISABLE_SECURITY
            )),
        );
    }

    fn optional(&self, optional: Option<bool>, node: &Node, diagnostics: &mut Diagnostics) -> bool {
        if optional != Some(true) || self.mutual_tls_mandatory {
            return optional == Some(true);
        }
        let place = [node, &self.definition.pruned]
            .into_iter()
            .find_map(|owner| owner.get(extensions::APPLICATION_SECURITY))
            .unwrap_or(node);
        let message = format!(
            "credentials cannot be optional unless `{}` is `mandatory`",
            extensions::MUTUAL_TLS
        );
        let found = Diagnostic::error(Code::ApplicationSecurity, &self.definition.source, place.span, message);
        let remedy = format!(
            "Write `{}: mandatory`, so that a certificate is asked for instead, or remove `optional`.",
            extensions::MUTUAL_TLS
        );
        diagnostics.push(found.remedy(remedy));
        false
    }

    /// The alternatives for `x-wso2-application-security`, which replaces the kinds that `security` asks for.
    fn of_types(&self, types: &[Known], asked: &[Requirement]) -> Vec<Requirement> {
        let mut alternatives = Vec::new();
        for kind in types {
            match kind {
                Known::Oauth2 => alternatives.push(single(Scheme::Oauth2)),
                Known::Basic => alternatives.push(single(Scheme::Basic)),
                Known::ApiKey => {
                    let mut keys: Vec<Scheme> = asked
                        .iter()
                        .flat_map(|requirement| &requirement.schemes)
                        .filter(|scheme| matches!(scheme, Scheme::ApiKey { .. }))
                        .cloned()
                        .collect();
                    if keys.is_empty() {
                        keys = self.schemes.api_keys();
                        keys.truncate(MAX_SCHEMES);
                    }
                    if keys.is_empty() {
                        keys = [ApiKeyLocation::Header, ApiKeyLocation::Query]
                            .map(|location| Scheme::ApiKey {
                                location,
                                name: "apikey".to_owned(),
                            })
                            .into();
                    }
                    alternatives.extend(keys.into_iter().map(single));
                }
            }
        }
        let mut distinct: Vec<Requirement> = Vec::with_capacity(alternatives.len());
        for requirement in alternatives {
            if !distinct.contains(&requirement) {
                distinct.push(requirement);
            }
        }
        distinct
    }

    fn scopes(&self, operation: Operation<'_>, of_security: &[String], diagnostics: &mut Diagnostics) -> Scopes {
        let source = &self.definition.source;
        let mut names = match extensions::text(source, operation.node, extensions::SCOPE, diagnostics) {
            Some((scope, _)) => vec![scope.to_owned()],
            None => of_security.to_vec(),
        };
        names.sort();
        names.dedup();
        Scopes {
            rule: ScopeMatch::Any,
            names,
        }
    }
}

/// Each operation may have all of them, in its own list.
fn check_count(definition: &Definition, schemes: &SchemeTable<'_>, diagnostics: &mut Diagnostics) {
    let count = schemes.names().count();
    if count <= MAX_SCHEMES {
        return;
    }
    let place = definition.pruned.at(["components", "securitySchemes"]);
    let message = format!("{count} security schemes are defined; the most is {MAX_SCHEMES}");
    diagnostics.push(
        Diagnostic::error(
            Code::SecurityScheme,
            &definition.source,
            place.map_or(definition.title_span(), |node| node.span),
            message,
        )
        .remedy("Remove those that no caller uses, or divide the API into several."),
    );
}

/// Adds up what the rules of operations take in a bundle.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    bytes: usize,
}

impl Expanded {
    /// Counts the rules of one operation. `false`, with a finding, where all of them together are too much.
    pub(super) fn add(
        &mut self,
        definition: &Definition,
        security: &Security,
        scopes: &Scopes,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        /// What JSON has around a name.
        const AROUND: usize = 32;
        let of_scheme = |scheme: &Scheme| match scheme {
            Scheme::ApiKey { name, .. } => name.len() + 4 * AROUND,
            Scheme::Oauth2 | Scheme::Basic => 2 * AROUND,
        };
        let schemes = security
            .alternatives
            .iter()
            .flat_map(|requirement| &requirement.schemes);
        let scopes = scopes.names.iter().map(|name| name.len() + AROUND);
        self.bytes += schemes.map(of_scheme).chain(scopes).sum::<usize>();
        if self.bytes <= MAX_BYTES {
            return true;
        }
        let message = format!(
            "the security schemes and scopes of all operations of {} take more than {} MB, being written down for each of them",
            definition.name(),
            MAX_BYTES >> 20
        );
        let place = definition.pruned.get("security").map(|node| node.span);
        diagnostics.push(
            Diagnostic::error(
                Code::Security,
                &definition.source,
                place.unwrap_or(definition.title_span()),
                message,
            )
            .remedy("Name fewer schemes and scopes in `security`, or divide the API into several."),
        );
        false
    }
}

fn single(scheme: Scheme) -> Requirement {
    Requirement { schemes: vec![scheme] }
}

/// Turns a `security` element into alternatives; all schemes of one of them are needed together.
fn ask(
    schemes: &SchemeTable<'_>,
    source: &Source,
    owner: &Node,
    list: &[SecurityRequirement],
    diagnostics: &mut Diagnostics,
) -> Asked {
    let mut asked = Asked::default();
    let mut unused_scopes = Vec::new();
    let count: usize = list.iter().map(|requirement| requirement.len().max(1)).sum();
    if count > MAX_SCHEMES {
        let place = owner.get("security").unwrap_or(owner);
        let message = format!("`security` names {count} schemes; the most is {MAX_SCHEMES}");
        diagnostics.push(
            Diagnostic::error(Code::SecurityScheme, source, place.span, message)
                .remedy("Name the schemes alone that callers use."),
        );
        return asked;
    }
    for (index, requirement) in list.iter().enumerate() {
        let place = owner.at(["security", index.to_string().as_str()]);
        let mut together = Vec::new();
        let mut listed = BTreeSet::new();
        let mut usable = !requirement.is_empty();
        for (name, scopes) in requirement {
            let key = place
                .and_then(|place| place.member(name))
                .map_or(owner.span, |member| member.key);
            match schemes.get(name) {
                Found::Usable(scheme) => {
                    if scheme == Scheme::Oauth2 {
                        listed.extend(scopes.iter().cloned());
                    }
                    if !together.contains(&scheme) {
                        together.push(scheme);
                    }
                }
                // Leaving one of several out would weaken the requirement, so it goes as a whole.
                Found::Unusable(why) => {
                    usable = false;
                    let message = format!("the security scheme `{name}` cannot be used by the gateway: {why}");
                    diagnostics.push(Diagnostic::warning(Code::SecurityScheme, source, key, message).remedy(
                        "Callers need what else is listed; where nothing else is, what the API asks for, or OAuth2.",
                    ));
                }
                Found::Faulty => usable = false,
                Found::Undefined => {
                    usable = false;
                    let message = format!("the security scheme `{name}` is not defined");
                    diagnostics.push(
                        Diagnostic::error(Code::SecurityScheme, source, key, message)
                            .remedy("Define it under `components.securitySchemes`.")
                            .misnamed(name, key, schemes.names().collect::<Vec<_>>())
                            // It would admit those who show what nobody may show so far.
                            .only_likely(),
                    );
                }
            }
        }
        // What admits nobody must not let its scopes admit others.
        if usable {
            asked.scopes.extend(listed.iter().cloned());
        } else {
            unused_scopes.extend(listed.iter().cloned());
        }
        if usable && together.contains(&Scheme::Oauth2) {
            asked.of_tokens.push(TokenRequirement {
                schemes: together.clone(),
                scopes: listed,
                span: place.map_or(owner.span, |place| place.span),
            });
        }
        let requirement = Requirement { schemes: together };
        if usable && !asked.alternatives.contains(&requirement) {
            asked.alternatives.push(requirement);
        }
    }
    if asked.scopes.is_empty() {
        asked.scopes = unused_scopes;
    }
    asked
}
