//! The project against a running gateway.

use super::{Section, State};
use crate::admin::{AdminArgs, AdminClient, AdminError};
use crate::commands::interrupt::interruptible;
use crate::commands::version::TOOL;
use crate::compile::{compile_project, pack};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use mgw_bundle::Digest;
use serde::Deserialize;
use serde_json::Value;

/// What `/ready` tells, as far as it is of interest.
#[derive(Debug, Deserialize)]
struct Ready {
    ready: bool,
    project: String,
    bundle: String,
}

/// Asks the gateway which bundle it serves, and compares it with what a build would give now.
pub(super) fn look(layout: &Layout, url: &str, context: &Context) -> Result<Section, Failure> {
    let client = AdminClient::new(&AdminArgs { url: url.to_owned() }, &context.ui)?;
    let asked = context.block_on(interruptible(async {
        let ready = client.get_in_any_state::<Ready>("/ready").await;
        // Only gateways that are connected to a control plane know this path.
        let connected = client.get::<Value>("/connected", &[]).await.ok();
        Ok((ready, connected))
    }));
    let (ready, connected) = asked?;
    let ready = match ready {
        Ok(ready) => ready,
        Err(error @ AdminError::Address { .. }) => return Err(error.into()),
        Err(error) => return Ok(Section::without(State::Unknown, format!("not looked at: {error}"))),
    };
    let digest = match own_digest(layout) {
        Ok(digest) => digest,
        Err(failure) if failure.code == ExitCode::Interrupted => return Err(failure),
        Err(failure) => {
            let note = format!(
                "serves {}; the project cannot be built: {}",
                ready.bundle, failure.message
            );
            return Ok(Section::without(State::Unknown, note));
        }
    };
    let mut section = compare(&ready, digest);
    let state = connected.as_ref().and_then(|document| document.get("state")?.as_str());
    if let Some(state) = state {
        let connected = format!("connected to its control plane: {state}");
        section.note = Some(match section.note {
            Some(note) => format!("{note}; {connected}"),
            None => connected,
        });
    }
    Ok(section)
}

fn own_digest(layout: &Layout) -> Result<Digest, Failure> {
    Ok(pack(&compile_project(layout)?, TOOL)?.bundle.digest)
}

fn compare(ready: &Ready, digest: Digest) -> Section {
    let mut differences = Vec::new();
    if ready.bundle != digest.to_string() {
        differences.push(format!(
            "it serves {} of {}, a build now gives {digest}",
            ready.bundle, ready.project
        ));
    }
    if !ready.ready {
        differences.push("it is not ready".to_owned());
    }
    if differences.is_empty() {
        Section::same(format!("serves this project ({digest})"))
    } else {
        Section::differs(differences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_bundle_and_a_gateway_that_is_not_ready_differ() {
        let digest = Digest::of(b"bundle");
        let ready = |ready, bundle: String| Ready {
            ready,
            project: "shop".into(),
            bundle,
        };
        assert_eq!(compare(&ready(true, digest.to_string()), digest).state, State::Same);
        for (answer, places) in [
            (ready(false, digest.to_string()), 1),
            (ready(true, Digest::of(b"other").to_string()), 1),
            (ready(false, Digest::of(b"other").to_string()), 2),
        ] {
            assert_eq!(compare(&answer, digest).differences.len(), places, "{answer:?}");
        }
    }
}
