//! Commas too many in JSON, and words of other languages.

use crate::yaml::{Correction, Edit, Source, Span};

/// What puts right what the JSON parser `said` of a place.
pub(in crate::yaml) fn json(source: &Source, span: Span, said: &str) -> Option<Correction> {
    let text = source.text();
    let at = span.start as usize;
    let of_comma = ["trailing comma", "expected value", "key must be a string"];
    if of_comma.iter().any(|part| said.contains(part)) {
        // The parser means the character before or at the place.
        let closing = [at.checked_sub(1), Some(at)]
            .into_iter()
            .flatten()
            .find(|at| matches!(text.as_bytes().get(*at), Some(b']' | b'}')));
        if let Some(closing) = closing {
            let before = text.get(..closing)?.trim_end();
            let rest = before.strip_suffix(',')?;
            // Two of them may mean that a value is missing.
            let is_one = !rest.trim_end().ends_with([',', '[', '{', ':']);
            let comma = Span::new(rest.len(), before.len());
            return is_one.then(|| Correction::certain("Remove the comma", vec![Edit::new(comma, "")]));
        }
    }
    if said.contains("expected value") || said.contains("expected ident") {
        let rest = text.get(at..)?;
        let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let meant = match word {
            "None" => "null",
            "True" => "true",
            "False" => "false",
            _ => return None,
        };
        let edit = Edit::new(Span::new(at, at + word.len()), meant);
        return Some(Correction::certain(format!("Write `{meant}`"), vec![edit]));
    }
    None
}

/// Removes a member with the comma before it.
pub(in crate::yaml) fn json_member(source: &Source, key: Span, value: Span) -> Option<Correction> {
    let before = source.text().get(..key.start as usize)?.trim_end();
    let start = before.strip_suffix(',')?.len();
    let edit = Edit::new(Span::new(start, value.end as usize), "");
    Some(Correction::certain("Remove the copy", vec![edit]))
}
