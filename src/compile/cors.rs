//! `x-wso2-cors`.

use super::extensions;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::project::{CorsSettings, never_sent};
use crate::yaml::{Node, Source};
use mgw_bundle::config::Cors;
use std::collections::BTreeMap;

const KEYS: [&str; 7] = [
    "corsConfigurationEnabled",
    "accessControlAllowOrigins",
    "accessControlAllowMethods",
    "accessControlAllowHeaders",
    "accessControlExposeHeaders",
    "accessControlAllowCredentials",
    "accessControlMaxAge",
];

/// Most entries of one list.
const MAX_ENTRIES: usize = 256;

/// Keys that let no page in which is not let in without them.
const HARMLESS: [&str; 2] = ["corsConfigurationEnabled", "accessControlMaxAge"];

/// The rules of definitions that say nothing about it.
pub(super) fn of_settings(settings: &CorsSettings) -> Cors {
    let folded = |texts: &[String], fold: fn(&str) -> String| star(texts.iter().map(|text| fold(text)).collect());
    Cors {
        allow_origins: folded(&settings.allow_origins, str::to_owned),
        allow_methods: folded(&settings.allow_methods, str::to_ascii_uppercase),
        allow_headers: folded(&settings.allow_headers, str::to_ascii_lowercase),
        expose_headers: settings.expose_headers.clone(),
        allow_credentials: settings.allow_credentials,
        max_age_seconds: None,
    }
}

/// Compiles the cross-origin rules of an API.
pub(super) fn compile(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> Option<Cors> {
    let node = owner.get(extensions::CORS)?;
    let Some(members) = node.as_object() else {
        let what = format!("`{}`", extensions::CORS);
        diagnostics.push(Diagnostic::expected(Code::Cors, source, node, &what, "a map"));
        return None;
    };
    let mut cors = Cors {
        allow_origins: Vec::new(),
        allow_methods: Vec::new(),
        allow_headers: Vec::new(),
        expose_headers: Vec::new(),
        allow_credentials: false,
        max_age_seconds: None,
    };
    let mut enabled = true;
    let mut spellings: BTreeMap<&str, &str> = BTreeMap::new();
    for (written, member) in members {
        let value = &member.node;
        let Some(key) = canonical(written) else {
            let message = format!("`{}` has no `{written}`", extensions::CORS);
            let finding = Diagnostic::error(Code::Cors, source, member.key, message);
            let finding = finding.misspelt(written, member.key, KEYS);
            let is_harmless = HARMLESS.iter().any(|key| finding.would_write(key));
            diagnostics.push(finding.only_likely_if(!is_harmless));
            continue;
        };
        if let Some(first) = spellings.insert(key, written) {
            let message = format!("`{written}` is another spelling of `{first}`, which is there too");
            let finding = Diagnostic::error(Code::Cors, source, member.key, message);
            diagnostics.push(finding.remedy("Remove one of the two."));
            continue;
        }
        match key {
            "corsConfigurationEnabled" => enabled = boolean(source, written, value, diagnostics)?,
            "accessControlAllowCredentials" => cors.allow_credentials = boolean(source, written, value, diagnostics)?,
            "accessControlAllowOrigins" => {
                let origins = texts(source, written, value, diagnostics);
                warn_about_origins(source, value, diagnostics);
                cors.allow_origins = star(origins);
            }
            "accessControlAllowMethods" => {
                let methods = texts(source, written, value, diagnostics);
                cors.allow_methods = star(methods.into_iter().map(|method| method.to_ascii_uppercase()).collect());
            }
            "accessControlAllowHeaders" => {
                let headers = texts(source, written, value, diagnostics);
                cors.allow_headers = star(headers.into_iter().map(|header| header.to_ascii_lowercase()).collect());
            }
            "accessControlExposeHeaders" => cors.expose_headers = texts(source, written, value, diagnostics),
            _ => match value.as_u64().and_then(|seconds| u32::try_from(seconds).ok()) {
                Some(seconds) => cors.max_age_seconds = Some(seconds),
                None => {
                    let what = format!("`{written}`");
                    diagnostics.push(Diagnostic::expected(
                        Code::Cors,
                        source,
                        value,
                        &what,
                        "a whole number of seconds, 0 or more",
                    ));
                }
            },
        }
    }
    if !enabled {
        return None;
    }
    if cors.allow_credentials && cors.allow_origins == ["*"] {
        let message = "scripts of every web site may call this API with their visitor's credentials";
        diagnostics.push(
            Diagnostic::warning(Code::Cors, source, node.span, message)
                .remedy("List the origins that are meant in `accessControlAllowOrigins`."),
        );
    }
    Some(cors)
}

/// Of origins that let nobody in.
fn warn_about_origins(source: &Source, list: &Node, diagnostics: &mut Diagnostics) {
    for element in list.as_array().into_iter().flatten() {
        let text = element.as_str().map(str::trim);
        // What is no origin at all has been told as that.
        let origin = text.filter(|text| CorsSettings::is_header_text(text));
        if let Some((why, remedy)) = origin.and_then(never_sent) {
            let message = format!("this origin {why}");
            diagnostics.push(Diagnostic::warning(Code::Cors, source, element.span, message).remedy(remedy));
        }
    }
}

/// The key in its first spelling, whichever of the three was written.
fn canonical(written: &str) -> Option<&'static str> {
    let fold = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let separated = written.contains(['_', '-']);
    KEYS.into_iter().find(|key| {
        if separated {
            written.chars().all(|c| !c.is_ascii_uppercase()) && fold(key) == fold(written)
        } else {
            *key == written
        }
    })
}

/// One `*` says everything.
fn star(list: Vec<String>) -> Vec<String> {
    if list.iter().any(|entry| entry == "*") {
        vec!["*".to_owned()]
    } else {
        list
    }
}

fn boolean(source: &Source, key: &str, value: &Node, diagnostics: &mut Diagnostics) -> Option<bool> {
    if value.as_bool().is_none() {
        let (what, expected) = (format!("`{key}`"), "`true` or `false`");
        // There are no rules until it is put right, and no page of another origin is let in.
        diagnostics.push(Diagnostic::expected(Code::Cors, source, value, &what, expected).only_likely());
    }
    value.as_bool()
}

/// The elements that can be sent. With an error among them nothing is built.
fn texts(source: &Source, key: &str, value: &Node, diagnostics: &mut Diagnostics) -> Vec<String> {
    let Some(elements) = value.as_array().filter(|elements| elements.len() <= MAX_ENTRIES) else {
        let (what, expected) = (format!("`{key}`"), format!("a list of at most {MAX_ENTRIES} texts"));
        let finding = Diagnostic::expected(Code::Cors, source, value, &what, &expected).expecting_list(value);
        diagnostics.push(finding.only_likely());
        return Vec::new();
    };
    elements
        .iter()
        .filter_map(|element| element_text(source, key, element, diagnostics))
        .collect()
}

fn element_text(source: &Source, key: &str, element: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let what = format!("an element of `{key}`");
    let Some(text) = element.as_str().map(str::trim) else {
        let finding = Diagnostic::expected(Code::Cors, source, element, &what, "a text");
        diagnostics.push(finding.only_likely());
        return None;
    };
    if CorsSettings::is_header_text(text) {
        return Some(text.to_owned());
    }
    let (why, remedy) = match (text.is_empty(), text.contains([',', ' '])) {
        (true, _) => ("is empty", "Remove it, or write what is meant."),
        (_, true) => ("has a comma or a blank in it", "Write each as an element of its own."),
        _ => ("cannot stand in a header", "Write it with letters of ASCII alone."),
    };
    let message = format!("{what} {why}");
    diagnostics.push(Diagnostic::error(Code::Cors, source, element.span, message).remedy(remedy));
    None
}
