//! `advanceEndpointConfig.httpVersion`: what is spoken with the backends.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};
use mgw_bundle::config::BackendProtocol;

/// Returns the protocol; `None`: a mistake that has been reported.
pub(super) fn protocol(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<BackendProtocol> {
    let written = node
        .get("advanceEndpointConfig")
        .and_then(|advanced| advanced.get("httpVersion"))
        .filter(|node| !node.is_null());
    let Some(written) = written else {
        return Some(BackendProtocol::default());
    };
    let text = written.as_str().map(str::to_owned);
    // YAML reads `1.1` and `2` without quotes as numbers.
    match text.or_else(|| Some(written.to_json().to_string())).as_deref() {
        Some("1.1") => Some(BackendProtocol::Http1),
        Some("2") => Some(BackendProtocol::Http2),
        _ => {
            let message = "`httpVersion` should be `1.1` or `2`";
            diagnostics.push(
                Diagnostic::error(Code::Endpoint, source, written.span, message)
                    .remedy("Leave it out to have TLS negotiate the version."),
            );
            None
        }
    }
}
