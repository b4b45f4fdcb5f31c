//! What merging two versions of a file leaves where both changed a line.

use super::{Source, Span, SyntaxError};

/// What a conflict begins with.
const CONFLICT: &str = "<<<<<<<";

/// That two versions of a file were merged and nobody chose, where that is so.
pub(crate) fn merge_conflict(source: &Source) -> Option<SyntaxError> {
    conflict(source).map(|at| left(source, at))
}

/// The conflict that a line which a parser refuses is left of, somebody having removed the other lines of it.
pub(super) fn rest_of_conflict(source: &Source, refused: Span) -> Option<SyntaxError> {
    let at = refused.start as usize;
    let before = source.text().get(..at)?;
    let begins_line = before.is_empty() || before.ends_with('\n');
    (begins_line && is_marker(source, refused)).then(|| left(source, at))
}

fn left(source: &Source, at: usize) -> SyntaxError {
    let error = SyntaxError::new(
        source,
        Span::new(at, at + CONFLICT.len()),
        "two versions of the file were merged, and this conflict is left",
    );
    error.remedy("Keep one of the two versions, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`.")
}

/// Where the mark of a conflict stands.
pub(super) fn conflict(source: &Source) -> Option<usize> {
    let text = source.text();
    let is_marked = text.contains("\n=======") && text.contains("\n>>>>>>>");
    let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let start = starts.find(|start| text.get(*start..).is_some_and(|rest| rest.starts_with(CONFLICT)));
    // Nothing else begins a file so; further down it may be part of a text.
    start.filter(|at| *at == 0 || is_marked)
}

/// Whether a line is one of those that mark a conflict.
pub(super) fn is_marker(source: &Source, span: Span) -> bool {
    let text = source.text();
    let before = text.get(..span.start as usize).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or_default();
    [CONFLICT, "=======", ">>>>>>>"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Format, parse};

    #[test]
    fn a_conflict_is_named_whatever_the_parser_makes_of_it() {
        let conflict = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n";
        for (format, text, line) in [
            (Format::Yaml, format!("# c\n{conflict}b: 1\n"), 2),
            (Format::Yaml, format!("{conflict}%b: 1\n"), 1),
            (Format::Yaml, format!("b:\n  - c\n{conflict}"), 3),
            (Format::Yaml, "<<<<<<< HEAD\na: 1\nb: 2\n".to_owned(), 1),
            (Format::Json, format!("{{\n{conflict}}}\n"), 2),
        ] {
            let error = parse("a.yaml", text.clone().into(), format).expect_err("a conflict");
            assert!(
                error.message.contains("this conflict is left"),
                "{text}: {}",
                error.message
            );
            assert_eq!(error.position().expect("a place").line, line, "{text}");
        }
        let text = "a: |\n  x\n<<<<<<< y\n";
        let error = parse("a.yaml", text.into(), Format::Yaml).expect_err("no YAML");
        assert!(!error.message.contains("conflict"), "{}", error.message);
        parse(
            "a.yaml",
            "a: |\n  <<<<<<< y\n  =======\n  >>>>>>> z\n".into(),
            Format::Yaml,
        )
        .expect("a text");
    }
}
