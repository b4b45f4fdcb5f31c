//! `mgw check --fix`: does to the files of a project what findings know to put them right.
//!
//! Findings carry [corrections](crate::yaml::Correction). [`plan`] decides which of them are done together, [`revision`] what
//! becomes of the bytes of a file, [`judge`] whether the findings are better afterwards. All of it happens in a [copy](shadow)
//! of the project, round by round, until nothing is left to do; [`write`] then replaces the files that are other ones, all or
//! none, and [`patch`] shows the same as a difference. What is offered without doing it was tried likewise ([`proven`]).

mod judge;
mod line_range;
mod patch;
mod plan;
mod protected;
mod proven;
mod revision;
mod rounds;
mod shadow;
mod write;

pub(crate) use patch::patch;
pub(crate) use proven::proven;
pub(crate) use rounds::{Applied, Left, Repaired, Subject, repair};
pub(crate) use shadow::{Extent, ShadowError};
pub(crate) use write::{WriteError, write};
