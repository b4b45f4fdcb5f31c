//! The resources of one API: a tree of path segments.
//!
//! matchit, which serves most routers well, neither holds `/{id}` beside `/*` nor finds its way back from
//! `/{name}.json/x` to `/{name}/*`, and both are legal here; the property test beside this module shows it. A tree with
//! one node per segment and the kinds of branch tried in the order of [`Segment`] does both, and also answers which methods
//! a path has. A look-up visits each node at most once, because there is one way to it, and only those on whose way every
//! segment fits. Literal branches are found by hash, partly fixed ones by binary search: how many there are beside the one
//! that is taken does not matter.

use super::leaf::Leaf;
use super::methods::MethodSet;
use super::patterns::Patterns;
use super::{HeadRule, ResourceIndex, RouteError};
use mgw_bundle::config::{Method, Resource};
use mgw_bundle::template::{Segment, Template};
use rustc_hash::FxHashMap;

/// Finds the resource of an API that serves a path.
#[derive(Debug, Clone)]
pub(super) struct ResourceTable {
    root: Node,
    declared: MethodSet,
}

/// What can follow, and what ends, at one place in the tree.
#[derive(Debug, Clone, Default)]
struct Node {
    literals: FxHashMap<Box<str>, Node>,
    patterns: Patterns<Node>,
    variable: Option<Box<Node>>,
    /// Resources whose template ends with `*` here.
    rest: Leaf,
    /// Resources whose template ends here.
    here: Leaf,
}

impl ResourceTable {
    pub(super) fn build(resources: &[Resource], head: HeadRule) -> Result<Self, RouteError> {
        let mut table = Self {
            root: Node::default(),
            declared: MethodSet::default(),
        };
        for (index, resource) in resources.iter().enumerate() {
            let index = ResourceIndex(u32::try_from(index).map_err(|_| RouteError::TooMany)?);
            let template = Template::parse(&resource.template).map_err(|reason| RouteError::Template {
                template: resource.template.clone(),
                reason,
            })?;
            let leaf = table.root.leaf(template.segments());
            leaf.set(resource.method, index);
            table.declared.insert(resource.method);
        }
        if head == HeadRule::LikeGet {
            table.root.derive_head();
            if table.declared.contains(Method::Get) {
                table.declared.insert(Method::Head);
            }
        }
        Ok(table)
    }

    /// Returns the resource for `path`: empty or starting with `/`, below the base path.
    pub(super) fn find(&self, method: Method, path: &str) -> Option<ResourceIndex> {
        match below_first_slash(path) {
            Some(rest) => self.root.find(method, rest),
            None => self.root.here.get(method).or_else(|| self.root.rest.get(method)),
        }
    }

    /// The methods that templates matching `path` declare.
    pub(super) fn methods_at(&self, path: &str) -> MethodSet {
        match below_first_slash(path) {
            Some(rest) => self.root.methods_at(rest),
            None => self.root.here.methods().union(self.root.rest.methods()),
        }
    }

    /// The methods that any resource of the API declares.
    pub(super) fn declared(&self) -> MethodSet {
        self.declared
    }
}

impl Node {
    /// The leaf of a template, whose remaining segments are given.
    fn leaf(&mut self, segments: &[Segment]) -> &mut Leaf {
        let Some((first, others)) = segments.split_first() else {
            return &mut self.here;
        };
        match first {
            Segment::Rest => &mut self.rest,
            Segment::Literal(text) => self.literals.entry(text.as_str().into()).or_default().leaf(others),
            Segment::Variable => self.variable.get_or_insert_default().leaf(others),
            Segment::Pattern(_) => self.patterns.entry(first, Self::default).leaf(others),
            // It takes whatever follows.
            Segment::Prefix(_) => &mut self.patterns.entry(first, Self::default).rest,
        }
    }

    fn derive_head(&mut self) {
        self.here.derive_head();
        self.rest.derive_head();
        self.literals.values_mut().for_each(Self::derive_head);
        self.patterns.values_mut().for_each(Self::derive_head);
        if let Some(variable) = &mut self.variable {
            variable.derive_head();
        }
    }

    /// Looks for `path`, which starts with the segment to match here.
    fn find(&self, method: Method, path: &str) -> Option<ResourceIndex> {
        let (segment, rest) = split_segment(path);
        let step = |node: &Self| match rest {
            Some(rest) => node.find(method, rest),
            None => node.here.get(method),
        };
        (self.literals.get(segment).and_then(step))
            .or_else(|| {
                self.patterns.find_map(segment, |kind, node| match kind {
                    Segment::Prefix(_) => node.rest.get(method),
                    _ => step(node),
                })
            })
            .or_else(|| {
                let variable = self.variable.as_deref().filter(|_| !segment.is_empty());
                variable.and_then(step)
            })
            .or_else(|| self.rest.get(method).filter(|_| !path.is_empty()))
    }

    fn methods_at(&self, path: &str) -> MethodSet {
        let (segment, rest) = split_segment(path);
        let step = |node: &Self| match rest {
            Some(rest) => node.methods_at(rest),
            None => node.here.methods(),
        };
        let mut methods = match path {
            "" => MethodSet::default(),
            _ => self.rest.methods(),
        };
        if let Some(node) = self.literals.get(segment) {
            methods = methods.union(step(node));
        }
        self.patterns.find_map(segment, |kind, node| {
            methods = methods.union(match kind {
                Segment::Prefix(_) => node.rest.methods(),
                _ => step(node),
            });
            None::<()>
        });
        if let Some(node) = self.variable.as_deref().filter(|_| !segment.is_empty()) {
            methods = methods.union(step(node));
        }
        methods
    }
}

/// Drops the leading slash and ignores one at the end; `None` for the root.
fn below_first_slash(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    (!path.is_empty()).then_some(path)
}

fn split_segment(path: &str) -> (&str, Option<&str>) {
    // Segments are short: looking at each byte beats setting up a wider search.
    match path.bytes().position(|byte| byte == b'/') {
        Some(slash) => (path.get(..slash).unwrap_or(""), path.get(slash + 1..)),
        None => (path, None),
    }
}
