//! Turning what a control plane holds into the files of a project.
//!
//! [`gather`] asks, and stages each definition as it arrives; everything else here decides over plain data: which APIs
//! are meant ([`selection`]), what a definition becomes ([`definition`]), what policies and subscriptions become. Writing
//! is the business of [`lock`](crate::lock).

mod blocks;
mod certificates;
mod conditions;
mod cors;
mod definition;
mod endpoint_advanced;
mod endpoints;
mod error;
mod former;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gather;
mod left_out;
mod listing;
mod mediation;
mod notice;
mod one_api;
mod policies;
mod project_files;
mod reading;
mod security;
mod selection;
mod sight;
mod sorting;
mod subscriptions;
mod summary;

pub(crate) use certificates::CertificateFiles;
pub(crate) use definition::{Enriched, enrich};
pub(crate) use error::PullError;
pub(crate) use former::FormerDefinitions;
pub(crate) use gather::{GatewayPassword, gather};
pub(crate) use notice::{Notice, Topic};
pub(crate) use policies::exported_policy;
pub(crate) use project_files::{PulledFiles, document, project_files, source_sentence};
pub(crate) use selection::{ApiReference, Selection, is_name};
pub(crate) use sight::{FailedRead, Sight};
pub(crate) use summary::{Change, Known, removed};
