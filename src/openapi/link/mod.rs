//! Makes one document of a definition and the files that it refers to.
//!
//! What a reference to another file refers to is copied into the definition: schemas, parameters, responses and the like
//! to where a definition keeps what is used in several places, under names that follow from the references; everything
//! else to the place of the reference. References among what has been copied lead to the copies, so that cycles over
//! files become cycles within the definition. All values keep their places in the files they come from, because the
//! [`Source`](crate::yaml::Source) of the whole knows all of them.

mod library;
mod linker;
mod location;
mod names;
mod place;
mod problems;

#[cfg(test)]
mod tests;

pub use library::{Document, Library, Unavailable};
pub use linker::link;
pub use location::Location;
