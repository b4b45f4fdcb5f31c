//! End-to-end tests: the real binary, real servers, real files.
//!
//! One module per capability. [`support`] starts what a case needs and stops it.

mod anywhere;
mod audit;
mod build;
mod case;
mod cases;
mod client_certificates;
mod command_line;
mod completions;
mod connected;
mod control_plane;
mod definition_files;
mod demo;
mod deployment;
mod diff;
mod discovery;
mod docs;
mod doctor;
mod findings;
mod forged_tokens;
mod identity_provider;
mod init;
mod migrate;
mod oidc_provider;
mod old_toolkit;
mod pages;
mod project_tests;
mod protocols;
mod proxy;
mod pull;
mod pull_killed;
mod quotas;
mod running;
mod sandbox;
mod serve;
mod sign_in_secrets;
mod signing;
mod status;
mod subscription_data;
mod support;
mod terminal;
mod unread_output;
mod usage;
mod usage_carried;
mod workspaces;
