//! The files that a definition consists of, and what references lead to in them.

use super::dynamic::Dynamic;
use super::identity::{Identities, top};
use super::inside::{Comparisons, Near, similar};
use super::pointer::{canonical, found, only_reference};
use super::{Document, Library, Location, NearFile, Unavailable};
use crate::diagnostics::Diagnostic;
use crate::openapi::reference::{MAX_CHAIN, ReferenceError};
use crate::yaml::{Source, limits};
use std::collections::HashMap;
use std::sync::Arc;

/// Most files that one definition may consist of.
const MAX_FILES: usize = 1_000;

/// Most bytes of all of them together.
const MAX_BYTES: usize = 2 * limits::MAX_FILE_BYTES as usize;

/// A file of the definition.
struct File {
    location: Location,
    /// What its references are relative to.
    base: Location,
    document: Arc<Document>,
    identities: Identities,
    /// By how much its spans are moved.
    moved: u32,
}

/// What a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// The number of the file; 0 is the definition.
    pub(super) file: usize,
    /// The pointer in it, in one spelling.
    pub(super) pointer: String,
}

/// What is meant by a reference that leads nowhere.
#[derive(Debug, Clone)]
enum Meant {
    /// A reference as it stands in a file, and what should stand there.
    Reference(String, String),
    /// A file of the project.
    File(NearFile),
}

/// Why a reference is not followed.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) remedy: String,
    /// What is meant, a reference beyond doubt.
    meant: Option<Meant>,
    /// The file itself is broken, which is told where it is.
    pub(super) is_told: bool,
}

impl Problem {
    pub(super) fn new(message: String, remedy: impl Into<String>) -> Self {
        Self {
            message,
            remedy: remedy.into(),
            meant: None,
            is_told: false,
        }
    }

    /// The reference as it stands there, and what should stand there beyond doubt.
    pub(super) fn meant(&self) -> Option<(&str, &str)> {
        match &self.meant {
            Some(Meant::Reference(typed, meant)) => Some((typed, meant)),
            Some(Meant::File(_)) | None => None,
        }
    }
}

/// The definition, then the others in the order in which they are referred to.
pub(super) struct Files<'l> {
    library: &'l mut dyn Library,
    /// Schemas have identities, as JSON Schema says.
    has_identities: bool,
    /// References of theirs that schemas around decide about.
    pub(super) dynamic: Dynamic,
    files: Vec<File>,
    opened: HashMap<Location, Result<usize, Problem>>,
    /// What has been looked for, in the order in which it came.
    pub(super) order: Vec<Location>,
    /// The texts of all of them.
    pub(super) source: Source,
    bytes: usize,
    /// Findings about the files themselves.
    pub(super) broken: Vec<Diagnostic>,
    comparisons: Comparisons,
}

impl<'l> Files<'l> {
    /// `identities` and `dynamic`: those of the definition, where its version knows such.
    pub(super) fn new(
        location: Location,
        definition: Document,
        identities: Option<Identities>,
        dynamic: Dynamic,
        library: &'l mut dyn Library,
    ) -> Self {
        Self {
            library,
            has_identities: identities.is_some(),
            dynamic,
            source: definition.source.clone(),
            bytes: definition.source.text().len(),
            opened: HashMap::from([(location.clone(), Ok(0))]),
            files: vec![File {
                base: location.clone(),
                location,
                document: Arc::new(definition),
                identities: identities.unwrap_or_default(),
                moved: 0,
            }],
            order: Vec::new(),
            broken: Vec::new(),
            comparisons: Comparisons::default(),
        }
    }

    pub(super) fn document(&self, file: usize) -> Option<Arc<Document>> {
        self.files.get(file).map(|file| Arc::clone(&file.document))
    }

    pub(super) fn location(&self, file: usize) -> Option<&Location> {
        self.files.get(file).map(|file| &file.location)
    }

    /// By how much the spans of a file are moved in the text of all of them.
    pub(super) fn moved(&self, file: usize) -> u32 {
        self.files.get(file).map_or(0, |file| file.moved)
    }

    /// Follows a reference that stands in a file to something that is more than a reference. What the definition itself
    /// has is looked up when everything is in it.
    pub(super) fn target(&mut self, file: usize, reference: &str) -> Result<Target, Problem> {
        let mut next = reference.to_owned();
        let mut from = file;
        let mut seen = Vec::new();
        while seen.len() < MAX_CHAIN {
            // Where it is another reference that leads nowhere, this one is right.
            let is_own = (from, next.as_str()) == (file, reference);
            let target = self
                .named(from, &next)
                .map_err(|problem| self.respelt(from, &next, is_own, problem))?;
            if target.file == 0 {
                return Ok(target);
            }
            let document = self.document(target.file);
            let Some(found) = document
                .as_ref()
                .and_then(|document| found(&document.node, &target.pointer))
            else {
                let near = match document {
                    Some(document) => similar(&document.node, &target.pointer, &mut self.comparisons),
                    None => Near::default(),
                };
                let message = ReferenceError::Dangling(shown(&next)).to_string();
                let mut problem = Problem::new(message, near.remedy);
                if let (Some(pointer), true) = (near.meant, next == reference) {
                    let path = reference.split_once('#').map_or(reference, |(path, _)| path);
                    problem.meant = Some(Meant::Reference(reference.to_owned(), format!("{path}#{pointer}")));
                }
                return Err(problem);
            };
            let Some(further) = only_reference(found) else {
                return Ok(target);
            };
            if seen.contains(&target) {
                return Err(Problem::new(
                    ReferenceError::Cycle(shown(reference)).to_string(),
                    "Let one of the references lead to something else.",
                ));
            }
            (from, next) = (target.file, further.to_owned());
            seen.push(target);
        }
        Err(Problem::new(
            ReferenceError::Long(shown(reference)).to_string(),
            "Let it lead to its end at once.",
        ))
    }

    /// What a reference says by itself, whatever is there.
    fn named(&mut self, from: usize, reference: &str) -> Result<Target, Problem> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let of_definition = self.files.first().and_then(|file| file.identities.resource(path));
        let (file, above) = match of_definition.map(str::to_owned) {
            Some(pointer) => (0, pointer),
            None if path.is_empty() => (from, String::new()),
            None => (self.open(from, path)?, String::new()),
        };
        let anchor = self.files.get(file).and_then(|file| file.identities.anchor(fragment));
        let pointer = match anchor {
            Some(pointer) => pointer.to_owned(),
            None => format!("{above}{}", canonical(fragment)),
        };
        Ok(Target { file, pointer })
    }

    /// Says of a reference that stands in a file how it is spelt there when another file is meant.
    fn respelt(&self, from: usize, reference: &str, is_own: bool, mut problem: Problem) -> Problem {
        let Some(Meant::File(near)) = &problem.meant else {
            return problem;
        };
        let (path, rest) = reference.split_at(reference.find('#').unwrap_or(reference.len()));
        let respelt = self
            .location(from)
            .and_then(|location| location.respelt(path, &near.path));
        if let Some(path) = respelt {
            problem.remedy = format!("Did you mean `{path}`?");
            let is_certain = is_own && near.is_certain;
            problem.meant = is_certain.then(|| Meant::Reference(reference.to_owned(), format!("{path}{rest}")));
        }
        problem
    }

    /// The file that is meant by a path that stands in another one, where it has been opened for something else.
    pub(super) fn known(&self, from: usize, path: &str) -> Option<usize> {
        if path.is_empty() {
            return Some(from);
        }
        let location = self.files.get(from)?.base.join(path).ok()?;
        self.opened.get(&location)?.as_ref().ok().copied()
    }

    /// The file that is meant by a path, or an address, that stands in another one.
    fn open(&mut self, from: usize, path: &str) -> Result<usize, Problem> {
        let refused =
            |reason: &str, remedy: &str| Problem::new(format!("the reference `{}` {reason}", shown(path)), remedy);
        let joined = match self.files.get(from) {
            Some(file) => file.base.join(path),
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
        let mut document = match self.library.open(location) {
            Ok(document) => document,
            Err(Unavailable::Refused { reason, remedy, near }) => {
                let mut problem = refused(&reason, &remedy);
                problem.meant = near.map(Meant::File);
                return Err(problem);
            }
            Err(Unavailable::Broken(diagnostic)) => {
                self.broken.push(*diagnostic);
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
        let base = self.library.base(location);
        let mut identities = Identities::default();
        if self.has_identities {
            if let Some(node) = self.dynamic.settle(&document.node, top(&document.node), moved) {
                let source = document.source.clone();
                document = Arc::new(Document { source, node });
            }
            identities = Identities::of(&document.node, &base);
            if !identities.are_none() {
                let node = identities.settle(&document.node);
                let source = document.source.clone();
                document = Arc::new(Document { source, node });
            }
        }
        self.source = source;
        // What it calls itself is itself, and not the same once more.
        self.opened.entry(base.clone()).or_insert(Ok(self.files.len()));
        self.files.push(File {
            location: location.clone(),
            base,
            document,
            identities,
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
