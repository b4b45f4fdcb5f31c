//! Where the control plane's brokers are.

use super::Brokers;
use super::catalogue::{Key, Kind};
use super::settings::Reader;

/// The brokers of the control plane.
pub(super) const ENDPOINTS: &str = "apim.eventHub.eventListeningEndpoints";

/// Their catalogue entry.
pub(super) const ENDPOINTS_KEY: Key = Key::unset(
    ENDPOINTS,
    Kind::Secret,
    "brokers of the control plane: `amqp://user:password@clientid/carbon?brokerlist='tcp://host:5672;ssl://other:8672'`, or a URL `amqp[s]://user:password@host:port/carbon`",
);

/// Returns the control plane's brokers; `None`: none is set.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Brokers> {
    Brokers::read(reader, ENDPOINTS)
}
