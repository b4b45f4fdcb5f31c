//! What `api.yaml` and the definition both say, each something else. Every such place is told; where one of them asks for
//! more of callers, that one counts, and elsewhere the definition, as in a pull.

use super::api::visible;
use super::api_file::{ApiFile, Shape};
use super::older::original_name;
use crate::cloud::control_plane::{ApiDetails, Operation};
use crate::cloud::pull::enrich;
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::secrets::BACKENDS;
use crate::yaml::{self, Node, Source, Span};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashSet};

/// Extensions of an API, and the member of `api.yaml` that says the same.
const SHARED: [(&str, &str); 9] = [
    ("x-wso2-basePath", "context"),
    ("x-wso2-auth-header", "authorizationHeader"),
    ("x-wso2-transports", "transport"),
    ("x-wso2-cors", "corsConfiguration"),
    ("x-wso2-response-cache", "responseCachingEnabled"),
    (APPLICATION, "securityScheme"),
    (CERTIFICATE, "securityScheme"),
    (POLICY, "apiThrottlingPolicy"),
    ("x-wso2-owner", "provider"),
];
const APPLICATION: &str = "x-wso2-application-security";
const CERTIFICATE: &str = "x-wso2-mutual-ssl";
const POLICY: &str = "x-wso2-throttling-tier";
/// The two names of the policy; those of an API and of an operation alike.
const POLICIES: [&str; 2] = ["x-throttling-tier", POLICY];
const OPEN: &str = "x-wso2-disable-security";
const AUTH_TYPE: &str = "x-auth-type";
const UNLIMITED: &str = "Unlimited";
/// The keys of a path that are operations.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

const CORRECT: &str = "Correct the one that is wrong, and migrate again.";
const TO_OPEN: &str =
    "Where everybody may call it, write `x-wso2-disable-security: true` at the operation in the new definition.";

/// The two files.
pub(super) struct Sides<'a> {
    pub(super) file: &'a ApiFile,
    pub(super) source: &'a Source,
    pub(super) definition: &'a Node,
}

/// Tells what differs. `document` is the definition that is going to be completed by `api`: both are changed so that what
/// asks for more counts.
pub(super) fn settle(sides: &Sides<'_>, api: &mut ApiDetails, document: &mut Value, draft: &mut Draft) {
    let said = enrich(json!({}), api).document;
    of_api(sides, &said, document, draft);
    backends(sides, api, &said, draft);
    let has_policy = api.policy.is_some() || POLICIES.iter().any(|name| document.get(*name).is_some());
    let is_open = sides.definition.get(OPEN).and_then(Node::as_bool) == Some(true);
    let mut seen = HashSet::new();
    for (index, operation) in api.operations.iter_mut().enumerate() {
        // Of two that are the same the first counts.
        if seen.insert((operation.target.clone(), operation.verb.clone())) {
            let at = At { sides, index };
            at.settle(operation, is_open, has_policy, document, draft);
        }
    }
    if !seen.is_empty() {
        unnamed(sides, &seen, draft);
    }
}

fn of_api(sides: &Sides<'_>, said: &Value, document: &mut Value, draft: &mut Draft) {
    for (extension, key) in SHARED {
        let names: &[&str] = if extension == POLICY { &POLICIES } else { &[extension] };
        let written = names
            .iter()
            .find_map(|name| Some((*name, sides.definition.member(name)?)));
        let Some((name, member)) = written.filter(|(_, member)| !member.node.is_null()) else {
            continue;
        };
        let key_there = if sides.file.shape == Shape::Older {
            original_name(key)
        } else {
            key
        };
        if !sides.file.data().get(key_there).is_some_and(says) {
            continue;
        }
        let theirs = member.node.to_json();
        let ours = said.get(extension);
        if meaning(extension, ours) == meaning(extension, Some(&theirs)) {
            continue;
        }
        let stricter = stricter(extension, ours, &theirs);
        let counts = match &stricter {
            Some(_) => ": what asks for more of callers counts",
            None => ", which counts",
        };
        if let (Some(value), Value::Object(root)) = (stricter, &mut *document) {
            root.shift_remove(name);
            root.insert(extension.to_owned(), value);
        }
        let message = format!(
            "`{key_there}` says something else than `{name}` in {}{counts}",
            sides.line(member.key)
        );
        draft.lost(Code::MigrateSetting, &sides.file.key(key), message, CORRECT);
    }
}

/// Whether a member says anything. `false` does.
fn says(node: &Node) -> bool {
    match &node.value {
        yaml::Value::Null => false,
        yaml::Value::String(text) => !text.is_empty(),
        yaml::Value::Array(items) => !items.is_empty(),
        yaml::Value::Object(members) => !members.is_empty(),
        yaml::Value::Bool(_) | yaml::Value::Number(_) => true,
    }
}

/// What an extension means, so that two ways to write it are the same; null: nothing.
fn meaning(extension: &str, value: Option<&Value>) -> Value {
    let Some(value) = value else { return Value::Null };
    let list = |value: &Value| {
        let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_lowercase).collect::<BTreeSet<String>>()
    };
    let is_on = |key: &str| value.get(key).and_then(Value::as_bool) == Some(true);
    match extension {
        "x-wso2-basePath" => without_tenant(value.as_str().unwrap_or_default()).into(),
        "x-wso2-transports" => json!(list(value)),
        "x-wso2-cors" if is_on("corsConfigurationEnabled") => json!([
            list(&value["accessControlAllowOrigins"]),
            list(&value["accessControlAllowHeaders"]),
            list(&value["accessControlAllowMethods"]),
            is_on("accessControlAllowCredentials"),
        ]),
        "x-wso2-response-cache" if is_on("enabled") => json!([value.get("cacheTimeoutInSeconds")]),
        "x-wso2-cors" | "x-wso2-response-cache" => Value::Null,
        APPLICATION => json!([list(&value["security-types"]), is_on("optional")]),
        POLICY if value == UNLIMITED => Value::Null,
        "x-wso2-auth-header" | CERTIFICATE => value.as_str().map(str::to_lowercase).into(),
        _ => value.clone(),
    }
}

/// `/t/TENANT` is not part of what an API is served at.
fn without_tenant(path: &str) -> String {
    let rest = path.strip_prefix("/t/").and_then(|rest| rest.split_once('/'));
    let rest = rest.map_or(path, |(_, rest)| rest);
    format!("/{}", rest.trim_matches('/'))
}

/// What asks for more of callers than the definition does; `None`: nothing.
fn stricter(extension: &str, ours: Option<&Value>, theirs: &Value) -> Option<Value> {
    let ours = ours?;
    match extension {
        POLICY if theirs == UNLIMITED => Some(ours.clone()),
        CERTIFICATE if ours == "mandatory" => Some(ours.clone()),
        APPLICATION => {
            let optional = |value: &Value| value.get("optional") == Some(&Value::Bool(true));
            let types = |value: &Value| -> Vec<String> {
                let list = value.get("security-types").and_then(Value::as_array);
                let texts = list.into_iter().flatten().filter_map(Value::as_str);
                texts.map(str::to_lowercase).collect()
            };
            let (of_file, of_definition) = (types(ours), types(theirs));
            let both: Vec<&String> = of_file.iter().filter(|kind| of_definition.contains(kind)).collect();
            let kinds = match (of_file.is_empty(), both.is_empty()) {
                (true, _) => json!(of_definition),
                (false, true) => json!(of_file),
                (false, false) => json!(both),
            };
            let mut value = json!({ "optional": optional(ours) && optional(theirs) });
            if kinds.as_array().is_some_and(|kinds| !kinds.is_empty()) {
                value["security-types"] = kinds;
            }
            Some(value)
        }
        _ => None,
    }
}

/// Backends of the definition, in whose place are those of `api.yaml` or of the environment.
fn backends(sides: &Sides<'_>, api: &ApiDetails, said: &Value, draft: &mut Draft) {
    let of_file = BACKENDS.iter().filter_map(|(name, _)| said.get(*name));
    if of_file.count() == 0 {
        return;
    }
    for (name, is_sandbox) in BACKENDS {
        let Some(member) = sides.definition.member(name).filter(|member| !member.node.is_null()) else {
            continue;
        };
        let written = member.node.to_json();
        if said.get(name).and_then(|backend| backend.get("urls")) == written.get("urls") {
            continue;
        }
        let side = if is_sandbox { "sandbox" } else { "production" };
        draft.note(
            Code::MigrateBackend,
            &Place::At(sides.source.clone(), member.key),
            format!(
                "the {side} backends of {} {} are those that the API's file or the environment names, not these",
                visible(&api.name),
                visible(&api.version)
            ),
            "Correct the file where these are meant, and migrate again.",
        );
    }
}

/// Operations that the definition alone has.
fn unnamed(sides: &Sides<'_>, seen: &HashSet<(String, String)>, draft: &mut Draft) {
    let paths = sides.definition.get("paths").and_then(Node::as_object);
    let mut found = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        for (method, member) in item.node.as_object().into_iter().flatten() {
            let verb = method.to_lowercase();
            if METHODS.contains(&verb.as_str()) && !seen.contains(&(path.clone(), verb)) {
                found.push((format!("{} {}", method.to_uppercase(), visible(path)), member.key));
            }
        }
    }
    let Some((first, span)) = found.first() else { return };
    let (others, verb, them) = match found.len() - 1 {
        0 => (String::new(), "is", "it"),
        1 => (" and 1 other".to_owned(), "are", "them"),
        count => (format!(" and {count} others"), "are", "them"),
    };
    draft.note(
        Code::MigrateApi,
        &Place::At(sides.source.clone(), *span),
        format!("{first}{others} {verb} served as the definition says, though the API's file does not have {them}"),
        "Remove from the new definition what is not to be served.",
    );
}

impl Sides<'_> {
    /// File and line of a place in the definition.
    fn line(&self, span: Span) -> String {
        format!("{}:{}", self.source.name(), self.source.position(span).line)
    }
}

/// An operation of `api.yaml`.
struct At<'a> {
    sides: &'a Sides<'a>,
    index: usize,
}

impl At<'_> {
    fn settle(
        &self,
        operation: &mut Operation,
        is_api_open: bool,
        has_policy: bool,
        document: &mut Value,
        draft: &mut Draft,
    ) {
        let name = format!("{} {}", operation.verb.to_uppercase(), visible(&operation.target));
        let item = self
            .sides
            .definition
            .get("paths")
            .and_then(|paths| paths.get(&operation.target));
        let written = item.and_then(Node::as_object).and_then(|item| {
            item.iter()
                .find(|(method, member)| {
                    method.eq_ignore_ascii_case(&operation.verb) && member.node.as_object().is_some()
                })
                .map(|(method, member)| (method.as_str(), member))
        });
        let Some((method, member)) = written else {
            if item.is_none_or(|item| item.get("$ref").is_none()) {
                draft.lost(
                    Code::MigrateApi,
                    &self.place(None),
                    format!("{name} is not served: the definition has no such operation"),
                    "Add it to the definition where it is to be served, and migrate again.",
                );
            }
            return;
        };
        let node = &member.node;
        let Some(Value::Object(changed)) = document
            .get_mut("paths")
            .and_then(|paths| paths.get_mut(&operation.target))
            .and_then(|item| item.get_mut(method))
        else {
            return;
        };
        let line = |keys: &[&str]| {
            let own = keys.iter().find_map(|key| node.member(key));
            let of_api = || {
                keys.contains(&OPEN)
                    .then(|| self.sides.definition.member(OPEN))
                    .flatten()
            };
            let found = own.or_else(of_api);
            self.sides.line(found.map_or(member.key, |found| found.key))
        };
        let auth_type = self.text("authType");
        let is_open = is_open(node, is_api_open);
        if auth_type.is_some_and(|kind| kind != "None") && is_open {
            changed.shift_remove(AUTH_TYPE);
            changed.insert(OPEN.into(), false.into());
            draft.lost(
                Code::MigrateSetting,
                &self.place(Some("authType")),
                format!(
                    "{name} asks for credentials here, and is open in {}: it asks for them",
                    line(&[OPEN, AUTH_TYPE])
                ),
                TO_OPEN,
            );
        } else if !operation.is_secured && !is_open && asks(node) {
            changed.insert(OPEN.into(), false.into());
            draft.lost(
                Code::MigrateSetting,
                &self.place(Some("authType")),
                format!(
                    "{name} is open here, and asks for credentials in {}: it asks for them",
                    line(&[OPEN, AUTH_TYPE, "security", "x-scope"])
                ),
                TO_OPEN,
            );
        }
        if operation.is_secured {
            self.scopes(operation, &name, &line(&["x-scope", "security"]), changed, draft);
        }
        if !has_policy {
            self.policy(operation, &name, &line(&POLICIES), changed, draft);
        }
    }

    fn scopes(
        &self,
        operation: &mut Operation,
        name: &str,
        line: &str,
        changed: &mut Map<String, Value>,
        draft: &mut Draft,
    ) {
        let Some(theirs) = scopes(changed) else { return };
        let ours: BTreeSet<String> = operation.scopes.iter().cloned().collect();
        if ours == theirs || ours.is_empty() && self.node().and_then(|node| node.get("scopes")).is_none() {
            return;
        }
        let both: BTreeSet<String> = ours.intersection(&theirs).cloned().collect();
        // Of several scopes one suffices: fewer of them let fewer callers in.
        let kept = match (theirs.is_empty(), both.is_empty()) {
            (true, _) => ours.clone(),
            (false, true) => theirs.clone(),
            (false, false) => both,
        };
        draft.lost(
            Code::MigrateSetting,
            &self.place(Some("scopes")),
            format!(
                "{name} needs {} here, and {} in {line}: it needs {}",
                listed(&ours),
                listed(&theirs),
                listed(&kept)
            ),
            CORRECT,
        );
        if kept != theirs {
            changed.shift_remove("x-scope");
            changed.shift_remove("security");
            operation.scopes = kept.into_iter().collect();
        }
    }

    fn policy(
        &self,
        operation: &Operation,
        name: &str,
        line: &str,
        changed: &mut Map<String, Value>,
        draft: &mut Draft,
    ) {
        let is_older = self.sides.file.shape == Shape::Older;
        let key = if is_older { "throttlingTier" } else { "throttlingPolicy" };
        let theirs = POLICIES
            .iter()
            .find_map(|name| changed.get(*name)?.as_str().map(str::to_owned));
        let Some((ours, theirs)) = self.text(key).zip(theirs).filter(|(ours, theirs)| ours != theirs) else {
            return;
        };
        let counts = if theirs == UNLIMITED { ours } else { &theirs };
        draft.lost(
            Code::MigratePolicy,
            &self.place(Some(key)),
            format!(
                "{name} is under the policy `{}` here, and `{}` in {line}: `{}` counts",
                visible(ours),
                visible(&theirs),
                visible(counts)
            ),
            CORRECT,
        );
        if theirs == UNLIMITED && operation.policy.is_some() {
            for name in POLICIES {
                changed.shift_remove(name);
            }
        }
    }

    /// As it is written.
    fn node(&self) -> Option<&Node> {
        let is_older = self.sides.file.shape == Shape::Older;
        let key = if is_older {
            original_name("operations")
        } else {
            "operations"
        };
        self.sides.file.data().get(key)?.as_array()?.get(self.index)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.node()?.get(key)?.as_str()
    }

    fn place(&self, key: Option<&str>) -> Place {
        let keys = ["operations".to_owned(), self.index.to_string()];
        let keys: Vec<String> = keys.into_iter().chain(key.map(str::to_owned)).collect();
        self.sides.file.place(&keys)
    }
}

/// Whether the definition opens an operation to everybody.
fn is_open(operation: &Node, is_api_open: bool) -> bool {
    match operation.get(OPEN) {
        Some(value) => value.as_bool() == Some(true),
        None => is_api_open || operation.get(AUTH_TYPE).and_then(Node::as_str) == Some("None"),
    }
}

/// Whether the definition says by itself that an operation asks for credentials.
fn asks(operation: &Node) -> bool {
    let requires = |node: &Node| {
        let mut requirements = node.as_array().into_iter().flatten();
        requirements.any(|requirement| requirement.as_object().is_some_and(|schemes| !schemes.is_empty()))
    };
    [OPEN, AUTH_TYPE, "x-scope"]
        .iter()
        .any(|key| operation.get(key).is_some())
        || operation.get("security").is_some_and(requires)
}

/// The scopes of which the definition says that a token needs one; `None` where it says nothing at the operation.
fn scopes(operation: &Map<String, Value>) -> Option<BTreeSet<String>> {
    if let Some(scope) = operation.get("x-scope").and_then(Value::as_str) {
        return Some(BTreeSet::from([scope.to_owned()]));
    }
    let requirements = operation.get("security")?.as_array()?;
    let schemes = requirements.iter().filter_map(Value::as_object).flatten();
    let scopes = schemes.filter_map(|(_, scopes)| scopes.as_array()).flatten();
    Some(scopes.filter_map(Value::as_str).map(str::to_owned).collect())
}

fn listed(scopes: &BTreeSet<String>) -> String {
    let names: Vec<String> = scopes.iter().map(|scope| format!("`{}`", visible(scope))).collect();
    match &*names {
        [] => "no scope".to_owned(),
        [one] => format!("the scope {one}"),
        several => format!("one of the scopes {}", several.join(", ")),
    }
}

#[cfg(test)]
#[path = "differences_tests.rs"]
mod tests;
