//! Which APIs are meant.

use super::PullError;
use crate::cloud::control_plane::{ApiDetails, ApiSummary};
use crate::lock::LockedApi;
use crate::project::PullSettings;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What to pull.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Selection {
    /// Gateway labels, sorted.
    pub(crate) labels: Vec<String>,
    /// Tags, sorted.
    pub(crate) tags: Vec<String>,
    /// Single APIs, sorted.
    pub(crate) apis: Vec<ApiReference>,
    /// Everything that can be served.
    pub(crate) all: bool,
}

/// One API as users name it: `NAME:VERSION`, or `PROVIDER/NAME:VERSION` where that is not enough.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ApiReference {
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// Owner.
    pub(crate) provider: Option<String>,
}

impl FromStr for ApiReference {
    type Err = PullError;

    fn from_str(text: &str) -> Result<Self, PullError> {
        let bad = || PullError::Reference(text.to_owned());
        let (rest, version) = text.trim().rsplit_once(':').ok_or_else(bad)?;
        let (provider, name) = match rest.split_once('/') {
            Some((provider, name)) => (Some(provider.to_owned()), name),
            None => (None, rest),
        };
        let is_well_formed = |part: &str| !part.trim().is_empty() && !part.contains(['"', '/']);
        if !is_well_formed(name) || !is_well_formed(version) || provider.as_deref() == Some("") {
            return Err(bad());
        }
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            provider,
        })
    }
}

impl fmt::Display for ApiReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(provider) = &self.provider {
            write!(f, "{provider}/")?;
        }
        write!(f, "{}:{}", self.name, self.version)
    }
}

impl Selection {
    /// Sorts and removes what is named twice.
    pub(crate) fn new(wanted: &PullSettings) -> Result<Self, PullError> {
        let labels = names(&wanted.labels).map_err(PullError::Label)?;
        let tags = names(&wanted.tags).map_err(PullError::Tag)?;
        let mut apis = wanted
            .apis
            .iter()
            .map(|api| api.parse())
            .collect::<Result<Vec<ApiReference>, _>>()?;
        apis.sort();
        apis.dedup();
        Ok(Self {
            labels,
            tags,
            apis,
            all: wanted.all,
        })
    }

    /// Whether nothing is named.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether everything that `other` names is named here too.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let holds = |ours: &[String], theirs: &[String]| theirs.iter().all(|name| ours.contains(name));
        self.all
            || (!other.all
                && holds(&self.labels, &other.labels)
                && holds(&self.tags, &other.tags)
                && other.apis.iter().all(|api| self.apis.contains(api)))
    }

    /// What either of them means.
    pub(crate) fn and(self, other: &Self) -> Self {
        fn union<T: Clone + Ord>(mut ours: Vec<T>, theirs: &[T]) -> Vec<T> {
            ours.extend_from_slice(theirs);
            ours.sort();
            ours.dedup();
            ours
        }
        Self {
            labels: union(self.labels, &other.labels),
            tags: union(self.tags, &other.tags),
            apis: union(self.apis, &other.apis),
            all: self.all || other.all,
        }
    }

    /// Whether it means an API.
    pub(crate) fn means(&self, api: &ApiDetails) -> bool {
        self.all
            || self.labels.iter().any(|label| api.labels.contains(label))
            || self.tags.iter().any(|tag| api.tags.contains(tag))
            || self.apis.iter().any(|reference| reference.means(api))
    }

    /// The APIs as texts.
    pub(crate) fn api_texts(&self) -> Vec<String> {
        self.apis.iter().map(ToString::to_string).collect()
    }
}

/// Trims and sorts names, and removes what is there twice; the error is a name that cannot be one.
fn names(texts: &[String]) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
    if let Some(bad) = names.iter().find(|name| !is_name(name)) {
        return Err(bad.clone());
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Whether something in the control plane can be called so.
pub(crate) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('"')
}

impl ApiReference {
    fn means(&self, api: &ApiDetails) -> bool {
        self.name == api.name
            && self.version == api.version
            && (self.provider.is_none() || self.provider == api.provider)
    }
}

/// Finds the one API that a reference means among those that were found.
pub(super) fn find_api<'a>(reference: &ApiReference, found: &'a [ApiSummary]) -> Result<&'a ApiSummary, PullError> {
    let matching: Vec<&ApiSummary> = found
        .iter()
        .filter(|api| api.name == reference.name && api.version == reference.version)
        .filter(|api| reference.provider.is_none() || api.provider == reference.provider)
        .collect();
    match matching.as_slice() {
        [] => Err(PullError::UnknownApi {
            reference: reference.to_string(),
            known: found
                .iter()
                .map(|api| format!("{}:{}", api.name, api.version))
                .collect(),
        }),
        [api] if api.state.is_served() => Ok(api),
        [api] => Err(PullError::NotServed {
            reference: reference.to_string(),
            state: api.state.name(),
        }),
        several => Err(PullError::AmbiguousApi {
            reference: reference.to_string(),
            candidates: several
                .iter()
                .filter_map(|api| Some(format!("{}/{}:{}", api.provider.as_deref()?, api.name, api.version)))
                .collect(),
        }),
    }
}

/// Refuses APIs that would end in the same file.
pub(super) fn refuse_same_names<'a>(apis: impl IntoIterator<Item = &'a LockedApi>) -> Result<(), PullError> {
    let mut named: BTreeMap<(&str, &str), Vec<&LockedApi>> = BTreeMap::new();
    for api in apis {
        named.entry((&api.name, &api.version)).or_default().push(api);
    }
    for ((name, version), same) in named {
        if same.len() > 1 {
            return Err(PullError::SameName {
                name: name.to_owned(),
                version: version.to_owned(),
                providers: same.iter().filter_map(|api| api.provider.clone()).collect(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::control_plane::LifeCycle;

    fn summary(name: &str, version: &str, provider: &str) -> ApiSummary {
        ApiSummary {
            id: format!("{name}-{version}-{provider}"),
            name: name.into(),
            version: version.into(),
            provider: Some(provider.into()),
            state: LifeCycle::Published,
            revision: None,
        }
    }

    #[test]
    fn references_have_name_and_version() {
        let reference: ApiReference = "ana@m.example@org/Pizza:Shack:1.0.0".parse().unwrap();
        assert_eq!(reference.name, "Pizza:Shack");
        assert_eq!(reference.provider.as_deref(), Some("ana@m.example@org"));
        assert_eq!(reference.to_string(), "ana@m.example@org/Pizza:Shack:1.0.0");
        for text in [
            "",
            "Orders",
            "Orders:",
            ":1.0.0",
            "/Orders:1.0.0",
            "a/b/c:1",
            "Or\"ders:1",
        ] {
            assert!(text.parse::<ApiReference>().is_err(), "{text}");
        }
    }

    #[test]
    fn selections_are_sorted_and_unique() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let wanted = PullSettings {
            labels: texts(&["prod", "dev", "prod"]),
            tags: texts(&[" eu ", "eu"]),
            apis: texts(&["B:1", "A:1", "B:1"]),
            all: false,
        };
        let selection = Selection::new(&wanted).unwrap();
        assert_eq!(selection.labels, ["dev", "prod"]);
        assert_eq!(selection.tags, ["eu"]);
        assert_eq!(selection.api_texts(), ["A:1", "B:1"]);
    }

    #[test]
    fn a_selection_includes_what_it_names_too() {
        let of = |labels: &[&str], tags: &[&str], apis: &[&str], all| {
            let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
            let (labels, tags, apis) = (texts(labels), texts(tags), texts(apis));
            Selection::new(&PullSettings {
                labels,
                tags,
                apis,
                all,
            })
            .unwrap()
        };
        let (dev, both) = (
            of(&["dev"], &[], &[], false),
            of(&["dev", "prod"], &["t"], &["A:1"], false),
        );
        assert!(both.includes(&dev) && !dev.includes(&both) && dev.includes(&dev));
        assert!(!both.includes(&of(&["dev"], &["u"], &[], false)));
        assert!(!both.includes(&of(&[], &[], &["A:2"], false)));
        assert_eq!(dev.clone().and(&of(&["prod", "dev"], &["t"], &["A:1"], false)), both);
        let all = of(&[], &[], &[], true);
        assert!(dev.clone().and(&all).all);
        assert!(all.includes(&both) && !both.includes(&all));
    }

    #[test]
    fn names_and_versions_match_exactly() {
        let found = [
            summary("Orders", "1.0.0", "a"),
            summary("Orders", "1.0.0", "b"),
            summary("OrdersX", "2", "a"),
        ];
        let find = |text: &str| find_api(&text.parse().unwrap(), &found);
        assert_eq!(find("OrdersX:2").unwrap().id, "OrdersX-2-a");
        assert_eq!(find("b/Orders:1.0.0").unwrap().id, "Orders-1.0.0-b");
        match find("Orders:1.0.0") {
            Err(PullError::AmbiguousApi { candidates, .. }) => {
                assert_eq!(candidates, ["a/Orders:1.0.0", "b/Orders:1.0.0"]);
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(find("Order:1.0.0"), Err(PullError::UnknownApi { .. })));
    }
}
