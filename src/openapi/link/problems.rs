//! References that lead nowhere, each kind of them told once.

use super::inside::{Comparisons, Near, similar};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::yaml::{Correction, Node, Source, Span};
use indexmap::IndexMap;
use std::collections::HashMap;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// By message: the first finding and how often it came.
    found: IndexMap<String, (Diagnostic, usize)>,
    /// Findings about referenced files themselves.
    broken: Vec<Diagnostic>,
    /// What pointers of the definition that lead nowhere may be meant as.
    near: HashMap<String, Near>,
    comparisons: Comparisons,
}

impl Problems {
    /// What a pointer of the definition that leads nowhere may be meant as.
    pub(super) fn near(&mut self, document: &Node, pointer: &str) -> Near {
        if let Some(near) = self.near.get(pointer) {
            return near.clone();
        }
        let near = similar(document, pointer, &mut self.comparisons);
        self.near.insert(pointer.to_owned(), near.clone());
        near
    }

    /// Notes a reference at a place; `message` tells which.
    /// `meant`: what stands there, and what is meant by it beyond doubt.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        source: &Source,
        span: Span,
        message: String,
        remedy: &str,
        meant: Option<(&str, &str)>,
    ) {
        let (first, count) = self.found.entry(message).or_insert_with_key(|message| {
            let mut diagnostic = Diagnostic::error(Code::Reference, source, span, message.clone());
            diagnostic.severity = severity;
            let written = source.slice(span);
            if written.contains("://") && written.contains(['@', '?']) {
                diagnostic = diagnostic.secret();
            }
            if !remedy.is_empty() {
                diagnostic = diagnostic.remedy(remedy);
            }
            (diagnostic, 0)
        });
        // A correction is one of one file; what is wrong in others comes when this one is right.
        if let Some((typed, meant)) = meant.filter(|_| source.name_of(span) == first.file) {
            let edit = source.rewriting(span, typed, meant);
            // Another security scheme may admit others.
            let opens = ["/securitySchemes/", "/securityDefinitions/"]
                .iter()
                .any(|part| meant.contains(part));
            let correction = |edit| {
                let certain = Correction::certain(format!("Write `{meant}`"), vec![edit]);
                if opens { certain.likely() } else { certain }
            };
            first.correction = match (first.correction.take(), edit) {
                (None, Some(edit)) if *count == 0 => Some(correction(edit)),
                (Some(correction), Some(edit)) => Some(correction.and(edit)),
                (correction, _) => correction,
            };
        }
        // The worst of them counts.
        first.severity = first.severity.min(severity);
        *count += 1;
    }

    /// Notes what is wrong with a referenced file.
    pub(super) fn add_broken(&mut self, diagnostic: Diagnostic) {
        self.broken.push(diagnostic);
    }

    /// Hands the findings on.
    pub(super) fn report(self, diagnostics: &mut Diagnostics) {
        for (_, (mut diagnostic, count)) in self.found {
            if count > 1 {
                diagnostic.message.push_str(&format!(" (and in {})", places(count - 1)));
            }
            diagnostics.push(diagnostic);
        }
        for diagnostic in self.broken {
            diagnostics.push(diagnostic);
        }
    }
}

fn places(count: usize) -> String {
    match count {
        1 => "1 more place".to_owned(),
        count => format!("{count} more places"),
    }
}
