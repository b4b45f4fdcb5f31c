//! `toolkit-config.toml`: what micro-gw's toolkit was told about the control plane, CORS and answers to unknown paths. It
//! stands in for what `mgw.toml` does not say.

mod catalogue;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod read;
mod reset;

#[cfg(test)]
mod tests;

pub(crate) use read::ToolkitConfig;
pub(crate) use reset::reset;
