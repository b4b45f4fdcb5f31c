//! The project against a running gateway.

use super::Section;
use super::following::Following;
use crate::admin::{AdminArgs, AdminClient, AdminError};
use crate::commands::interrupt::interruptible;
use crate::commands::version::TOOL;
use crate::compile::{compile_project, pack};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};

/// What `/ready` tells, as far as it is of interest.
#[derive(Debug, Deserialize)]
struct Ready {
    ready: bool,
    project: String,
    bundle: String,
}

/// What a look at a gateway gave.
#[derive(Debug, Serialize)]
pub(super) struct Looked {
    #[serde(flatten)]
    pub(super) section: Section,
    /// Absent: it follows no control plane, or could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) following: Option<Following>,
}

/// Asks the gateway which bundle it serves, and compares it with what a build would give now.
pub(super) fn look(layout: &Layout, url: &str, context: &Context) -> Result<Looked, Failure> {
    let client = AdminClient::new(&AdminArgs { url: url.to_owned() }, &context.ui)?;
    let asked = context.block_on(interruptible(async {
        let ready = client.get_in_any_state::<Ready>("/ready").await;
        // Only gateways that are connected to a control plane know this path.
        let following = client.get::<Following>("/connected", &[]).await.ok();
        Ok((ready, following))
    }));
    let (ready, following) = asked?;
    let section = match ready {
        Ok(ready) => against_build(&ready, layout, following.as_ref())?,
        Err(error @ AdminError::Address { .. }) => return Err(error.into()),
        Err(error) => {
            let note = format!("not looked at: {error}");
            Section::unseen(Failure::from(error).code, note)
        }
    };
    Ok(Looked { section, following })
}

fn against_build(ready: &Ready, layout: &Layout, following: Option<&Following>) -> Result<Section, Failure> {
    match own_digest(layout) {
        Ok(digest) => Ok(compare(ready, digest, following)),
        Err(failure) if failure.code == ExitCode::Interrupted => Err(failure),
        Err(failure) => {
            let note = format!(
                "serves {}; the project cannot be built: {}",
                ready.bundle, failure.message
            );
            Ok(Section::unseen(failure.code, note))
        }
    }
}

fn own_digest(layout: &Layout) -> Result<Digest, Failure> {
    Ok(pack(&compile_project(layout)?, TOOL)?.bundle.digest)
}

fn compare(ready: &Ready, digest: Digest, following: Option<&Following>) -> Section {
    let mut differences = Vec::new();
    if ready.bundle != digest.to_string() {
        let started_with_it = following.is_some_and(|following| following.base == digest.to_string());
        differences.push(if started_with_it {
            format!(
                "it was started with a build of this project ({digest}), and serves {} with what it took over since",
                ready.bundle
            )
        } else {
            format!(
                "it serves {} of {}, a build now gives {digest}",
                ready.bundle, ready.project
            )
        });
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
    use crate::commands::status::State;

    #[test]
    fn another_bundle_and_a_gateway_that_is_not_ready_differ() {
        let digest = Digest::of(b"bundle");
        let ready = |ready, bundle: String| Ready {
            ready,
            project: "shop".into(),
            bundle,
        };
        assert_eq!(
            compare(&ready(true, digest.to_string()), digest, None).state,
            State::Same
        );
        for (answer, places) in [
            (ready(false, digest.to_string()), 1),
            (ready(true, Digest::of(b"other").to_string()), 1),
            (ready(false, Digest::of(b"other").to_string()), 2),
        ] {
            assert_eq!(compare(&answer, digest, None).differences.len(), places, "{answer:?}");
        }
    }
}
