//! What is wrong with the user's files: collected over a whole run, sorted, rendered with the lines in question.

mod code;
mod diagnostic;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod render;
pub mod report;
mod suggest;

#[cfg(test)]
pub(crate) mod tests;

pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Fix, Severity, Summary};
pub use render::render;
pub(crate) use suggest::{certain, nearest, similar};
