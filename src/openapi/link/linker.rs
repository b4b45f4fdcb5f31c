//! Copies what references to other files refer to into the definition.

use super::files::{Files, Problem, Target};
use super::inside::{UNFIT, is_reference, unfit};
use super::names::Names;
use super::operation_ref::{self, Led, Places};
use super::pointer::{append, escape, found, only_reference};
use super::problems::Problems;
use super::{Linked, Location};
use crate::diagnostics::Severity;
use crate::openapi::place::{Kind, Place, Sections, one};
use crate::openapi::reference::{self, ReferenceError};
use crate::yaml::{Member, Node, Span, Value, limits};
use indexmap::IndexMap;
use std::collections::{HashMap, VecDeque};

/// What is still to be copied to a section.
struct Job {
    section: &'static str,
    name: String,
    place: Place,
    target: Target,
}

/// Makes one document of the files that it opens.
pub(super) struct Linker<'l, 'p> {
    files: Files<'l>,
    problems: &'p mut Problems,
    is_lenient: bool,
    sections: Sections,
    names: Names,
    /// What has a name in a section already.
    named: HashMap<(&'static str, Target), String>,
    jobs: VecDeque<Job>,
    copied: IndexMap<&'static str, IndexMap<String, Member>>,
    /// What is being copied to where it is referred to, from the outermost to the innermost.
    inside: Vec<Target>,
    nodes: usize,
    /// Where the definition has the paths of other files, once something refers to an operation.
    places: Option<Places>,
}

impl<'l, 'p> Linker<'l, 'p> {
    pub(super) fn new(files: Files<'l>, sections: Sections, is_lenient: bool, problems: &'p mut Problems) -> Self {
        Self {
            files,
            problems,
            is_lenient,
            sections,
            names: Names::default(),
            named: HashMap::new(),
            jobs: VecDeque::new(),
            copied: IndexMap::new(),
            inside: Vec::new(),
            nodes: 0,
            places: None,
        }
    }

    pub(super) fn link(mut self) -> Linked {
        self.name_what_has_names();
        let mut document = match self.files.document(0) {
            Some(definition) => self.convert(0, &definition.node, Place::DOCUMENT, None, 0),
            None => Node {
                value: Value::Null,
                span: Span::default(),
            },
        };
        while let Some(job) = self.jobs.pop_front() {
            let Some(document) = self.files.document(job.target.file) else {
                continue;
            };
            if let Some(found) = found(&document.node, &job.target.pointer) {
                let member = Member {
                    key: found.span.moved(self.files.moved(job.target.file)),
                    node: self.convert(job.target.file, found, job.place, None, 0),
                };
                self.copied.entry(job.section).or_default().insert(job.name, member);
            }
        }
        for (section, copies) in std::mem::take(&mut self.copied) {
            append(&mut document, &self.sections.path(section), copies);
        }
        self.files.dynamic.report(&self.files.source, self.problems);
        for diagnostic in self.files.broken {
            self.problems.add_broken(diagnostic);
        }
        Linked {
            source: self.files.source,
            document,
            files: self.files.order,
        }
    }

    /// What stands in a section and is only a reference gives what it refers to its name: the author has chosen it.
    fn name_what_has_names(&mut self) {
        for (_, section) in self.sections.names() {
            let Some((file, pointer)) = self.container(&self.sections.path(section)) else {
                continue;
            };
            let container = Target { file, pointer };
            let Some(document) = self.files.document(file) else {
                continue;
            };
            let members = found(&document.node, &container.pointer).and_then(Node::as_object);
            for (name, member) in members.into_iter().flatten() {
                self.names.take(section, name);
                let target = match only_reference(&member.node) {
                    Some(reference) => self.files.target(file, reference).ok(),
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
            let document = self.files.document(at.file)?;
            let node = found(&document.node, &at.pointer)?;
            if let Some(reference) = only_reference(node) {
                at = self.files.target(at.file, reference).ok()?;
            }
        }
        Some((at.file, at.pointer))
    }

    /// A copy of a value of a file. `home`: the name under which it stands in its section.
    fn convert(&mut self, file: usize, node: &Node, place: Place, home: Option<&str>, depth: usize) -> Node {
        let moved = self.files.moved(file);
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
            self.problems
                .add(Severity::Error, &self.files.source, span, message, remedy, None);
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
        let moved = self.files.moved(file);
        members
            .iter()
            .map(|(key, member)| {
                let node = match member.node.as_str() {
                    Some(text) if place.is_mapping() => self.mapped(file, text, member.node.span),
                    Some(text) if place.is_operation_ref(key) => self.operation(file, text, member.node.span),
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
        if file == 0 && reference.is_empty() {
            let message = "this reference is empty, and leads to the whole definition";
            let remedy = "Write the way to what is meant, such as `#/components/schemas/Pet`.";
            self.report(file, at, place, Problem::new(message.to_owned(), remedy));
            return None;
        }
        let target = match self.files.target(file, reference) {
            Ok(target) => target,
            Err(problem) => {
                self.report(file, at, place, problem);
                return None;
            }
        };
        if let Some(problem) = self.misleads(reference, &target, place) {
            self.report(file, at, place, problem);
            return None;
        }
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

    /// Why what a reference leads to in another file cannot be meant.
    fn misleads(&self, reference: &str, target: &Target, place: Place) -> Option<Problem> {
        let document = self.files.document(target.file).filter(|_| target.file != 0)?;
        let error = unfit(reference, found(&document.node, &target.pointer)?, place)?;
        Some(Problem::new(error.to_string(), UNFIT))
    }

    /// The name of something in its section; what has none yet is going to be copied.
    fn name(&mut self, key: (&'static str, Target), place: Place) -> String {
        if let Some(name) = self.named.get(&key) {
            return name.clone();
        }
        let (section, target) = key.clone();
        let fallback = Location::File(String::new());
        let location = self.files.location(target.file).unwrap_or(&fallback);
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
        let moved = self.files.moved(file);
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
        let document = self.files.document(target.file)?;
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
        let moved = self.files.moved(file);
        let mut value = text.to_owned();
        let reference = if is_reference(text) {
            Some(text.to_owned())
        } else {
            self.schema_called(file, text)
        };
        if let Some(reference) = reference.filter(|reference| file != 0 || !reference.starts_with('#')) {
            match self.files.target(file, &reference) {
                Ok(target) if target.file == 0 => value = format!("#{}", target.pointer),
                Ok(target) => {
                    if let Some(problem) = self.misleads(&reference, &target, SCHEMA) {
                        self.report(file, span, SCHEMA, problem);
                    } else if let Some(section) = SCHEMA.section(self.sections) {
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

    /// An `operationRef`, as it leads to the same operation from the definition.
    fn operation(&mut self, file: usize, text: &str, span: Span) -> Node {
        let places = match self.places.take() {
            Some(places) => places,
            None => {
                let paths = self.container(&["paths"]);
                operation_ref::places(&mut self.files, paths)
            }
        };
        let led = operation_ref::follow(&self.files, &places, file, text);
        self.places = Some(places);
        let mut value = text.to_owned();
        let at = span.moved(self.files.moved(file));
        match led {
            Led::Stays => {}
            Led::To(pointer) => value = format!("#{pointer}"),
            Led::Nowhere => {
                let message = format!("the `operationRef` `{text}` leads to no operation of the definition");
                let remedy = "Refer to the operation where the definition has it, or by `operationId`.";
                self.problems
                    .add(Severity::Warning, &self.files.source, at, message, remedy, None);
            }
        }
        Node {
            value: Value::String(value),
            span: at,
        }
    }

    /// A schema of another file that is a definition itself.
    fn schema_called(&self, file: usize, name: &str) -> Option<String> {
        let document = self.files.document(file).filter(|_| file != 0)?;
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
        let moved = self.files.moved(file);
        let severity = if self.is_lenient && !place.is_needed() {
            Severity::Warning
        } else {
            Severity::Error
        };
        let meant = problem.meant();
        let (message, at) = (problem.message.clone(), at.moved(moved));
        self.problems
            .add(severity, &self.files.source, at, message, &problem.remedy, meant);
    }
}
