//! Which corrections may be offered: those that were tried and did what they are for.

use super::plan::Key;
use super::rounds::Applied;
use crate::diagnostics::{Diagnostic, Diagnostics};
use std::collections::BTreeMap;

/// Leaves those corrections certain that were done when all of them were tried; what was taken back, or could not be done, is
/// for somebody to look at.
pub(crate) fn proven(found: Diagnostics, applied: &[Applied]) -> Diagnostics {
    let mut done: BTreeMap<Key, usize> = BTreeMap::new();
    for Applied { subject, .. } in applied {
        let key = Key {
            code: subject.code,
            file: subject.file.clone(),
            message: subject.message.clone(),
        };
        *done.entry(key).or_default() += 1;
    }
    let was_done = |finding: &Diagnostic| match done.get_mut(&Key::of(finding)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    found.doubting(was_done)
}

#[cfg(test)]
mod tests {
    use super::super::rounds::Subject;
    use super::*;
    use crate::diagnostics::Code;
    use crate::yaml::{Correction, Source, Span};

    fn finding(at: usize, message: &str) -> Diagnostic {
        let source = Source::new("a.yaml", b"0123456789".to_vec()).unwrap();
        Diagnostic::error(Code::Paths, &source, Span::at(at), message)
            .corrected(Some(Correction::certain("Write `x`", Vec::new())))
    }

    #[test]
    fn what_was_not_done_is_not_certain() {
        let mut found = Diagnostics::default();
        [finding(1, "one"), finding(2, "one"), finding(3, "other")]
            .into_iter()
            .for_each(|finding| found.push(finding));
        let one = finding(1, "one");
        let applied = Applied {
            subject: Subject {
                code: one.code,
                position: one.position(),
                file: one.file,
                message: one.message,
                title: String::new(),
            },
            before: None,
            after: None,
        };
        let proven = proven(found, &[applied]);
        let certain: Vec<bool> = proven
            .iter()
            .map(|finding| finding.correction.as_ref().is_some_and(Correction::is_certain))
            .collect();
        assert_eq!(certain, [true, false, false]);
    }
}
