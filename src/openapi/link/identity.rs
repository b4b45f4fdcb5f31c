//! `$id`, `$anchor` and `$dynamicAnchor`: the names that schemas of OpenAPI 3.1 give themselves, as JSON Schema has it.
//!
//! A schema with an `$id` is a resource of its own: references in it are relative to its `$id`, and pointers in it begin
//! there. Few readers know of that. So within a file such references become plain pointers from the top of the file, and the
//! `$id`s go. A reference relative to an `$id` at which nothing is in this file is left as it is, which is relative to the
//! file: people give the files of a folder `$id`s of one server.

use super::Location;
use super::inside::is_reference;
use super::pointer::{escape, found};
use crate::openapi::dialect::is_definition;
use crate::openapi::place::{Kind, Place, one};
use crate::openapi::reference;
use crate::yaml::{Member, Node, Value};
use std::collections::HashMap;
use url::Url;

/// The names in one file.
#[derive(Debug, Default)]
pub(super) struct Identities {
    /// The file itself, and each schema with an `$id`, in the order of the file.
    resources: Vec<Resource>,
    /// The number of a resource by its address.
    numbers: HashMap<Url, usize>,
    /// Pointers by the number of a resource and a name in it.
    anchors: HashMap<(usize, String), String>,
    /// Where the walk through the file begins.
    top: Option<Place>,
}

#[derive(Debug)]
struct Resource {
    address: Url,
    /// From the top of the file.
    pointer: String,
}

/// A part of a pointer that is on the way.
enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

impl Identities {
    /// Looks through a file.
    pub(super) fn of(document: &Node, location: &Location) -> Self {
        let Some(address) = address_of(location) else {
            return Self::default();
        };
        let top = top(document);
        let mut identities = Self {
            top: Some(top),
            ..Self::default()
        };
        identities.add(address, String::new());
        identities.look(document, top, 0, &mut Vec::new());
        identities
    }

    /// Whether the file names nothing.
    pub(super) fn are_none(&self) -> bool {
        self.resources.len() <= 1 && self.anchors.is_empty()
    }

    /// The pointer to the schema whose `$id` is this address.
    pub(super) fn resource(&self, address: &str) -> Option<&str> {
        if self.resources.len() <= 1 || !address.contains(':') {
            return None;
        }
        let number = *self.numbers.get(&Url::parse(address).ok()?)?;
        self.resources.get(number).map(|resource| resource.pointer.as_str())
    }

    /// The pointer to what has a name in the file itself, or else anywhere in it.
    pub(super) fn anchor(&self, name: &str) -> Option<&str> {
        if name.is_empty() || name.starts_with('/') {
            return None;
        }
        let name = reference::percent_decoded(name)?;
        let numbers = 0..self.resources.len();
        let mut found = numbers.filter_map(|number| self.anchors.get(&(number, name.clone().into_owned())));
        found.next().map(String::as_str)
    }

    fn add(&mut self, address: Url, pointer: String) -> usize {
        let number = self.resources.len();
        self.numbers.entry(address.clone()).or_insert(number);
        self.resources.push(Resource { address, pointer });
        number
    }

    /// The address that a schema gives itself.
    fn address(&self, node: &Node, place: Place, resource: usize) -> Option<Url> {
        let id = node.get("$id").filter(|_| is_schema(place))?.as_str()?;
        // `#name` was an anchor in older drafts.
        if id.is_empty() || id.starts_with('#') {
            return None;
        }
        let mut address = self.resources.get(resource)?.address.join(id).ok()?;
        address.set_fragment(None);
        Some(address)
    }

    fn look<'n>(&mut self, node: &'n Node, place: Place, mut resource: usize, path: &mut Vec<Step<'n>>) {
        if place.kind == Kind::Data {
            return;
        }
        match &node.value {
            Value::Object(members) => {
                if let Some(address) = self.address(node, place, resource) {
                    resource = self.add(address, pointer(path));
                }
                if is_schema(place) {
                    let old = members.get("$id").and_then(|id| id.node.as_str()?.strip_prefix('#'));
                    let names = ["$anchor", "$dynamicAnchor"].map(|key| members.get(key)?.node.as_str());
                    for name in names.into_iter().chain([old]).flatten().filter(|name| !name.is_empty()) {
                        let key = (resource, name.to_owned());
                        self.anchors.entry(key).or_insert_with(|| pointer(path));
                    }
                }
                for (key, member) in members {
                    path.push(Step::Key(key));
                    self.look(&member.node, place.child(key), resource, path);
                    path.pop();
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    path.push(Step::Index(index));
                    self.look(element, place.element(), resource, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// The file with plain pointers for all references that are meant by its names, and without its `$id`s.
    pub(super) fn settle(&self, document: &Node) -> Node {
        match self.top {
            Some(top) => self.settle_below(document, document, top, 0, &mut 1),
            None => document.clone(),
        }
    }

    /// `next`: the number of the next resource on the way, which is the same as when the file was looked through.
    fn settle_below(&self, document: &Node, node: &Node, place: Place, mut resource: usize, next: &mut usize) -> Node {
        if place.kind == Kind::Data {
            return node.clone();
        }
        let value = match &node.value {
            Value::Object(members) => {
                let has_address = self.address(node, place, resource).is_some();
                if has_address {
                    resource = *next;
                    *next += 1;
                }
                let kept = members.iter().filter(|(key, _)| !has_address || *key != "$id");
                let settled = kept.map(|(key, member)| {
                    let settled = match member.node.as_str() {
                        Some(text) if key == "$ref" => self.settled(document, resource, text),
                        Some(text) if place.is_mapping() && is_reference(text) => {
                            self.settled(document, resource, text)
                        }
                        _ => None,
                    };
                    let node = match settled {
                        Some(settled) => Node {
                            value: Value::String(settled),
                            span: member.node.span,
                        },
                        None => self.settle_below(document, &member.node, place.child(key), resource, next),
                    };
                    (key.clone(), Member { key: member.key, node })
                });
                Value::Object(settled.collect())
            }
            Value::Array(elements) => {
                let below = elements.iter();
                Value::Array(
                    below
                        .map(|element| self.settle_below(document, element, place.element(), resource, next))
                        .collect(),
                )
            }
            value => value.clone(),
        };
        Node { value, span: node.span }
    }

    /// The plain pointer that a reference in a resource means; `None`: it stays as it is.
    fn settled(&self, document: &Node, resource: usize, written: &str) -> Option<String> {
        let base = self.resources.get(resource)?;
        if base.pointer.is_empty() && (written == "#" || written.starts_with("#/")) {
            return None;
        }
        let mut address = base.address.join(written).ok()?;
        address.set_fragment(None);
        let number = *self.numbers.get(&address)?;
        let top = &self.resources.get(number)?.pointer;
        let fragment = written.split_once('#').map_or("", |(_, fragment)| fragment);
        if fragment.is_empty() || fragment.starts_with('/') {
            let pointer = format!("{top}{fragment}");
            // Many write pointers from the top of the file although the schema has an `$id`.
            let is_meant = !written.starts_with('#') || found(document, &pointer).is_some();
            return is_meant.then(|| format!("#{pointer}"));
        }
        let name = reference::percent_decoded(fragment)?.into_owned();
        let pointer = self.anchors.get(&(number, name))?;
        Some(format!("#{pointer}"))
    }
}

/// What a file is: one that is no definition holds schemas, wherever it matters.
pub(super) fn top(document: &Node) -> Place {
    match is_definition(document) {
        true => Place::DOCUMENT,
        false => one(Kind::Schema),
    }
}

/// Whether a place holds one schema.
pub(super) fn is_schema(place: Place) -> bool {
    place.kind == Kind::Schema && !place.is_map
}

/// An address for a file, so that `$id`s relative to it have one.
fn address_of(location: &Location) -> Option<Url> {
    match location {
        Location::Url(url) => Some(url.clone()),
        Location::File(path) => {
            let mut address = Url::parse("file:///").ok()?;
            address.set_path(path);
            Some(address)
        }
    }
}

fn pointer(path: &[Step<'_>]) -> String {
    path.iter().fold(String::new(), |above, step| match step {
        Step::Key(key) => format!("{above}/{}", escape(key)),
        Step::Index(index) => format!("{above}/{index}"),
    })
}
