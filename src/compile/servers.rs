//! Servers of the model.

/// The URL of a server with its variables replaced by their defaults. Variables without one stay in braces and are
/// found to be no URL later.
pub(super) fn expand(server: &openapiv3::Server) -> String {
    let mut url = server.url.trim().to_owned();
    for (name, variable) in server.variables.iter().flatten() {
        url = url.replace(&format!("{{{name}}}"), &variable.default);
    }
    url
}
