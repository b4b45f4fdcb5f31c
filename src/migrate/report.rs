//! What a migration did, for people: on standard output, and as a file in the new project.

use super::{Carried, Kind};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity, Summary};
use crate::ui::count::{self, Counted};
use std::fmt::Write;

/// What a migration did.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Report<'a> {
    /// The folder or archive, as typed.
    pub(crate) source: &'a str,
    /// What it was.
    pub(crate) kind: Kind,
    /// The folder of the project.
    pub(crate) project: &'a str,
    /// Whether anything was written.
    pub(crate) written: bool,
    /// The files of the project that were, or would be, written.
    pub(crate) files: Vec<&'a str>,
    /// What was carried over.
    pub(crate) carried: Carried,
    /// Operations of its APIs.
    pub(crate) operations: usize,
    /// How much was not.
    pub(crate) summary: Summary,
    /// What was not carried over, and what there is to know.
    pub(crate) diagnostics: &'a Diagnostics,
    /// What `mgw check` says of the project.
    pub(crate) check: &'a Diagnostics,
}

/// Whether something did not carry over.
pub(crate) fn is_lost(findings: &Diagnostics, check: &Diagnostics) -> bool {
    // These warnings are of what the old gateway did and this one does not.
    const WITHOUT_EFFECT: [Code; 4] = [
        Code::EndpointSecret,
        Code::Interceptor,
        Code::ResponseCache,
        Code::UnknownPolicy,
    ];
    findings.iter().any(|finding| finding.severity < Severity::Note)
        || check
            .iter()
            .any(|finding| finding.severity == Severity::Error || WITHOUT_EFFECT.contains(&finding.code))
}

impl Report<'_> {
    /// A line for everything, the most important first.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("carried over: {}\n", self.counts());
        for (severity, label) in [
            (Severity::Error, "left out: "),
            (Severity::Warning, "does not carry over: "),
            (Severity::Note, "note: "),
        ] {
            for finding in of(self.diagnostics, severity) {
                let _ = writeln!(text, "{label}{}", line(finding));
            }
        }
        for finding in self.check.iter() {
            let _ = writeln!(text, "mgw check: {finding} [{}]", finding.code);
        }
        text.trim_end().to_owned()
    }

    /// The same as a page with boxes to tick.
    pub(crate) fn page(&self) -> String {
        let mut page = format!(
            "# Migrated from {}\n\n{} was a {}. Carried over: {}.\n\n`mgw explain CODE` says more of each finding; its code stands in brackets.\n",
            code(self.source),
            code(self.source),
            self.kind.describe(),
            self.counts()
        );
        for (severity, title) in [
            (Severity::Error, "Left out"),
            (Severity::Warning, "Does not carry over"),
            (Severity::Note, "Good to know"),
        ] {
            let mut lines = of(self.diagnostics, severity).map(line).peekable();
            if lines.peek().is_some() {
                let _ = write!(page, "\n## {title}\n\n");
            }
            for line in lines {
                let mark = if severity == Severity::Note { "-" } else { "- [ ]" };
                let _ = writeln!(page, "{mark} {}", plain(&line));
            }
        }
        if self.check.iter().next().is_some() {
            page.push_str("\n## What `mgw check` says\n\n");
        }
        for finding in self.check.iter() {
            let _ = writeln!(page, "- {}", plain(&format!("{finding} [{}]", finding.code)));
        }
        page
    }

    fn counts(&self) -> String {
        let Carried {
            apis,
            policies,
            certificates,
            settings,
        } = self.carried;
        let mut parts = vec![
            count::apis(apis).to_string(),
            count::operations(self.operations).to_string(),
        ];
        for counted in [
            Counted(policies, "policy", "policies"),
            Counted(certificates, "certificate", "certificates"),
            Counted(settings, "setting", "settings"),
        ] {
            if counted.0 > 0 {
                parts.push(counted.to_string());
            }
        }
        parts.join(", ")
    }
}

fn of(findings: &Diagnostics, severity: Severity) -> impl Iterator<Item = &Diagnostic> {
    findings.iter().filter(move |finding| finding.severity == severity)
}

/// `FILE:LINE:COLUMN: what - what to do [code]`
fn line(finding: &Diagnostic) -> String {
    let mut line = match finding.position() {
        Some(position) => format!("{}:{}:{}: ", finding.file, position.line, position.column),
        None => format!("{}: ", finding.file),
    };
    line.push_str(&finding.message);
    if let Some(remedy) = &finding.remedy {
        let _ = write!(line, " - {remedy}");
    }
    let _ = write!(line, " [{}]", finding.code);
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Text in code.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// Text of other people in a page: it stays text. What is between backticks is code already.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            plain.push('`');
        }
        if index % 2 == 1 {
            plain.push_str(part);
            continue;
        }
        for c in part.chars() {
            if matches!(c, '\\' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' | '&') {
                plain.push('\\');
            }
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::draft::{Draft, Place};
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn everything_is_told_in_lines_and_on_a_page() {
        let (source, node) = parse("old/api.yaml", "a: 1\nb: canary\n".into(), Format::Yaml).unwrap();
        let mut draft = Draft::default();
        let place = Place::At(source, node.member("b").unwrap().key);
        draft.lost(
            Code::MigrateSecret,
            &place,
            "the password is not copied",
            "Give it in `X_password`.",
        );
        draft.note(
            Code::MigrateFile,
            &Place::File("old/<b>*x*".into()),
            "of no use",
            "Keep it.",
        );
        draft.left_out(
            Code::MigrateApi,
            &Place::File("old/x".into()),
            "the API is left out",
            "Put it right.",
        );
        draft.findings.sort();
        let check = Diagnostics::default();
        let report = Report {
            source: "old",
            kind: Kind::Apictl,
            project: "shop",
            written: true,
            files: vec!["mgw.toml"],
            carried: Carried {
                apis: 2,
                settings: 1,
                ..Carried::default()
            },
            operations: 1,
            summary: draft.findings.summary(),
            diagnostics: &draft.findings,
            check: &check,
        };
        insta::assert_snapshot!(report.text(), @r"
        carried over: 2 APIs, 1 operation, 1 setting
        left out: old/x: the API is left out - Put it right. [migrate-api]
        does not carry over: old/api.yaml:2:1: the password is not copied - Give it in `X_password`. [migrate-secret]
        note: old/<b>*x*: of no use - Keep it. [migrate-file]
        ");
        insta::assert_snapshot!(report.page(), @r"
        # Migrated from `old`

        `old` was a project or export of apictl. Carried over: 2 APIs, 1 operation, 1 setting.

        `mgw explain CODE` says more of each finding; its code stands in brackets.

        ## Left out

        - [ ] old/x: the API is left out - Put it right. \[migrate-api\]

        ## Does not carry over

        - [ ] old/api.yaml:2:1: the password is not copied - Give it in `X_password`. \[migrate-secret\]

        ## Good to know

        - old/\<b\>\*x\*: of no use - Keep it. \[migrate-file\]
        ");
        assert!(is_lost(&draft.findings, &check));
        assert!(!is_lost(&Diagnostics::default(), &check));
    }
}
