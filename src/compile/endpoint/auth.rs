//! `securityConfig`: how the gateway shows the backend who it is.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};
use mgw_bundle::config::EndpointAuth;

/// `Some(None)`: no credentials; `None`: a mistake that has been reported.
pub(super) fn auth(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<Option<EndpointAuth>> {
    let Some(config) = node.get("securityConfig").filter(|node| !node.is_null()) else {
        return Some(None);
    };
    if let Some(password) = config.get("password").filter(|node| node.as_str() != Some("")) {
        let message = "the password in the definition is ignored; it does not belong into a file";
        diagnostics.push(
            Diagnostic::warning("endpoint-password", source, password.span, message)
                .remedy("Remove it here and give it to the gateway as `<endpoint>_prod_basic_password`.")
                .secret(),
        );
    }
    let kind = config.get("type").and_then(Node::as_str).unwrap_or_default();
    if !kind.eq_ignore_ascii_case("basic") {
        let message = "`securityConfig` should have `type: basic`; the gateway knows no other credentials for backends";
        diagnostics.push(Diagnostic::error("endpoint", source, config.span, message));
        return None;
    }
    match config
        .get("username")
        .and_then(Node::as_str)
        .filter(|name| !name.is_empty())
    {
        Some(username) => Some(Some(EndpointAuth::Basic {
            username: username.to_owned(),
        })),
        None => {
            let message = "`securityConfig` has no `username`";
            diagnostics.push(Diagnostic::error("endpoint", source, config.span, message));
            None
        }
    }
}
