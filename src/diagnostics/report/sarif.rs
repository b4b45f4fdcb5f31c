//! SARIF 2.1.0, the format in which code hosts and editors take findings.

use super::base::{Base, Whereabouts};
use crate::diagnostics::json::ShownEdit;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// What paths are relative to, by the name that code hosts have for it.
const TOP: &str = "%SRCROOT%";

/// Findings as a SARIF log of one run.
pub fn sarif(diagnostics: &Diagnostics, version: &str, base: &Base) -> Value {
    let codes: BTreeSet<Code> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = diagnostics.iter().map(|diagnostic| result(diagnostic, base)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "mgw", "version": version, "rules": rules } },
            // Columns are counted in characters, as everywhere in mgw.
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                TOP: { "description": { "text": "The top of the checkout, or else the folder in which mgw was called." } },
            },
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.title() },
        "help": { "text": code.body(), "markdown": code.body() },
    })
}

fn result(diagnostic: &Diagnostic, base: &Base) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text = match &diagnostic.remedy {
        Some(remedy) => format!("{}\n{remedy}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut location = json!({ "artifactLocation": artifact(&diagnostic.file, base) });
    if diagnostic.outside {
        return json!({
            "ruleId": diagnostic.code.name(),
            "level": level,
            "message": { "text": text },
            "locations": [{ "logicalLocations": [{ "fullyQualifiedName": diagnostic.file }] }],
        });
    }
    if let Some((source, span)) = &diagnostic.place {
        let (start, end) = (source.position(*span), source.end(*span));
        location["region"] = json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
    }
    let mut result = json!({
        "ruleId": diagnostic.code.name(),
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": location }],
    });
    if let Some(fix) = fix(diagnostic, base) {
        result["fixes"] = json!([fix]);
    }
    result
}

/// What puts the finding right, for editors that can do it. SARIF has no word for doubt, and a click does what stands
/// here: a correction that somebody has to look at, because it may open something, is left out.
fn fix(diagnostic: &Diagnostic, base: &Base) -> Option<Value> {
    let correction = diagnostic
        .correction
        .as_ref()
        .filter(|correction| correction.is_certain())?;
    let edits = diagnostic.shown_edits();
    if edits.is_empty() {
        return None;
    }
    let replacement = |edit: &ShownEdit<'_>| {
        json!({
            "deletedRegion": {
                "startLine": edit.line,
                "startColumn": edit.column,
                "endLine": edit.end_line,
                "endColumn": edit.end_column,
            },
            "insertedContent": { "text": edit.text },
        })
    };
    Some(json!({
        "description": { "text": correction.title },
        "artifactChanges": [{
            "artifactLocation": artifact(&diagnostic.file, base),
            "replacements": edits.iter().map(replacement).collect::<Vec<_>>(),
        }],
    }))
}

/// Where a file is: relative to the top where it is below it, else by an address of its own.
fn artifact(file: &str, base: &Base) -> Value {
    match base.whereabouts(file) {
        Whereabouts::Below(path) => json!({ "uri": escaped(&path), "uriBaseId": TOP }),
        Whereabouts::Elsewhere(path) => json!({ "uri": format!("file://{}", escaped(&path)) }),
    }
}

/// A path in a URI: what has a meaning there is escaped.
fn escaped(path: &Path) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const ESCAPED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b':')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(&path.to_string_lossy(), ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::tests::misspelt;
    use crate::yaml::{Source, Span};

    #[test]
    fn a_finding_has_rule_place_and_remedy() {
        let mut all = Diagnostics::default();
        all.push(misspelt());
        all.push(Diagnostic::file(Code::Files, "a b/c#1.yaml", "this link leads nowhere"));
        all.push(Diagnostic::file(
            Code::Files,
            "../d e.yaml",
            "it is not below the checkout",
        ));
        let log = sarif(&all, "1.2.3", &Base::at("/no/repo", "/no/repo"));
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["version"], "1.2.3");
        let rules: Vec<&str> = run["tool"]["driver"]["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|rule| rule["id"].as_str())
            .collect();
        assert_eq!(rules, ["files", "unknown-extension"]);
        insta::assert_json_snapshot!(run["results"], @r#"
        [
          {
            "ruleId": "unknown-extension",
            "level": "warning",
            "message": {
              "text": "unknown extension `x-wso2-transport`\nDid you mean `x-wso2-transports`?"
            },
            "locations": [
              {
                "physicalLocation": {
                  "artifactLocation": {
                    "uri": "shop/api_definitions/shop.yaml",
                    "uriBaseId": "%SRCROOT%"
                  },
                  "region": {
                    "startLine": 3,
                    "startColumn": 3,
                    "endLine": 3,
                    "endColumn": 19
                  }
                }
              }
            ]
          },
          {
            "ruleId": "files",
            "level": "error",
            "message": {
              "text": "this link leads nowhere"
            },
            "locations": [
              {
                "physicalLocation": {
                  "artifactLocation": {
                    "uri": "a%20b/c%231.yaml",
                    "uriBaseId": "%SRCROOT%"
                  }
                }
              }
            ]
          },
          {
            "ruleId": "files",
            "level": "error",
            "message": {
              "text": "it is not below the checkout"
            },
            "locations": [
              {
                "physicalLocation": {
                  "artifactLocation": {
                    "uri": "file:///no/d%20e.yaml"
                  }
                }
              }
            ]
          }
        ]
        "#);
    }

    #[test]
    fn a_fix_is_a_correction_that_is_certain() {
        let source = Source::new("a.yaml", "x-wso2-disable-security: yes\n".into()).expect("a text");
        let value = Span::new(25, 28);
        let finding = Diagnostic::warning(Code::Model, &source, value, "`yes` is a text").replacing(value, "true");
        let base = Base::at("/no/repo", "/no/repo");
        let certain = result(&finding, &base);
        assert_eq!(
            certain["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
            "true"
        );
        let likely = result(&finding.only_likely(), &base);
        assert_eq!((&likely["message"], likely.get("fixes")), (&certain["message"], None));
    }
}
