//! Where the parts of a definition stand in its file.

use crate::yaml::{Source, Span};
use protox::prost_reflect::FileDescriptor;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Numbers of the fields of descriptors, by which places are told.
pub(super) mod field {
    /// `name` of services and methods.
    pub(in crate::grpc) const NAME: i32 = 1;
    /// `ServiceDescriptorProto.options`
    pub(in crate::grpc) const SERVICE_OPTIONS: i32 = 3;
    /// `MethodDescriptorProto.options`
    pub(in crate::grpc) const METHOD_OPTIONS: i32 = 4;
}

/// The places of one file.
pub(super) struct Places<'a> {
    pub(super) source: &'a Source,
    /// Paths of numbers, and where what they lead to stands.
    spans: BTreeMap<&'a [i32], Span>,
}

impl<'a> Places<'a> {
    pub(super) fn of(file: &'a FileDescriptor, source: &'a Source) -> Self {
        let text = source.text();
        let starts: Vec<usize> = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(offset, _)| offset + 1))
            .collect();
        let offset = |line: i32, column: i32| {
            let start = usize::try_from(line).ok().and_then(|line| starts.get(line).copied());
            let column = usize::try_from(column).unwrap_or(0);
            u32::try_from(start.unwrap_or(text.len()).saturating_add(column)).unwrap_or(u32::MAX)
        };
        let locations = file.file_descriptor_proto().source_code_info.as_ref();
        let mut spans = BTreeMap::new();
        for location in locations.into_iter().flat_map(|info| &info.location) {
            // The line of the end is left out where it is that of the start.
            let (start, end) = match *location.span.as_slice() {
                [line, start, end] => ((line, start), (line, end)),
                [line, start, last, end] => ((line, start), (last, end)),
                _ => continue,
            };
            spans.entry(location.path.as_slice()).or_insert(Span {
                start: offset(start.0, start.1),
                end: offset(end.0, end.1),
            });
        }
        Self { source, spans }
    }

    /// Where a path leads, or the part of it that is known.
    pub(super) fn at(&self, path: &[i32]) -> Span {
        (1..=path.len())
            .rev()
            .filter_map(|length| path.get(..length))
            .find_map(|path| self.spans.get(path))
            .copied()
            .unwrap_or_default()
    }

    /// Where an option of an element stands: the first of those below `path`, when it is repeated.
    pub(super) fn option(&self, path: &[i32], number: u32) -> Span {
        let mut full = path.to_vec();
        full.extend(i32::try_from(number));
        let next = self
            .spans
            .range::<[i32], _>((Bound::Included(full.as_slice()), Bound::Unbounded))
            .next();
        next.filter(|(known, _)| known.starts_with(&full))
            .map_or_else(|| self.at(path), |(_, span)| *span)
    }
}
