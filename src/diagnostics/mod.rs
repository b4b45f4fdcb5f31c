//! What is wrong with the user's files: collected over a whole run, sorted, rendered with the lines in question.

mod about;
mod code;
mod correcting;
mod diagnostic;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod json;
mod render;
pub mod report;
mod suggest;

#[cfg(test)]
pub(crate) mod tests;

pub use about::About;
pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Severity, Summary};
pub use render::render;
pub(crate) use render::{is_shown, may_hold_secret};
pub(crate) use suggest::{certain, certain_name, nearest, similar};
