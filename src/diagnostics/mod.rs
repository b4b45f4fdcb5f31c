//! What is wrong with the user's files: collected over a whole run, sorted, rendered with the lines in question.

mod diagnostic;
mod render;
mod suggest;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Diagnostics, Severity, Summary};
pub use render::render;
pub(crate) use suggest::{nearest, similar};
