//! Tests of decisions, against a model and with a real broker.

mod admission;
mod counted;
mod decisions;
mod gateway;
mod kept;
mod model;
mod served;
mod web_sockets;
