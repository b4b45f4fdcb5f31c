//! The embedded gateway: it knows bundles and sockets, nothing of projects, prompts or the control plane.

pub mod config;
pub mod refusal;
pub mod throttle;
