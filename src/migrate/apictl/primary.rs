//! The backends that API Manager 4.5 and later call where an API has several endpoints: `api.yaml` names one for each side by
//! its id, and `endpoints.yaml` beside it has them. Only what is surely understood of them is taken.

use super::api::{Reason, unreadable};
use super::api_file::{ApiFile, Shape, parse};
use super::fields::is_empty;
use super::parameters::as_object;
use super::variables::{self, Form};
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::yaml::{Node, Source, Span};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the endpoints are.
const LISTS: [&str; 3] = ["endpoints.yaml", "endpoints.yml", "endpoints.json"];
/// The keys that name one, with its side.
const CHOSEN: [(&str, &str); 2] = [
    ("primaryProductionEndpointId", "production"),
    ("primarySandboxEndpointId", "sandbox"),
];
/// What is understood of the backend of one.
const OF_BACKEND: [&str; 3] = ["url", "endpoint_type", "template_not_supported"];

/// An endpoint that is called in the place of the backend in `endpointConfig`.
#[derive(Debug)]
pub(super) struct Primary {
    side: &'static str,
    place: Place,
    backend: Value,
    security: Option<Value>,
}

/// Reads those of an API. Where one is not understood, the API would call another backend than is meant.
pub(super) fn read(
    branch: &Branch<'_>,
    file: &ApiFile,
    seen: &mut BTreeSet<String>,
    draft: &mut Draft,
) -> Result<Vec<Primary>, Reason> {
    let text = |key: &str| file.data().get(key).and_then(Node::as_str).filter(|id| !id.is_empty());
    let chosen: Vec<_> = CHOSEN
        .into_iter()
        .filter(|_| file.shape == Shape::Current)
        .filter_map(|(key, side)| Some((key, side, text(key)?)))
        .collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let path = branch.first(LISTS);
    let read = |path: &'static str| {
        parse(branch, path).map_err(|error| {
            seen.insert(path.to_owned());
            unreadable(branch, path, error)
        })
    };
    let list = path.map(read).transpose()?;
    let entries = list.as_ref().map(|(_, node)| node.get("data").unwrap_or(node));
    let entries = entries.and_then(Node::as_array).unwrap_or_default();
    let mut primaries = Vec::new();
    for (key, side, id) in chosen {
        let entry = entries
            .iter()
            .find(|entry| entry.get("id").and_then(Node::as_str) == Some(id));
        match (entry, &list) {
            (Some(entry), Some((source, _))) => {
                seen.extend(path.map(str::to_owned));
                let primary = primary(source, entry, side)?;
                tell(file, key, &primary, draft);
                primaries.push(primary);
            }
            _ if is_own(id) => {}
            _ => draft.lost(
                Code::MigrateBackend,
                &file.key(key),
                format!("the export does not have the endpoint that this names: the {side} backend is that of `endpointConfig`"),
                "Compare it with the endpoint that is called there, and change the definition where it is another one.",
            ),
        }
    }
    let kind = file
        .data()
        .at(["endpointConfig", "endpoint_type"])
        .and_then(Node::as_str);
    if !primaries.is_empty() && kind.is_some_and(|kind| kind != "http") {
        return Err(Reason::new(
            file.key("endpointConfig"),
            "it has endpoints of its own, and these backends are no single ones",
            "Write the backends that are called into `endpointConfig`, remove the ids of the endpoints, and migrate again.",
        ));
    }
    Ok(primaries)
}

/// Whether an id is that of the backend in `endpointConfig`.
fn is_own(id: &str) -> bool {
    id.contains("--") || id.starts_with("default_")
}

fn primary(source: &Source, entry: &Node, side: &'static str) -> Result<Primary, Reason> {
    let refuse = |span: Span, what: &str| {
        Reason::new(
            Place::At(source.clone(), span),
            format!("its {side} backend is this endpoint, {what}"),
            "Write the backend into `endpointConfig` of api.yaml, remove the id of the endpoint there, and migrate again.",
        )
    };
    if let Some(stage) = entry.member("deploymentStage")
        && !stage
            .node
            .as_str()
            .is_some_and(|stage| stage.eq_ignore_ascii_case(side))
    {
        return Err(refuse(stage.key, "which is of another stage"));
    }
    let Some(config) = entry.member("endpointConfig") else {
        return Err(refuse(entry.span, "which has no `endpointConfig`"));
    };
    let name = format!("{side}_endpoints");
    let Some(backend) = config.node.member(&name) else {
        return Err(refuse(config.key, &format!("which has no `{name}`")));
    };
    if backend.node.get("url").and_then(Node::as_str).is_none_or(str::is_empty) {
        return Err(refuse(backend.key, "which has no single `url`"));
    }
    let known = [
        "endpoint_type",
        "production_endpoints",
        "sandbox_endpoints",
        "endpoint_security",
    ];
    let unknown = |node: &Node, known: &[&str]| {
        let mut members = node.as_object().into_iter().flatten();
        let found = members.find(|(name, member)| !known.contains(&name.as_str()) && !is_empty(&member.node));
        found.map(|(_, member)| member.key)
    };
    let kind = config.node.member("endpoint_type");
    let other = kind
        .filter(|kind| kind.node.as_str() != Some("http"))
        .map(|kind| kind.key);
    let unknown = other
        .or_else(|| unknown(&config.node, &known))
        .or_else(|| unknown(&backend.node, &OF_BACKEND));
    if let Some(span) = unknown {
        return Err(refuse(span, "of which this is not understood"));
    }
    if variables::is_in(&backend.node, Form::Braces) {
        return Err(refuse(backend.key, "whose address has a variable in it"));
    }
    let security = config.node.at(["endpoint_security", side]);
    Ok(Primary {
        side,
        place: Place::At(source.clone(), config.key),
        backend: backend.node.to_json(),
        security: security.filter(|security| !security.is_null()).map(Node::to_json),
    })
}

/// Tells where `endpointConfig` has another backend.
fn tell(file: &ApiFile, key: &str, primary: &Primary, draft: &mut Draft) {
    let side = primary.side;
    let own = file.data().at(["endpointConfig", &*format!("{side}_endpoints"), "url"]);
    if own.is_some_and(|own| Some(own.to_json()) != primary.backend.get("url").cloned()) {
        draft.note(
            Code::MigrateBackend,
            &file.key(key),
            format!(
                "the {side} backend is the endpoint that this names, as in API Manager, not that of `endpointConfig`"
            ),
            "Change it in the definition where the other one is meant.",
        );
    }
}

/// Puts them in the place of the backends and credentials of the API.
pub(super) fn apply(primaries: &[Primary], details: &mut Value) {
    let Value::Object(api) = details else { return };
    if primaries.is_empty() {
        return;
    }
    let mut config = api.remove("endpointConfig").map(as_object).unwrap_or_default();
    let mut security = config.remove("endpoint_security").map(as_object).unwrap_or_default();
    config.entry("endpoint_type").or_insert_with(|| json!("http"));
    for primary in primaries {
        config.insert(format!("{}_endpoints", primary.side), primary.backend.clone());
        // Those of the other backend are not for this one.
        security.remove(primary.side);
        if let Some(own) = &primary.security {
            security.insert(primary.side.to_owned(), own.clone());
        }
    }
    config.insert("endpoint_security".to_owned(), Value::Object(security));
    api.insert("endpointConfig".to_owned(), Value::Object(config));
}

/// The place of what a key of the details leads to, where it is of one of them.
pub(super) fn place(primaries: &[Primary], at: &[String]) -> Option<Place> {
    let [first, second, rest @ ..] = at else { return None };
    let is_of = |side: &str| match second.as_str() {
        "endpoint_security" => rest.first().is_some_and(|of| of == side),
        name => name.strip_suffix("_endpoints") == Some(side),
    };
    let mut primaries = primaries.iter().filter(|_| first == "endpointConfig");
    primaries
        .find(|primary| is_of(primary.side))
        .map(|primary| primary.place.clone())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{DEFINITION, Outcome, api, converted, text};
    use crate::migrate::tree::tests::tree;

    fn outcome(chosen: &str, list: &str) -> Outcome {
        let security = "    endpoint_security:\n      production: {enabled: true, type: BASIC, username: core, password: canary}\n      \
                        sandbox: {enabled: true, type: BASIC, username: sand, password: canary}\n    \
                        sandbox_endpoints: {url: 'https://sand.example'}\n";
        let tree = tree(&[
            ("api.yaml", &api(&format!("{security}{chosen}"))),
            ("Definitions/swagger.yaml", DEFINITION),
            ("endpoints.yaml", list),
        ]);
        converted(&tree, None).unwrap()
    }

    fn told(outcome: &Outcome) -> Vec<&str> {
        outcome.told.iter().map(|(_, told)| told.as_str()).collect()
    }

    const CHOSEN: &str = "  primaryProductionEndpointId: '1111'\n";

    #[test]
    fn the_endpoint_that_is_chosen_is_the_backend() {
        let entries = |more: &str| {
            format!(
                "- {{id: '2222', name: other, deploymentStage: PRODUCTION, endpointConfig: {{production_endpoints: {{url: 'https://no.example'}}}}}}\n\
                 - id: '1111'\n  name: real\n  deploymentStage: PRODUCTION\n  endpointConfig:\n    endpoint_type: http\n    \
                 production_endpoints: {{url: 'https://real.example', template_not_supported: false}}\n{more}"
            )
        };
        let credentials =
            "    endpoint_security: {production: {enabled: true, type: BASIC, username: real, password: canary}}\n";
        for (list, line) in [
            (entries(credentials), 5),
            (
                format!("type: endpoints\nversion: v4.5.0\ndata:\n{}", entries(credentials)),
                8,
            ),
        ] {
            let outcome = outcome(CHOSEN, &list);
            let definition = text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
            assert!(
                definition.contains("https://real.example")
                    && definition.contains("https://sand.example")
                    && definition.contains("username: real")
                    && !definition.contains("core"),
                "{definition}"
            );
            let told = told(&outcome);
            let password = format!("old/endpoints.yaml:{line}:3: warning: the password for the production backend");
            for start in [
                password.as_str(),
                "old/api.yaml:13:7: warning: the password for the sandbox backend",
                "old/api.yaml:15:3: note: the production backend is the endpoint that this names, as in API Manager",
            ] {
                assert!(told.iter().any(|told| told.starts_with(start)), "{start}: {told:#?}");
            }
            assert_eq!(told.len(), 3, "{told:#?}");
            assert!(!format!("{definition}{told:?}").contains("canary"));
        }
        // The credentials of the other backend are not for this one.
        let outcome = outcome(CHOSEN, &entries(""));
        let definition = text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
        assert!(
            !definition.contains("username: core") && definition.contains("username: sand"),
            "{definition}"
        );
    }

    #[test]
    fn an_endpoint_that_is_not_understood_leaves_the_api_out() {
        let entry = |stage: &str, config: &str| {
            format!("- id: '1111'\n  deploymentStage: {stage}\n  endpointConfig: {config}\n")
        };
        let url = "production_endpoints: {url: 'https://real.example'}";
        for (list, expected) in [
            (
                entry("SANDBOX", &format!("{{{url}}}")),
                "2:3: error: the API is left out: its production backend is this endpoint, which is of another stage",
            ),
            (
                entry("PRODUCTION", "{}"),
                "3:3: error: the API is left out: its production backend is this endpoint, which has no `production_endpoints`",
            ),
            (
                entry("PRODUCTION", &format!("{{endpoint_type: awslambda, {url}}}")),
                "3:20: error: the API is left out: its production backend is this endpoint, of which this",
            ),
            (
                entry("PRODUCTION", &format!("{{{url}, retries: 3}}")),
                "3:73: error: the API is left out: its production backend is this endpoint, of which this",
            ),
            (
                entry("PRODUCTION", "{production_endpoints: [{url: 'https://a'}]}"),
                "3:20: error: the API is left out: its production backend is this endpoint, which has no single `url`",
            ),
            (
                entry("PRODUCTION", "{production_endpoints: {url: '${BACKEND}'}}"),
                "3:20: error: the API is left out: its production backend is this endpoint, whose address",
            ),
            (
                "- id: '1111'\n".to_owned(),
                "1:3: error: the API is left out: its production backend is this endpoint, which has no `endpointConfig`",
            ),
        ] {
            let outcome = outcome(CHOSEN, &list);
            let told = told(&outcome);
            let line = format!("old/endpoints.yaml:{expected}");
            assert!(told.iter().any(|told| told.starts_with(&line)), "{line}: {told:#?}");
            assert!(!outcome.files.keys().any(|path| path.starts_with("api_definitions")));
        }
        let broken = outcome(CHOSEN, "data: [\n");
        let told = told(&broken);
        assert!(
            told.len() == 1
                && told[0].starts_with("old/endpoints.yaml:")
                && told[0].contains("error: the API is left out"),
            "{told:#?}"
        );
    }

    #[test]
    fn an_endpoint_that_is_not_there_is_told() {
        let line = "old/api.yaml:15:3: warning: the export does not have the endpoint that this names: the production backend is that of";
        for (chosen, is_told) in [
            (CHOSEN, true),
            ("  primaryProductionEndpointId: 4a0f--PRODUCTION\n", false),
            ("  primaryProductionEndpointId: default_production_endpoint\n", false),
            ("  primaryProductionEndpointId: ''\n", false),
        ] {
            let outcome = outcome(chosen, "data: []\n");
            text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
            let told = told(&outcome);
            assert_eq!(
                told.iter().any(|told| told.starts_with(line)),
                is_told,
                "{chosen}: {told:#?}"
            );
            // What nobody has read is told.
            assert!(
                told.iter()
                    .any(|told| told.starts_with("old/endpoints.yaml: warning: this file is not understood"))
            );
        }
    }
}
