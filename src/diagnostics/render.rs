//! Lays diagnostics out for people, with the line in question.

use super::{Code, Diagnostic, Severity};
use crate::odd_port::has_odd_port;
use crate::ui::visible;
use crate::yaml::{Edit, Source, Span};
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use std::borrow::Cow;
use std::ops::Range;

/// Stands for what is not shown.
const HIDDEN: &str = "…";

/// Of lines longer than this (minified JSON) the part in question is shown.
const LONGEST_LINE: usize = 300;

/// So many bytes of a long line are shown on each side of what is marked, and of that.
const AROUND: usize = 50;
const MOST_MARKED: usize = 80;

/// Of longer messages the middle is left out.
const LONGEST_MESSAGE: usize = 400;

/// Returns a diagnostic as text; `file:line:column` is always in it.
pub fn render(diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let place = place(diagnostic);
    let mut group = level
        .primary_title(single_line(&diagnostic.message))
        .id(diagnostic.code.name())
        .element(place.element);
    if let Some(remedy) = &diagnostic.remedy {
        group = group.element(Level::HELP.message(single_line(remedy)));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]) + "\n";
    if let Some((of_part, of_line)) = place.moved
        // What is said comes first, in one line.
        && let Some(at) = text.find('\n').and_then(|title| Some(title + text.get(title..)?.find(&of_part)?))
    {
        text.replace_range(at..at + of_part.len(), &of_line);
    }
    text
}

/// Whether what a correction of a finding replaces may be shown.
pub(crate) fn is_shown(diagnostic: &Diagnostic) -> bool {
    let (Some((source, _)), Some(correction)) = (&diagnostic.place, &diagnostic.correction) else {
        return false;
    };
    let is_shown = |edit: &Edit| {
        let (line, start) = source.line_of(edit.span);
        match source.is_masked() {
            true => source
                .presentable(line, start)
                .is_some_and(|shown| edit.span.end as usize <= start + shown),
            false => !holds_secret(line),
        }
    };
    !diagnostic.secret && correction.edits().iter().all(is_shown)
}

/// Whether a line of a file, which starts at `start`, may hold a secret.
pub(crate) fn may_hold_secret(source: &Source, line: &str, start: usize) -> bool {
    match source.is_masked() {
        // Files that say which of their values may be shown are not judged by their words.
        true => source
            .presentable(line, start)
            .is_none_or(|shown| shown < line.trim_end().len()),
        false => holds_secret(line),
    }
}

/// Where a finding is.
struct Place<'a> {
    element: Element<'a>,
    /// How the position in a part of a line is shown, and how the one in the line.
    moved: Option<(String, String)>,
}

impl<'a> Place<'a> {
    fn of(element: impl Into<Element<'a>>) -> Self {
        Self {
            element: element.into(),
            moved: None,
        }
    }
}

fn place(diagnostic: &Diagnostic) -> Place<'_> {
    let Some((source, span)) = &diagnostic.place else {
        return Place::of(Origin::path(visible(&diagnostic.file)));
    };
    let position = source.position(*span);
    let (line, start) = source.line_of(*span);
    // What is no line of its format may have lost the sign by which a secret is known.
    let names_secret = || {
        let mut names = SECRETS.iter().chain(&HEADERS);
        matches!(diagnostic.code, Code::Syntax) && names.any(|name| line.to_ascii_lowercase().contains(name))
    };
    // Files that say which of their values may be shown are not judged by their words.
    let is_kept = !source.is_masked() && (holds_secret(line) || names_secret());
    // Bytes that are no text may have been a part of it too: what stands behind them is not shown.
    let damaged = line
        .find(char::REPLACEMENT_CHARACTER)
        .map(|at| at + char::REPLACEMENT_CHARACTER.len_utf8());
    let presentable = source
        .presentable(line, start)
        .filter(|_| !diagnostic.secret && !is_kept)
        .map(|shown| damaged.map_or(shown, |damaged| shown.min(damaged)));
    let name = visible(source.name_of(*span));
    if line.len() > LONGEST_LINE && presentable.is_some() && damaged.is_none() && !source.is_masked() {
        let (part, marked) = window(line, within(source, *span, line, start));
        if !is_hidden(&part) {
            let before = part.get(..marked.start).unwrap_or_default().chars().count();
            let at = |column: usize| format!("{name}:{}:{column}", position.line);
            let moved = Some((at(before + 1), at(position.column as usize)));
            let snippet = Snippet::source(part).line_start(position.line as usize).path(name);
            return Place {
                element: snippet.annotation(AnnotationKind::Primary.span(marked)).into(),
                moved,
            };
        }
    }
    let Some(shown) = presentable.filter(|_| line.len() <= LONGEST_LINE && !is_hidden(line)) else {
        return Place::of(
            Origin::path(name)
                .line(position.line as usize)
                .char_column(position.column as usize),
        );
    };
    let mut marked = within(source, *span, line, start);
    let mut text = Cow::Borrowed(line);
    if shown < line.len() {
        text = Cow::Owned(format!("{} {HIDDEN}", line.get(..shown).unwrap_or_default()));
        // What is hidden is marked as a whole.
        if marked.end > shown {
            marked = marked.start.min(shown + 1)..text.len();
        }
    }
    let snippet = Snippet::source(text)
        .line_start(position.line as usize)
        .path(name)
        .annotation(AnnotationKind::Primary.span(marked));
    Place::of(snippet)
}

/// The part of a long line around what is marked in it, and what is marked in the part.
fn window(line: &str, marked: Range<usize>) -> (String, Range<usize>) {
    let boundary = |at: usize| (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at));
    let boundary = |at: usize| boundary(at).unwrap_or_default();
    let end = boundary(marked.end.min(marked.start + MOST_MARKED));
    let (from, to) = (boundary(marked.start.saturating_sub(AROUND)), boundary(end + AROUND));
    let before = if from > 0 { HIDDEN } else { "" };
    let behind = if to < line.len() { HIDDEN } else { "" };
    let part = format!("{before}{}{behind}", line.get(from..to).unwrap_or_default());
    let moved = |at: usize| at - from + before.len();
    let marked = moved(marked.start)..moved(end);
    (part, marked)
}

/// Whether a line has characters in it that nobody sees, or that change how the others are seen.
fn is_hidden(line: &str) -> bool {
    visible(line) != line.replace('\t', "\\u{9}")
}

/// What is in the names of secrets.
const SECRETS: [&str; 5] = ["password", "passwd", "secret", "apikeyvalue", "private key"];

/// How names of headers with credentials end.
const HEADERS: [&str; 5] = ["authorization", "cookie", "api-key", "api_key", "apikey"];

/// Whether a line may hold a secret: findings are written to the logs of build servers, and a definition in one line has
/// everything in it.
fn holds_secret(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let with_user = |url: &str| {
        let authority = url.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default();
        // Placeholders of definitions stand for ports.
        authority.contains('@') || !authority.contains(['{', '$', '<']) && has_odd_port(authority)
    };
    let with_query = |url: &str| {
        let word = url
            .split([' ', '"', '\'', ',', ')', ']', '}'])
            .next()
            .unwrap_or_default();
        word.contains('?') && word.contains('=')
    };
    SECRETS.iter().any(|name| {
        // A name without a value, as in the list of what a key may be called, is no secret.
        lower
            .split(name)
            .skip(1)
            .any(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with([':', '=']))
    }) || HEADERS.iter().any(|name| has_text(&lower, name))
        || has_text(&lower, "token")
        || lower.split("://").skip(1).any(|url| with_user(url) || with_query(url))
}

/// Whether something whose name ends so has a text for a value in a line; those of maps and truth values say nothing.
fn has_text(line: &str, name: &str) -> bool {
    line.split(name).skip(1).any(|rest| {
        let value = rest.trim_start_matches(['"', '\'', ' ']).strip_prefix([':', '=']);
        let value = value.unwrap_or_default().trim_start();
        let word = value.split([',', '}', '#']).next().unwrap_or_default().trim();
        !matches!(word, "" | "true" | "false" | "null" | "~" | "\"\"" | "''")
            && !value.starts_with(['{', '[', '&', '*'])
    })
}

/// The part of a span that lies in its first line, as a range of that line; at least one character where there is one.
fn within(source: &Source, span: Span, line: &str, start: usize) -> Range<usize> {
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
