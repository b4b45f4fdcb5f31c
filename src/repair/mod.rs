//! `mgw check --fix`: does to the files of a project what findings know to put them right.
//!
//! Findings carry [corrections](crate::yaml::Correction). [`plan`] decides which of them are done together, [`revision`] what
//! becomes of the bytes of a file, [`judge`] whether the findings are better afterwards. All of it happens in a [copy](shadow)
//! of the project, round by round, until nothing is left to do; [`write`] then replaces the files that are other ones, all or
//! none, and [`patch`] shows the same as a difference.

mod judge;
mod line_range;
mod patch;
mod plan;
mod protected;
mod revision;
mod rounds;
mod shadow;
mod write;

pub(crate) use patch::patch;
pub(crate) use protected::is_protected;
pub(crate) use rounds::{Applied, Left, Repaired, Subject, repair};
pub(crate) use shadow::{Extent, ShadowError};
pub(crate) use write::{WriteError, write};
