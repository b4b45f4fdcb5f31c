//! Members of `endpointConfig` that no backend takes over.

use super::api_file::ApiFile;
use super::fields::is_empty;
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::yaml::{Node, Source, parse_embedded};

/// Kinds of backends that can be called; of others it is told that they cannot.
const KINDS: [&str; 6] = ["http", "address", "wsdl", "load_balance", "failover", "graphql"];
/// What the definition takes over, and what says nothing more than that.
const KNOWN: [&str; 12] = [
    "endpoint_type",
    "production_endpoints",
    "sandbox_endpoints",
    "production_failovers",
    "sandbox_failovers",
    "endpoint_security",
    "algoCombo",
    "algoClassName",
    "sessionManagement",
    "sessionTimeOut",
    "failOver",
    "implementation_status",
];
/// The members with backends among them.
const BACKENDS: [&str; 4] = [
    "production_endpoints",
    "sandbox_endpoints",
    "production_failovers",
    "sandbox_failovers",
];
/// What is known of a backend; those of SOAP are called by their URL.
const OF_BACKEND: [&str; 7] = [
    "url",
    "config",
    "endpoint_type",
    "template_not_supported",
    "service",
    "port",
    "wsdl-uri",
];
/// What is known of the `config` of a backend. The codes of errors at which it is called again are those that every
/// retry has.
const OF_CONFIG: [&str; 9] = [
    "actionSelect",
    "actionDuration",
    "suspendErrorCode",
    "suspendDuration",
    "suspendMaxDuration",
    "factor",
    "retryErroCode",
    "retryTimeOut",
    "retryDelay",
];

/// Lists them at their lines; of those that stand in a text, that may be the line of the text.
pub(super) fn list(file: &ApiFile, draft: &mut Draft) {
    let Some(config) = file.data().get("endpointConfig") else {
        return;
    };
    let embedded = config.as_str().and_then(|_| parse_embedded(&file.source, config).ok());
    let config = embedded.as_ref().unwrap_or(config);
    let kind = config.get("endpoint_type").and_then(Node::as_str).unwrap_or("http");
    if !KINDS.contains(&kind) {
        return;
    }
    unknown(config, &KNOWN, &file.source, draft);
    for name in BACKENDS {
        let Some(backends) = config.get(name) else { continue };
        for backend in backends.as_array().unwrap_or(std::slice::from_ref(backends)) {
            unknown(backend, &OF_BACKEND, &file.source, draft);
            if let Some(settings) = backend.get("config") {
                unknown(settings, &OF_CONFIG, &file.source, draft);
            }
        }
    }
}

fn unknown(node: &Node, known: &[&str], source: &Source, draft: &mut Draft) {
    for (name, member) in node.as_object().into_iter().flatten() {
        if known.contains(&name.as_str()) || is_empty(&member.node) {
            continue;
        }
        draft.lost(
            Code::MigrateBackend,
            &Place::At(source.clone(), member.key),
            format!("`{}` of the backends is not understood", super::api::visible(name)),
            "See what it does there; where it changes how backends are called, say so in the definition.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    fn listed(text: &str) -> Vec<String> {
        let tree = tree(&[("api.yaml", text)]);
        let file = ApiFile::read(&tree.root()).unwrap().unwrap();
        let mut draft = Draft::default();
        list(&file, &mut draft);
        draft.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_no_backend_takes_over_is_told_at_its_line() {
        let text = |config: &str| format!("type: api\ndata:\n  name: A\n  endpointConfig:\n{config}");
        let known = "    endpoint_type: load_balance\n    production_endpoints: [{url: 'https://a', config: {retryTimeOut: 1}}]\n    failOver: 'True'\n";
        assert_eq!(listed(&text(known)), [""; 0]);
        let odd = format!(
            "{known}    sandbox_endpoints:\n      url: https://b\n      weight: 5\n      config: {{speed: 1, slow: null}}\n    retryConfig: {{count: 3}}\n"
        );
        let told = listed(&text(&odd));
        assert_eq!(
            told,
            [
                "old/api.yaml:12:5: warning: `retryConfig` of the backends is not understood",
                "old/api.yaml:10:7: warning: `weight` of the backends is not understood",
                "old/api.yaml:11:16: warning: `speed` of the backends is not understood",
            ]
        );
        // Of a kind that cannot be called at all, that is told.
        assert_eq!(
            listed(&text("    endpoint_type: awslambda\n    amznRegion: x\n")),
            [""; 0]
        );
    }

    #[test]
    fn backends_in_a_text_are_looked_at_too() {
        let text = "id: {apiName: A, version: '1'}\nendpointConfig: '{\"production_endpoints\": {\"url\": \"https://a\", \"weight\": 5}}'\n";
        let told = listed(text);
        assert!(
            told.len() == 1 && told[0].starts_with("old/api.yaml:2:") && told[0].contains("`weight`"),
            "{told:?}"
        );
    }
}
