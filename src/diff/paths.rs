//! Which API gets the requests below which path: the longest base path wins.

use super::Side;
use mgw_bundle::config::Api;
use mgw_bundle::template::decoded;
use std::collections::BTreeMap;

/// APIs by the paths that they are at: decoded, without a slash at the end.
type Paths<'a> = BTreeMap<String, &'a Api>;

/// What the paths of both sides part requests into, by path.
pub(super) type Regions<'a> = BTreeMap<String, Region<'a>>;

/// The requests below a path that an API is at on one side, but for those below longer ones.
#[derive(Debug)]
pub(super) struct Region<'a> {
    /// As [`Paths`] have it.
    pub(super) path: String,
    /// `None`: no API gets them.
    pub(super) before: Option<Owner<'a>>,
    pub(super) after: Option<Owner<'a>>,
}

/// An API that gets requests.
#[derive(Debug)]
pub(super) struct Owner<'a> {
    pub(super) api: &'a Api,
    /// Where the region is below the path of the API; empty: it is at the region's path itself.
    pub(super) rest: String,
}

/// An API that is, at some paths, what another one was there.
#[derive(Debug)]
pub(super) struct Replaced<'a> {
    pub(super) before: &'a Api,
    pub(super) after: &'a Api,
    pub(super) paths: Vec<String>,
}

/// All paths of both sides, with who gets the requests below them.
pub(super) fn regions<'a>(before: Side<'a>, after: Side<'a>) -> Regions<'a> {
    let (was, is) = (paths(before), paths(after));
    let region = |path: &String| Region {
        path: path.clone(),
        before: owner(&was, path),
        after: owner(&is, path),
    };
    let all = was.keys().chain(is.keys());
    all.map(|path| (path.clone(), region(path))).collect()
}

impl Region<'_> {
    /// The path that an owner of the region is at.
    pub(super) fn base(&self, owner: &Owner<'_>) -> &str {
        self.path.strip_suffix(&owner.rest).unwrap_or_default()
    }

    /// Whether the region has the request for a path that begins as its own does: none of the longer ones has.
    pub(super) fn has(&self, path: &str, regions: &Regions<'_>) -> bool {
        let path = decoded(path);
        let mut base = &*path;
        while base.len() > self.path.len() {
            if regions.contains_key(base) {
                return false;
            }
            base = base.rfind('/').and_then(|slash| base.get(..slash)).unwrap_or_default();
        }
        true
    }
}

/// Paths at which one API is what another one was, by these two.
pub(super) fn replaced<'a>(regions: &Regions<'a>) -> Vec<Replaced<'a>> {
    let mut found: Vec<Replaced<'a>> = Vec::new();
    let mut positions = BTreeMap::new();
    for region in regions.values() {
        let (Some(before), Some(after)) = (&region.before, &region.after) else {
            continue;
        };
        let is_here = before.rest.is_empty() && after.rest.is_empty();
        if !is_here || same(before.api, after.api) {
            continue;
        }
        let names = (named(before.api), named(after.api));
        let position = *positions.entry(names).or_insert(found.len());
        if position == found.len() {
            found.push(Replaced {
                before: before.api,
                after: after.api,
                paths: Vec::new(),
            });
        }
        found[position].paths.push(shown(&region.path).to_owned());
    }
    found
}

/// What other APIs were at the paths that one is at; empty where that is not so at each of them.
pub(super) fn predecessors<'r, 'a>(api: &Api, replaced: &'r [Replaced<'a>]) -> Vec<&'r Replaced<'a>> {
    everywhere(api, replaced, |one| one.after)
}

/// What other APIs are at the paths that one was at; empty where that is not so at each of them.
pub(super) fn successors<'r, 'a>(api: &Api, replaced: &'r [Replaced<'a>]) -> Vec<&'r Replaced<'a>> {
    everywhere(api, replaced, |one| one.before)
}

fn everywhere<'r, 'a>(
    api: &Api,
    replaced: &'r [Replaced<'a>],
    side: fn(&Replaced<'a>) -> &'a Api,
) -> Vec<&'r Replaced<'a>> {
    let its: Vec<_> = replaced.iter().filter(|one| same(side(one), api)).collect();
    let count: usize = its.iter().map(|one| one.paths.len()).sum();
    if count == of(api).count() { its } else { Vec::new() }
}

/// Whether two are one API: their names and versions are the same.
pub(super) fn same(one: &Api, other: &Api) -> bool {
    (&one.name, &one.version) == (&other.name, &other.version)
}

/// `Orders 1.0.0`
pub(super) fn named(api: &Api) -> String {
    format!("{} {}", api.name, api.version)
}

/// The paths that an API is at.
pub(super) fn of(api: &Api) -> impl Iterator<Item = &String> {
    std::iter::once(&api.base_path).chain(&api.default_version_path)
}

/// A path in a sentence.
pub(super) fn shown(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

fn paths(side: Side<'_>) -> Paths<'_> {
    let mut paths = Paths::new();
    for api in &side.config.apis {
        for path in of(api) {
            paths.insert(decoded(path.trim_end_matches('/')).into_owned(), api);
        }
    }
    paths
}

/// The API that gets the requests below `path`.
fn owner<'a>(paths: &Paths<'a>, path: &str) -> Option<Owner<'a>> {
    let mut base = path;
    loop {
        if let Some(api) = paths.get(base) {
            let rest = path.get(base.len()..).unwrap_or_default().to_owned();
            return Some(Owner { api, rest });
        }
        base = base.get(..base.rfind('/')?)?;
    }
}
