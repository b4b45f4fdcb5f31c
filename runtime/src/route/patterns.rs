//! Branches of the tree whose segment is partly fixed: `{id}.json`, `{a}-{b}`, `v*`.
//!
//! An API may have thousands of them side by side (`/Orders('{id}')`, `/Products('{id}')`, …), so they are not tried one
//! by one. They are kept by [`Shape`], in the order of [`Segment`]; a shape says which bytes of a segment are its fixed
//! prefix and suffix, and what has exactly these is found by binary search.

use mgw_bundle::template::Segment;
use std::cmp::Ordering;

/// Values by partly fixed segment.
#[derive(Debug, Clone)]
pub(super) struct Patterns<T> {
    /// The most specific first.
    shapes: Vec<Shape<T>>,
}

/// The segments that agree in how much text is fixed, and where. All of one shape are more specific than all of the next.
#[derive(Debug, Clone)]
struct Shape<T> {
    layout: Layout,
    /// Sorted by prefix and suffix, then by order of the segments.
    branches: Vec<(Segment, T)>,
}

/// Ordered as segments are: more fixed text first, variables before `*`, then the longer suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Bytes of fixed text altogether.
    fixed: usize,
    /// It is `text*`.
    star: bool,
    /// Bytes of fixed text at the end.
    suffix: usize,
    /// Bytes of fixed text at the start.
    prefix: usize,
}

impl<T> Default for Patterns<T> {
    fn default() -> Self {
        Self { shapes: Vec::new() }
    }
}

impl<T> Patterns<T> {
    /// The value of a partly fixed segment, made when there is none.
    pub(super) fn entry(&mut self, segment: &Segment, make: impl FnOnce() -> T) -> &mut T {
        let layout = Layout::of(segment);
        let shape = match self.shapes.binary_search_by(|shape| shape.layout.cmp(&layout)) {
            Ok(position) => position,
            Err(position) => {
                let branches = Vec::new();
                self.shapes.insert(position, Shape { layout, branches });
                position
            }
        };
        let branches = &mut self.shapes[shape].branches;
        let order = |other: &Segment| texts(other).cmp(&texts(segment)).then_with(|| other.cmp(segment));
        let branch = match branches.binary_search_by(|(other, _)| order(other)) {
            Ok(position) => position,
            Err(position) => {
                branches.insert(position, (segment.clone(), make()));
                position
            }
        };
        &mut branches[branch].1
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let branches = self.shapes.iter_mut().flat_map(|shape| &mut shape.branches);
        branches.map(|(_, value)| value)
    }

    /// The values whose segment fits a part of a path, the most specific first, until `visit` finds something.
    pub(super) fn find_map<R>(&self, part: &str, mut visit: impl FnMut(&Segment, &T) -> Option<R>) -> Option<R> {
        self.shapes.iter().find_map(|shape| {
            let (prefix, inner, suffix) = shape.layout.cut(part)?;
            let start = shape
                .branches
                .partition_point(|(segment, _)| texts(segment) < (prefix, suffix));
            let same = shape.branches.get(start..).unwrap_or_default();
            same.iter()
                .take_while(|(segment, _)| texts(segment) == (prefix, suffix))
                .filter(|(segment, _)| match segment {
                    Segment::Pattern(pattern) => pattern.fits_between(inner),
                    _ => true,
                })
                .find_map(|(segment, value)| visit(segment, value))
        })
    }
}

impl Layout {
    fn of(segment: &Segment) -> Self {
        let (prefix, suffix) = texts(segment);
        Self {
            fixed: match segment {
                Segment::Pattern(pattern) => pattern.fixed_length(),
                _ => prefix.len(),
            },
            star: matches!(segment, Segment::Prefix(_)),
            suffix: suffix.len(),
            prefix: prefix.len(),
        }
    }

    /// A part of a path as prefix, what is between, and suffix; `None` when it is too short.
    fn cut<'p>(&self, part: &'p str) -> Option<(&'p str, &'p str, &'p str)> {
        // Not on the boundary of a character: no fixed text ends there either.
        let (prefix, rest) = part.split_at_checked(self.prefix)?;
        let (inner, suffix) = rest.split_at_checked(rest.len().checked_sub(self.suffix)?)?;
        (self.star || !inner.is_empty()).then_some((prefix, inner, suffix))
    }
}

impl PartialOrd for Layout {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Layout {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.fixed.cmp(&self.fixed))
            .then_with(|| self.star.cmp(&other.star))
            .then_with(|| other.suffix.cmp(&self.suffix))
            .then_with(|| other.prefix.cmp(&self.prefix))
    }
}

/// The fixed texts at both ends.
fn texts(segment: &Segment) -> (&str, &str) {
    match segment {
        Segment::Pattern(pattern) => (pattern.prefix(), pattern.suffix()),
        Segment::Prefix(text) | Segment::Literal(text) => (text, ""),
        Segment::Variable | Segment::Rest => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_bundle::template::Template;

    fn segment(text: &str) -> Segment {
        let template = Template::parse(&format!("/{text}")).expect("a template");
        template.segments()[0].clone()
    }

    #[test]
    fn finds_every_fitting_segment_in_the_order_of_segments() {
        let texts = [
            "{a}.json",
            "{a}.js",
            "{a}.{b}",
            "v{a}",
            "v*",
            "ver*",
            "{a}-{b}.js",
            "é{a}",
            "{a}é",
            "{a}-{b}",
            "v{a}.js",
        ];
        let mut patterns = Patterns::default();
        for text in texts {
            patterns.entry(&segment(text), || text);
        }
        let mut ordered: Vec<Segment> = texts.map(segment).to_vec();
        ordered.sort();
        for part in [
            "x.json",
            "v1.js",
            "v",
            "ver",
            "verse-2.js",
            "éé",
            "é",
            "a-b",
            "ééé",
            "-",
            "",
            ".js",
            "v-.js",
        ] {
            let mut found = Vec::new();
            patterns.find_map(part, |segment, _| {
                found.push(segment.clone());
                None::<()>
            });
            let expected: Vec<Segment> = ordered.iter().filter(|segment| segment.fits(part)).cloned().collect();
            assert_eq!(found, expected, "{part}");
        }
    }
}
