//! The broker that changes are published to, and its password.

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Ui;
use crate::whole_file::read_text;
use mgw_fixtures::simulator::{BrokerAddress, BrokerState};
use std::path::Path;
use tokio::sync::watch;

/// The longest password, in bytes.
const MAX_PASSWORD: u64 = 4096;
/// The longest file with certificates, in bytes.
const MAX_CERTIFICATES: u64 = 1 << 20;
/// Where a password is taken from.
const REMEDY: &str = "Set MGW_SANDBOX_BROKER_PASSWORD, or name a file with --broker-password-file.";

/// The address with its password: that of the file, else of `MGW_SANDBOX_BROKER_PASSWORD`.
pub(super) fn address(
    broker: Option<BrokerAddress>,
    password_file: Option<&Path>,
    context: &Context,
) -> Result<Option<BrokerAddress>, Failure> {
    let Some(mut broker) = broker else { return Ok(None) };
    if broker.has_password() {
        return Err(Failure::new(ExitCode::Usage, "--broker holds a password, which others can see").hint(REMEDY));
    }
    if let Some(path) = password_file {
        let text = read_text(path, MAX_PASSWORD).map_err(|error| Failure::file("read", path, error))?;
        broker = broker.or_password(text.trim_end_matches(['\r', '\n']));
    }
    if let Some(password) = context.environment.get("MGW_SANDBOX_BROKER_PASSWORD") {
        broker = broker.or_password(password);
    }
    if broker.has_password() {
        Ok(Some(broker))
    } else {
        Err(Failure::new(ExitCode::Usage, "the broker needs a password").hint(REMEDY))
    }
}

/// The address with the certificates of a file, which are trusted too.
pub(super) fn trusting(
    broker: Option<BrokerAddress>,
    ca_file: Option<&Path>,
) -> Result<Option<BrokerAddress>, Failure> {
    use std::io::Read;
    let (Some(broker), Some(path)) = (broker.clone(), ca_file) else {
        return Ok(broker);
    };
    let mut pem = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_CERTIFICATES).read_to_end(&mut pem))
        .map_err(|error| Failure::file("read", path, error))?;
    Ok(Some(broker.trusting(pem)))
}

/// Tells how it goes with the broker, whenever that changes, until the sandbox ends.
pub(super) async fn tell(mut state: watch::Receiver<BrokerState>, ui: Ui) {
    let mut was_failing = false;
    loop {
        let now = state.borrow_and_update().clone();
        match now {
            BrokerState::Connecting => {}
            BrokerState::Publishing if was_failing => ui.status("Broker", "takes events again"),
            BrokerState::Publishing => ui.status("Broker", "takes events"),
            BrokerState::Failing(reason) => {
                was_failing = true;
                ui.warn(format_args!(
                    "changes are not published, and wait: {}; check --broker and its password",
                    crate::ui::visible(&reason)
                ));
            }
        }
        if state.changed().await.is_err() {
            return;
        }
    }
}
