//! The mgw toolkit: command line, cloud client, project model, OpenAPI front end and compiler.
//!
//! Data flows one way: the cloud is pulled into the project's files, the files are parsed into definitions with source
//! positions, checked, compiled into a [`mgw_bundle::GatewayConfig`] and packed into a bundle that `mgw-runtime` serves.

pub(crate) mod admin;
mod attestation;
mod audit;
mod cause;
pub mod cli;
pub(crate) mod cloud;
pub mod commands;
pub mod compile;
mod completion;
mod connected;
pub mod context;
mod demo;
mod deployment;
pub mod diagnostics;
pub(crate) mod diff;
mod doctor;
pub mod exit;
mod explain;
pub mod failure;
pub mod file_size_limit;
mod folder;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub(crate) mod gateway_status;
pub mod grpc;
mod help;
mod junit;
mod launcher;
mod line_ends;
mod local_issuer;
pub(crate) mod lock;
mod micro_gw_file;
mod migrate;
mod odd_port;
pub mod openapi;
mod private_file;
pub mod project;
mod public_file;
pub(crate) mod pulling;
pub(crate) mod remote;
mod repair;
mod serve;
mod shell;
pub(crate) mod signing;
pub(crate) mod stop;
mod suite;
mod tls;
mod toolkit_config;
pub mod ui;
pub(crate) mod usage_export;
mod watched_file;
pub(crate) mod whole_file;
mod words;
mod working_folder;
pub mod yaml;
