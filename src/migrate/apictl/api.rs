//! One API: its file and its definition become one definition.

use super::api_file::{ApiFile, Shape, Unreadable, parse};
use super::differences::{self, Sides};
use super::parameters::Environment;
use super::primary::{self, Primary};
use super::rate_limits::RateLimits;
use super::variables::{self, Form};
use super::{certificates, fields, files, is_of_other_api};
use crate::cloud::control_plane::{ApiDetails, ApiKind, LifeCycle, read_exported};
use crate::cloud::pull::{CertificateFiles, Enriched, Topic, enrich};
use crate::compile::without_secrets;
use crate::context::Environment as Variables;
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::file_name;
use crate::migrate::leaks;
use crate::migrate::policies::{self, Known};
use crate::migrate::secrets::{self, BACKENDS, credential};
use crate::migrate::tree::Branch;
use crate::yaml::{Format, Node, Source, to_yaml};
use mgw_bundle::api_id;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where the definition is.
const DEFINITIONS: [&str; 9] = [
    "Definitions/swagger.yaml",
    "Definitions/swagger.yml",
    "Definitions/swagger.json",
    "Definitions/openapi.yaml",
    "Definitions/openapi.yml",
    "Definitions/openapi.json",
    "Meta-information/swagger.yaml",
    "Meta-information/swagger.yml",
    "Meta-information/swagger.json",
];

/// What the APIs of a migration come together in.
pub(super) struct Converter<'d> {
    pub(super) draft: &'d mut Draft,
    pub(super) certificates: CertificateFiles,
    /// Every API so far, and where it is from.
    pub(super) names: BTreeMap<(String, String), String>,
    /// Policies that every control plane has.
    pub(super) delivered: BTreeSet<String>,
    /// Policies that were exported too.
    pub(super) limits: RateLimits,
    /// Files that are read elsewhere, as messages call them: the gateway's settings, certificates of environments.
    pub(super) elsewhere: BTreeSet<String>,
    /// What variables in `api.yaml` are filled with.
    pub(super) variables: &'d Variables,
}

/// Why an API is left out: where, what, and what to do.
pub(super) struct Reason(Place, String, String);

impl Reason {
    pub(super) fn new(place: Place, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self(place, message.into(), remedy.into())
    }
}

/// The sentence of an error.
pub(super) fn sentence(error: Unreadable) -> String {
    match error {
        Unreadable::Tree(error) => {
            let why = std::error::Error::source(&error).map_or(String::new(), |why| format!(": {why}"));
            format!("{error}{why}")
        }
        Unreadable::Syntax(diagnostic) => diagnostic.to_string(),
    }
}

impl Converter<'_> {
    /// Converts the API of a folder, or says why it is left out.
    pub(super) fn api(&mut self, branch: &Branch<'_>, environment: Option<&Environment<'_>>) {
        let mut seen = BTreeSet::new();
        if let Err(Reason(place, message, remedy)) = self.convert(branch, environment, &mut seen) {
            self.draft.left_out(
                Code::MigrateApi,
                &place,
                format!("the API is left out: {message}"),
                remedy,
            );
            // What is left out is told once.
            seen.extend(branch.files().filter(|path| files::is_of_api(path)).map(str::to_owned));
        }
        self.list(branch, seen);
    }

    /// Lists the files of a folder that nobody has seen or reads elsewhere.
    pub(super) fn list(&mut self, branch: &Branch<'_>, mut seen: BTreeSet<String>) {
        if !self.elsewhere.is_empty() {
            let is_elsewhere = |path: &&str| self.elsewhere.contains(&branch.shown(path));
            seen.extend(branch.files().filter(is_elsewhere).map(str::to_owned));
        }
        files::list(branch, &seen, self.draft);
    }

    fn convert(
        &mut self,
        branch: &Branch<'_>,
        environment: Option<&Environment<'_>>,
        seen: &mut BTreeSet<String>,
    ) -> Result<(), Reason> {
        seen.extend(super::parameters::NAMES.map(str::to_owned));
        let mut file = match ApiFile::read(branch) {
            Some(Ok(file)) => file,
            Some(Err(error)) => {
                let path = branch.first(super::NAMES).unwrap_or_default();
                seen.insert(path.to_owned());
                return Err(unreadable(branch, path, error));
            }
            None => {
                return Err(Reason::new(
                    Place::File(branch.shown("")),
                    "there is no api.yaml",
                    "Export it again.",
                ));
            }
        };
        seen.insert(file.path.clone());
        let from_variables = backends_from_variables(&file);
        let unset = variables::fill(&file.source, &mut file.node, Form::Braces, self.variables);
        if file.shape.is_product() {
            seen.extend(branch.files().filter(|path| is_of_other_api(path)).map(str::to_owned));
        }
        let environment_key = environment.and_then(Environment::backends_key);
        let primaries = match environment_key {
            Some(_) => Vec::new(),
            None => primary::read(branch, &file, seen, self.draft)?,
        };
        let api = details(&file, &primaries, environment)?;
        let (definition_path, source, definition) = definition(branch, &file, seen)?;
        fields::list(&file, self.draft);
        variables::tell(&file.source, &unset, self.draft);
        if let Some(environment) = environment {
            environment.list(self.draft);
        }
        let mut enriched = self.enrich(&file, &api, environment_key.is_some(), &source, &definition);
        self.tell(&file, &api, &primaries, environment, &enriched);
        let place = place_of_backends(&file, environment.zip(environment_key));
        let is_from_variables = match environment {
            Some(environment) if environment_key.is_some() => environment.has_variables(),
            _ => from_variables,
        };
        if is_from_variables {
            self.tell_of_addresses(&place, &api, &mut enriched.document);
        }
        if !has_backend(&enriched.document) {
            return Err(Reason::new(
                place,
                format!("{} {} has no backend that this gateway can call", api.name, api.version),
                "Give it one, here or with --environment, and migrate again.",
            ));
        }
        let name = (api.name.clone(), api.version.clone());
        if let Some(other) = self.names.get(&name) {
            return Err(Reason::new(
                file.place(&[]),
                format!("{other} is {} {} too", api.name, api.version),
                "Migrate one of them only.",
            ));
        }
        self.names.insert(name, branch.shown(&file.path));
        seen.extend(certificates::collect(
            branch,
            &api.name,
            &api.version,
            &mut self.certificates,
            self.draft,
        ));
        if let Some(environment) = environment {
            let seen = environment.certificates(&api.name, &api.version, &mut self.certificates, self.draft);
            self.elsewhere.extend(seen);
        }
        self.policies(&file, &enriched.document);
        let (bytes, ending) = written(&enriched.document, &definition_path)
            .map_err(|message| Reason::new(Place::File(branch.shown(&definition_path)), message, "Save it as JSON."))?;
        let name = file_name(&format!("{}-{}", api.name, api.version), ending);
        self.draft.add("api_definitions", name, bytes);
        self.draft.carried.apis += 1;
        Ok(())
    }

    /// The definition with what the file says. The backends of the file are those that count, as in the control plane; those of
    /// an environment also where it has none.
    fn enrich(
        &mut self,
        file: &ApiFile,
        api: &ApiDetails,
        are_of_environment: bool,
        source: &Source,
        definition: &Node,
    ) -> Enriched {
        let found = secrets::in_definition(definition);
        secrets::tell(source, &found, self.draft);
        let mut document = definition.to_json();
        let leaked = leaks::take_out(definition, &mut document, &found);
        leaks::tell(source, &leaked, self.draft);
        let has_backends = |config: &Value| {
            ["production_endpoints", "sandbox_endpoints"]
                .iter()
                .any(|key| config.get(*key).is_some_and(|value| !value.is_null()))
        };
        if (are_of_environment || has_backends(&api.endpoint_config))
            && let Value::Object(members) = &mut document
        {
            for (name, _) in BACKENDS {
                members.shift_remove(name);
            }
        }
        let mut api = api.clone();
        if let LifeCycle::Other(state) = &api.state {
            self.draft.note(
                Code::MigrateApi,
                &file.key("lifeCycleStatus"),
                format!(
                    "the state of {} {} is {state}: in a project it is served",
                    api.name, api.version
                ),
                "Remove its definition where it is not to be served yet.",
            );
            api.state = LifeCycle::Published;
        }
        let sides = Sides {
            file,
            source,
            definition,
        };
        differences::settle(&sides, &mut api, &mut document, self.draft);
        let mut enriched = enrich(document, &api);
        secrets::clean(&mut enriched.document, &found);
        let _ = without_secrets(&mut enriched.document);
        enriched
    }

    /// Tells what the definition could not take over, and which secrets the gateway needs.
    fn tell(
        &mut self,
        file: &ApiFile,
        api: &ApiDetails,
        primaries: &[Primary],
        environment: Option<&Environment<'_>>,
        enriched: &Enriched,
    ) {
        let of_environment = |at: &[String]| {
            let environment = environment.filter(|_| at.first().is_some_and(|key| key == "endpointConfig"))?;
            let key = match at.get(1).is_some_and(|key| key == "endpoint_security") {
                true => environment.has_security().then_some("security")?,
                false => environment.backends_key()?,
            };
            Some(environment.place(key))
        };
        let place = |at: &[String]| {
            let found = of_environment(at).or_else(|| primary::place(primaries, at));
            found.unwrap_or_else(|| file.place(at))
        };
        for mediation in &api.mediation {
            let place_of = mediation
                .place
                .as_ref()
                .map_or(String::new(), |place| format!(" ({place})"));
            self.draft.lost(
                Code::MigrateCode,
                &file.place(&mediation.at),
                format!(
                    "the {} `{}`{place_of} is not run",
                    mediation.what,
                    visible(&mediation.name)
                ),
                "Move what it does into the backend or in front of it.",
            );
        }
        for notice in &enriched.notices {
            let (code, remedy) = match notice.topic {
                Topic::Mediation | Topic::Secret => continue,
                Topic::Backend if variables::has_any(&notice.text, Form::Any) => (
                    Code::MigrateBackend,
                    "Set the variable in the environment, and migrate again.",
                ),
                Topic::Backend => (
                    Code::MigrateBackend,
                    "Say in the definition how the backend is to be called.",
                ),
                Topic::Security => (
                    Code::MigrateSetting,
                    "See \"Decide who may call\" in the documentation.",
                ),
                Topic::Limit => (Code::MigrateSetting, "Bound the requests with a throttling policy."),
            };
            self.draft.lost(code, &place(&notice.at), notice.text.clone(), remedy);
        }
        let id = api_id(&api.name, &api.version);
        for (name, is_sandbox) in BACKENDS {
            let side = if is_sandbox { "sandbox" } else { "production" };
            let kind = enriched.document.pointer(&format!("/{name}/securityConfig/type"));
            let Some((what, setting)) = kind.and_then(Value::as_str).and_then(credential) else {
                continue;
            };
            let at = ["endpointConfig", "endpoint_security", side].map(str::to_owned);
            self.draft.lost(
                Code::MigrateSecret,
                &place(&at),
                format!(
                    "the {what} for the {side} backend of {} {} is not copied",
                    api.name, api.version
                ),
                format!(
                    "Give it to the gateway in the environment variable `{}`.",
                    setting.of(&id, is_sandbox)
                ),
            );
        }
    }

    /// Leaves out backends whose address has a variable without a value, and tells how gateways are given other addresses
    /// than variables have now.
    fn tell_of_addresses(&mut self, place: &Place, api: &ApiDetails, document: &mut Value) {
        let id = api_id(&api.name, &api.version);
        let what = |side: &str| format!("the {side} backend of {} {}", api.name, api.version);
        for (name, is_sandbox) in BACKENDS {
            let (side, short) = if is_sandbox {
                ("sandbox", "sand")
            } else {
                ("production", "prod")
            };
            let setting = format!("`{id}_{short}_endpoint_0`");
            let urls = document.pointer(&format!("/{name}/urls")).and_then(Value::as_array);
            let Some(urls) = urls else { continue };
            let has_any = |url: &Value| url.as_str().is_some_and(|url| variables::has_any(url, Form::Any));
            let is_open = urls.iter().any(has_any);
            if !is_open {
                self.draft.note(
                    Code::MigrateBackend,
                    place,
                    format!("{} is where variables say now", what(side)),
                    format!("A gateway that is to call another one is given it in the environment variable {setting}."),
                );
            } else if let Value::Object(members) = document {
                members.shift_remove(name);
                self.draft.lost(
                    Code::MigrateBackend,
                    place,
                    format!("{} is left out, because a variable in its address has no value", what(side)),
                    format!(
                        "Set the variable, and migrate again. Where gateways have different backends, each is given its own in the environment variable {setting}."
                    ),
                );
            }
        }
    }

    /// Policies are named in the export, and defined in the control plane.
    fn policies(&mut self, file: &ApiFile, document: &Value) {
        for name in policies::named(document) {
            let place = file.place(&place_of_policy(file, &name));
            if self.limits.has(&name) {
                continue;
            }
            match policies::known(&name) {
                Known::Here => {}
                Known::Delivered(count) => {
                    self.draft.note(
                        Code::MigratePolicy,
                        &place,
                        format!(
                            "the policy `{}` is taken as API Manager delivers it: {count} requests a minute",
                            visible(&name)
                        ),
                        "Change it in policies.yaml where the control plane has another limit.",
                    );
                    self.delivered.insert(name);
                }
                Known::Nothing => self.draft.lost(
                    Code::MigratePolicy,
                    &place,
                    format!(
                        "the limits of the policy `{}` are not in the export: its calls are refused",
                        visible(&name)
                    ),
                    "Define it under `resourcePolicies` in policies.yaml, or put its export beside the APIs and migrate again.",
                ),
            }
        }
    }
}

/// The API with the endpoints that are called and what the environment says.
fn details(file: &ApiFile, primaries: &[Primary], environment: Option<&Environment<'_>>) -> Result<ApiDetails, Reason> {
    match &file.shape {
        Shape::Current | Shape::Older => {}
        Shape::Other(kind) => {
            return Err(Reason::new(
                file.place(&[]),
                format!("it is an `{}`, not an API", visible(kind)),
                "Call the APIs behind it: those that come with it are carried over.",
            ));
        }
        Shape::Unknown => {
            return Err(Reason::new(
                file.place(&[]),
                "the file describes no API that is understood",
                "Export it with apictl again.",
            ));
        }
    }
    let mut details = file.details();
    primary::apply(primaries, &mut details);
    if let Some(environment) = environment {
        environment.apply(&mut details);
    }
    let api = read_exported(&details).map_err(|fault| {
        Reason::new(
            file.place(&[]),
            format!("it describes an API {fault}"),
            "Complete the file.",
        )
    })?;
    let name = format!("{} {}", visible(&api.name), visible(&api.version));
    match &api.kind {
        ApiKind::Http => {}
        ApiKind::Other(kind) => {
            return Err(Reason::new(
                file.key("type"),
                format!("{name} is of type {}, and this gateway serves HTTP APIs", visible(kind)),
                "Write a definition of it by hand where it can be called over HTTP.",
            ));
        }
        ApiKind::Elsewhere(whose) => {
            return Err(Reason::new(
                file.key("gatewayVendor"),
                format!("{name} is served by {}", visible(whose)),
                "Leave it where it is.",
            ));
        }
    }
    let implementation = details.get("endpointImplementationType").and_then(Value::as_str);
    if let Some(kind @ ("INLINE" | "MOCKED_OAS")) = implementation {
        return Err(Reason::new(
            file.key("endpointImplementationType"),
            format!("{name} has answers of its own ({kind}) in the place of a backend"),
            "Give it a backend, and migrate again.",
        ));
    }
    if api.state.name() == "retired" {
        return Err(Reason::new(
            file.key("lifeCycleStatus"),
            format!("{name} is retired"),
            "Leave it where it is.",
        ));
    }
    Ok(api)
}

pub(super) fn unreadable(branch: &Branch<'_>, path: &str, error: Unreadable) -> Reason {
    match error {
        Unreadable::Syntax(diagnostic) => {
            let place = match diagnostic.place {
                Some((source, span)) => Place::At(source, span),
                None => Place::File(branch.shown(path)),
            };
            let remedy = diagnostic.remedy.unwrap_or_else(|| "Put it right.".into());
            Reason(place, diagnostic.message, remedy)
        }
        error @ Unreadable::Tree(_) => {
            Reason::new(Place::File(branch.shown(path)), sentence(error), "Make it readable.")
        }
    }
}

/// The definition: its path, text and tree.
fn definition(
    branch: &Branch<'_>,
    file: &ApiFile,
    seen: &mut BTreeSet<String>,
) -> Result<(String, Source, Node), Reason> {
    let Some(path) = branch.first(DEFINITIONS) else {
        return Err(Reason::new(
            file.place(&[]),
            "there is no definition `Definitions/swagger.yaml` beside it",
            "Copy the OpenAPI definition there, and migrate again.",
        ));
    };
    seen.insert(path.to_owned());
    let (source, node) = parse(branch, path).map_err(|error| unreadable(branch, path, error))?;
    if node.get("openapi").is_none() && node.get("swagger").is_none() {
        return Err(Reason::new(
            Place::File(branch.shown(path)),
            "it is no OpenAPI definition",
            "Replace it with the OpenAPI definition of the API.",
        ));
    }
    Ok((path.to_owned(), source, node))
}

/// Whether any backend is left.
fn has_backend(document: &Value) -> bool {
    let has = |owner: &Value| BACKENDS.iter().any(|(name, _)| owner.get(*name).is_some());
    if has(document) {
        return true;
    }
    let paths = document.get("paths").and_then(Value::as_object);
    let items = paths.into_iter().flat_map(|paths| paths.values());
    let mut operations = items.flat_map(|item| item.as_object().into_iter().flat_map(|item| item.values()));
    operations.any(has)
}

/// Whether the addresses of backends are in variables.
fn backends_from_variables(file: &ApiFile) -> bool {
    let Some(config) = file.data().get("endpointConfig") else {
        return false;
    };
    match config.as_object() {
        Some(members) => members
            .iter()
            .any(|(key, member)| key != "endpoint_security" && variables::is_in(&member.node, Form::Braces)),
        None => variables::is_in(config, Form::Braces),
    }
}

fn place_of_backends(file: &ApiFile, environment: Option<(&Environment<'_>, &'static str)>) -> Place {
    match environment {
        Some((environment, key)) => environment.place(key),
        None => file.key("endpointConfig"),
    }
}

/// Where the file names a policy: at the API, or at the first operation that has it.
fn place_of_policy(file: &ApiFile, name: &str) -> Vec<String> {
    let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
    let (api, operations, operation) = if file.shape == Shape::Older {
        ("apiLevelPolicy", "uriTemplates", "throttlingTier")
    } else {
        ("apiThrottlingPolicy", "operations", "throttlingPolicy")
    };
    let data = file.data();
    let is_it = |node: &Node, key: &str| node.get(key).and_then(Node::as_str) == Some(name);
    if is_it(data, api) {
        return keys(&["apiThrottlingPolicy"]);
    }
    let list = data.get(operations).and_then(Node::as_array).unwrap_or_default();
    match list.iter().position(|node| is_it(node, operation)) {
        Some(index) => keys(&["operations", &index.to_string(), operation]),
        None => Vec::new(),
    }
}

/// A definition in the syntax that it had; the error is a sentence.
fn written(document: &Value, path: &str) -> Result<(Vec<u8>, &'static str), String> {
    match Format::of_name(path) {
        Some(Format::Json) => crate::cloud::pull::document(document)
            .map(|bytes| (bytes, "json"))
            .map_err(|error| error.to_string()),
        _ => to_yaml(document)
            .map(|text| (text.into_bytes(), "yaml"))
            .map_err(|error| error.to_string()),
    }
}

/// Text of a file in a message: short, and nothing that steers a terminal.
pub(super) fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
