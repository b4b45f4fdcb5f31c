//! Copies what references to other files refer to into the definition.

use super::names::Names;
use super::place::{Kind, Place, Sections, one};
use super::problems::Problems;
use super::{Document, Library, Location, Unavailable};
use crate::diagnostics::{Diagnostics, Severity, nearest};
use crate::openapi::reference::{self, ReferenceError};
use crate::yaml::{Member, Node, Source, Span, Value, limits};
use indexmap::IndexMap;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Most files that one definition may consist of.
pub(super) const MAX_FILES: usize = 1_000;

/// Most bytes of all of them together.
const MAX_BYTES: usize = 2 * limits::MAX_FILE_BYTES as usize;

/// Longest chain of references that lead to references.
const MAX_CHAIN: usize = 32;

/// A definition that refers to no other file any more.
#[derive(Debug)]
pub struct Linked {
    /// The texts of all its files, the definition's first.
    pub source: Source,
    /// Its values.
    pub document: Node,
    /// The other files that have been looked for, in the order in which they came.
    pub files: Vec<Location>,
}

/// Makes one document of a definition and the files that it refers to. `is_lenient`: nobody can edit the definition, so
/// references that the gateway does not need may lead nowhere.
pub fn link(
    location: Location,
    definition: Document,
    is_lenient: bool,
    library: &mut dyn Library,
    diagnostics: &mut Diagnostics,
) -> Linked {
    let Document { source, node } = definition;
    let mut problems = Problems::default();
    let linked = if refers_outside(&node) {
        Linker::new(location, Document { source, node }, is_lenient, library, &mut problems).link()
    } else {
        Linked {
            source,
            document: node,
            files: Vec::new(),
        }
    };
    check_inside(&linked, &linked.document, Place::DOCUMENT, &mut problems);
    problems.report(diagnostics);
    linked
}

/// Whether a definition refers to another file.
fn refers_outside(document: &Node) -> bool {
    is_outside(document, Place::DOCUMENT)
}

fn is_outside(node: &Node, place: Place) -> bool {
    if place.kind == Kind::Data {
        return false;
    }
    match &node.value {
        Value::Object(members) => members.iter().any(|(key, member)| match member.node.as_str() {
            Some(text) if key == "$ref" => !text.starts_with('#'),
            Some(text) if is_mapping(place) => is_reference(text) && !text.starts_with('#'),
            Some(_) => false,
            None => is_outside(&member.node, place.child(key)),
        }),
        Value::Array(elements) => elements.iter().any(|element| is_outside(element, place.element())),
        _ => false,
    }
}

/// The `mapping` of a discriminator: its values are references, or names of schemas.
fn is_mapping(place: Place) -> bool {
    place.kind == Kind::Discriminator && place.is_map
}

/// Tells a reference in the mapping of a discriminator from the name of a schema.
fn is_reference(text: &str) -> bool {
    text.contains(['#', '/']) || [".yaml", ".yml", ".json"].iter().any(|ending| text.ends_with(ending))
}

/// References within the definition that lead nowhere; those of paths and security schemes are reported where these are read.
fn check_inside(linked: &Linked, node: &Node, place: Place, problems: &mut Problems) {
    if place.kind == Kind::Data {
        return;
    }
    if let Some(target) = reference::target(node)
        // `#pet` is an anchor of JSON schema, which may stand anywhere.
        && (target == "#" || target.starts_with("#/"))
        && !matches!(place.kind, Kind::PathItem | Kind::SecurityScheme)
        && reference::lookup(&linked.document, target).is_err()
    {
        let span = node.get("$ref").map_or(node.span, |node| node.span);
        let message = ReferenceError::Dangling(target.to_owned()).to_string();
        let remedy = similar(&linked.document, target.trim_start_matches('#'));
        problems.add(Severity::Warning, &linked.source, span, message, &remedy);
    }
    match &node.value {
        Value::Object(members) => {
            for (key, member) in members {
                check_inside(linked, &member.node, place.child(key), problems);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                check_inside(linked, element, place.element(), problems);
            }
        }
        _ => {}
    }
}

/// "Did you mean …?" for the first part of a pointer that is not there; empty when nothing is near.
fn similar(document: &Node, pointer: &str) -> String {
    let mut node = document;
    for part in pointer.split('/').skip(1) {
        let Some(part) = reference::unescape(part) else { break };
        match node.at([part.as_ref()]) {
            Some(next) => node = next,
            None => {
                let names = node.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
                let near = nearest(&part, names);
                return near.map_or_else(String::new, |near| format!("Did you mean `{near}`?"));
            }
        }
    }
    String::new()
}

/// A file of the definition.
struct File {
    location: Location,
    document: Arc<Document>,
    /// By how much its spans are moved.
    moved: u32,
}

/// What a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Target {
    file: usize,
    pointer: String,
}

/// Why a reference is not followed.
#[derive(Debug, Clone)]
struct Problem {
    message: String,
    remedy: String,
    /// The file itself is broken, which is told where it is.
    is_told: bool,
}

impl Problem {
    fn new(message: String, remedy: impl Into<String>) -> Self {
        Self {
            message,
            remedy: remedy.into(),
            is_told: false,
        }
    }
}

/// What is still to be copied to a section.
struct Job {
    section: &'static str,
    name: String,
    place: Place,
    target: Target,
}

struct Linker<'l> {
    library: &'l mut dyn Library,
    problems: &'l mut Problems,
    is_lenient: bool,
    sections: Sections,
    source: Source,
    /// The definition, then the others in the order in which they are referred to.
    files: Vec<File>,
    opened: HashMap<Location, Result<usize, Problem>>,
    order: Vec<Location>,
    bytes: usize,
    names: Names,
    /// What has a name in a section already.
    named: HashMap<(&'static str, Target), String>,
    jobs: VecDeque<Job>,
    copied: IndexMap<&'static str, IndexMap<String, Member>>,
    /// What is being copied to where it is referred to, from the outermost to the innermost.
    inside: Vec<Target>,
    nodes: usize,
}

impl<'l> Linker<'l> {
    fn new(
        location: Location,
        definition: Document,
        is_lenient: bool,
        library: &'l mut dyn Library,
        problems: &'l mut Problems,
    ) -> Self {
        let sections = if definition.node.get("swagger").is_some() {
            Sections::Top
        } else {
            Sections::Components
        };
        Self {
            library,
            problems,
            is_lenient,
            sections,
            source: definition.source.clone(),
            bytes: definition.source.text().len(),
            opened: HashMap::from([(location.clone(), Ok(0))]),
            files: vec![File {
                location,
                document: Arc::new(definition),
                moved: 0,
            }],
            order: Vec::new(),
            names: Names::default(),
            named: HashMap::new(),
            jobs: VecDeque::new(),
            copied: IndexMap::new(),
            inside: Vec::new(),
            nodes: 0,
        }
    }

    fn link(mut self) -> Linked {
        self.name_what_has_names();
        let mut document = match self.files.first().map(|file| Arc::clone(&file.document)) {
            Some(definition) => self.convert(0, &definition.node, Place::DOCUMENT, None, 0),
            None => Node {
                value: Value::Null,
                span: Span::default(),
            },
        };
        while let Some(job) = self.jobs.pop_front() {
            let Some((file, node)) = self.document(&job.target) else {
                continue;
            };
            if let Some(found) = found(&node.node, &job.target.pointer) {
                let member = Member {
                    key: found.span.moved(file),
                    node: self.convert(job.target.file, found, job.place, None, 0),
                };
                self.copied.entry(job.section).or_default().insert(job.name, member);
            }
        }
        for (section, copies) in std::mem::take(&mut self.copied) {
            append(&mut document, &self.sections.path(section), copies);
        }
        Linked {
            source: self.source,
            document,
            files: self.order,
        }
    }

    /// What stands in a section and is only a reference gives what it refers to its name: the author has chosen it.
    fn name_what_has_names(&mut self) {
        for (_, section) in self.sections.names() {
            let Some((file, pointer)) = self.container(&self.sections.path(section)) else {
                continue;
            };
            let container = Target { file, pointer };
            let Some((_, document)) = self.document(&container) else {
                continue;
            };
            let members = found(&document.node, &container.pointer).and_then(Node::as_object);
            for (name, member) in members.into_iter().flatten() {
                self.names.take(section, name);
                let target = match only_reference(&member.node) {
                    Some(reference) => self.target(file, reference).ok(),
                    None => Some(Target {
                        file,
                        pointer: format!("{}/{}", container.pointer, escape(name)),
                    }),
                };
                if let Some(target) = target.filter(|target| target.file != 0) {
                    self.named.entry((section, target)).or_insert_with(|| name.clone());
                }
            }
        }
    }

    /// Where a section is: in the definition, or in the file that it refers to in place of having one.
    fn container(&mut self, path: &[&str]) -> Option<(usize, String)> {
        let mut at = Target {
            file: 0,
            pointer: String::new(),
        };
        for key in path {
            at.pointer = format!("{}/{key}", at.pointer);
            let (_, document) = self.document(&at)?;
            let node = found(&document.node, &at.pointer)?;
            if let Some(reference) = only_reference(node) {
                at = self.target(at.file, reference).ok()?;
            }
        }
        Some((at.file, at.pointer))
    }

    fn document(&self, target: &Target) -> Option<(u32, Arc<Document>)> {
        let file = self.files.get(target.file)?;
        Some((file.moved, Arc::clone(&file.document)))
    }

    /// A copy of a value of a file. `home`: the name under which it stands in its section.
    fn convert(&mut self, file: usize, node: &Node, place: Place, home: Option<&str>, depth: usize) -> Node {
        let moved = self.files.get(file).map_or(0, |file| file.moved);
        let span = node.span.moved(moved);
        if file != 0 {
            self.nodes += 1;
        }
        let limit = match () {
            () if self.nodes > limits::MAX_NODES => format!("more than {} values together", limits::MAX_NODES),
            () if depth > limits::MAX_DEPTH => format!("values more than {} deep", limits::MAX_DEPTH),
            () => String::new(),
        };
        if !limit.is_empty() {
            let message = format!("the definition and the files that it refers to have {limit}");
            let remedy = "Let fewer references repeat the same large parts.";
            self.problems.add(Severity::Error, &self.source, span, message, remedy);
            return Node {
                value: Value::Null,
                span,
            };
        }
        if place.kind != Kind::Data
            && let Some(reference) = reference::target(node)
            && let Some(converted) = self.reference(file, node, reference, place, home, depth)
        {
            return converted;
        }
        let value = match &node.value {
            Value::Object(members) => Value::Object(self.members(file, members, place, depth)),
            Value::Array(elements) => Value::Array(
                elements
                    .iter()
                    .map(|element| self.convert(file, element, place.element(), None, depth + 1))
                    .collect(),
            ),
            value => value.clone(),
        };
        Node { value, span }
    }

    fn members(
        &mut self,
        file: usize,
        members: &IndexMap<String, Member>,
        place: Place,
        depth: usize,
    ) -> IndexMap<String, Member> {
        let moved = self.files.get(file).map_or(0, |file| file.moved);
        members
            .iter()
            .map(|(key, member)| {
                let node = match member.node.as_str() {
                    Some(text) if is_mapping(place) => self.mapped(file, text, member.node.span),
                    _ => {
                        let home = place.is_section.then_some(key.as_str());
                        self.convert(file, &member.node, place.child(key), home, depth + 1)
                    }
                };
                let key_span = member.key.moved(moved);
                (key.clone(), Member { key: key_span, node })
            })
            .collect()
    }

    /// What stands in the place of a reference; `None`: it stays as it is.
    fn reference(
        &mut self,
        file: usize,
        node: &Node,
        reference: &str,
        place: Place,
        home: Option<&str>,
        depth: usize,
    ) -> Option<Node> {
        if file == 0 && reference.starts_with('#') {
            return None;
        }
        let at = node.get("$ref").map_or(node.span, |node| node.span);
        let target = match self.target(file, reference) {
            Ok(target) => target,
            Err(problem) => {
                self.report(file, at, place, problem);
                return None;
            }
        };
        if target.file == 0 {
            return Some(self.pointing(file, node, format!("#{}", target.pointer), place, depth));
        }
        let Some(section) = place.section(self.sections) else {
            return self.copy(file, node, reference, &target, place, depth);
        };
        let key = (section, target);
        if home.is_some() && self.named.get(&key).map(String::as_str) == home {
            return self.copy(file, node, reference, &key.1, place, depth);
        }
        let name = self.name(key, place);
        let pointer = format!("#/{}/{}", self.sections.path(section).join("/"), escape(&name));
        Some(self.pointing(file, node, pointer, place, depth))
    }

    /// The name of something in its section; what has none yet is going to be copied.
    fn name(&mut self, key: (&'static str, Target), place: Place) -> String {
        if let Some(name) = self.named.get(&key) {
            return name.clone();
        }
        let (section, target) = key.clone();
        let fallback = Location::File(String::new());
        let location = self.files.get(target.file).map_or(&fallback, |file| &file.location);
        let name = self.names.fresh(section, location, &target.pointer);
        self.named.insert(key, name.clone());
        self.jobs.push_back(Job {
            section,
            name: name.clone(),
            place,
            target,
        });
        name
    }

    /// The node with another reference; what stands beside it stays.
    fn pointing(&mut self, file: usize, node: &Node, pointer: String, place: Place, depth: usize) -> Node {
        let moved = self.files.get(file).map_or(0, |file| file.moved);
        let mut members = IndexMap::new();
        if let Some(written) = node.as_object() {
            members = self.members(file, written, place, depth);
        }
        if let Some(member) = members.get_mut("$ref") {
            member.node.value = Value::String(pointer);
        }
        Node {
            value: Value::Object(members),
            span: node.span.moved(moved),
        }
    }

    /// What is referred to, in the place of the reference; what stands beside the reference wins.
    fn copy(
        &mut self,
        file: usize,
        node: &Node,
        reference: &str,
        target: &Target,
        place: Place,
        depth: usize,
    ) -> Option<Node> {
        let (_, document) = self.document(target)?;
        let found = found(&document.node, &target.pointer)?;
        if self.inside.contains(target) {
            let at = node.get("$ref").map_or(node.span, |node| node.span);
            let message = ReferenceError::Cycle(reference.to_owned()).to_string();
            self.report(file, at, place, Problem::new(message, ""));
            return None;
        }
        self.inside.push(target.clone());
        let mut copy = self.convert(target.file, found, place, None, depth);
        self.inside.pop();
        let beside = node.as_object().filter(|members| members.len() > 1);
        if let (Some(beside), Value::Object(members)) = (beside, &mut copy.value) {
            let mut beside = self.members(file, beside, place, depth);
            beside.shift_remove("$ref");
            members.extend(beside);
        }
        Some(copy)
    }

    /// A value of the mapping of a discriminator: the name of a schema, or a reference to one.
    fn mapped(&mut self, file: usize, text: &str, span: Span) -> Node {
        const SCHEMA: Place = one(Kind::Schema);
        let moved = self.files.get(file).map_or(0, |file| file.moved);
        let mut value = text.to_owned();
        let reference = if is_reference(text) {
            Some(text.to_owned())
        } else {
            self.schema_called(file, text)
        };
        if let Some(reference) = reference.filter(|reference| file != 0 || !reference.starts_with('#')) {
            match self.target(file, &reference) {
                Ok(target) if target.file == 0 => value = format!("#{}", target.pointer),
                Ok(target) => {
                    if let Some(section) = SCHEMA.section(self.sections) {
                        let name = self.name((section, target), SCHEMA);
                        value = format!("#/{}/{}", self.sections.path(section).join("/"), escape(&name));
                    }
                }
                Err(problem) => self.report(file, span, SCHEMA, problem),
            }
        }
        Node {
            value: Value::String(value),
            span: span.moved(moved),
        }
    }

    /// A schema of another file that is a definition itself.
    fn schema_called(&self, file: usize, name: &str) -> Option<String> {
        let document = &self.files.get(file).filter(|_| file != 0)?.document;
        ["/components/schemas/", "/definitions/"]
            .into_iter()
            .map(|section| format!("{section}{}", escape(name)))
            .find(|pointer| found(&document.node, pointer).is_some())
            .map(|pointer| format!("#{pointer}"))
    }

    fn report(&mut self, file: usize, at: Span, place: Place, problem: Problem) {
        if problem.is_told {
            return;
        }
        let moved = self.files.get(file).map_or(0, |file| file.moved);
        let severity = if self.is_lenient && !place.is_needed() {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.problems.add(
            severity,
            &self.source,
            at.moved(moved),
            problem.message,
            &problem.remedy,
        );
    }

    /// Follows a reference that stands in a file to something that is more than a reference. What the definition itself
    /// has is looked up when everything is in it.
    fn target(&mut self, file: usize, reference: &str) -> Result<Target, Problem> {
        let mut next = reference.to_owned();
        let mut from = file;
        for _ in 0..MAX_CHAIN {
            let (path, pointer) = next.split_once('#').unwrap_or((&next, ""));
            let file = if path.is_empty() { from } else { self.open(from, path)? };
            let target = Target {
                file,
                pointer: canonical(pointer),
            };
            if file == 0 {
                return Ok(target);
            }
            let document = self.files.get(file).map(|file| Arc::clone(&file.document));
            let Some(found) = document.as_ref().and_then(|document| found(&document.node, pointer)) else {
                let remedy = document.map_or_else(String::new, |document| similar(&document.node, pointer));
                let message = ReferenceError::Dangling(shown(&next)).to_string();
                return Err(Problem::new(message, remedy));
            };
            let Some(further) = only_reference(found) else {
                return Ok(target);
            };
            (from, next) = (file, further.to_owned());
        }
        Err(Problem::new(
            ReferenceError::Cycle(shown(reference)).to_string(),
            "Let one of the references lead to something else.",
        ))
    }

    /// The file that is meant by a path, or an address, that stands in another one.
    fn open(&mut self, from: usize, path: &str) -> Result<usize, Problem> {
        let refused =
            |reason: &str, remedy: &str| Problem::new(format!("the reference `{}` {reason}", shown(path)), remedy);
        let joined = match self.files.get(from) {
            Some(file) => file.location.join(path),
            None => return Err(refused("cannot be followed", "")),
        };
        let location = joined.map_err(|error| refused(&error.to_string(), error.remedy()))?;
        if let Some(known) = self.opened.get(&location) {
            return known.clone();
        }
        self.order.push(location.clone());
        let result = self.read(&location, &refused);
        self.opened.insert(location, result.clone());
        result
    }

    fn read(&mut self, location: &Location, refused: &dyn Fn(&str, &str) -> Problem) -> Result<usize, Problem> {
        const REMEDY: &str = "Put what belongs together into one file.";
        if self.files.len() >= MAX_FILES {
            return Err(refused(
                &format!("leads to one file too many: a definition may consist of {MAX_FILES}"),
                REMEDY,
            ));
        }
        let document = match self.library.open(location) {
            Ok(document) => document,
            Err(Unavailable::Refused { reason, remedy }) => return Err(refused(&reason, &remedy)),
            Err(Unavailable::Broken(diagnostic)) => {
                self.problems.add_broken(*diagnostic);
                let mut problem = refused("leads to a file that cannot be read", "");
                problem.is_told = true;
                return Err(problem);
            }
        };
        self.bytes += document.source.text().len();
        let joined = self.source.with(&document.source).filter(|_| self.bytes <= MAX_BYTES);
        let Some((source, moved)) = joined else {
            let reason = format!("is too much: all files together may have {} MB", MAX_BYTES >> 20);
            return Err(refused(&reason, REMEDY));
        };
        self.source = source;
        self.files.push(File {
            location: location.clone(),
            document,
            moved,
        });
        Ok(self.files.len() - 1)
    }
}

/// A reference as messages show it: credentials and queries of addresses may be secrets.
fn shown(reference: &str) -> String {
    match Location::File(String::new()).join(reference) {
        Ok(location @ Location::Url(_)) => location.to_string(),
        _ => reference.to_owned(),
    }
}

/// The reference, when the node is nothing else.
fn only_reference(node: &Node) -> Option<&str> {
    reference::target(node).filter(|_| node.as_object().is_some_and(|members| members.len() == 1))
}

fn found<'a>(document: &'a Node, pointer: &str) -> Option<&'a Node> {
    reference::lookup(document, &format!("#{pointer}")).ok()
}

/// One spelling for pointers that mean the same.
fn canonical(pointer: &str) -> String {
    let parts: Option<Vec<String>> = pointer
        .split('/')
        .map(|part| reference::unescape(part).map(|part| escape(&part)))
        .collect();
    parts.map_or_else(|| pointer.to_owned(), |parts| parts.join("/"))
}

/// A name as a part of a pointer in a reference.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1").replace('%', "%25")
}

/// Adds members to the map at a path below a node.
fn append(node: &mut Node, path: &[&str], copies: IndexMap<String, Member>) {
    let span = node.span;
    if node.is_null() {
        node.value = Value::Object(IndexMap::new());
    }
    let Value::Object(members) = &mut node.value else {
        return;
    };
    let Some((key, rest)) = path.split_first() else {
        members.extend(copies);
        return;
    };
    let member = members.entry((*key).to_owned()).or_insert_with(|| Member {
        key: span,
        node: Node {
            value: Value::Null,
            span,
        },
    });
    append(&mut member.node, rest, copies);
}
