use super::*;
use crate::yaml::{Format, Node, Source, parse};

fn document() -> (Source, Node) {
    let text = "info:\n  title: Shop\n  x-wso2-transport: [http]\n";
    parse("shop/api_definitions/shop.yaml", text.into(), Format::Yaml).unwrap()
}

/// A finding as users meet them most often.
pub(crate) fn misspelt() -> Diagnostic {
    let (source, node) = document();
    let member = node.get("info").unwrap().member("x-wso2-transport").unwrap();
    Diagnostic::warning(
        Code::UnknownExtension,
        &source,
        member.key,
        "unknown extension `x-wso2-transport`",
    )
    .did_you_mean("x-wso2-transport", ["x-wso2-transports"])
}

#[test]
fn a_finding_shows_place_line_and_remedy() {
    insta::assert_snapshot!(render(&misspelt(), false), @r"
    warning[unknown-extension]: unknown extension `x-wso2-transport`
     --> shop/api_definitions/shop.yaml:3:3
      |
    3 |   x-wso2-transport: [http]
      |   ^^^^^^^^^^^^^^^^
      |
      = help: Did you mean `x-wso2-transports`?
    ");
}

#[test]
fn a_finding_about_a_whole_file_names_it() {
    let diagnostic = Diagnostic::file(Code::Syntax, "a.yaml", "the file is empty").remedy("Remove it.");
    insta::assert_snapshot!(render(&diagnostic, false), @r"
    error[syntax]: the file is empty
    --> a.yaml
     = help: Remove it.
    ");
}

#[test]
fn of_a_minified_line_the_part_in_question_is_shown() {
    let text = format!(
        "{{\"a\": \"{}\", \"b\": 1, \"c\": \"{}\"}}",
        "x".repeat(1000),
        "é".repeat(1000)
    );
    let (source, node) = parse("a.json", text.into(), Format::Json).unwrap();
    let diagnostic = Diagnostic::error(Code::Model, &source, node.get("b").unwrap().span, "b is wrong");
    insta::assert_snapshot!(render(&diagnostic, false), @r#"
    error[model]: b is wrong
     --> a.json:1:1016
      |
    1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "b": 1, "c": "ééééééééééééééééééééé…
      |                                                    ^
    "#);
    // A secret anywhere in the line keeps all of it out of sight.
    let text = format!("{{\"password\": \"{}\", \"b\": 1}}", "x".repeat(1000));
    let (source, node) = parse("a.json", text.into(), Format::Json).unwrap();
    let diagnostic = Diagnostic::error(Code::Model, &source, node.get("b").unwrap().span, "b is wrong");
    insta::assert_snapshot!(render(&diagnostic, false), @r"
    error[model]: b is wrong
    --> a.json:1:1023
    ");
}

#[test]
fn json_carries_the_position() {
    insta::assert_json_snapshot!(misspelt(), @r#"
    {
      "severity": "warning",
      "code": "unknown-extension",
      "file": "shop/api_definitions/shop.yaml",
      "line": 3,
      "column": 3,
      "message": "unknown extension `x-wso2-transport`",
      "remedy": "Did you mean `x-wso2-transports`?"
    }
    "#);
}

#[test]
fn findings_are_sorted_by_place_and_counted() {
    let (source, node) = document();
    let mut all = Diagnostics::default();
    all.push(misspelt());
    all.push(misspelt());
    all.push(Diagnostic::error(Code::Model, &source, node.span, "first"));
    all.push(Diagnostic::file(Code::Model, "a.yaml", "other file"));
    all.sort();
    let lines: Vec<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "a.yaml: error: other file",
            "shop/api_definitions/shop.yaml:1:1: error: first",
            "shop/api_definitions/shop.yaml:3:3: warning: unknown extension `x-wso2-transport`",
        ]
    );
    assert_eq!(all.summary().to_string(), "2 errors, 1 warning");
    assert!(all.has_errors());
    assert_eq!(Diagnostics::default().summary().to_string(), "no problems");
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_rendered(text in "\\PC{0,60}", message in "\\PC{0,30}") {
        if let Ok((source, node)) = parse("a", text.into_bytes(), Format::Yaml) {
            let _ = render(&Diagnostic::error(Code::Model, &source, node.span, message), false);
        }
    }
}
