//! Brokers that break the rules, and a real one.

mod broker;
pub(crate) mod rabbitmq;
mod rules;
mod simulator;
