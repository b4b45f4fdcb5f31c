//! The APIs that may be meant by a selection, from the control plane's lists.

use super::one_api::named;
use super::selection::find_api;
use super::{PullError, Selection};
use crate::cloud::CloudError;
use crate::cloud::control_plane::{ApiSearch, ApiSummary, ControlPlane, LifeCycle, Revision};
use crate::ui::count::Counted;

/// What may be meant by a selection.
#[derive(Debug)]
pub(super) struct Listed {
    /// The APIs, each once.
    pub(super) apis: Vec<ApiSummary>,
    /// Whether one was left out because the user may not see whether it is meant.
    pub(super) is_partial: bool,
}

/// The APIs that may be meant. Details say what is meant: lists show neither labels nor tags.
pub(super) async fn list(
    plane: &impl ControlPlane,
    selection: &Selection,
    notices: &mut Vec<String>,
) -> Result<Listed, PullError> {
    if selection.is_empty() {
        return Err(PullError::NothingSelected);
    }
    let mut listed: Vec<ApiSummary> = Vec::new();
    let mut unread: Vec<(ApiSummary, CloudError)> = Vec::new();
    if selection.all || !selection.tags.is_empty() {
        let everything = plane.apis(&ApiSearch::All).await?.apis;
        let before = everything.len();
        listed.extend(everything.into_iter().filter(|api| !is_out_of_service(&api.state)));
        let left_out = before - listed.len();
        if selection.all && left_out > 0 {
            notices.push(format!(
                "{} not published, deprecated or blocked and left out",
                Counted(left_out, "API is", "APIs are")
            ));
        }
    }
    for label in &selection.labels {
        let labelled = plane.apis(&ApiSearch::Label(label.clone())).await?;
        if labelled.apis.is_empty() {
            refuse_unknown_label(plane, label).await?;
        }
        listed.extend(labelled.apis);
        unread.extend(labelled.unread);
    }
    for reference in &selection.apis {
        let search = ApiSearch::NameAndVersion(reference.name.clone(), reference.version.clone());
        let found = plane.apis(&search).await?.apis;
        let api = match find_api(reference, &found) {
            // For the message, look at everything there is. One whose revisions could not be read is here, too: reading
            // it tells why.
            Err(PullError::UnknownApi { .. }) => find_api(reference, &plane.apis(&ApiSearch::All).await?.apis)?.clone(),
            result => result?.clone(),
        };
        listed.push(api);
    }
    let is_partial = leave_out(unread, listed.len(), notices)?;
    Ok(Listed {
        apis: each_once(listed)?,
        is_partial,
    })
}

/// Leaves out, with a notice, APIs that the user may not see, and returns whether there are any. Any other reason ends
/// the pull: nobody knows whether they are meant.
fn leave_out(
    mut unread: Vec<(ApiSummary, CloudError)>,
    read: usize,
    notices: &mut Vec<String>,
) -> Result<bool, PullError> {
    unread.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    unread.dedup_by(|(a, _), (b, _)| a.id == b.id);
    let total = read + unread.len();
    let (hidden, failed): (Vec<_>, Vec<_>) = unread.into_iter().partition(|(_, error)| error.status() == Some(403));
    if !failed.is_empty() {
        return Err(PullError::Apis {
            total,
            failed: failed
                .into_iter()
                .map(|(api, error)| (named(&api.name, &api.version), error))
                .collect(),
        });
    }
    notices.extend(hidden.iter().map(|(api, error)| {
        let name = named(&api.name, &api.version);
        format!("{name} is left out, because you may not see where it is deployed: {error}")
    }));
    Ok(!hidden.is_empty())
}

/// Removes what was found twice. One API cannot be pulled as two revisions: they would be the same file.
fn each_once(mut listed: Vec<ApiSummary>) -> Result<Vec<ApiSummary>, PullError> {
    // A find that knows its revision comes before one that leaves it open.
    listed.sort_by(|a, b| (&a.id, a.revision.is_none()).cmp(&(&b.id, b.revision.is_none())));
    for pair in listed.windows(2) {
        if let [a, b] = pair
            && a.id == b.id
            && let (Some(first), Some(second)) = (&a.revision, &b.revision)
            && first.id != second.id
        {
            return Err(PullError::SeveralRevisions {
                name: a.name.clone(),
                version: a.version.clone(),
                deployed: [first, second].map(Revision::describe).to_vec(),
            });
        }
    }
    listed.dedup_by(|a, b| a.id == b.id);
    Ok(listed)
}

/// Tells a label that nobody made from one that no API carries.
pub(super) async fn refuse_unknown_label(plane: &impl ControlPlane, label: &str) -> Result<(), PullError> {
    // Where labels are not shown, whether it is unknown or without APIs stays open, and is told as the latter.
    let Some(known) = plane.labels().await? else {
        return Ok(());
    };
    if known.iter().any(|name| name == label) {
        return Ok(());
    }
    Err(PullError::UnknownLabel {
        label: label.to_owned(),
        known,
    })
}

/// Whether a list says for sure that an API is not served; some lists name no state.
fn is_out_of_service(state: &LifeCycle) -> bool {
    !state.is_served() && *state != LifeCycle::unknown()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, revision: Option<&str>) -> ApiSummary {
        ApiSummary {
            id: id.into(),
            name: "Ledger".into(),
            version: "1".into(),
            provider: None,
            state: LifeCycle::Published,
            revision: revision.map(|revision| Revision {
                id: revision.into(),
                number: None,
                environments: vec![format!("env-{revision}")],
            }),
        }
    }

    #[test]
    fn what_is_found_twice_stays_once_with_its_revision() {
        let listed = each_once(vec![
            found("b", None),
            found("a", None),
            found("a", Some("r")),
            found("a", Some("r")),
        ])
        .unwrap();
        let revisions: Vec<bool> = listed.iter().map(|api| api.revision.is_some()).collect();
        assert_eq!(revisions, [true, false]);
    }

    #[test]
    fn what_may_not_be_seen_is_left_out_and_what_fails_is_named() {
        let error = |status: u16| CloudError::Status {
            request: crate::cloud::error::RequestName {
                method: "GET".into(),
                host: "h".into(),
                path: "/r".into(),
            },
            status,
            message: String::new(),
            is_own: true,
        };
        let mut notices = Vec::new();
        assert!(!leave_out(Vec::new(), 3, &mut notices).unwrap());
        let twice = vec![(found("a", None), error(403)), (found("a", None), error(403))];
        assert!(leave_out(twice, 3, &mut notices).unwrap());
        assert_eq!(
            notices,
            ["Ledger 1 is left out, because you may not see where it is deployed: GET /r answered 403"]
        );
        let both = vec![(found("a", None), error(403)), (found("b", None), error(500))];
        match leave_out(both, 3, &mut notices) {
            Err(PullError::Apis { total, failed }) => {
                assert_eq!((total, failed.len(), failed[0].0.as_str()), (5, 1, "Ledger 1"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_revisions_of_one_api_are_refused() {
        match each_once(vec![found("a", Some("r")), found("a", Some("s"))]) {
            Err(PullError::SeveralRevisions { deployed, .. }) => {
                assert_eq!(deployed, ["revision r in env-r", "revision s in env-s"]);
            }
            other => panic!("{other:?}"),
        }
    }
}
