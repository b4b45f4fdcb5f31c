//! Where an API listens.

use super::extensions;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::openapi::Definition;
use crate::yaml::Span;

/// Longest base path.
const MAX_LENGTH: usize = 512;

/// A base path and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BasePath {
    /// Starts with `/`; no `/` at the end but for `/` itself.
    pub(super) path: String,
    /// The text that gave it.
    pub(super) span: Span,
}

/// The base path of a definition: its extension, else the path of its first server, else `/`.
pub(super) fn base_path(definition: &Definition, diagnostics: &mut Diagnostics) -> Option<BasePath> {
    let source = &definition.source;
    let written = definition.pruned.get(extensions::BASE_PATH);
    let (text, span) = match extensions::text(source, &definition.pruned, extensions::BASE_PATH, diagnostics) {
        Some((text, node)) => (text.to_owned(), node.span),
        None if written.is_some() => return None,
        None => match first_server(definition) {
            Some((url, span)) => (path_of(&url), span),
            None => ("/".to_owned(), definition.title_span()),
        },
    };
    let path = normalise(&text.replace("{version}", definition.version()));
    if let Err(fault) = check(&path) {
        let message = format!("the base path `{path}` {fault}");
        diagnostics.push(
            Diagnostic::error(Code::BasePath, source, span, message)
                .remedy(format!("Set `{}` to a path such as `/shop/v1`.", extensions::BASE_PATH)),
        );
        return None;
    }
    // What serves nothing receives nothing either, and that is an error of its own.
    let serves = definition.operations().next().is_some();
    if path == "/" && written.is_none() && serves {
        let message = format!(
            "{} gets the base path `/`: it receives every request that no other API takes",
            definition.name()
        );
        diagnostics.push(
            Diagnostic::warning(Code::BasePath, source, span, message)
                .remedy(format!("Set `{}` to a path such as `/shop/v1`.", extensions::BASE_PATH)),
        );
    }
    Some(BasePath { path, span })
}

/// The URL of the first server, with its variables replaced.
fn first_server(definition: &Definition) -> Option<(String, Span)> {
    let server = definition.model.servers.first()?;
    let node = definition.pruned.at(["servers", "0", "url"])?;
    Some((super::servers::expand(server), node.span))
}

/// The path of a URL, which may lack scheme and host.
fn path_of(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or("/");
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|start| rest.get(start..)).unwrap_or("/"),
        None => url,
    };
    path.to_owned()
}

fn normalise(path: &str) -> String {
    let trimmed = path.trim().trim_end_matches('/');
    match trimmed.strip_prefix('/') {
        Some(_) => trimmed.to_owned(),
        None => format!("/{trimmed}"),
    }
}

fn check(path: &str) -> Result<(), String> {
    if path.len() > MAX_LENGTH {
        return Err(format!("is longer than {MAX_LENGTH} bytes"));
    }
    if let Some(odd) = path
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"/-._~!$&'()+,=:@".contains(*c))
    {
        return Err(format!("holds {odd:?}, which cannot stand there"));
    }
    if path != "/" && path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")) {
        return Err("has an empty part, `.` or `..` in it".to_owned());
    }
    Ok(())
}

/// Where an API answers that is the default version; a finding where it says so and its base path has no version to leave out.
pub(super) fn of_default_version(
    definition: &Definition,
    base_path: &str,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    let source = &definition.source;
    let name = extensions::DEFAULT_VERSION;
    if extensions::boolean(source, &definition.pruned, name, diagnostics) != Some(true) {
        return None;
    }
    let path = without_version(base_path, definition.version());
    if path.is_none()
        && let Some(node) = definition.pruned.get(name)
    {
        let version = definition.version();
        let why = match base_path.strip_prefix('/') == Some(version) {
            true => "nothing stands before the version in the base path".to_owned(),
            false => format!("the base path does not end with the version `{version}`, but is"),
        };
        let message = format!("`{name}` has no effect: {why} `{base_path}`");
        let remedy = format!(
            "Let the base path end with `/{{version}}`, as in `{}: /shop/{{version}}`, or remove the extension.",
            extensions::BASE_PATH
        );
        diagnostics.push(Diagnostic::warning(Code::BasePath, source, node.span, message).remedy(remedy));
    }
    path
}

/// The base path without its version: where the control plane's default version answers as well.
pub(super) fn without_version(path: &str, version: &str) -> Option<String> {
    let short = path.strip_suffix(version)?.strip_suffix('/')?;
    (!short.is_empty()).then(|| short.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_brought_into_one_form() {
        for (url, expected) in [
            ("https://api.example.com/v2/", "/v2"),
            ("https://api.example.com", "/"),
            ("https://api.example.com?x=/y", "/"),
            ("/api/v3", "/api/v3"),
            ("api", "/api"),
            ("/", "/"),
            ("", "/"),
            ("https://h/a/b#c", "/a/b"),
        ] {
            assert_eq!(normalise(&path_of(url)), expected, "{url}");
        }
    }

    #[test]
    fn bad_paths_are_refused() {
        for path in [
            "/a b", "/{x}", "/a//b", "/a/../b", "/ü", "/a?b", "/a%62", "/a\nb", "/a;b", "/*",
        ] {
            assert!(check(path).is_err(), "{path}");
        }
        for path in ["/", "/a", "/a/1.0.0", "/t/acme/shop/1.0"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn the_version_is_cut_off_as_a_whole_segment() {
        assert_eq!(without_version("/shop/1.0", "1.0").as_deref(), Some("/shop"));
        assert_eq!(without_version("/shop/v1.0", "1.0"), None);
        assert_eq!(without_version("/1.0", "1.0"), None);
        assert_eq!(without_version("/shop", "1.0"), None);
    }

    proptest::proptest! {
        #[test]
        fn a_base_path_is_absolute_and_stays_itself(text in "\\PC{0,40}") {
            let once = normalise(&path_of(&text));
            proptest::prop_assert!(once.starts_with('/'));
            if check(&once).is_ok() {
                proptest::prop_assert_eq!(&normalise(&path_of(&once)), &once);
            }
        }
    }
}
