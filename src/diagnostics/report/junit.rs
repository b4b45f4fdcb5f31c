//! Findings as a test suite of JUnit.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::junit::{JunitCase, JunitResult, JunitText, write};
use std::collections::BTreeMap;
use std::io;

/// Findings as a test suite: a case for the project as a whole, and one for each file with findings, which fails by those that
/// are as bad as `failing` or worse; the others are what it printed.
///
/// # Errors
///
/// None in practice: the document is written to memory.
pub fn junit(command: &str, project: &str, diagnostics: &Diagnostics, failing: Severity) -> io::Result<Vec<u8>> {
    let mut files: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::from([(project, Vec::new())]);
    for diagnostic in diagnostics.iter() {
        files.entry(&diagnostic.file).or_default().push(diagnostic);
    }
    let case = |(file, findings): (&&str, &Vec<&Diagnostic>)| case(command, file, findings, failing);
    let cases: Vec<JunitCase> = files.iter().map(case).collect();
    write(project, &cases)
}

fn case(command: &str, file: &str, findings: &[&Diagnostic], failing: Severity) -> JunitCase {
    let (failures, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        findings.iter().partition(|finding| finding.fails(failing));
    JunitCase {
        class: command.to_owned(),
        name: file.to_owned(),
        file: findings.iter().all(|finding| !finding.outside).then(|| file.to_owned()),
        took: None,
        result: match failures.first() {
            None => JunitResult::Passed,
            Some(first) => JunitResult::Failure(JunitText {
                kind: first.code.name().to_owned(),
                message: first.message.clone(),
                text: lines(&failures),
            }),
        },
        output: lines(&others),
    }
}

fn lines(findings: &[&Diagnostic]) -> String {
    let line = |diagnostic: &&Diagnostic| match &diagnostic.remedy {
        Some(remedy) => format!("{diagnostic} [{}] {remedy}", diagnostic.code),
        None => format!("{diagnostic} [{}]", diagnostic.code),
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;
    use crate::diagnostics::tests::misspelt;

    #[test]
    fn files_are_cases_and_errors_fail_them() {
        let mut all = Diagnostics::default();
        all.push(misspelt());
        all.push(Diagnostic::file(Code::Files, "a.yaml", "\u{1b}[31m <&\"> \u{ffff}").remedy("Copy it."));
        let xml = junit("mgw check", "shop", &all, Severity::Error).expect("written");
        insta::assert_snapshot!(String::from_utf8(xml).expect("UTF-8"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="3" failures="1" errors="0">
          <testsuite name="shop" tests="3" failures="1" errors="0">
            <testcase classname="mgw check" name="a.yaml" file="a.yaml">
              <failure type="files" message="�[31m &lt;&amp;&quot;&gt; �">a.yaml: error: �[31m &lt;&amp;&quot;&gt; � [files] Copy it.</failure>
            </testcase>
            <testcase classname="mgw check" name="shop" file="shop"/>
            <testcase classname="mgw check" name="shop/api_definitions/shop.yaml" file="shop/api_definitions/shop.yaml">
              <system-out>shop/api_definitions/shop.yaml:3:3: warning: unknown extension `x-wso2-transport` [unknown-extension] Did you mean `x-wso2-transports`?</system-out>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
