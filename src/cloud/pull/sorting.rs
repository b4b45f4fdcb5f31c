//! What was read, against what was asked for.

use super::one_api::{Fate, PulledApi, ReadApi, named};
use super::selection::refuse_same_names;
use super::{PullError, Selection};

/// The APIs of a selection.
#[derive(Debug)]
pub(super) struct Sorted {
    /// Sorted by name and version.
    pub(super) apis: Vec<PulledApi>,
    /// What was left out, as whole sentences.
    pub(super) notices: Vec<String>,
    /// Whether an API was left out that somebody named or labelled.
    pub(super) is_partial: bool,
}

/// Checks that every label and tag has an API that is served, and that no two APIs end in the same file.
pub(super) fn sort(selection: &Selection, read: Vec<ReadApi>) -> Result<Sorted, PullError> {
    for label in &selection.labels {
        refuse_empty(&read, |api| api.labels.contains(label)).map_err(|not_served| PullError::EmptyLabel {
            label: label.clone(),
            not_served,
        })?;
    }
    for tag in &selection.tags {
        refuse_empty(&read, |api| api.tags.contains(tag)).map_err(|not_served| PullError::EmptyTag {
            tag: tag.clone(),
            not_served,
        })?;
    }
    let mut apis = Vec::new();
    let mut notices = Vec::new();
    let mut is_partial = false;
    for api in read {
        let name = named(&api.name, &api.version);
        match api.fate {
            Fate::NotMeant => {}
            Fate::NotServed => notices.push(format!("{name} is {} and is left out", api.state.name())),
            Fate::OtherKind(kind) => {
                notices.push(format!(
                    "{name} is a {kind} API and is left out: this gateway serves HTTP APIs"
                ));
                is_partial = true;
            }
            Fate::Elsewhere(whose) => {
                notices.push(format!("{name} is served by {whose} and is left out"));
                is_partial = true;
            }
            Fate::Pulled(pulled) => apis.push(*pulled),
        }
    }
    if selection.all && apis.is_empty() && !is_partial {
        return Err(PullError::NothingServed);
    }
    apis.sort_by(|a, b| (&a.locked.name, &a.locked.version).cmp(&(&b.locked.name, &b.locked.version)));
    refuse_same_names(apis.iter().map(|api| &api.locked))?;
    for api in &apis {
        notices.extend(api.notices.iter().cloned());
    }
    Ok(Sorted {
        apis,
        notices,
        is_partial,
    })
}

/// The error are the APIs that would belong there, were they served.
fn refuse_empty(read: &[ReadApi], belongs: impl Fn(&ReadApi) -> bool) -> Result<(), Vec<String>> {
    if read.iter().any(|api| belongs(api) && api.state.is_served()) {
        return Ok(());
    }
    Err(read
        .iter()
        .filter(|api| belongs(api))
        .map(|api| format!("{} ({})", named(&api.name, &api.version), api.state.name()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::control_plane::LifeCycle;
    use crate::lock::LockedApi;
    use crate::project::PullSettings;
    use std::collections::BTreeSet;

    fn api(name: &str, id: &str, labels: &[&str], state: LifeCycle, kind: Option<&str>) -> ReadApi {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let pulled = || PulledApi {
            locked: LockedApi {
                id: id.into(),
                provider: Some(id.into()),
                state: state.name(),
                ..LockedApi::sample(name, "1", b"")
            },
            backends: BTreeSet::new(),
            hides_certificates: false,
            client_certificates: Vec::new(),
            notices: vec![format!("{name} 1: odd")],
        };
        ReadApi {
            name: name.into(),
            version: "1".into(),
            labels: texts(labels),
            tags: texts(labels),
            fate: match (state.is_served(), kind) {
                (false, _) => Fate::NotServed,
                (true, Some(kind)) => Fate::OtherKind(kind.into()),
                (true, None) => Fate::Pulled(Box::new(pulled())),
            },
            state,
        }
    }

    fn wanted(labels: &[&str], tags: &[&str], all: bool) -> Selection {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let (labels, tags, apis) = (texts(labels), texts(tags), Vec::new());
        Selection::new(&PullSettings {
            labels,
            tags,
            apis,
            all,
        })
        .unwrap()
    }

    #[test]
    fn what_is_left_out_is_told() {
        let read = vec![
            api("B", "1", &["dev"], LifeCycle::Published, None),
            api("A", "2", &["dev"], LifeCycle::Blocked, None),
            api("Draft", "3", &["dev"], LifeCycle::Other("created".into()), None),
            api("Feed", "4", &["dev"], LifeCycle::Published, Some("WS")),
        ];
        let sorted = sort(&wanted(&["dev"], &[], false), read).unwrap();
        let names: Vec<&str> = sorted.apis.iter().map(|api| api.locked.name.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        assert!(sorted.is_partial);
        assert_eq!(
            sorted.notices,
            [
                "Draft 1 is created and is left out",
                "Feed 1 is a WS API and is left out: this gateway serves HTTP APIs",
                "A 1: odd",
                "B 1: odd"
            ]
        );
    }

    #[test]
    fn labels_and_tags_without_served_apis_are_refused() {
        let read = || vec![api("Draft", "3", &["dev"], LifeCycle::Other("created".into()), None)];
        let none = ["Draft 1 (created)"];
        match sort(&wanted(&["dev"], &[], false), read()) {
            Err(PullError::EmptyLabel { not_served, .. }) => assert_eq!(not_served, none),
            other => panic!("{other:?}"),
        }
        match sort(&wanted(&[], &["dev"], false), read()) {
            Err(PullError::EmptyTag { not_served, .. }) => assert_eq!(not_served, none),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            sort(&wanted(&[], &[], true), read()),
            Err(PullError::NothingServed)
        ));
    }

    #[test]
    fn two_apis_of_one_name_are_refused() {
        let twice = ["x", "y"].map(|id| api("A", id, &["dev"], LifeCycle::Published, None));
        match sort(&wanted(&["dev"], &[], false), twice.into()) {
            Err(PullError::SameName { providers, .. }) => assert_eq!(providers, ["x", "y"]),
            other => panic!("{other:?}"),
        }
    }
}
