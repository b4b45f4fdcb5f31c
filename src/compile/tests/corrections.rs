//! What `mgw check --fix` does without asking opens nothing.

use super::*;
use crate::diagnostics::Diagnostic;
use crate::diff::{Class, Side, compare};
use crate::openapi;
use crate::openapi::link::{Document, Library, Location, Unavailable, link};
use crate::yaml::{Format, parse};
use std::sync::Arc;

/// Definitions in which every key that decides who may call stands beside one that is stricter.
const DEFINITIONS: [&str; 5] = [
    "openapi: 3.0.3
info: {title: T, version: 1.0.0}
x-wso2-basePath: /t
x-wso2-production-endpoints: {urls: ['http://127.0.0.1:3999']}
x-wso2-cors:
  corsConfigurationEnabled: true
  accessControlAllowOrigins: ['*']
  accessControlAllowMethods: [GET]
  accessControlAllowHeaders: [x-a]
  accessControlExposeHeaders: [x-b]
  accessControlAllowCredentials: true
  accessControlMaxAge: 5
x-wso2-transports: [http, https]
x-wso2-throttling-tier: Unlimited
x-mgw-life-cycle: PROTOTYPED
security: [{token: [read]}]
components:
  securitySchemes:
    token: {type: oauth2, flows: {}}
    Password: {type: http, scheme: basic}
    apiKeyHeader: {type: apiKey, in: header, name: X-Key}
    other: {$ref: '#/components/securitySchemes/Password'}
paths:
  /open: {get: {x-wso2-disable-security: true}}
  /none: {get: {x-auth-type: None}}
  /scope: {get: {x-scope: write}}
  /types: {get: {x-wso2-application-security: {security-types: [basic_auth, api_key, oauth2]}}}
  /password: {get: {security: [{Password: []}]}}
  /key: {get: {security: [{token: [write]}, {apiKeyHeader: []}, {other: []}]}}
",
    "swagger: '2.0'
info: {title: T, version: 1.0.0}
x-wso2-basePath: /t
x-wso2-production-endpoints: {urls: ['http://127.0.0.1:3999']}
x-wso2-disable-security: true
x-wso2-transports: http
securityDefinitions:
  token: {type: oauth2}
  apiKeyHeader: {type: apiKey, in: header, name: X-Key}
security: [{apiKeyHeader: []}]
paths:
  /a: {get: {}}
  /b: {get: {x-wso2-disable-security: false}}
",
    "openapi: 3.0.3
info: {title: T, version: 1.0.0}
x-wso2-basePath: /t
x-wso2-production-endpoints: {urls: ['http://127.0.0.1:3999']}
x-wso2-mutual-ssl: mandatory
x-wso2-application-security: {security-types: [oauth2], optional: true}
x-wso2-cors: {corsConfigurationEnabled: yes, accessControlAllowOrigins: 'https://a.example'}
paths:
  /a: {get: {x-wso2-disable-security: yes}}
  /b: {get: {x-wso2-disable-security: \"on\"}}
  /c: {get: {x-wso2-application-security: {security-types: oauth2, optional: yes}}}
",
    "openapi: 3.0.3
info: {title: T, version: 1.0.0}
x-wso2-basePath: /t
x-wso2-production-endpoints: {urls: ['http://127.0.0.1:3999']}
x-wso2-cors: {corsConfigurationEnabled: true, accessControlAllowOrigins: ['*'], accessControlAllowCredentials: \"true\"}
x-wso2-disable-security: On
paths: {/a: {get: {}}}
",
    // Operations ask for more than the API, which nobody reads with a slip in it.
    "openapi: 3.0.3
info: {title: T, version: 1.0.0}
x-wso2-basePath: /t
x-wso2-production-endpoints: {urls: ['http://127.0.0.1:3999']}
security: [{token: []}, {password: []}]
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    password: {type: http, scheme: basic}
    key: {type: apiKey, in: header, name: X-Key}
paths:
  /a: {get: {security: [{key: []}]}, put: {Security: [{token: [write]}]}}
  /b: {get: {secuirty: [{password: []}], servers: [{url: 'http://127.0.0.1:3998'}]}}
",
];

struct NoOthers;

impl Library for NoOthers {
    fn open(&mut self, _: &Location) -> Result<Arc<Document>, Unavailable> {
        Err(Unavailable::Refused {
            reason: "is not there".into(),
            remedy: String::new(),
            near: None,
        })
    }
}

/// What a definition is compiled to, also where something is wrong with it, and what is found.
fn compiled(text: &str) -> (Option<Api>, Vec<Diagnostic>) {
    let mut found = Diagnostics::default();
    let Ok((source, node)) = parse("a.yaml", text.into(), Format::Yaml) else {
        return (None, Vec::new());
    };
    let document = Document { source, node };
    let linked = link(
        Location::File("a.yaml".into()),
        document,
        false,
        &mut NoOthers,
        &mut found,
    );
    let definition = openapi::read(linked.source, linked.document, &mut found);
    let policies = Policies::default();
    let known = KnownPolicies::new(&policies, None);
    let api = definition.and_then(|definition| api::compile(&definition, known, "a.yaml", "x".into(), &mut found));
    (api.map(|compiled| compiled.api), found.iter().cloned().collect())
}

/// Whom an API lets in that another one does not.
fn opened(before: &Api, after: &Api) -> Vec<String> {
    let [before, after] = [before, after].map(|api| mgw_bundle::GatewayConfig {
        apis: vec![api.clone()],
        ..fuzzing::empty_config()
    });
    let entries = std::collections::BTreeMap::new();
    let side = |config| Side {
        config,
        snapshot: None,
        entries: &entries,
    };
    let changes = compare(side(&before), side(&after)).into_iter();
    // An operation that was not served is as open as it is written.
    let counts = |what: &str| !what.contains("backend") && !what.starts_with("it is new");
    let weaker = changes.filter(|change| change.class == Class::Weakening && counts(&change.what));
    weaker
        .map(|change| format!("{:?} {}", change.place, change.what))
        .collect()
}

/// Texts with one slip each, behind the lines that say nothing about who may call.
fn with_slips(text: &str) -> Vec<String> {
    let (_, interesting) = text
        .match_indices('\n')
        .nth(3)
        .map_or(("", text), |(at, _)| text.split_at(at));
    let from = text.len() - interesting.len();
    let mut slips = vec![text.to_owned()];
    for (at, c) in text
        .char_indices()
        .filter(|(at, c)| *at > from && c.is_ascii_alphabetic())
    {
        let with = |new: &str| format!("{}{new}{}", &text[..at], &text[at + 1..]);
        slips.push(with(""));
        if c.is_ascii_uppercase() {
            slips.push(with(&c.to_ascii_lowercase().to_string()));
        }
    }
    slips
}

#[test]
fn no_certain_correction_lets_anybody_in() {
    let mut certain = 0;
    let mut opening = Vec::new();
    for text in DEFINITIONS.iter().flat_map(|text| with_slips(text)) {
        let (before, found) = compiled(&text);
        let Some(before) = before else { continue };
        let corrections = found.iter().filter_map(|finding| finding.correction.as_ref());
        for correction in corrections.filter(|correction| correction.is_certain()) {
            certain += 1;
            let mut mended = text.clone();
            for edit in correction.edits().iter().rev() {
                mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            let Some(after) = compiled(&mended).0 else { continue };
            for what in opened(&before, &after) {
                opening.push(format!("{}: {what}", correction.title));
            }
        }
    }
    opening.sort();
    opening.dedup();
    assert_eq!(opening, [""; 0], "{certain} corrections");
    assert!(certain > 100, "{certain}");
}
