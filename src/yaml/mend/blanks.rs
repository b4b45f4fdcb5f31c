//! Blanks where tabs indent.

use crate::yaml::yaml_reader::read_sound;
use crate::yaml::{Correction, Edit, Node, Source, Span};

/// How wide people think a tab is.
const WIDTHS: [usize; 3] = [2, 4, 8];

/// Larger files are not read so many times.
const LARGEST: usize = 4 << 20;

/// Replaces the tabs that indent lines, where the file says the same however wide a tab is, as far as it says anything.
pub(super) fn for_tabs(source: &Source) -> Option<Correction> {
    if source.text().len() > LARGEST {
        return None;
    }
    let mut meant: Option<(serde_json::Value, Vec<Edit>)> = None;
    for width in WIDTHS {
        let edits = edits(source.text(), width);
        let Some(document) = read(source, &edits) else { continue };
        let value = document.to_json();
        match &meant {
            Some((other, _)) if *other != value => return None,
            Some(_) => {}
            None => meant = Some((value, edits)),
        }
    }
    meant.map(|(_, edits)| Correction::certain("Replace the tabs that indent by blanks", edits))
}

fn edits(text: &str, width: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let written = line.get(..indent).unwrap_or_default();
        let is_blank = line.trim().is_empty();
        if written.contains('\t') && !is_blank {
            let blanks = written.replace('\t', &" ".repeat(width));
            edits.push(Edit::new(Span::new(start, start + indent), blanks));
        }
        start += line.len();
    }
    edits
}

fn read(source: &Source, edits: &[Edit]) -> Option<Node> {
    let mut text = String::with_capacity(source.text().len());
    let mut at = 0;
    for edit in edits {
        text.push_str(source.text().get(at..edit.span.start as usize)?);
        text.push_str(&edit.text);
        at = edit.span.end as usize;
    }
    text.push_str(source.text().get(at..)?);
    read_sound(&Source::new(source.name(), text.into_bytes()).ok()?)
}
