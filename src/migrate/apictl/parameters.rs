//! `params.yaml`: what differs between the environments that an API is deployed to.

use super::api_file::{Unreadable, parse};
use super::backends;
use super::certificates::{self, Files, Purpose};
use super::variables::{self, Form, Unset};
use crate::cloud::pull::CertificateFiles;
use crate::context::Environment as Variables;
use crate::diagnostics::{Code, nearest};
use crate::migrate::MigrateError;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::yaml::{Node, Source};
use serde_json::{Map, Value, json};

/// Its names.
pub(super) const NAMES: [&str; 4] = ["api_params.yaml", "api_params.yml", "params.yaml", "params.yml"];
/// Where certificates that it names are.
const FOLDERS: [&str; 4] = ["", "certificates", "Endpoint-certificates", "Client-certificates"];

/// Keys of an environment that name backends.
const BACKENDS: [&str; 3] = ["endpoints", "loadBalanceEndpoints", "failoverEndpoints"];
/// What is carried over of [`BACKENDS`], and the keys of the backends of one side each.
const OF_BACKENDS: [&str; 8] = [
    "production",
    "productionFailovers",
    "sandbox",
    "sandboxFailovers",
    "sessionManagement",
    "sessionTimeOut",
    "algoClassName",
    "algoCombo",
];
const SIDES: [[&str; 2]; 2] = [["production", "productionFailovers"], ["sandbox", "sandboxFailovers"]];
/// The key of functions that are called in the place of backends.
const FUNCTIONS: &str = "awsLambdaEndpoints";
/// The key that says of which kind the backends are.
const KIND: &str = "endpointType";
/// Kinds of those that are named under [`BACKENDS`]; of any other kind, an environment has no backend that can be called.
const KINDS: [&str; 4] = ["", "rest", "http", "soap"];
/// Keys of an environment that say where an API is shown or sold, not how it is served.
const PORTAL: [&str; 6] = [
    "policies",
    "gatewayEnvironments",
    "deploymentEnvironments",
    "dependentAPIs",
    "vhost",
    "name",
];
/// Keys that are carried over, or told where they are read.
const CARRIED: [&str; 10] = [
    "endpoints",
    KIND,
    "endpointRoutingPolicy",
    "loadBalanceEndpoints",
    "failoverEndpoints",
    FUNCTIONS,
    "security",
    "certs",
    "mutualSslCerts",
    "configs",
];

/// The file, read.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    branch: Branch<'a>,
    path: &'static str,
    source: Source,
    node: Node,
}

impl<'a> Parameters<'a> {
    /// Reads the file of a folder, where there is one.
    pub(super) fn read(branch: &Branch<'a>) -> Option<Result<Self, Unreadable>> {
        let path = branch.first(NAMES)?;
        Some(parse(branch, path).map(|(source, node)| Self {
            branch: branch.clone(),
            path,
            source,
            node,
        }))
    }

    /// Its environments: name, and what it says of each.
    fn environments(&self) -> Vec<(&str, &Node)> {
        let list = self
            .node
            .get("environments")
            .and_then(Node::as_array)
            .unwrap_or_default();
        list.iter()
            .filter_map(|environment| Some((environment.get("name")?.as_str()?, environment)))
            .collect()
    }

    /// The place of the file.
    pub(super) fn place(&self) -> Place {
        Place::File(self.branch.shown(self.path))
    }

    /// The names of its environments.
    pub(super) fn names(&self) -> Vec<&str> {
        self.environments().into_iter().map(|(name, _)| name).collect()
    }

    /// The environment of a name, with its variables filled.
    pub(super) fn environment(&self, name: &str, variables: &Variables) -> Option<Environment<'a>> {
        let environments = self.environments();
        let (_, node) = environments.iter().find(|(known, _)| *known == name)?;
        let configs = node.get("configs").filter(|configs| configs.as_object().is_some());
        let mut node = (*configs.unwrap_or(node)).clone();
        let has_variables = BACKENDS
            .iter()
            .any(|key| node.get(key).is_some_and(|value| variables::is_in(value, Form::Any)));
        let unset = variables::fill(&self.source, &mut node, Form::Any, variables);
        Some(Environment {
            has_variables,
            branch: self.branch.clone(),
            source: self.source.clone(),
            node,
            unset,
        })
    }

    /// That there is no environment of this name.
    pub(super) fn no_environment(&self, name: &str) -> MigrateError {
        MigrateError::NoEnvironment {
            file: self.branch.shown(self.path),
            name: name.to_owned(),
            near: nearest(name, self.names()).map(str::to_owned),
            known: self.names().into_iter().map(str::to_owned).collect(),
        }
    }
}

/// One environment.
#[derive(Debug)]
pub(super) struct Environment<'a> {
    branch: Branch<'a>,
    source: Source,
    node: Node,
    /// Whether the addresses of backends are in variables.
    has_variables: bool,
    /// Variables without a value.
    unset: Vec<Unset>,
}

impl Environment<'_> {
    /// Where a key of it is.
    pub(super) fn place(&self, key: &str) -> Place {
        let span = self.node.member(key).map_or(self.node.span, |member| member.key);
        Place::At(self.source.clone(), span)
    }

    /// The key that says which backends it has, if one does.
    pub(super) fn backends_key(&self) -> Option<&'static str> {
        let has = |key: &&str| self.node.get(key).is_some_and(|value| !value.is_null());
        let is_of_other_kind = !KINDS.contains(&self.kind().as_str());
        BACKENDS
            .into_iter()
            .find(has)
            .or_else(|| is_of_other_kind.then_some(KIND))
            .or_else(|| Some(FUNCTIONS).filter(has))
    }

    /// Of which kind its backends are, as it says.
    fn kind(&self) -> String {
        let kind = self.node.get(KIND).and_then(Node::as_str).unwrap_or_default();
        kind.to_ascii_lowercase()
    }

    /// Whether the addresses of its backends are in variables.
    pub(super) fn has_variables(&self) -> bool {
        self.has_variables
    }

    /// Whether it says who the gateway is to the backends.
    pub(super) fn has_security(&self) -> bool {
        self.node
            .get("security")
            .is_some_and(|value| value.as_object().is_some())
    }

    /// Puts its backends and credentials over those of the API.
    pub(super) fn apply(&self, details: &mut Value) {
        let Value::Object(api) = details else { return };
        let old = api.get("endpointConfig").cloned().map(as_object).unwrap_or_default();
        let mut config = match self.backends_key() {
            Some(key) => self.backends(key),
            None => old.clone(),
        };
        if self.has_security() {
            config.insert("endpoint_security".into(), self.security());
            api.remove("endpointSecurity");
        } else if let Some(security) = old.get("endpoint_security") {
            config.insert("endpoint_security".into(), security.clone());
        }
        api.insert("endpointConfig".into(), Value::Object(config));
    }

    /// The backends in the form of `endpointConfig`; `key` says which.
    fn backends(&self, key: &str) -> Map<String, Value> {
        let json = |path: &[&str]| self.node.at(path.iter().copied()).map(Node::to_json);
        let text = |key: &str| self.node.get(key).and_then(Node::as_str).unwrap_or_default();
        let routing = text("endpointRoutingPolicy").to_ascii_lowercase();
        let mut config = Map::new();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value.filter(|value| !value.is_null()) {
                config.insert(key.to_owned(), value);
            }
        };
        if routing.starts_with("load") || routing.is_empty() && self.node.get("loadBalanceEndpoints").is_some() {
            set("endpoint_type", Some("load_balance".into()));
            for side in ["production", "sandbox"] {
                set(&format!("{side}_endpoints"), json(&["loadBalanceEndpoints", side]));
            }
            for (key, from) in [
                ("sessionManagement", "sessionManagement"),
                ("algoClassName", "algoClassName"),
                ("algoCombo", "algoCombo"),
            ] {
                set(key, json(&["loadBalanceEndpoints", from]));
            }
        } else if routing.starts_with("fail") || routing.is_empty() && self.node.get("failoverEndpoints").is_some() {
            set("endpoint_type", Some("failover".into()));
            for side in ["production", "sandbox"] {
                set(&format!("{side}_endpoints"), json(&["failoverEndpoints", side]));
                let others = format!("{side}Failovers");
                set(&format!("{side}_failovers"), json(&["failoverEndpoints", &others]));
            }
        } else {
            let kind = self.kind();
            let kind = match kind.as_str() {
                _ if key == FUNCTIONS => "awslambda",
                "" | "rest" | "http" => "http",
                "soap" => "address",
                "aws" => "awslambda",
                "dynamic" => "default",
                other => other,
            };
            set("endpoint_type", Some(kind.into()));
            for side in ["production", "sandbox"] {
                set(&format!("{side}_endpoints"), json(&["endpoints", side]));
            }
        }
        config
    }

    /// The credentials: of each side, or in older files of both.
    fn security(&self) -> Value {
        let security = self.node.get("security").map(Node::to_json).unwrap_or_default();
        if security.get("production").is_some() || security.get("sandbox").is_some() {
            security
        } else {
            json!({ "production": security, "sandbox": security })
        }
    }

    /// Lists what it says that does not carry over.
    pub(super) fn list(&self, draft: &mut Draft) {
        variables::tell(&self.source, &self.unset, draft);
        for named in BACKENDS.iter().filter_map(|key| self.node.get(key)) {
            backends::unknown(named, &OF_BACKENDS, &self.source, draft);
            for keys in SIDES {
                backends::of_side(keys.iter().filter_map(|key| named.get(key)), &self.source, draft);
            }
        }
        for (key, member) in self.node.as_object().into_iter().flatten() {
            if member.node.is_null() || CARRIED.contains(&key.as_str()) {
                continue;
            }
            if PORTAL.contains(&key.as_str()) {
                if key != "name" {
                    draft.note(
                        Code::MigrateSetting,
                        &self.place(key),
                        format!("`{key}` says where the API is shown or deployed, and stays behind"),
                        "Keep it where the portal is; who runs the gateway says where APIs are served.",
                    );
                }
            } else {
                draft.lost(
                    Code::MigrateSetting,
                    &self.place(key),
                    format!("`{key}` is not understood"),
                    "See what it does there; where it changes how requests are answered, say so in the definition.",
                );
            }
        }
    }

    /// Takes the certificates that it names; returns their files, as messages call them.
    pub(super) fn certificates(
        &self,
        name: &str,
        version: &str,
        into: &mut CertificateFiles,
        draft: &mut Draft,
    ) -> Vec<String> {
        let files = Files {
            branch: &self.branch,
            folders: &FOLDERS,
        };
        let mut seen = Vec::new();
        for (key, purpose) in [
            ("certs", Purpose::Backends),
            ("mutualSslCerts", Purpose::Clients(name, version)),
        ] {
            for entry in self.node.get(key).and_then(Node::as_array).unwrap_or_default() {
                let place = Place::At(self.source.clone(), entry.span);
                let path = certificates::take(entry, &place, purpose, &files, into, draft);
                seen.extend(path.map(|path| self.branch.shown(&path)));
            }
        }
        seen
    }
}

/// `endpointConfig` is an object, or one in a text.
pub(super) fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    fn applied(environment: &str) -> Value {
        let text = format!("environments:\n- name: dev\n  configs: {environment}\n- name: prod\n");
        let tree = tree(&[("params.yaml", &text)]);
        let parameters = Parameters::read(&tree.root()).unwrap().unwrap();
        let mut details = json!({"name": "A", "endpointConfig":
            {"endpoint_type": "http", "production_endpoints": {"url": "https://old"}, "endpoint_security": {"production": {"enabled": true}}}});
        let environment = parameters.environment("dev", &Variables::default()).unwrap();
        environment.apply(&mut details);
        details["endpointConfig"].clone()
    }

    #[test]
    fn backends_and_credentials_are_put_over_those_of_the_api() {
        let kept = json!({"production": {"enabled": true}});
        for (environment, expected) in [
            (
                "{}",
                json!({"endpoint_type": "http", "production_endpoints": {"url": "https://old"}, "endpoint_security": kept}),
            ),
            (
                "{endpoints: {production: {url: 'https://p'}, sandbox: {url: 'https://s'}}}",
                json!({"endpoint_type": "http", "production_endpoints": {"url": "https://p"}, "sandbox_endpoints": {"url": "https://s"},
                       "endpoint_security": kept}),
            ),
            (
                "{endpointRoutingPolicy: load_balanced, loadBalanceEndpoints: {production: [{url: 'https://p'}, {url: 'https://q'}], sessionManagement: transport}}",
                json!({"endpoint_type": "load_balance", "production_endpoints": [{"url": "https://p"}, {"url": "https://q"}],
                       "sessionManagement": "transport", "endpoint_security": kept}),
            ),
            (
                "{endpointRoutingPolicy: failover, failoverEndpoints: {production: {url: 'https://p'}, productionFailovers: [{url: 'https://q'}]}}",
                json!({"endpoint_type": "failover", "production_endpoints": {"url": "https://p"}, "production_failovers": [{"url": "https://q"}],
                       "endpoint_security": kept}),
            ),
            (
                "{security: {enabled: true, type: basic, username: u}}",
                json!({"endpoint_type": "http", "production_endpoints": {"url": "https://old"},
                       "endpoint_security": {"production": {"enabled": true, "type": "basic", "username": "u"},
                                             "sandbox": {"enabled": true, "type": "basic", "username": "u"}}}),
            ),
            (
                "{endpointType: aws, endpoints: {production: {url: 'https://p'}}}",
                json!({"endpoint_type": "awslambda", "production_endpoints": {"url": "https://p"}, "endpoint_security": kept}),
            ),
            (
                "{endpointType: REST}",
                json!({"endpoint_type": "http", "production_endpoints": {"url": "https://old"}, "endpoint_security": kept}),
            ),
            (
                "{endpointType: dynamic}",
                json!({"endpoint_type": "default", "endpoint_security": kept}),
            ),
            (
                "{endpointType: maintenance}",
                json!({"endpoint_type": "maintenance", "endpoint_security": kept}),
            ),
            (
                "{endpointType: aws, awsLambdaEndpoints: {accessMethod: role-supplied}}",
                json!({"endpoint_type": "awslambda", "endpoint_security": kept}),
            ),
            (
                "{awsLambdaEndpoints: {accessMethod: role-supplied}}",
                json!({"endpoint_type": "awslambda", "endpoint_security": kept}),
            ),
        ] {
            assert_eq!(applied(environment), expected, "{environment}");
        }
    }

    #[test]
    fn an_unknown_environment_is_told_with_those_there_are() {
        let tree = tree(&[("params.yaml", "environments:\n- name: development\n- name: prod\n")]);
        let parameters = Parameters::read(&tree.root()).unwrap().unwrap();
        assert_eq!(parameters.names(), ["development", "prod"]);
        assert!(parameters.environment("develpment", &Variables::default()).is_none());
        match parameters.no_environment("develpment") {
            MigrateError::NoEnvironment { near, known, .. } => {
                assert_eq!(near.as_deref(), Some("development"));
                assert_eq!(known.len(), 2);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_an_environment_says_beside_backends_is_listed() {
        let text = "environments:\n- name: dev\n  configs:\n    policies: [Gold]\n    speed: 5\n    endpoints: {}\n";
        let tree = tree(&[("params.yaml", text)]);
        let parameters = Parameters::read(&tree.root()).unwrap().unwrap();
        let mut draft = Draft::default();
        parameters
            .environment("dev", &Variables::default())
            .unwrap()
            .list(&mut draft);
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("old/params.yaml:4:5: note: `policies`"), "{told:?}");
        assert!(
            told[1].starts_with("old/params.yaml:5:5: warning: `speed` is not understood"),
            "{told:?}"
        );
    }

    #[test]
    fn what_no_backend_of_an_environment_takes_over_is_listed() {
        let text = "environments:\n- name: dev\n  configs:\n    endpoints:\n      production: {url: 'https://a', weight: 5}\n      mirror: {url: 'https://b'}\n    \
            failoverEndpoints:\n      sandboxFailovers: [{url: 'https://c', config: {speed: 1, retryTimeOut: 2}}]\n";
        let tree = tree(&[("params.yaml", text)]);
        let parameters = Parameters::read(&tree.root()).unwrap().unwrap();
        let mut draft = Draft::default();
        let environment = parameters.environment("dev", &Variables::default()).unwrap();
        environment.list(&mut draft);
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "old/params.yaml:6:7: warning: `mirror` of the backends is not understood",
                "old/params.yaml:5:38: warning: `weight` of the backends is not understood",
                "old/params.yaml:8:54: warning: `speed` of the backends is not understood",
            ]
        );
    }
}
