//! SARIF 2.1.0, the format in which code hosts and editors take findings.

use crate::diagnostics::json::ShownEdit;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Findings as a SARIF log of one run.
pub fn sarif(diagnostics: &Diagnostics, version: &str) -> Value {
    let codes: BTreeSet<Code> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = diagnostics.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "mgw", "version": version, "rules": rules } },
            // Columns are counted in characters, as everywhere in mgw.
            "columnKind": "unicodeCodePoints",
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

fn result(diagnostic: &Diagnostic) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text = match &diagnostic.remedy {
        Some(remedy) => format!("{}\n{remedy}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut location = json!({ "artifactLocation": { "uri": uri(&diagnostic.file) } });
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
    if let Some(fix) = fix(diagnostic) {
        result["fixes"] = json!([fix]);
    }
    result
}

/// What puts the finding right, for editors that can do it.
fn fix(diagnostic: &Diagnostic) -> Option<Value> {
    let correction = diagnostic.correction.as_ref()?;
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
            "artifactLocation": { "uri": uri(&diagnostic.file) },
            "replacements": edits.iter().map(replacement).collect::<Vec<_>>(),
        }],
    }))
}

/// A path as a relative URI reference: what has a meaning in URIs is escaped.
fn uri(path: &str) -> String {
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
    utf8_percent_encode(path.strip_prefix("./").unwrap_or(path), ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::tests::misspelt;

    #[test]
    fn a_finding_has_rule_place_and_remedy() {
        let mut all = Diagnostics::default();
        all.push(misspelt());
        all.push(Diagnostic::file(Code::Files, "a b/c#1.yaml", "this link leads nowhere"));
        let log = sarif(&all, "1.2.3");
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
                    "uri": "shop/api_definitions/shop.yaml"
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
                    "uri": "a%20b/c%231.yaml"
                  }
                }
              }
            ]
          }
        ]
        "#);
    }
}
