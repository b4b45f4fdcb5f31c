//! Makes one document of a definition and the files that it refers to.
//!
//! What a reference to another file refers to is copied into the definition: schemas, parameters, responses and the like
//! to where a definition keeps what is used in several places, under names that follow from the references; everything
//! else to the place of the reference. References among what has been copied lead to the copies, so that cycles over
//! files become cycles within the definition. All values keep their places in the files they come from, because the
//! [`Source`](crate::yaml::Source) of the whole knows all of them.

mod dynamic;
mod files;
mod identity;
mod inside;
mod library;
mod linker;
mod location;
mod names;
mod operation_ref;
mod pointer;
mod problems;

#[cfg(test)]
mod dynamic_tests;
#[cfg(test)]
mod tests;

use super::dialect::knows_json_schema;
use super::place::{Place, Sections};
use crate::diagnostics::Diagnostics;
use crate::yaml::{Node, Source};
use dynamic::Dynamic;
use files::Files;
use identity::Identities;
use linker::Linker;
use problems::Problems;

pub use library::{Document, Library, NearFile, Unavailable};
pub use location::Location;
pub(crate) use location::is_here;

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
    mut definition: Document,
    is_lenient: bool,
    library: &mut dyn Library,
    diagnostics: &mut Diagnostics,
) -> Linked {
    let mut dynamic = Dynamic::default();
    let knows_json_schema = knows_json_schema(&definition.node);
    if knows_json_schema && let Some(settled) = dynamic.settle(&definition.node, Place::DOCUMENT, 0) {
        definition.node = settled;
    }
    let identities = knows_json_schema.then(|| Identities::of(&definition.node, &location));
    if let Some(identities) = identities.as_ref().filter(|identities| !identities.are_none()) {
        definition.node = identities.settle(&definition.node);
    }
    let mut problems = Problems::default();
    let linked = if inside::refers_outside(&definition.node) {
        let sections = Sections::of(&definition.node);
        let files = Files::new(location, definition, identities, dynamic, library);
        Linker::new(files, sections, is_lenient, &mut problems).link()
    } else {
        dynamic.report(&definition.source, &mut problems);
        Linked {
            source: definition.source,
            document: definition.node,
            files: Vec::new(),
        }
    };
    inside::check_inside(&linked, &linked.document, Place::DOCUMENT, &mut problems);
    problems.report(diagnostics);
    linked
}
