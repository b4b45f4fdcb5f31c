//! The project against a running gateway.

use super::Section;
use super::following::{Following, RefusedBundle};
use crate::admin::{AdminArgs, AdminClient, AdminError};
use crate::commands::interrupt::interruptible;
use crate::commands::own_build::OwnBuild;
use crate::compile::compile_project;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use serde::{Deserialize, Serialize};

/// What may be wrong where no gateway answers.
pub(super) const WHERE: &str =
    "Check that the gateway runs, and that --gateway names its admin listener, as http://localhost:9797.";

/// What `/ready` tells, as far as it is of interest.
#[derive(Debug, Deserialize)]
struct Ready {
    ready: bool,
    project: String,
    bundle: String,
    /// The bundle that it was given last, where it does not serve that.
    #[serde(rename = "refusedBundle", default)]
    refused: Option<RefusedBundle>,
}

/// What a look at a gateway gave.
#[derive(Debug, Serialize)]
pub(super) struct Looked {
    #[serde(flatten)]
    pub(super) section: Section,
    /// Absent: `following_note` says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) following: Option<Following>,
    /// Why nothing is known about following a control plane. Absent too where the gateway itself could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) following_note: Option<String>,
}

impl Looked {
    /// How the gateway follows its control plane, for people.
    pub(super) fn following_sentence(&self) -> Option<String> {
        match &self.following {
            Some(following) => Some(following.sentence()),
            None => self.following_note.clone(),
        }
    }
}

/// Asks the gateway which bundle it serves, and compares it with what a build would give now.
pub(super) fn look(layout: &Layout, url: &str, context: &Context) -> Result<Looked, Failure> {
    let client = AdminClient::new(&AdminArgs { url: url.to_owned() }, &context.ui)?;
    let asked = context.block_on(interruptible(async {
        let ready = client.get_in_any_state::<Ready>("/ready").await;
        let following = client.get::<Following>("/connected", &[]).await;
        Ok((ready, following))
    }));
    let (ready, following) = asked?;
    let (following, following_note) = match following {
        Ok(following) => (Some(following), None),
        // A gateway that follows nothing says so, and one without an answer to it has never heard of it.
        Err(AdminError::Refused { status: 404, .. } | AdminError::Unknown { .. }) => {
            (None, Some("no control plane".to_owned()))
        }
        Err(error) => (None, Some(format!("not known: {error}"))),
    };
    let following_note = following_note.filter(|_| ready.is_ok());
    let section = match ready {
        Ok(ready) => against_build(&ready, layout, following.as_ref())?,
        Err(error @ AdminError::Address { .. }) => return Err(error.into()),
        Err(error) => {
            let mut failure = Failure::from(error);
            failure.hints = vec![WHERE.to_owned()];
            Section::unseen(failure, |why| format!("not looked at: {why}"))
        }
    };
    Ok(Looked {
        section,
        following,
        following_note,
    })
}

fn against_build(ready: &Ready, layout: &Layout, following: Option<&Following>) -> Result<Section, Failure> {
    match own(layout) {
        Ok(own) => Ok(compare(ready, &own, following)),
        Err(failure) if failure.code == ExitCode::Interrupted => Err(failure),
        Err(failure) => Ok(Section::unseen(failure, |why| {
            format!(
                "serves {} of {}; the project here cannot be built: {why}",
                ready.bundle, ready.project
            )
        })),
    }
}

/// What a build of the project would give now.
struct Own {
    project: String,
    build: OwnBuild,
}

fn own(layout: &Layout) -> Result<Own, Failure> {
    let (build, bundle) = OwnBuild::of(&compile_project(layout)?, layout)?;
    Ok(Own {
        project: bundle.config.project,
        build,
    })
}

fn compare(ready: &Ready, own: &Own, following: Option<&Following>) -> Section {
    let digest = own.build.digest(|digest| {
        let digest = digest.to_string();
        ready.bundle == digest || following.is_some_and(|following| following.base == digest)
    });
    let mut differences = Vec::new();
    if ready.bundle != digest.to_string() {
        let started_with_it = following.is_some_and(|following| following.base == digest.to_string());
        differences.push(if started_with_it {
            format!(
                "it was started with a build of this project ({digest}), and serves {} with what it took over since",
                ready.bundle
            )
        } else if ready.project == own.project {
            format!("it serves {}, and a build now gives {digest}", ready.bundle)
        } else {
            format!(
                "it serves another project, {} ({}), and not {} ({digest})",
                ready.project, ready.bundle, own.project
            )
        });
    }
    // Where it follows a control plane, that is told with it.
    if let (Some(refused), None) = (&ready.refused, following) {
        differences.push(refused.sentence());
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
    use crate::cloud::test_server::{Reply, TestServer};
    use crate::commands::status::State;
    use crate::context::Environment;
    use mgw_bundle::Digest;
    use serde_json::json;

    #[test]
    fn why_nothing_is_known_of_following_is_told() {
        let context = Context::silent(Environment::default());
        let folder = tempfile::tempdir().unwrap();
        for (status, body, expected) in [
            (404, json!({}), Some("no control plane")),
            (
                404,
                json!({"error": "this gateway follows no control plane"}),
                Some("no control plane"),
            ),
            (
                500,
                json!({"error": "out of order"}),
                Some("not known: the gateway refused: out of order"),
            ),
            (
                200,
                json!({"state": 1}),
                Some("not known: URL is not the admin listener of a gateway"),
            ),
        ] {
            let server = TestServer::start(move |request| match request.target.as_str() {
                "/ready" => Reply::json(200, json!({"ready": true, "project": "shop", "bundle": "sha256:0"})),
                _ => Reply::json(status, body.clone()),
            });
            let url = server.url().to_string();
            let looked = look(&Layout::new(folder.path()), &url, &context).unwrap();
            let expected = expected.map(|text| text.replace("URL", url.trim_end_matches('/')));
            assert_eq!(looked.following_sentence(), expected, "{status}");
        }
    }

    #[test]
    fn another_bundle_and_a_gateway_that_is_not_ready_differ() {
        let digest = Digest::of(b"bundle");
        let own = Own {
            project: "shop".into(),
            build: OwnBuild { digest, revised: None },
        };
        let ready = |ready, bundle: String| Ready {
            ready,
            project: "shop".into(),
            bundle,
            refused: None,
        };
        assert_eq!(compare(&ready(true, digest.to_string()), &own, None).state, State::Same);
        let elsewhere = Ready {
            project: "other".into(),
            ..ready(true, Digest::of(b"other").to_string())
        };
        let told = compare(&elsewhere, &own, None).differences;
        assert!(told[0].starts_with("it serves another project, other ("), "{told:?}");
        // With the revision that the latest build was given it is another bundle, and the same project.
        let revised = Own {
            build: OwnBuild {
                revised: Some(Digest::of(b"revised")),
                ..own.build
            },
            ..own
        };
        let own = &revised;
        for bundle in [digest, Digest::of(b"revised")] {
            assert_eq!(compare(&ready(true, bundle.to_string()), own, None).state, State::Same);
        }
        for (answer, places) in [
            (ready(false, digest.to_string()), 1),
            (ready(true, Digest::of(b"other").to_string()), 1),
            (ready(false, Digest::of(b"other").to_string()), 2),
        ] {
            assert_eq!(compare(&answer, own, None).differences.len(), places, "{answer:?}");
        }
        let refused = json!({"ready": true, "project": "shop", "bundle": digest.to_string(), "refusedBundle": {"reason": "it is broken", "atMs": 1}});
        let refused: Ready = serde_json::from_value(refused).unwrap();
        assert_eq!(
            compare(&refused, own, None).differences,
            ["the bundle that it was given last is not served: it is broken"]
        );
    }
}
