//! The resources of one API: a tree of path segments.
//!
//! matchit, which serves most routers well, neither holds `/{id}` beside `/*` nor finds its way back from
//! `/{name}.json/x` to `/{name}/*`, and both are legal here; the property test beside this module shows it. A tree with
//! one node per segment and the four kinds of branch tried in their order does both, and also answers which methods a
//! path has. A look-up visits each node at most once.

use super::methods::MethodSet;
use super::template::{Segment, Template};
use super::{ResourceIndex, RouteError};
use mgw_bundle::config::{Method, Resource};
use std::collections::HashMap;

/// Finds the resource of an API that serves a path.
#[derive(Debug, Clone)]
pub(super) struct ResourceTable {
    root: Node,
    declared: MethodSet,
}

/// What can follow, and what ends, at one place in the tree.
#[derive(Debug, Clone, Default)]
struct Node {
    literals: HashMap<Box<str>, Node>,
    /// The most specific first.
    affixed: Vec<(Segment, Node)>,
    variable: Option<Box<Node>>,
    /// Resources whose template ends with `*` here.
    rest: Leaf,
    /// Resources whose template ends here.
    here: Leaf,
}

/// The resources of one template by method.
#[derive(Debug, Clone, Default)]
struct Leaf([Option<ResourceIndex>; Method::ALL.len()]);

impl Leaf {
    fn get(&self, method: Method) -> Option<ResourceIndex> {
        self.0.get(method as usize).copied().flatten()
    }

    fn set(&mut self, method: Method, resource: ResourceIndex) {
        if let Some(slot) = self.0.get_mut(method as usize) {
            // Of templates that differ only in the names of their variables, the first serves.
            slot.get_or_insert(resource);
        }
    }

    fn methods(&self) -> MethodSet {
        Method::ALL
            .into_iter()
            .filter(|method| self.get(*method).is_some())
            .fold(MethodSet::default(), MethodSet::with)
    }
}

impl ResourceTable {
    pub(super) fn build(resources: &[Resource]) -> Result<Self, RouteError> {
        let mut table = Self {
            root: Node::default(),
            declared: MethodSet::default(),
        };
        for (index, resource) in resources.iter().enumerate() {
            let index = ResourceIndex(u32::try_from(index).map_err(|_| RouteError::TooMany)?);
            let template = Template::parse(&resource.template)?;
            table.root.insert(template.segments(), resource.method, index);
            table.declared.insert(resource.method);
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
    fn insert(&mut self, segments: &[Segment], method: Method, resource: ResourceIndex) {
        let Some((first, others)) = segments.split_first() else {
            return self.here.set(method, resource);
        };
        let next = match first {
            Segment::Rest => return self.rest.set(method, resource),
            Segment::Literal(text) => self.literals.entry(text.as_str().into()).or_default(),
            Segment::Variable => self.variable.get_or_insert_default(),
            Segment::Affixed { .. } => {
                let position = match self.affixed.binary_search_by(|(segment, _)| segment.cmp(first)) {
                    Ok(position) => position,
                    Err(position) => {
                        self.affixed.insert(position, (first.clone(), Self::default()));
                        position
                    }
                };
                &mut self.affixed[position].1
            }
        };
        next.insert(others, method, resource);
    }

    /// Looks for `path`, which starts with the segment to match here.
    fn find(&self, method: Method, path: &str) -> Option<ResourceIndex> {
        let (segment, rest) = split_segment(path);
        let step = |node: &Self| match rest {
            Some(rest) => node.find(method, rest),
            None => node.here.get(method),
        };
        self.literals
            .get(segment)
            .and_then(step)
            .or_else(|| {
                let mut fitting = self.affixed.iter().filter(|(affixed, _)| affixed.fits(segment));
                fitting.find_map(|(_, node)| step(node))
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
        for (affixed, node) in &self.affixed {
            if affixed.fits(segment) {
                methods = methods.union(step(node));
            }
        }
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
    match memchr::memchr(b'/', path.as_bytes()) {
        Some(slash) => (path.get(..slash).unwrap_or(""), path.get(slash + 1..)),
        None => (path, None),
    }
}
