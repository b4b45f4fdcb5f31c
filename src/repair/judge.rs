//! Whether findings are better after corrections than before.

use super::plan::{Key, Step, to_end};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use std::collections::BTreeMap;

/// Compares what was found before and after some corrections; what is worse is told as a reason to take them back.
///
/// # Errors
///
/// A finding that was to be put right and is still there, or a new error.
pub(super) fn judge(before: &Diagnostics, after: &Diagnostics, steps: &[&Step]) -> Result<(), String> {
    let (counted, recounted) = (count(before.iter()), count(after.iter()));
    let kept = count(after.iter().filter(|finding| !is_next(finding, steps)));
    let corrected = count(steps.iter().map(|step| &step.finding));
    for (key, gone) in &corrected {
        let was = counted.get(key).copied().unwrap_or_default();
        let is = kept.get(key).copied().unwrap_or_default();
        if is + gone > was {
            return Err("the finding would still be there".to_owned());
        }
    }
    let is_new = |finding: &&Diagnostic| {
        let key = Key::of(finding);
        finding.severity == Severity::Error && recounted.get(&key) > counted.get(&key)
    };
    let brought = after.iter().filter(is_new).find(|finding| !is_expected(finding, steps));
    match brought {
        Some(finding) => Err(format!("it would bring another error: {}", finding.message)),
        None => Ok(()),
    }
}

/// Whether a mistake is told only now because the parser, which tells one at a time, has come further: it stands behind all
/// that was changed, whatever its words are.
fn is_next(finding: &Diagnostic, steps: &[&Step]) -> bool {
    let is_syntax = |step: &&&Step| step.finding.code == Code::Syntax && step.finding.file == finding.file;
    let mut of_file = steps.iter().filter(is_syntax).peekable();
    finding.code == Code::Syntax && of_file.peek().is_some() && of_file.all(|step| to_end(finding) <= step.behind)
}

/// Whether an error was there before, and is seen only now.
fn is_expected(finding: &Diagnostic, steps: &[&Step]) -> bool {
    let is_further = |step: &Step| step.finding.file == finding.file && step.finding.position() < finding.position();
    // A file that could not be read hides what is wrong with it.
    let hid_file = |step: &Step| match (step.finding.code, finding.code) {
        (Code::Syntax, Code::Syntax) => step.finding.file != finding.file,
        (Code::Syntax | Code::Dialect, _) => true,
        // Where policies or servers cannot be read, nobody can tell which there are.
        (Code::Policies, Code::UnknownPolicy) | (Code::Servers, Code::NoEndpoint) => true,
        _ => false,
    };
    // So does what could not be read within a file: nothing could be built with it either.
    // But what was told of all of the file, whatever is wrong in a part, was not hidden: its syntax, and where references lead.
    let hid_part = |step: &Step| {
        let was_told = match finding.code {
            Code::Syntax => true,
            Code::Reference => step.finding.code != Code::Reference,
            _ => false,
        };
        step.finding.severity == Severity::Error && is_further(step) && !was_told
    };
    is_next(finding, steps) || steps.iter().any(|step| hid_file(step) || hid_part(step))
}

fn count<'a>(findings: impl Iterator<Item = &'a Diagnostic>) -> BTreeMap<Key, usize> {
    let mut counted = BTreeMap::new();
    for finding in findings {
        *counted.entry(Key::of(finding)).or_default() += 1;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Source, Span};

    fn finding(code: Code, severity: Severity, at: usize, message: &str) -> Diagnostic {
        let source = Source::new("a.yaml", b"0123456789".to_vec()).unwrap();
        let mut finding = Diagnostic::error(code, &source, Span::at(at), message);
        finding.severity = severity;
        finding
    }

    fn all(findings: &[Diagnostic]) -> Diagnostics {
        let mut all = Diagnostics::default();
        findings.iter().for_each(|finding| all.push(finding.clone()));
        all
    }

    #[test]
    fn what_is_worse_is_taken_back() {
        let warning = finding(Code::UnknownExtension, Severity::Warning, 3, "unknown");
        let error = finding(Code::Paths, Severity::Error, 3, "no slash");
        let syntax = finding(Code::Syntax, Severity::Error, 3, "a tab");
        let same = |at| finding(Code::Syntax, Severity::Error, at, "a tab");
        let reference = finding(Code::Reference, Severity::Error, 3, "nothing");
        let others = |code, at| finding(code, Severity::Error, at, "other");
        for (corrected, after, is_better) in [
            (&warning, vec![], true),
            (&warning, vec![warning.clone()], false),
            // Two of the same kind, and one of them is left.
            (&error, vec![error.clone()], false),
            (&warning, vec![others(Code::MutualTls, 5)], false),
            (
                &warning,
                vec![finding(Code::Server, Severity::Warning, 5, "other")],
                true,
            ),
            (&error, vec![others(Code::UnknownPolicy, 5)], true),
            (&error, vec![others(Code::NoEndpoint, 1)], false),
            (&error, vec![others(Code::Paths, 3)], false),
            (&error, vec![others(Code::Syntax, 5)], false),
            // What referred to it refers to nothing now.
            (&error, vec![others(Code::Reference, 5)], false),
            (&reference, vec![others(Code::Reference, 5)], true),
            (&syntax, vec![others(Code::NoEndpoint, 1)], true),
            (&syntax, vec![others(Code::Syntax, 5)], true),
            (&syntax, vec![others(Code::Syntax, 3)], false),
            // The same mistake once more, further down.
            (&syntax, vec![same(5)], true),
            (&syntax, vec![same(3)], false),
            (
                &error,
                vec![finding(Code::Paths, Severity::Error, 5, "no slash")],
                false,
            ),
        ] {
            let step = Step::of(corrected);
            let judged = judge(&all(std::slice::from_ref(corrected)), &all(&after), &[&step]);
            assert_eq!(judged.is_ok(), is_better, "{corrected:?} {after:?}");
        }
    }
}
