//! Reads OpenAPI definitions: Swagger 2.0, OpenAPI 3.0, 3.1 and 3.2.
//!
//! [`link`](link::link) makes one document of a definition and the files that it refers to.
//!
//! A gateway needs little of a definition: its name, its servers, its operations with their security, the security
//! schemes and the extensions. [`read`] checks exactly these parts, resolves the local references among them, brings the
//! older and newer versions into the shape of 3.0 and hands them on as [`openapiv3::OpenAPI`]. Mistakes in schemas,
//! examples or responses do not matter here and are not looked at.
//!
//! The pruned document is kept as a tree of [`Node`](crate::yaml::Node)s beside the model, so that whoever finds fault
//! with a value can point at it.

mod components;
mod definition;
mod dialect;
mod extension_name;
mod foreign;
mod keys;
pub(crate) mod link;
mod lost_schemes;
mod operation_keys;
mod operations;
mod place;
mod prune;
pub(crate) mod reference;
mod resolve;
mod servers;
mod shape;
mod stray;
mod unserved;

#[cfg(test)]
mod tests;

pub use definition::{Definition, Operation, read};
pub use dialect::Dialect;
pub(crate) use dialect::{is_definition, is_nearly_definition, may_be_a_part};
pub(crate) use extension_name::{has_prefix, is_gateway_extension, is_slip};
pub(crate) use foreign::{known_text, unreadable};
pub(crate) use lost_schemes::lost_schemes;
pub use resolve::resolved_document;
pub(crate) use shape::scalar_text;
pub(crate) use stray::{Stray, strays};
