//! The broker that changes are published to, and its password.

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_fixtures::simulator::BrokerAddress;
use std::path::Path;
use zeroize::Zeroizing;

/// The longest password, in bytes.
const MAX_PASSWORD: u64 = 4096;

/// The address with its password: that of the URL, else of the file, else of `MGW_SANDBOX_BROKER_PASSWORD`.
pub(super) fn address(
    broker: Option<BrokerAddress>,
    password_file: Option<&Path>,
    context: &Context,
) -> Result<Option<BrokerAddress>, Failure> {
    use std::io::Read;
    let Some(mut broker) = broker else { return Ok(None) };
    if let Some(path) = password_file {
        let mut text = Zeroizing::new(String::new());
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_PASSWORD).read_to_string(&mut text))
            .map_err(|error| Failure::file("read", path, error))?;
        broker = broker.or_password(text.trim_end_matches(['\r', '\n']));
    }
    if let Some(password) = context.environment.get("MGW_SANDBOX_BROKER_PASSWORD") {
        broker = broker.or_password(password);
    }
    if broker.has_password() {
        Ok(Some(broker))
    } else {
        Err(Failure::new(ExitCode::Usage, "the broker needs a password")
            .hint("Set MGW_SANDBOX_BROKER_PASSWORD, or name a file with --broker-password-file."))
    }
}
