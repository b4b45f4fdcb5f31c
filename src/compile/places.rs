//! Where in a project stands what decides about a request: the same files, read again for their positions alone.

use super::base_path::base_path;
use super::endpoints::REFERENCE;
use super::library::ProjectLibrary;
use super::project::PULLED_DEFINITIONS;
use super::template::is_same_path;
use super::{extensions, files};
use crate::diagnostics::Diagnostics;
use crate::openapi::link::{Document, Location, link};
use crate::openapi::{self, Definition, Operation};
use crate::project::Layout;
use crate::remote::RemoteLock;
use crate::yaml::{self, Format, Node, Position, Source, Span};
use mgw_bundle::config::{Api, Resource};
use std::fmt;
use std::path::Path;

/// A place in a project, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    file: String,
    position: Option<Position>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "{}:{line}:{column}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// The files of a project.
#[derive(Debug)]
pub(crate) struct ProjectPlaces {
    layout: Layout,
}

/// What policies are for: the name of their section in `policies.yaml`, and in what was pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicySection {
    /// Of APIs and resources.
    Resource,
    /// Of subscriptions.
    Subscription,
    /// Of applications.
    Application,
    /// Of everything that has a key.
    Custom,
}

impl PolicySection {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Resource => ("resourcePolicies", "resource"),
            Self::Subscription => ("subscriptionPolicies", "subscription"),
            Self::Application => ("applicationPolicies", "application"),
            Self::Custom => ("customPolicies", "custom"),
        }
    }
}

impl ProjectPlaces {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// Reads the definition of an API once more.
    pub(crate) fn of_api(&self, api: &Api) -> ApiPlaces {
        let file = files::shown(self.layout.root(), &api.source);
        ApiPlaces {
            definition: self.definition(&api.source, &file),
            file,
        }
    }

    /// Reads a definition as the compiler does, with what it refers to.
    fn definition(&self, relative: &str, shown: &str) -> Option<Definition> {
        let root = self.layout.root();
        let (source, node) = self.parse(&root.join(relative), shown, Format::of_name(relative)?)?;
        // Whoever asks for a place has compiled the project: a broken lock has been told.
        let remote = RemoteLock::load(&self.layout.remote_lock()).unwrap_or_default();
        let linked = link(
            Location::File(relative.to_owned()),
            Document { source, node },
            relative.starts_with(PULLED_DEFINITIONS),
            &mut ProjectLibrary::new(root, remote),
            &mut Diagnostics::default(),
        );
        openapi::read(linked.source, linked.document, &mut Diagnostics::default())
    }

    /// Where a policy is defined: what was pulled wins.
    pub(crate) fn policy(&self, section: PolicySection, name: &str) -> Option<Place> {
        let (written, pulled) = section.names();
        let of_pulled = || {
            let (source, document) = self.open(&self.layout.pulled_policies(), Format::Json)?;
            let entries = document.get(pulled)?.as_array()?;
            let is_named = |entry: &&Node| {
                let policy = entry.get("policy").unwrap_or(entry);
                policy.get("name").and_then(Node::as_str) == Some(name)
            };
            Some(at(&source, entries.iter().find(is_named)?.span))
        };
        let of_written = || {
            let (source, document) = self.open(&self.layout.policies(), Format::Yaml)?;
            let entries = document.get(written)?.as_array()?;
            let key = entries.iter().find_map(|entry| entry.member(name))?.key;
            Some(at(&source, key))
        };
        of_pulled().or_else(of_written)
    }

    /// Where the application of a consumer key stands among what was pulled.
    pub(crate) fn consumer_key(&self, consumer_key: &str) -> Option<Place> {
        self.pulled("key_mappings", &[("consumer_key", consumer_key)])
    }

    /// Where the subscription of an application to an API stands among what was pulled.
    pub(crate) fn subscription(&self, api: &str, application: &str) -> Option<Place> {
        self.pulled("subscriptions", &[("api", api), ("application", application)])
    }

    /// The entry of a list of pulled subscription data that has these members.
    fn pulled(&self, list: &str, members: &[(&str, &str)]) -> Option<Place> {
        let (source, document) = self.open(&self.layout.pulled_subscriptions(), Format::Json)?;
        let is_wanted = |entry: &&Node| {
            let has = |(key, value): &(&str, &str)| entry.get(key).and_then(Node::as_str) == Some(value);
            members.iter().all(has)
        };
        let entry = document.get(list)?.as_array()?.iter().find(is_wanted)?;
        Some(at(&source, entry.span))
    }

    fn open(&self, path: &Path, format: Format) -> Option<(Source, Node)> {
        let relative = path.strip_prefix(self.layout.root()).ok()?.to_str()?;
        self.parse(path, &files::shown(self.layout.root(), relative), format)
    }

    /// Whatever is wrong with a file has been said when it was compiled.
    fn parse(&self, path: &Path, shown: &str, format: Format) -> Option<(Source, Node)> {
        let bytes = files::read_optional(path).ok()??;
        yaml::parse(shown, bytes, format).ok()
    }
}

/// The definition of an API.
#[derive(Debug)]
pub(crate) struct ApiPlaces {
    file: String,
    /// `None` where it is no OpenAPI document.
    definition: Option<Definition>,
}

/// What of a definition is asked for: where an operation does not say it, its API does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// That anybody may call.
    Open,
    /// Who may call.
    Security,
    /// Which scopes are needed.
    Scopes,
    /// The policy that limits all callers together.
    Tier,
    /// The backends of production keys.
    Production,
    /// The backends of sandbox keys.
    Sandbox,
}

/// What of a definition is asked for that only the API says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SaidOfApi {
    /// The listeners that offer it.
    Transports,
    /// Cross-origin rules.
    Cors,
    /// Its state.
    LifeCycle,
    /// Client certificates.
    MutualTls,
}

impl Said {
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[extensions::DISABLE_SECURITY, extensions::AUTH_TYPE],
            Self::Security => &[extensions::APPLICATION_SECURITY, "security"],
            Self::Scopes => &[extensions::SCOPE, "security"],
            Self::Tier => &[extensions::CONTROL_PLANE_TIER, extensions::TIER],
            Self::Production => &[extensions::PRODUCTION, "servers"],
            Self::Sandbox => &[extensions::SANDBOX],
        }
    }
}

impl SaidOfApi {
    const fn key(self) -> &'static str {
        match self {
            Self::Transports => extensions::TRANSPORTS,
            Self::Cors => extensions::CORS,
            Self::LifeCycle => extensions::LIFE_CYCLE,
            Self::MutualTls => extensions::MUTUAL_TLS,
        }
    }
}

impl ApiPlaces {
    /// Where the base path comes from.
    pub(crate) fn base_path(&self) -> Place {
        let of = |definition: &Definition| {
            let span = base_path(definition, &mut Diagnostics::default())?.span;
            Some(at(&definition.source, span))
        };
        self.definition.as_ref().and_then(of).unwrap_or_else(|| self.file())
    }

    /// Where the operation stands that is a resource of the gateway.
    pub(crate) fn operation(&self, resource: &Resource) -> Place {
        let place = self.method(resource).map(|(source, span)| at(source, span));
        place.unwrap_or_else(|| self.file())
    }

    /// Where the method of that operation stands.
    pub(crate) fn method(&self, resource: &Resource) -> Option<(&Source, Span)> {
        let definition = self.definition.as_ref()?;
        Some((&definition.source, find(definition, resource)?.method_span))
    }

    /// Where the API is named.
    pub(crate) fn title(&self) -> Option<(&Source, Span)> {
        let definition = self.definition.as_ref()?;
        Some((&definition.source, definition.title_span()))
    }

    /// Where something is said that holds for a resource; `None`: nobody says it.
    pub(crate) fn said(&self, resource: &Resource, what: Said) -> Option<Place> {
        let definition = self.definition.as_ref()?;
        let operation = find(definition, resource).map(|operation| operation.node);
        let owners = operation.into_iter().chain([&definition.pruned]);
        let span = owners.into_iter().find_map(|owner| {
            let member = what.keys().iter().find_map(|key| owner.member(key))?;
            // The scopes of an operation whose own `security` came to nothing are those of the API.
            if what == Said::Scopes && !mentions_one_of(&member.node, &resource.scopes.names) {
                return None;
            }
            // An endpoint is where it is described, not where it is named.
            let named = member
                .node
                .as_str()
                .and_then(|text| text.trim().strip_prefix(REFERENCE));
            Some(named.and_then(|name| endpoint(definition, name)).unwrap_or(member.key))
        })?;
        Some(at(&definition.source, span))
    }

    /// Where an endpoint is described; without a name at an operation, else where the API says its backends.
    pub(crate) fn endpoint(&self, name: Option<&str>, what: Said) -> Option<(&Source, Span)> {
        let definition = self.definition.as_ref()?;
        let of = |owner: &Node| Some(what.keys().iter().find_map(|key| owner.member(key))?.key);
        let described = match name {
            Some(name) => endpoint(definition, name),
            None => definition.operations().find_map(|operation| of(operation.node)),
        };
        Some((&definition.source, described.or_else(|| of(&definition.pruned))?))
    }

    /// Where the API says something about itself.
    pub(crate) fn said_of_api(&self, what: SaidOfApi) -> Option<Place> {
        let definition = self.definition.as_ref()?;
        let member = definition.pruned.member(what.key())?;
        Some(at(&definition.source, member.key))
    }

    /// The file as a whole.
    pub(crate) fn file(&self) -> Place {
        Place {
            file: self.file.clone(),
            position: None,
        }
    }
}

/// Whether a scope stands in `x-scope` or `security`.
fn mentions_one_of(node: &Node, scopes: &[String]) -> bool {
    let is_one = |node: &Node| {
        let text = node.as_str().map(str::trim);
        text.is_some_and(|text| scopes.iter().any(|scope| scope == text))
    };
    let requirements = node.as_array().into_iter().flatten().filter_map(Node::as_object);
    let mut listed = requirements
        .flat_map(indexmap::IndexMap::values)
        .filter_map(|member| member.node.as_array())
        .flatten();
    is_one(node) || listed.any(is_one)
}

/// The operation of a resource: templates are compared as the gateway reads them.
fn find<'d>(definition: &'d Definition, resource: &Resource) -> Option<Operation<'d>> {
    let of_method = || {
        definition
            .operations()
            .filter(|operation| operation.method == resource.method)
    };
    // Most are written as the gateway has them.
    of_method()
        .find(|operation| operation.path == resource.template)
        .or_else(|| of_method().find(|operation| is_same_path(operation.path, &resource.template)))
}

/// The name under which an endpoint is described in `x-wso2-endpoints`.
fn endpoint(definition: &Definition, name: &str) -> Option<Span> {
    let described = definition.pruned.get(extensions::ENDPOINTS)?.as_array()?;
    described.iter().find_map(|element| Some(element.member(name)?.key))
}

fn at(source: &Source, span: Span) -> Place {
    Place {
        file: source.name_of(span).to_owned(),
        position: Some(source.position(span)),
    }
}
