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
/// What is known of the `config` of a backend.
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
    if kind == "load_balance"
        && let Some(member) = config.member("failOver")
        && is_off(&member.node)
    {
        draft.note(
            Code::MigrateBackend,
            &Place::At(file.source.clone(), member.key),
            "a request that a backend does not take goes to the next one, though `failOver` is off",
            "Name one backend alone where no other one may get its requests.",
        );
    }
    for side in ["production", "sandbox"] {
        let names = [format!("{side}_endpoints"), format!("{side}_failovers")];
        of_side(names.iter().filter_map(|name| config.get(name)), &file.source, draft);
    }
}

/// Lists what no backend of one side takes over; each of `written` is one backend or a list of them. That they have different
/// settings is told where these are mapped.
pub(super) fn of_side<'a>(written: impl Iterator<Item = &'a Node>, source: &Source, draft: &mut Draft) {
    let mut is_first = true;
    for backend in written.flat_map(|written| written.as_array().unwrap_or(std::slice::from_ref(written))) {
        unknown(backend, &OF_BACKEND, source, draft);
        let Some(settings) = backend.get("config") else {
            continue;
        };
        unknown(settings, &OF_CONFIG, source, draft);
        let mut members = settings.as_object().into_iter().flatten();
        if is_first && !members.all(|(_, member)| is_empty(&member.node)) {
            codes(settings, source, draft);
            is_first = false;
        }
    }
}

/// What is said of single errors: this gateway suspends a backend, and sends a request again, after every failure or none.
fn codes(config: &Node, source: &Source, draft: &mut Draft) {
    for (codes, needed, without, with) in [
        (
            "suspendErrorCode",
            "suspendDuration",
            "no backend is suspended: `suspendDuration` does not say how long",
            "a backend is suspended after every failure, not after the errors in `suspendErrorCode` alone",
        ),
        (
            "retryErroCode",
            "retryTimeOut",
            "no request is sent again: `retryTimeOut` does not say how often",
            "a request that may be sent twice is sent again after every failure, not after the errors in `retryErroCode` alone",
        ),
    ] {
        let Some(member) = config.member(codes).filter(|member| !is_empty(&member.node)) else {
            continue;
        };
        let place = Place::At(source.clone(), member.key);
        let remedy = "See \"When a backend is slow or down\" in the documentation.";
        if is_positive(config.get(needed)) {
            draft.note(Code::MigrateBackend, &place, with, remedy);
        } else {
            draft.lost(Code::MigrateBackend, &place, without, remedy);
        }
    }
}

/// Numbers are written as texts too.
fn is_positive(node: Option<&Node>) -> bool {
    let number = node.and_then(|node| node.as_u64().or_else(|| node.as_str()?.trim().parse().ok()));
    number.is_some_and(|number: u64| number > 0)
}

/// Flags are written as texts too.
fn is_off(node: &Node) -> bool {
    node.as_bool() == Some(false) || node.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

/// Lists members that are not known.
pub(super) fn unknown(node: &Node, known: &[&str], source: &Source, draft: &mut Draft) {
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
        let off = known.replace("'True'", "'False'");
        assert_eq!(
            listed(&text(&off)),
            [
                "old/api.yaml:7:5: note: a request that a backend does not take goes to the next one, though `failOver` is off"
            ]
        );
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
    fn errors_that_are_not_told_apart_are_told() {
        let with = |first: &str, second: &str| {
            let backends =
                format!("[{{url: 'https://a', config: {{{first}}}}}, {{url: 'https://b', config: {{{second}}}}}]");
            let text = format!("    endpoint_type: load_balance\n    production_endpoints: {backends}\n");
            listed(&format!("type: api\ndata:\n  name: A\n  endpointConfig:\n{text}"))
        };
        let codes = "suspendErrorCode: ['101504'], retryErroCode: ['101503']";
        let numbers = "suspendDuration: '1000', retryTimeOut: 3";
        let empty = "suspendErrorCode: [], suspendDuration: '', retryErroCode: []";
        for (first, second, expected) in [
            (empty, empty, &[][..]),
            (
                codes,
                "",
                &["warning: no backend is suspended", "warning: no request is sent again"],
            ),
            (
                &*format!("{codes}, {numbers}"),
                "",
                &[
                    "note: a backend is suspended after every failure",
                    "note: a request that may be sent twice",
                ],
            ),
        ] {
            let told = with(first, second);
            assert_eq!(told.len(), expected.len(), "{first} {second}: {told:?}");
            for (told, expected) in told.iter().zip(expected) {
                assert!(
                    told.starts_with("old/api.yaml:6:") && told.contains(expected),
                    "{told} {expected}"
                );
            }
        }
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
