//! What would become of a request, in words: the gateway's own decisions, each with the line of the project behind it.
//!
//! What is decided is `mgw-runtime`'s matter. Here it is told: [`steps`] say what each phase decided and from what,
//! [`refused`] why a request is refused and how to get it through.

mod decisions;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod limits;
mod redact;
mod refused;
mod report;
mod steps;
#[cfg(test)]
mod tests;
mod unknown;

pub(crate) use redact::Secrets;
pub(crate) use report::{Asked, Outcome};
pub(crate) use steps::Told;
