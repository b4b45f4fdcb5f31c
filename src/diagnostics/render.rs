//! Lays diagnostics out for people, with the line in question.

use super::{Diagnostic, Severity};
use crate::yaml::{Source, Span};
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

/// Lines longer than this (minified JSON) are named by position and not shown.
const LONGEST_LINE: usize = 300;

/// Of longer messages the middle is left out.
const LONGEST_MESSAGE: usize = 400;

/// Returns a diagnostic as text; `file:line:column` is always in it.
pub fn render(diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level
        .primary_title(single_line(&diagnostic.message))
        .id(diagnostic.code.name())
        .element(place(diagnostic));
    if let Some(remedy) = &diagnostic.remedy {
        group = group.element(Level::HELP.message(single_line(remedy)));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group]) + "\n"
}

fn place(diagnostic: &Diagnostic) -> Element<'_> {
    let Some((source, span)) = &diagnostic.place else {
        return Origin::path(diagnostic.file.as_str()).into();
    };
    let position = source.position(*span);
    let (line, start) = source.line_of(*span);
    if diagnostic.secret || line.len() > LONGEST_LINE || line.chars().any(|c| c.is_control() && c != '\t') {
        return Origin::path(source.name_of(*span))
            .line(position.line as usize)
            .char_column(position.column as usize)
            .into();
    }
    Snippet::source(line)
        .line_start(position.line as usize)
        .path(source.name_of(*span))
        .annotation(AnnotationKind::Primary.span(within(source, *span, line, start)))
        .into()
}

/// The part of a span that lies in its first line, as a range of that line; at least one character where there is one.
fn within(source: &Source, span: Span, line: &str, start: usize) -> std::ops::Range<usize> {
    let from = (span.start as usize).saturating_sub(start).min(line.len());
    let first = source
        .slice(span)
        .split(['\n', '\r'])
        .next()
        .unwrap_or_default()
        .trim_end();
    let to = (from + first.len()).min(line.len());
    if to > from {
        return from..to;
    }
    let next = line
        .get(from..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    from..from + next
}

/// Messages quote what the user wrote; a line break or control character in it must not break the layout, and a long text
/// not hide what is said about it.
fn single_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let length = text.chars().count();
    if length <= LONGEST_MESSAGE {
        return text.chars().map(shown).collect();
    }
    let half = LONGEST_MESSAGE / 2;
    let (start, end) = (text.chars().take(half), text.chars().skip(length - half));
    start.chain(['…']).chain(end).map(shown).collect()
}
