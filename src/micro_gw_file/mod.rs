//! The settings files of micro-gw's toolkit, `toolkit-config.toml` and `deployment-config.toml`: both are TOML in which
//! nearly everything is written as text, numbers, truth values and whole maps too, and in which an empty text says nothing.
//!
//! [`catalogue`] describes what a file may hold; [`check`] holds a file against it and tells everything that is wrong
//! at once; [`Section`] reads what is there.

mod catalogue;
mod check;
mod section;
mod value;

use catalogue::Effect;
#[cfg(test)]
pub(crate) use catalogue::tables;
pub(crate) use catalogue::{Block, Key, Kind};
pub(crate) use check::{Codes, check};
pub(crate) use section::{Section, SettingsFile};
pub(crate) use value::EnvironmentValue;
