//! Tests of decisions, against a model and with a real broker.

mod admission;
mod decisions;
mod gateway;
mod model;
mod served;
