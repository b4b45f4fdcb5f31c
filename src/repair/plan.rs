//! Decides which corrections are done together.

use super::protected;
use super::revision::Replacement;
use super::shadow::Shadow;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, is_shown};
use crate::yaml::{Change, Correction, Edit, recoded};
use std::collections::BTreeMap;
use std::path::Path;

/// What makes two findings of two checks the same: they may have moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) code: Code,
    pub(super) file: String,
    pub(super) message: String,
}

impl Key {
    pub(super) fn of(finding: &Diagnostic) -> Self {
        Self {
            code: finding.code,
            file: finding.file.clone(),
            message: finding.message.clone(),
        }
    }
}

/// So many bytes of its file stand from a finding to the end.
pub(super) fn to_end(finding: &Diagnostic) -> usize {
    let within = finding.place.as_ref().and_then(|(source, span)| source.within(*span));
    within.map_or(usize::MAX, |(_, text, range)| text.len().saturating_sub(range.start))
}

/// A correction that can be done.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The finding that it puts right.
    pub(super) finding: Diagnostic,
    pub(super) title: String,
    /// The file, by its path in the project.
    pub(super) relative: String,
    /// In the bytes of the file as they are now.
    pub(super) edits: Vec<Replacement>,
    /// What is replaced by what, where that may be shown.
    pub(super) shown: Option<(String, String)>,
    /// So many bytes of the file stand behind all of them.
    pub(super) behind: usize,
    /// The file was text in another encoding.
    pub(super) is_recoded: bool,
}

#[cfg(test)]
impl Step {
    /// One of a finding, which changes a byte there.
    pub(super) fn of(finding: &Diagnostic) -> Self {
        Self {
            finding: finding.clone(),
            title: String::new(),
            relative: finding.file.clone(),
            edits: Vec::new(),
            shown: None,
            behind: to_end(finding) - 1,
            is_recoded: false,
        }
    }
}

/// What is to be done next.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// What cannot be done, and why.
    pub(super) refused: Vec<(Diagnostic, String)>,
}

/// Chooses from findings what can be done at once: nothing that touches what an earlier one changes, and nothing of what is
/// to be passed over. `current` has the files that were changed so far; `real` is the folder of the project itself.
pub(super) fn plan(
    found: &Diagnostics,
    shadow: &Shadow,
    real: &Path,
    passed_over: impl Fn(&Key) -> bool,
    current: impl Fn(&str) -> Option<Vec<u8>>,
) -> Plan {
    let mut plan = Plan::default();
    let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
    for finding in found.iter() {
        let Some(correction) = finding.correction.as_ref().filter(|correction| correction.is_certain()) else {
            continue;
        };
        let key = Key::of(finding);
        if finding.outside || passed_over(&key) {
            continue;
        }
        let relative = match place(&finding.file, shadow, real) {
            Ok(relative) => relative,
            Err(reason) => {
                plan.refused.push((finding.clone(), reason));
                continue;
            }
        };
        let Some(bytes) = current(&relative) else { continue };
        let edits = match &correction.change {
            Change::Edits(edits) => replacements(finding, edits, &bytes),
            Change::Encoding => recoded(&bytes).map(|text| {
                vec![Replacement {
                    range: 0..bytes.len(),
                    text: text.into_bytes(),
                }]
            }),
        };
        let Some(edits) = edits else {
            let reason = "the file is not written as it is read there".to_owned();
            plan.refused.push((finding.clone(), reason));
            continue;
        };
        // The others wait for the next round, in which places are what they are then.
        if edits.is_empty() || !taken.entry(relative.clone()).or_default().take(&edits) {
            continue;
        }
        plan.steps.push(Step {
            shown: shown(finding, correction, &bytes, &edits),
            title: correction.title.clone(),
            is_recoded: correction.change == Change::Encoding,
            behind: edits
                .last()
                .map_or(0, |edit| bytes.len().saturating_sub(edit.range.end)),
            finding: finding.clone(),
            relative,
            edits,
        });
    }
    plan
}

/// What is changed in a file: the ends of ranges by their starts. No two of them touch.
#[derive(Debug, Default)]
struct Taken(BTreeMap<usize, usize>);

impl Taken {
    /// Takes all the ranges, or none when one of them touches one that is taken.
    fn take(&mut self, edits: &[Replacement]) -> bool {
        let is_free = |edit: &Replacement| {
            let before = self.0.range(..=edit.range.end).next_back();
            before.is_none_or(|(_, end)| *end < edit.range.start)
        };
        let all_free = edits.iter().all(is_free);
        if all_free {
            self.0
                .extend(edits.iter().map(|edit| (edit.range.start, edit.range.end)));
        }
        all_free
    }
}

/// The file of a finding by its path in the project, or why it is not changed.
fn place(file: &str, shadow: &Shadow, real: &Path) -> Result<String, String> {
    let named = Path::new(file).strip_prefix(shadow.root());
    let Some(relative) = shadow.relative(file) else {
        let reason = match named {
            Ok(_) => "a link leads out of the project to it: mend it there",
            Err(_) => "it is not in the project: mend it there",
        };
        return Err(reason.to_owned());
    };
    let named = named.ok().and_then(Path::to_str).unwrap_or_default();
    if let Some(reason) = protected::reason(named).or_else(|| protected::reason(&relative)) {
        return Err(reason.to_owned());
    }
    let is_protected = |path: &Path| path.metadata().is_ok_and(|about| about.permissions().readonly());
    if is_protected(&real.join(&relative)) {
        return Err("it is write-protected".to_owned());
    }
    Ok(relative)
}

const MARK: &[u8] = "\u{feff}".as_bytes();

/// Edits of a text as those of the bytes of its file. `None`: the file holds another text.
fn replacements(finding: &Diagnostic, edits: &[Edit], bytes: &[u8]) -> Option<Vec<Replacement>> {
    let (source, _) = finding.place.as_ref()?;
    let (mark, text) = match bytes.strip_prefix(MARK) {
        Some(text) => (MARK.len(), text),
        None => (0, bytes),
    };
    let replacement = |edit: &Edit| {
        let (name, whole, range) = source.within(edit.span)?;
        let is_here = name == finding.file && whole.as_bytes() == text;
        is_here.then(|| Replacement {
            range: range.start + mark..range.end + mark,
            text: edit.text.clone().into_bytes(),
        })
    };
    let all: Vec<_> = edits.iter().map(replacement).collect::<Option<_>>()?;
    let is_ordered = all.windows(2).all(|pair| match pair {
        [first, second] => first.range.end <= second.range.start,
        _ => true,
    });
    is_ordered.then_some(all)
}

/// What is replaced, and by what, in few words.
fn shown(
    finding: &Diagnostic,
    correction: &Correction,
    bytes: &[u8],
    edits: &[Replacement],
) -> Option<(String, String)> {
    const LONGEST: usize = 60;
    let ([first, ..], Change::Edits(_)) = (edits, &correction.change) else {
        return None;
    };
    let (start, end) = (first.range.start, edits.last()?.range.end);
    let mut after = Vec::new();
    let mut at = start;
    for edit in edits {
        after.extend_from_slice(bytes.get(at..edit.range.start)?);
        after.extend_from_slice(&edit.text);
        at = edit.range.end;
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let (before, after) = (text(bytes.get(start..end)?)?, text(&after)?);
    let is_brief = |text: &str| text.len() <= LONGEST && !text.trim().is_empty() && !text.contains(char::is_control);
    (is_brief(&before) && is_brief(&after) && is_shown(finding)).then_some((before, after))
}
