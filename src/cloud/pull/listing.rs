//! The APIs that may be meant by a selection, from the control plane's lists.

use super::selection::find_api;
use super::{PullError, Selection};
use crate::cloud::control_plane::{ApiSearch, ApiSummary, ControlPlane, LifeCycle, Revision};
use crate::ui::count;

/// The APIs that may be meant, each once. Details say what is meant: lists show neither labels nor tags.
pub(super) async fn list(
    plane: &impl ControlPlane,
    selection: &Selection,
    notices: &mut Vec<String>,
) -> Result<Vec<ApiSummary>, PullError> {
    if selection.is_empty() {
        return Err(PullError::NothingSelected);
    }
    let mut listed: Vec<ApiSummary> = Vec::new();
    if selection.all || !selection.tags.is_empty() {
        let everything = plane.apis(&ApiSearch::All).await?;
        let before = everything.len();
        listed.extend(everything.into_iter().filter(|api| !is_out_of_service(&api.state)));
        let left_out = before - listed.len();
        if selection.all && left_out > 0 {
            notices.push(format!(
                "{} not published, deprecated or blocked and left out",
                are(left_out)
            ));
        }
    }
    for label in &selection.labels {
        let labelled = plane.apis(&ApiSearch::Label(label.clone())).await?;
        if labelled.is_empty() {
            refuse_unknown_label(plane, label).await?;
        }
        listed.extend(labelled);
    }
    for reference in &selection.apis {
        let search = ApiSearch::NameAndVersion(reference.name.clone(), reference.version.clone());
        let found = plane.apis(&search).await?;
        let api = match find_api(reference, &found) {
            // For the message, look at everything there is.
            Err(PullError::UnknownApi { .. }) => find_api(reference, &plane.apis(&ApiSearch::All).await?)?.clone(),
            result => result?.clone(),
        };
        listed.push(api);
    }
    each_once(listed)
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
    let known = plane.labels().await?;
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

fn are(count: usize) -> String {
    format!("{} {}", count::apis(count), if count == 1 { "is" } else { "are" })
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
    fn two_revisions_of_one_api_are_refused() {
        match each_once(vec![found("a", Some("r")), found("a", Some("s"))]) {
            Err(PullError::SeveralRevisions { deployed, .. }) => {
                assert_eq!(deployed, ["revision r in env-r", "revision s in env-s"]);
            }
            other => panic!("{other:?}"),
        }
    }
}
